"""What anyone may post to the autosave and the sheet."""

from __future__ import annotations

import pytest

from dashboard.ids import Model
from dashboard.queries.documents import text_of
from tests.dashboard.model.tabs import NOWHERE, edited

LEAVE = {"select": {"tasks": [0]}, "action": {}}


def test_what_is_of_another_model_is_not_touched(tab, held, add, conv_net):
    far = add("far", conv_net + b"\x82\x01\x00")
    point = held.checkpoint(held.create(far, "Theirs", "").id, "point", "")
    theirs = held.get(point.analysis_id)
    tab.save(edited())
    own = tab.draft["analysis"]
    for verb in ("fork", "describe", "delete", "restart", "open", "remove", "compare"):
        for id in (theirs.id, point.id, NOWHERE, "", None, 7, ["x"], {"a": 1}):
            if verb in ("open", "compare") and not id:
                continue  # the draft, the baseline
            tab.send(verb, id=id, name="stolen", note="")
            assert tab.draft["analysis"] == own
            assert "notice-fault" in tab.notice, (verb, id)
    assert (held.get(theirs.id), held.checkpoint_of(point.id)) == (theirs, point)
    tab.draft = {"analysis": theirs.id, "at": "", "version": 1}
    assert "is of another model" in tab.save(edited())["conflict"]
    assert held.draft(theirs.id).version == 1


@pytest.mark.parametrize(
    "message",
    [None, 7, "save", [], {}, {"verb": "save"}, {"verb": ["save"]}, {"verb": "drop table"}],
)
def test_messages_that_are_none(tab, held, message):
    body = tab.post(Model.SAVED, message)
    assert body["response"][Model.SAVED]["data"]["draft"]["analysis"] == ""
    assert held.list() == ()


@pytest.mark.parametrize(
    "bad",
    [
        {"document": {"pool": "x", "states": [], "at": 0}},
        {"document": {"pool": [LEAVE], "states": [[0]], "at": 5}},
        {"document": {"pool": [{"select": "all", "action": {"kernel": "int3000"}}],
                      "states": [[0]], "at": 0}},
        {"document": {"pool": [1e308], "states": [[0]], "at": 0}},
        {"document": []},
        {"version": -1}, {"version": True}, {"version": "2"}, {"version": 2**60},
        {"version": None}, {"version": 1.5},
    ],
)  # fmt: skip
def test_saves_that_cannot_be_are_a_fault_and_change_nothing(tab, held, bad):
    tab.save(edited())
    state = dict(tab.draft)
    tab.document = edited(2)
    draft = tab.send("save", **bad)
    assert draft["fault"]
    assert draft["analysis"] == state["analysis"]
    assert held.draft(state["analysis"]).recipe == text_of(edited())
    tab.draft = state
    assert tab.save(edited(2))["conflict"] == ""


@pytest.mark.parametrize(
    "id", [NOWHERE, 7, None, ["x"], {"a": 1}, "\ud800", "é" * 22, "' or 1=1 --"]
)
def test_an_analysis_that_is_none_stops_the_autosave(tab, held, id):
    tab.draft = {"analysis": id, "at": "", "version": 1}
    draft = tab.save(edited())
    if isinstance(id, str):
        assert draft["conflict"]
        assert held.list() == ()
    else:  # what is no text is no analysis
        assert [r.name for r in held.list()] == ["Untitled"]


def test_names_that_are_no_names(tab, held):
    tab.save(edited())
    analysis = tab.draft["analysis"]
    for name in (7, None, ["x"], {"a": 1}):
        tab.send("describe", id=analysis, name=name, note="")
        assert "must be text" in tab.notice
    tab.send("describe", id=analysis, name="<b>\u202ehi</b>\x00", note="x" * 20_000)
    assert "The note is too long" in tab.notice
    assert held.get(analysis).name == "Untitled"
    tab.send("describe", id=analysis, name="<b>\u202ehi</b>\x00", note="")
    assert held.get(analysis).name == "<b>hi</b>"
