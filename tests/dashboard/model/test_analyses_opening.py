"""What an address opens: analyses, checkpoints, comparisons, and what is said when it cannot."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

import engine
from dashboard.queries.analyses import no_draft, opening
from engine.store.tables import CHECKPOINTS, DRAFTS

INT8 = engine.write_recipe(engine.preset("int8").recipe)
FP16 = engine.write_recipe(engine.preset("fp16").recipe)
NOWHERE = "x" * 22


@dataclass(frozen=True)
class Asked:
    """An address."""

    model_id: str
    analysis: str = ""
    at: str = ""
    vs: str = ""
    preset: str = ""
    target: str = ""


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
    assert opening(store, Asked(model)) == ("", "", no_draft(), "")


def test_a_preset(store, model):
    assert opening(store, Asked(model, preset="int8")).recipe == INT8
    odd = opening(store, Asked(model, preset="magic"))
    assert odd.recipe == ""
    assert odd.notice.endswith("The page shows the baseline.")


def test_an_analysis_opens_its_draft(store, model, analysis):
    store.analyses.save_draft(analysis.id, FP16, "", 1)
    recipe, against, draft, notice = opening(store, Asked(model, analysis.id))
    assert (recipe, against, notice) == (FP16, "", "")
    assert draft["analysis"] == analysis.id
    assert (draft["at"], draft["version"], draft["name"]) == ("", 2, "Mine")
    assert (draft["target"], draft["fps"], draft["unsaved"]) == ("phone-npu", 25.0, True)
    assert draft["saved"].endswith("+00:00")


def test_a_checkpoint_opens_beside_the_draft(store, model, analysis):
    kept = store.analyses.checkpoint(analysis.id, "first", INT8)
    store.analyses.save_draft(analysis.id, FP16, "", 1)
    recipe, _, draft, notice = opening(store, Asked(model, analysis.id, kept.id))
    assert (recipe, notice) == (INT8, "")
    assert (draft["at"], draft["base"], draft["version"]) == (kept.id, "first", 2)


def test_a_comparison_with_a_checkpoint_a_preset_and_another_analysis(store, model, analysis):
    other = store.analyses.create(model, "Other", FP16)
    kept = store.analyses.checkpoint(other.id, "one", FP16)
    assert opening(store, Asked(model, analysis.id, vs=kept.id))[:2] == (INT8, FP16)
    assert opening(store, Asked(model, vs="int8"))[:2] == ("", INT8)


def test_what_is_gone_is_said_and_the_baseline_shown(store, model, analysis, add, conv_net):
    far = add("far", conv_net + b"\x82\x01\x00")  # the same network as another file
    elsewhere = store.analyses.create(far, "Elsewhere", INT8)
    kept = store.analyses.checkpoint(elsewhere.id, "theirs", INT8)
    lost = store.analyses.create(model, "Lost", INT8, target="toaster-3")
    asked = {
        "no such analysis": Asked(model, NOWHERE),
        "is of another model": Asked(model, elsewhere.id),
        "there is no such checkpoint": Asked(model, analysis.id, NOWHERE),
        "is not of the analysis “Mine”": Asked(model, analysis.id, kept.id),
        "“toaster-3”, which is not here any more": Asked(model, lost.id),
        "there is no such analysis": Asked(model, "", kept.id),
    }
    for words, address in asked.items():
        recipe, against, draft, notice = opening(store, address)
        assert (recipe, against, draft) == ("", "", no_draft())
        assert words in notice
        assert notice.endswith("The page shows the baseline.")
    assert opening(store, Asked(model, lost.id, target="phone-npu")).recipe == INT8


def test_a_comparison_that_is_gone_leaves_the_recipe(store, model, analysis):
    for odd in (NOWHERE, "magic"):
        recipe, against, draft, notice = opening(store, Asked(model, analysis.id, vs=odd))
        assert (recipe, against, draft["analysis"]) == (INT8, "", analysis.id)
        assert notice.endswith("The page compares with the baseline.")


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
    for address in (Asked(model, analysis.id), Asked(model, analysis.id, kept.id)):
        recipe, _, draft, notice = opening(store, address)
        assert (recipe, draft) == ("", no_draft())  # without its id, nothing is saved into it
        assert "cannot be read" in notice
        assert "it stays as it is" in notice
    assert store.analyses.draft(analysis.id).recipe == text
