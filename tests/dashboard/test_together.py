"""Two people on one analysis: what each may keep, conflicts, and whose things are."""

from __future__ import annotations

from dataclasses import replace

import pytest

import engine
from dashboard.pages.model.analyses_sheet import analysis_section, tree_section
from dashboard.queries import desk, experiment_edits
from dashboard.queries.analyses import ago, opening
from dashboard.queries.documents import document_of
from dashboard.queries.saved_lists import analysis_list, checkpoint_tree
from dashboard.urls import View
from engine.store import Role
from tests.acting import by
from tests.dashboard.test_sharing import text


def recipe(preset: str):
    return document_of(engine.write_recipe(engine.preset(preset).recipe))


class Page:
    """The page of one model as one person has it open."""

    def __init__(self, services, who, model, analysis=""):
        self.services, self.who = services, who
        self.view = View(model_id=model, target="phone-npu", analysis=analysis)
        opened = by(who, opening, services.store, self.view)
        self.draft, self.document = opened.draft, opened.document

    def send(self, verb, preset="", **more):
        if preset:
            self.document = recipe(preset)
        message = {
            "verb": verb,
            "document": self.document,
            "turn": 1,
            **{k: self.draft[k] for k in ("analysis", "at", "version", "tree")},
            **more,
        }
        ask = (self.services.store, self.services.model, self.view, message)
        done = by(self.who, desk.answer, *ask)
        self.draft = done.draft
        return done


@pytest.fixture
def model(add):
    return by("ana", add)


@pytest.fixture
def anas(services, model):
    page = Page(services, "ana", model)
    page.send("create", "fp16", name="plan")
    return page


def shared(services, anas, role):
    id = anas.draft["analysis"]
    by("ana", services.store.sharing.grant, "analysis", id, "user:bob", role)
    return Page(services, "bob", anas.view.model_id, id)


@pytest.mark.parametrize(
    ("role", "keeps", "words"),
    [(Role.VIEWER, "no", "ana’s · you can view"), (Role.FORKER, "fork", "ana’s · you can fork"),
     (Role.EDITOR, "yes", "ana’s · you can edit")],
)  # fmt: skip
def test_the_page_says_whose_it_is_and_what_is_kept(services, anas, role, keeps, words):
    bobs = shared(services, anas, role)
    assert (bobs.draft["keeps"], bobs.draft["whose"]) == (keeps, words)
    assert (anas.draft["keeps"], anas.draft["whose"], anas.draft["may"]) == ("yes", "", "owner")


def test_who_saves_first_is_seen_by_who_saves_second(services, anas):
    bobs = shared(services, anas, Role.EDITOR)
    assert anas.send("checkpoint", "int8", name="first").said.endswith("“first”.")
    bobs.send("save", "int4w")
    done = bobs.send("checkpoint", name="second")
    told = done.draft["meanwhile"]
    assert told["words"] == "ana saved “first” just now."
    assert (done.refused, done.said) == (True, "")
    kept = by("ana", services.store.analyses.checkpoints, bobs.draft["analysis"])
    assert [c.name for c in kept] == ["first"]
    # an autosave in between is no look at theirs
    assert bobs.send("save").draft["tree"] < told["version"]
    assert "meanwhile" in bobs.send("checkpoint", name="second").draft


def test_saving_anyway_puts_it_beside_theirs(services, anas):
    bobs = shared(services, anas, Role.EDITOR)
    anas.send("checkpoint", "int8", name="first")
    told = bobs.send("checkpoint", "int4w", name="second").draft["meanwhile"]
    bobs.send("checkpoint", name="second", tree=told["version"])
    kept = by("ana", services.store.analyses.checkpoints, bobs.draft["analysis"])
    assert [(c.name, c.author) for c in kept] == [("first", "ana"), ("second", "bob")]
    assert "meanwhile" in anas.send("checkpoint", "int4w", name="third").draft


def test_after_a_look_at_theirs_one_has_seen_it(services, anas):
    bobs = shared(services, anas, Role.EDITOR)
    anas.send("checkpoint", "int8", name="first")
    told = bobs.send("checkpoint", "int4w", name="second").draft["meanwhile"]
    seen = bobs.send("open", id=told["id"])
    assert seen.draft["base"] == "first"
    assert bobs.send("open", id="").draft["at"] == ""
    assert "meanwhile" not in bobs.send("checkpoint", "int4w", name="second").draft


