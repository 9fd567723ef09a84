"""Drafts and checkpoints: two tabs, restarts, and that nothing is overwritten unseen."""

from __future__ import annotations

import threading

import pytest

from engine.errors import EngineError
from engine.store import Conflict, trees


@pytest.fixture
def row(analyses, model_id):
    return analyses.create(model_id, "a", "0")


def names(analyses, row) -> list[tuple[str, str]]:
    return [(p.name, p.kind) for p in analyses.checkpoints(row.id)]


def test_a_draft_gets_a_higher_version_by_each_write(analyses, row):
    assert [analyses.save_draft(row.id, str(n), "h", n) for n in (1, 2, 3)] == [2, 3, 4]
    draft = analyses.draft(row.id)
    assert (draft.recipe, draft.history, draft.version, draft.unsaved) == ("3", "h", 4, True)


def test_the_slower_of_two_tabs_is_refused_and_loses_nothing(analyses, row):
    analyses.save_draft(row.id, "first", "", 1)
    with pytest.raises(Conflict, match="changed in another tab; your edits are kept") as refused:
        analyses.save_draft(row.id, "second", "", 1)
    conflict = refused.value
    assert (conflict.yours, conflict.current) == (1, 2)
    assert analyses.draft(row.id).recipe == "first"
    kept = analyses.checkpoint_of(conflict.kept)
    assert (kept.name, kept.kind, kept.recipe) == ("From another tab", "kept", "second")


def test_a_tab_that_insists_is_kept_once(analyses, row):
    analyses.save_draft(row.id, "first", "", 1)
    for _ in range(3):
        with pytest.raises(Conflict):
            analyses.save_draft(row.id, "second", "", 1)
    with pytest.raises(Conflict):
        analyses.save_draft(row.id, "third", "", 1)
    assert names(analyses, row) == [("From another tab", "kept"), ("From another tab 2", "kept")]


def test_an_answer_that_was_lost_is_no_conflict(analyses, row):
    assert analyses.save_draft(row.id, "first", "h", 1) == 2
    assert analyses.save_draft(row.id, "first", "h", 1) == 2  # the same request again
    assert analyses.save_draft(row.id, "first", "longer", 1) == 3  # same recipe: nothing is lost
    assert analyses.checkpoints(row.id) == ()


def test_a_version_of_the_future_is_a_conflict(analyses, row):
    with pytest.raises(Conflict, match="expected version 1, found version 9"):
        analyses.save_draft(row.id, "x", "", 9)


def test_a_page_gone_wild_does_not_take_all_room(analyses, row, monkeypatch):
    monkeypatch.setattr(trees, "MAX_KEPT", 2)
    for n in range(2):
        with pytest.raises(Conflict):
            analyses.save_draft(row.id, str(n + 1), "", 0)
    with pytest.raises(Conflict, match=r"only in this tab.*saving them as a fork") as refused:
        analyses.save_draft(row.id, "3", "", 0)
    assert refused.value.kept == ""
    with pytest.raises(Conflict) as refused:
        analyses.save_draft(row.id, "2", "", 0)
    assert refused.value.kept  # held already
    analyses.checkpoint(row.id, "mine", "m")
    analyses.save_draft(row.id, "edited", "", 1)
    point = analyses.checkpoints(row.id)[-1]
    with pytest.raises(EngineError, match="no room to keep the draft"):
        analyses.restart(row.id, point.id)
    assert analyses.draft(row.id).recipe == "edited"


def test_checkpoints_make_a_tree(analyses, row):
    one = analyses.checkpoint(row.id, "one", "0", note="n", view="?a=1", totals='{"t": 1}')
    two = analyses.checkpoint(row.id, "two", "0")
    analyses.restart(row.id, one.id)
    three = analyses.checkpoint(row.id, "three", "0")
    four = analyses.checkpoint(row.id, "one", "4", parent_id=two.id)
    assert [p.parent_id for p in (one, two, three, four)] == [None, one.id, one.id, two.id]
    assert [p.name for p in analyses.checkpoints(row.id)] == ["one", "two", "three", "one 2"]
    assert analyses.checkpoint_of(one.id) == one
    assert (one.note, one.view, one.totals, one.recipe) == ("n", "?a=1", '{"t": 1}', "0")
    assert analyses.get(row.id).checkpoints == 4


