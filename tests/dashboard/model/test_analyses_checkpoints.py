"""Checkpoints, forks, restarts, names and deletion, by posted callbacks."""

from __future__ import annotations

import json

import engine
from dashboard.queries.documents import preset_rules, text_of
from tests.dashboard.model.tabs import document, edited


def test_a_checkpoint_keeps_recipe_view_and_totals(tab, held):
    tab.save(edited())
    draft = tab.send("checkpoint", name="first", note="one\ntwo")
    (row,) = held.checkpoints(draft["analysis"])
    kept = held.checkpoint_of(row.id)
    assert (kept.name, kept.note, kept.recipe) == ("first", "one\ntwo", text_of(edited()))
    assert kept.engine == engine.VERSION
    totals = json.loads(kept.totals)
    assert totals["target"] == "phone-npu"
    assert 0 < totals["now"]["size_bytes"] < totals["base"]["size_bytes"]
    assert f"analysis={draft['analysis']}" in kept.view
    assert (draft["base"], draft["unsaved"], draft["words"]) == ("first", False, "at first")
    assert "Saved the checkpoint “first”" in tab.notice
    assert tab.save(edited(2))["words"] == "unsaved changes since first"


def test_a_checkpoint_begins_an_analysis_and_has_a_name_of_its_own(tab, held):
    tab.document = document(*preset_rules()["int8"])
    draft = tab.send("checkpoint", name="", note="why")
    (row,) = held.checkpoints(draft["analysis"])
    assert row.name == engine.preset("int8").label
    assert (row.note, held.get(draft["analysis"]).note) == ("why", "")


def test_a_checkpoint_is_opened_edited_and_the_draft_kept(tab, held):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    (first,) = held.checkpoints(tab.draft["analysis"])
    tab.save(edited(4))
    draft = tab.send("open", id=first.id)
    assert (draft["at"], text_of(tab.load)) == (first.id, text_of(edited()))
    assert tab.send("save")["at"] == first.id  # looking changes nothing
    assert held.draft(draft["analysis"]).recipe == text_of(edited(4))
    draft = tab.save(edited(2))
    assert (draft["at"], draft["base"]) == ("", "first")
    assert "kept as the checkpoint “Before the restart”" in tab.notice
    kept = held.checkpoints(draft["analysis"])[-1]
    assert held.checkpoint_of(kept.id).recipe == text_of(edited(4))
    assert held.draft(draft["analysis"]).recipe == text_of(edited(2))


def test_a_checkpoint_that_is_shown_is_not_saved_again(tab, held):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    (first,) = held.checkpoints(tab.draft["analysis"])
    tab.send("open", id=first.id)
    tab.send("checkpoint", name="again")
    assert "Nothing was changed since this checkpoint" in tab.notice
    assert len(held.checkpoints(tab.draft["analysis"])) == 1
    tab.document = edited(3)
    tab.send("checkpoint", name="other way")
    parents = {c.name: c.parent_id for c in held.checkpoints(tab.draft["analysis"])}
    assert parents == {"first": None, "other way": first.id}


def test_a_restart_keeps_what_was_not_saved_and_says_so(tab, held):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    (first,) = held.checkpoints(tab.draft["analysis"])
    tab.save(edited(4))
    tab.send("restart", id=first.id)
    assert text_of(tab.load) == text_of(edited())
    assert "What was not saved is kept as the checkpoint “Before the restart”" in tab.notice
    assert tab.draft["words"] == "at first"
    tab.send("restart", id=first.id)
    assert "What was not saved" not in tab.notice
    assert tab.save(edited(2))["conflict"] == ""


def test_back_to_the_draft_with_its_past(tab, held):
    past = {**edited(), "states": [[], [0, 1]], "at": 1}
    tab.save(past)
    tab.send("checkpoint", name="first")
    (first,) = held.checkpoints(tab.draft["analysis"])
    tab.send("open", id=first.id)
    tab.send("open", id="")
    assert (tab.draft["at"], tab.load) == ("", past)


