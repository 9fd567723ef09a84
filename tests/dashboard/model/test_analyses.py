"""The autosave, by posted callbacks: drafts, versions, two tabs on one draft."""

from __future__ import annotations

import json

import pytest

from dashboard.ids import Model
from dashboard.queries.documents import preset_rules, text_of
from engine.errors import EngineError
from engine.store import Analyses
from tests.dashboard.model.tabs import document, edited

purge = Analyses.purge


def test_a_preset_alone_is_not_saved(tab, held):
    for rules in ([], preset_rules()["int8"], preset_rules()["fp16"]):
        assert tab.save(document(*rules))["analysis"] == ""
    assert held.list() == ()


def test_the_first_edit_begins_an_analysis(tab, held, model):
    draft = tab.save(edited())
    (row,) = held.list(model)
    assert (row.name, row.target, row.fps) == ("Untitled", "phone-npu", 30.0)
    assert draft["analysis"] == row.id
    assert (draft["version"], draft["conflict"], draft["words"][:6]) == (2, "", "saved ")
    kept = held.draft(row.id)
    assert kept.recipe == text_of(edited())
    assert json.loads(kept.history) == edited()


def test_edits_follow_in_the_same_draft(tab, held, model):
    versions = [tab.save(edited(n))["version"] for n in (1, 2, 3)]
    assert versions == [2, 3, 4]
    assert len(held.list(model)) == 1
    assert held.draft(tab.draft["analysis"]).recipe == text_of(edited(3))


def test_the_past_of_the_page_is_kept_for_undo(tab, held):
    past = {**edited(2), "states": [[], [0], [0, 1, 2]], "at": 2, "held": "token"}
    draft = tab.save(past)
    kept = json.loads(held.draft(draft["analysis"]).history)
    assert kept == {k: past[k] for k in ("pool", "states", "at")}


def test_a_past_that_is_too_long_is_left_out_and_the_recipe_saved(tab, held, monkeypatch):
    monkeypatch.setattr("dashboard.queries.analyses.MOST_HISTORY", 40)
    draft = tab.save(edited(2))
    assert held.draft(draft["analysis"]).history == ""
    assert held.draft(draft["analysis"]).recipe == text_of(edited(2))


def test_saving_keeps_target_and_frame_rate(tab, held):
    tab.save(edited())
    tab.document = edited(2)
    tab.send("save", {Model.TARGET: "h200", Model.FPS: 60})
    row = held.get(tab.draft["analysis"])
    assert (row.target, row.fps) == ("phone-npu", 30.0)  # for others, until it is saved for them
    assert (tab.draft["target"], tab.draft["fps"]) == ("h200", 60.0)
    tab.send("checkpoint", {Model.TARGET: "h200", Model.FPS: 60}, name="there")
    row = held.get(row.id)
    assert (row.target, row.fps) == ("h200", 60.0)


def test_two_tabs_do_not_overwrite_each_other(tab, other, held):
    tab.save(edited())
    second = other()
    tab.save(edited(2))
    draft = second.save(edited(5))
    assert "changed in another tab" in draft["conflict"]
    assert second.body["response"][Model.CONFLICT]["hidden"] is False
    assert held.draft(draft["analysis"]).recipe == text_of(edited(2))
    (kept,) = held.checkpoints(draft["analysis"])
    assert draft["kept"] == kept.id
    assert held.checkpoint_of(kept.id).recipe == text_of(edited(5))
    assert tab.save(edited(3))["conflict"] == ""  # the first goes on


def test_after_a_conflict_a_fork_goes_on(tab, other, held):
    tab.save(edited())
    second = other()
    tab.save(edited(2))
    refused = second.save(edited(5))
    second.document = edited(6)  # edited on, unsaved
    draft = second.send("go_on", id=refused["kept"])
    assert draft["conflict"] == ""
    assert draft["analysis"] != tab.draft["analysis"]
    assert "forked from “Untitled”" in second.notice
    assert held.draft(draft["analysis"]).recipe == text_of(edited(6))
    assert second.save(edited(7))["version"] == draft["version"] + 1
    assert tab.save(edited(3))["conflict"] == ""


def test_the_same_save_twice_is_no_conflict(tab, held):
    before = dict(tab.save(edited()))
    tab.save(edited(2))
    tab.draft = before  # the answer was lost on the way, and the page asks again
    assert tab.save(edited(2))["conflict"] == ""


def test_a_deleted_analysis_stops_the_autosave_and_can_go_on(tab, held, model):
    tab.save(edited())
    held.delete(tab.draft["analysis"])
    draft = tab.save(edited(2))
    assert "There is no such analysis" in draft["conflict"]
    assert "gone" in tab.body["response"][Model.CONFLICT]["className"]
    draft = tab.send("go_on", id="")
    assert (draft["conflict"], draft["name"]) == ("", "Untitled")
    assert held.draft(draft["analysis"]).recipe == text_of(edited(2))


def test_a_start_forgets_what_was_deleted_long_ago(services, held, model, monkeypatch):
    row = held.create(model, "Old", "")
    held.delete(row.id)
    monkeypatch.setattr(type(held), "purge", lambda self: purge(self, -1.0), raising=True)
    services.tidy().join()
    with pytest.raises(EngineError, match="no such deleted analysis"):
        held.restore(row.id)


def test_no_room_is_said_in_the_header_and_not_as_a_notice(tab, monkeypatch):
    tab.save(edited())
    monkeypatch.setattr("engine.store.limits.MAX_RECIPE", 10)
    monkeypatch.setattr("dashboard.queries.analyses.MOST_HISTORY", 10)
    monkeypatch.setattr("engine.store.checkpoints.limits.MAX_RECIPE", 10)
    draft = tab.save(edited(2))
    assert "too long" in draft["fault"]
    assert tab.notice == ""