def test_mine_goes_on_as_a_fork(services, anas):
    by("ana", services.store.sharing.grant, "model", anas.view.model_id, "user:bob", Role.EDITOR)
    bobs = shared(services, anas, Role.EDITOR)
    anas.send("checkpoint", "int8", name="first")
    bobs.send("checkpoint", "int4w", name="second")
    done = bobs.send("create")
    assert done.said == "This is the analysis “Fork of plan” now, forked from “plan”."
    assert (done.draft["whose"], done.draft["keeps"]) == ("", "yes")
    by("ana", services.store.analyses.delete, anas.draft["analysis"])
    row = by("bob", services.store.analyses.get, done.draft["analysis"])
    assert row.provenance == "forked from “plan”, which was deleted"


def test_the_target_that_one_looks_at_is_ones_own_until_it_is_saved(services, anas):
    bobs = shared(services, anas, Role.EDITOR)
    id, model = anas.draft["analysis"], anas.view.model_id

    def targets():
        view = View(model_id=model, analysis=id)
        return tuple(by(w, opening, services.store, view).view.target for w in ("ana", "bob"))

    bobs.view = replace(bobs.view, target="edge-tpu", fps=24.0, bindings=(("batch", 2),))
    bobs.send("save", "int8")
    assert targets() == ("phone-npu", "edge-tpu")
    seen = by("bob", opening, services.store, View(model_id=model, analysis=id)).view
    assert (seen.fps, seen.bindings) == (24.0, (("batch", 2),))
    assert by("ana", services.store.analyses.get, id).target == "phone-npu"
    anas.send("save", "fp16")  # on what it is for, which she follows
    bobs.send("checkpoint", name="on the edge")
    assert targets() == ("edge-tpu", "edge-tpu")
    assert "aim" not in by("bob", services.store.analyses.draft, id).history
    paced = '{"aim": {"target": "phone-npu", "fps": -1, "bindings": {}}}'
    for odd in (
        '{"aim": 3}',
        paced,
        '{"aim": {"target": "x"}}',
        '"aim"',
        '{"aim": {"target": []}}',
    ):
        draft = by("ana", services.store.analyses.draft, id)
        by("ana", services.store.analyses.save_draft, id, draft.recipe, odd, draft.version)
        assert targets() == ("edge-tpu", "edge-tpu")


def test_who_may_only_fork_keeps_a_fork(services, anas):
    bobs = shared(services, anas, Role.FORKER)
    assert "fault" in bobs.send("save", "int8").draft
    assert bobs.send("create", name="mine").draft["whose"] == ""


def test_the_lists_offer_what_one_may_do(services, anas):
    anas.send("checkpoint", "int8", name="first")
    bobs = shared(services, anas, Role.VIEWER)
    id = bobs.draft["analysis"]
    found = by("bob", analysis_list, services.store, bobs.view.model_id)
    words = by("bob", lambda: text(analysis_section(found, id, id)))
    assert "ana’s · you can view" in words
    assert "You can only view it" in words
    assert "Delete" not in words
    assert "Fork" not in words
    tree = by("bob", checkpoint_tree, services.store, services.model, bobs.view, id)
    drawn = by("bob", lambda: text(tree_section(tree, "", tree.lines[0].row.id, {})))
    assert "ana" in drawn
    assert "Compare with it" in drawn
    assert "Restart" not in drawn
    assert "Remove" not in drawn


def test_a_note_that_another_wrote_is_not_overwritten():
    class Net:
        notes, flags = "ours", ("chosen",)

    class Held:
        rows, models = {"a": 0}, (Net,)

    cell = {"colId": "notes", "oldValue": "", "value": "mine"}
    assert "it says “ours” now" in experiment_edits.meanwhile(Held, "a", cell)
    assert experiment_edits.meanwhile(Held, "a", {**cell, "oldValue": "ours"}) == ""
    assert experiment_edits.meanwhile(Held, "a", {"colId": "notes", "value": "mine"}) == ""
    flags = {"colId": "flags", "oldValue": "chosen", "value": "x"}
    assert experiment_edits.meanwhile(Held, "a", flags) == ""


def test_how_long_ago_in_words(monkeypatch):
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    assert ago(now) == "just now"
    assert ago(now - timedelta(minutes=2, seconds=5)) == "2 minutes ago"
    assert ago(now - timedelta(hours=1, minutes=5)) == "1 hour ago"
    assert ago(now - timedelta(days=3)).startswith("on ")