def test_save_as_goes_on_in_a_fork(tab, held, model):
    tab.save(edited())
    source = tab.draft["analysis"]
    draft = tab.send("create", name="Mine", note="")
    assert [r.name for r in held.list(model)] == ["Untitled", "Mine"]
    assert draft["analysis"] != source
    assert held.get(draft["analysis"]).provenance == "forked from “Untitled”"
    assert held.draft(draft["analysis"]).recipe == text_of(edited())


def test_save_as_without_an_analysis_begins_one(tab, held):
    tab.document = document(*preset_rules()["int8"])
    draft = tab.send("create", name="Blunt", note="all of it")
    row = held.get(draft["analysis"])
    assert (row.name, row.note, row.forked_from) == ("Blunt", "all of it", "")


def test_fork_of_an_analysis_and_of_a_checkpoint(tab, held):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    source = tab.draft["analysis"]
    (first,) = held.checkpoints(source)
    tab.save(edited(3))
    assert tab.send("fork", id=source)["name"] == "Fork of Untitled"
    assert text_of(tab.load) == text_of(edited(3))
    assert tab.send("fork", id=first.id)["name"] == "Fork of Untitled 2"
    assert text_of(tab.load) == text_of(edited())


def test_names_and_notes(tab, held):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    analysis = tab.draft["analysis"]
    (first,) = held.checkpoints(analysis)
    assert tab.send("describe", id=analysis, name="Goal", note="a\nb")["name"] == "Goal"
    assert held.get(analysis).note == "a\nb"
    assert tab.send("describe", id=first.id, name="start", note="n")["base"] == "start"
    assert held.checkpoint_of(first.id).note == "n"
    assert tab.save(edited(2))["conflict"] == ""


def test_words_do_not_take_over_a_version_that_the_page_has_not_seen(tab, other):
    tab.save(edited())
    second = other()
    tab.save(edited(2))
    second.send("describe", id=second.draft["analysis"], name="Goal", note="")
    assert "another tab" in second.save(edited(3))["conflict"]


def test_delete_and_undo(tab, held, model):
    tab.save(edited())
    analysis = tab.draft["analysis"]
    assert tab.send("delete", id=analysis)["analysis"] == ""
    assert held.list(model) == ()
    assert "Undo" in tab.notice
    assert analysis in tab.notice
    draft = tab.send("restore", id=analysis)
    assert (draft["analysis"], draft["name"]) == (analysis, "Untitled")
    assert tab.save(edited(2))["conflict"] == ""


def test_delete_of_another_leaves_the_open_one(tab, held, model):
    tab.save(edited())
    gone = held.create(model, "Old", "")
    assert tab.send("delete", id=gone.id)["name"] == "Untitled"
    assert tab.send("restore", id=gone.id)["name"] == "Untitled"
    assert [r.name for r in held.list(model)] == ["Untitled", "Old"]


def test_a_removed_checkpoint_leaves_the_tree_whole(tab, held):
    tab.save(edited())
    for n in (1, 2, 3):
        tab.save(edited(n))
        tab.send("checkpoint", name=f"c{n}")
    second = held.checkpoints(tab.draft["analysis"])[1]
    tab.send("open", id=second.id)
    draft = tab.send("remove", id=second.id)
    assert (draft["at"], text_of(tab.load)) == ("", text_of(edited(3)))
    names = {c.id: c.name for c in held.checkpoints(draft["analysis"])}
    parents = [names.get(c.parent_id) for c in held.checkpoints(draft["analysis"])]
    assert parents == [None, "c1"]


def test_compare_with_a_checkpoint_and_with_the_baseline_again(tab, held):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    (first,) = held.checkpoints(tab.draft["analysis"])
    tab.send("compare", id=first.id)
    assert tab.against == {"id": first.id, "name": "first", "recipe": text_of(edited())}
    assert "The page compares with it" in tab.sheet()["tree"]
    tab.send("compare", id="")
    assert tab.against["recipe"] == ""