def test_a_draft_stands_on_a_checkpoint_that_holds_it(analyses, row):
    analyses.save_draft(row.id, "mine", "", 1)
    mine = analyses.checkpoint(row.id, "mine", "mine")
    assert analyses.draft(row.id).base_id == mine.id
    theirs = analyses.checkpoint(row.id, "theirs", "of another tab")
    assert analyses.draft(row.id).base_id == mine.id
    assert theirs.parent_id == mine.id
    assert not analyses.draft(row.id).unsaved


def test_a_restart_keeps_a_draft_that_was_not_saved(analyses, row):
    one = analyses.checkpoint(row.id, "one", "1")
    assert analyses.restart(row.id, one.id).version == 2
    assert names(analyses, row) == [("one", "saved")]  # what nobody edited is not kept
    analyses.save_draft(row.id, "edited", "undo", 2)
    draft = analyses.restart(row.id, one.id)
    assert (draft.recipe, draft.history, draft.base_id) == ("1", "", one.id)
    assert (draft.version, draft.unsaved) == (4, False)
    assert names(analyses, row)[1:] == [("Before the restart", "kept")]
    kept = analyses.checkpoints(row.id)[1]
    assert analyses.checkpoint_of(kept.id).recipe == "edited"
    assert kept.parent_id == one.id
    with pytest.raises(Conflict):  # the other tab sees that it was restarted
        analyses.save_draft(row.id, "more", "", 3)


def test_a_checkpoint_of_another_analysis_is_none_of_this_one(analyses, row, model_id):
    other = analyses.create(model_id, "b", "r")
    theirs = analyses.checkpoint(other.id, "p", "r")
    for ask in (
        lambda: analyses.restart(row.id, theirs.id),
        lambda: analyses.checkpoint(row.id, "q", "r", parent_id=theirs.id),
        lambda: analyses.fork(row.id, "c", theirs.id),
    ):
        with pytest.raises(EngineError, match="no such checkpoint"):
            ask()


def test_a_removed_checkpoint_leaves_a_tree(analyses, row):
    one = analyses.checkpoint(row.id, "one", "0")
    two = analyses.checkpoint(row.id, "two", "0")
    three = analyses.checkpoint(row.id, "three", "0")
    assert analyses.remove_checkpoint(two.id) == two
    assert analyses.checkpoint_of(three.id).parent_id == one.id
    analyses.remove_checkpoint(three.id)
    assert analyses.draft(row.id).base_id == one.id
    analyses.remove_checkpoint(one.id)
    assert analyses.draft(row.id).base_id is None
    assert analyses.draft(row.id).recipe == "0"


def test_a_label_makes_a_kept_checkpoint_a_persons(analyses, row):
    analyses.checkpoint(row.id, "one", "1")
    with pytest.raises(Conflict) as refused:
        analyses.save_draft(row.id, "x", "", 0)
    kept = analyses.label(refused.value.kept, "one", "why")
    assert (kept.name, kept.note, kept.kind, kept.recipe) == ("one 2", "why", "saved", "x")
    assert analyses.label(kept.id, "one 2").note == ""


def test_many_tabs_at_once_lose_nothing(analyses, row):
    """Eight writers who read again after a refusal: each text is the draft once, or is kept."""
    refusals, saved = [], []

    def write(tab: int) -> None:
        for n in range(4):
            text, version = f"{tab}/{n}", analyses.draft(row.id).version
            try:
                saved.append((analyses.save_draft(row.id, text, "", version), text))
            except Conflict as conflict:
                refusals.append((conflict.kept, text))

    threads = [threading.Thread(target=write, args=(tab,)) for tab in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(version for version, _ in saved) == list(range(2, len(saved) + 2))
    assert len(saved) + len(refusals) == 32
    for kept, text in refusals:
        assert analyses.checkpoint_of(kept).recipe == text
    assert analyses.draft(row.id).recipe == max(saved)[1]
