"""What an address opens: analyses, checkpoints, comparisons, and what is said when it cannot."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

import engine
from dashboard.queries.analyses import no_draft, opening
from dashboard.queries.documents import document_of
from dashboard.urls import View
from engine.store.tables import CHECKPOINTS, DRAFTS

INT8 = engine.write_recipe(engine.preset("int8").recipe)
FP16 = engine.write_recipe(engine.preset("fp16").recipe)
NOWHERE = "x" * 22


def asked(model: str, analysis: str = "", at: str = "", **more: str) -> View:
    """An address."""
    return View(model, analysis=analysis, at=at, **more)


@pytest.fixture
def store(services):
    return services.store


@pytest.fixture
def model(add):
    return add()


@pytest.fixture
def analysis(store, model):
    return store.analyses.create(model, "Mine", INT8, target="phone-npu", fps=25.0)


def test_nothing_asked_is_the_baseline(store, model):
    found = opening(store, asked(model))
    assert (found.view, found.draft, found.notice) == (asked(model), no_draft(), "")
    assert found.document == {"pool": [], "states": [[]], "at": 0}
    assert found.against == {"id": "", "name": "", "recipe": ""}


def test_a_preset(store, model):
    assert opening(store, asked(model, preset="int8")).view.recipe == INT8
    odd = opening(store, asked(model, preset="magic"))
    assert (odd.view.recipe, odd.view.preset) == ("", "")
    assert odd.notice.endswith("The page shows the baseline.")


def test_an_analysis_opens_its_draft(store, model, analysis):
    store.analyses.save_draft(analysis.id, FP16, "", 1)
    found = opening(store, asked(model, analysis.id))
    assert (found.view.recipe, found.view.against, found.notice) == (FP16, "", "")
    assert (found.view.target, found.view.fps) == ("phone-npu", 25.0)
    draft = found.draft
    assert (draft["analysis"], draft["at"]) == (analysis.id, "")
    assert (draft["version"], draft["name"], draft["unsaved"]) == (2, "Mine", True)
    assert draft["saved"].endswith("+00:00")
    assert draft["words"].startswith("saved ")


def test_an_address_has_the_last_word_on_the_target(store, model, analysis):
    view = opening(store, asked(model, analysis.id, target="h200")).view
    assert (view.target, view.fps) == ("h200", 25.0)


def test_undo_goes_on_where_the_draft_was_left(store, model, analysis):
    past = {**document_of(INT8), "states": [[], [0]], "at": 1}
    store.analyses.save_draft(analysis.id, INT8, json.dumps(past), 1)
    assert opening(store, asked(model, analysis.id)).document == past


@pytest.mark.parametrize("history", ["{", "[]", '{"pool": [], "states": [[]], "at": 0}', "9" * 9])
def test_a_past_that_is_odd_is_left_out(store, model, analysis, history):
    store.analyses.save_draft(analysis.id, INT8, history, 1)
    assert opening(store, asked(model, analysis.id)).document == document_of(INT8)


def test_a_checkpoint_opens_beside_the_draft(store, model, analysis):
    kept = store.analyses.checkpoint(analysis.id, "first", INT8)
    store.analyses.save_draft(analysis.id, FP16, "", 1)
    found = opening(store, asked(model, analysis.id, kept.id))
    assert (found.view.recipe, found.view.at, found.notice) == (INT8, kept.id, "")
    assert (found.draft["at"], found.draft["base"], found.draft["version"]) == (kept.id, "first", 2)
    draft = opening(store, asked(model, analysis.id)).draft
    assert draft["words"] == "unsaved changes since first"


def test_a_comparison_with_a_checkpoint_a_preset_and_another_analysis(store, model, analysis):
    other = store.analyses.create(model, "Other", FP16)
    kept = store.analyses.checkpoint(other.id, "one", FP16)
    found = opening(store, asked(model, analysis.id, vs=kept.id))
    assert (found.view.recipe, found.view.against, found.view.vs) == (INT8, FP16, kept.id)
    assert found.against == {"id": kept.id, "name": "one", "recipe": FP16}
    preset = opening(store, asked(model, vs="int8"))
    assert (preset.view.against, preset.against["id"]) == (INT8, "int8")


def test_what_is_gone_is_said_and_the_baseline_shown(store, model, analysis, add, conv_net):
    far = add("far", conv_net + b"\x82\x01\x00")  # the same network as another file
    elsewhere = store.analyses.create(far, "Elsewhere", INT8)
    kept = store.analyses.checkpoint(elsewhere.id, "theirs", INT8)
    lost = store.analyses.create(model, "Lost", INT8, target="toaster-3")
    wanted = {
        "here is no such analysis": asked(model, NOWHERE),
        "he analysis “Elsewhere” is of another model": asked(model, elsewhere.id),
        "here is no such checkpoint": asked(model, analysis.id, NOWHERE),
        "is not of the analysis “Mine”": asked(model, analysis.id, kept.id),
        "“toaster-3”, which is not here any more": asked(model, lost.id),
        "There is no such analysis. Try": asked(model, "", kept.id),
    }
    for words, address in wanted.items():
        found = opening(store, address)
        assert (found.view.recipe, found.view.against, found.draft) == ("", "", no_draft())
        assert (found.view.analysis, found.view.at) == ("", "")
        assert words in found.notice
        assert found.notice.endswith("The page shows the baseline.")
    assert opening(store, asked(model, lost.id, target="phone-npu")).view.recipe == INT8


def test_a_comparison_that_is_gone_leaves_the_recipe(store, model, analysis):
    for odd in (NOWHERE, "magic"):
        found = opening(store, asked(model, analysis.id, vs=odd))
        assert (found.view.recipe, found.view.against, found.view.vs) == (INT8, "", "")
        assert found.draft["analysis"] == analysis.id
        assert found.notice.endswith("The page compares with the baseline.")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"schema": 99, "rules": []}),
        '{"schema": 1, "rules": [{"select": "all", "action": {"quantum": 3}}]}',
        "not JSON",
        '{"schema": 1, "rules": [1e400]}',
    ],
)
def test_a_recipe_of_another_engine_is_shown_as_the_baseline_and_kept(
    store, services, model, analysis, text
):
    kept = store.analyses.checkpoint(analysis.id, "old", INT8)
    with store._database.writing() as connection:
        for table in (DRAFTS, CHECKPOINTS):
            connection.execute(sa.update(table).values(recipe=text))
    for address in (asked(model, analysis.id), asked(model, analysis.id, kept.id)):
        found = opening(store, address)
        assert found.view.recipe == ""
        assert found.draft == no_draft()  # without its id, nothing is saved into it
        assert "cannot be read" in found.notice
        assert "it stays as it is" in found.notice
    assert store.analyses.draft(analysis.id).recipe == text
