"""Analyses: names, forks, deletion, owners, budgets, and whatever a stranger may send."""

from __future__ import annotations

import math

import pytest

from engine.errors import EngineError
from engine.store import LOCAL, limits, trees, writes
from tests.acting import by
from tests.engine.store.conftest import NET

OTHER = "else"
NOWHERE = "x" * 22


def test_an_analysis_is_kept_as_it_was_given(analyses, model_id):
    row = analyses.create(
        model_id, "int8", "{}", note="first\nsecond", target="phone-npu", fps=30, bindings={"n": 2}
    )
    assert analyses.get(row.id) == row
    assert analyses.list(model_id) == (row,) == analyses.list()
    assert (row.name, row.note, row.target, row.fps) == ("int8", "first\nsecond", "phone-npu", 30.0)
    assert (row.bindings, row.budgets, row.checkpoints) == ({"n": 2}, "", 0)
    assert (row.provenance, row.owner, row.model_id) == ("", LOCAL, model_id)
    draft = analyses.draft(row.id)
    assert (draft.recipe, draft.history, draft.version) == ("{}", "", 1)
    assert (draft.base_id, draft.unsaved) == (None, False)


def test_names_get_a_number(analyses, model_id):
    names = [analyses.create(model_id, "int8", "{}").name for _ in range(3)]
    assert names == ["int8", "int8 2", "int8 3"]
    long = [analyses.create(model_id, "x" * 500, "{}").name for _ in range(2)]
    assert long == ["x" * 120, "x" * 118 + " 2"]


def test_a_name_is_free_again_after_a_rename_and_a_deletion(analyses, model_id):
    first = analyses.create(model_id, "int8", "{}")
    assert analyses.rename(first.id, "int8").name == "int8"  # its own
    assert analyses.rename(first.id, " fp\u202e16 ").name == "fp16"
    second = analyses.create(model_id, "int8", "{}")
    assert analyses.rename(second.id, "fp16").name == "fp16 2"
    analyses.delete(second.id)
    assert analyses.create(model_id, "fp16 2", "{}").name == "fp16 2"
    assert analyses.restore(second.id).name == "fp16 2 2"


def test_the_order_is_that_of_beginning(analyses, model_id):
    rows = [analyses.create(model_id, n, "{}") for n in "cab"]
    analyses.annotate(rows[0].id, "changed last")
    assert [row.name for row in analyses.list(model_id)] == ["c", "a", "b"]
    assert analyses.get(rows[0].id).updated > rows[0].updated


def test_note_and_target_change(analyses, model_id):
    row = analyses.create(model_id, "a", "{}")
    assert analyses.annotate(row.id, "  a\r\nb\x00 ").note == "a\nb"
    moved = analyses.retarget(row.id, "h200", 60, {"batch": 4})
    assert (moved.target, moved.fps, moved.bindings) == ("h200", 60.0, {"batch": 4})
    assert analyses.retarget(row.id, "gone-target").fps is None


def test_a_fork_of_the_draft_has_it_all(analyses, model_id):
    source = analyses.create(model_id, "a", "1", note="n", target="t", fps=2, bindings={"b": 3})
    analyses.set_budgets(source.id, '{"latency": 1}')
    analyses.save_draft(source.id, "2", "undo", 1)
    fork = analyses.fork(source.id, "b")
    same = ("model_id", "note", "target", "fps", "bindings", "owner")
    assert all(getattr(fork, key) == getattr(source, key) for key in same)
    assert (fork.budgets, fork.provenance) == ('{"latency": 1}', "forked from “a”")
    draft, (root,) = analyses.draft(fork.id), analyses.checkpoints(fork.id)
    assert (draft.recipe, draft.history, draft.base_id) == ("2", "undo", root.id)
    assert (root.name, root.kind, root.parent_id) == ("Draft of a", "kept", None)
    analyses.save_draft(fork.id, "3", "", 1)
    assert analyses.draft(source.id).recipe == "2"


def test_a_fork_of_a_checkpoint_begins_with_it(analyses, model_id):
    source = analyses.create(model_id, "a", "1")
    point = analyses.checkpoint(source.id, "good", "7", note="n", view="?tab=graph", totals="[1]")
    analyses.save_draft(source.id, "8", "", 1)
    fork = analyses.fork(source.id, "b", point.id)
    (root,) = analyses.checkpoints(fork.id)
    copy = analyses.checkpoint_of(root.id)
    same = ("name", "note", "view", "totals", "recipe", "engine", "kind")
    assert all(getattr(copy, key) == getattr(point, key) for key in same)
    assert analyses.draft(fork.id).recipe == "7"


def test_a_fork_keeps_where_it_comes_from(analyses, model_id):
    source = analyses.create(model_id, "a", "1")
    fork = analyses.fork(source.id, "b")
    analyses.rename(source.id, "c")
    assert analyses.get(fork.id).provenance == "forked from “c”"
    analyses.delete(source.id)
    assert analyses.get(fork.id).provenance == "forked from “c”, which was deleted"
    assert analyses.purge(-1) == 1
    assert analyses.get(fork.id).provenance == "forked from “c”, which was deleted"
    assert analyses.draft(fork.id).recipe == "1"


def test_a_deleted_analysis_is_gone_until_it_is_brought_back(analyses, model_id):
    row = analyses.create(model_id, "a", "1")
    point = analyses.checkpoint(row.id, "p", "2")
    assert analyses.delete(row.id).name == "a"
    assert analyses.list(model_id) == ()
    for ask in (analyses.get, analyses.draft, analyses.checkpoints, analyses.delete):
        with pytest.raises(EngineError, match="no such analysis"):
            ask(row.id)
    with pytest.raises(EngineError, match="no such checkpoint"):
        analyses.checkpoint_of(point.id)
    assert analyses.restore(row.id).name == "a"
    assert analyses.checkpoint_of(point.id) == point
    with pytest.raises(EngineError, match="no such deleted analysis"):
        analyses.restore(row.id)


def test_purge_forgets_only_what_was_deleted_long_ago(analyses, model_id, store):
    old, stands = (analyses.create(model_id, n, n) for n in "ab")
    analyses.checkpoint(old.id, "p", "2")
    analyses.delete(old.id)
    assert analyses.purge() == 0
    assert store.sweep(-1) == 0
    assert analyses.purge(-1) == 1
    assert analyses.purge(-1) == 0
    with pytest.raises(EngineError, match="no such deleted analysis"):
        analyses.restore(old.id)
    with store._database.reading() as connection:
        left = {t: connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar()
                for t in ("analyses", "checkpoints", "drafts")}  # fmt: skip
    assert left == {"analyses": 1, "checkpoints": 0, "drafts": 1}
    assert analyses.get(stands.id) == stands


def test_a_purged_name_that_no_fork_needs_any_more_goes(analyses, model_id, store):
    source = analyses.create(model_id, "a", "1")
    fork = analyses.fork(source.id, "b")
    for gone in (source, fork):
        analyses.delete(gone.id)
        analyses.purge(-1)
    analyses.purge(-1)
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM analyses").scalar() == 0


def test_a_model_takes_its_analyses_along(analyses, model_id, store):
    row = analyses.create(model_id, "a", "1")
    for parent in range(3):
        analyses.checkpoint(row.id, "p", str(parent))
    analyses.fork(row.id, "b")
    analyses.set_model_budgets(model_id, "{}")
    store.remove(model_id)
    with pytest.raises(EngineError, match="no such analysis"):
        analyses.get(row.id)
    with store._database.reading() as connection:
        for table in ("analyses", "checkpoints", "drafts", "model_budgets"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_budgets(analyses, model_id, store, tmp_path):
    row = analyses.create(model_id, "a", "1")
    assert analyses.set_budgets(row.id, '{"a": 1}').budgets == '{"a": 1}'
    assert analyses.set_budgets(row.id, "").budgets == ""
    analyses.set_model_budgets(model_id, "1")
    analyses.set_model_budgets(model_id, "2")
    (tmp_path / "other.onnx").write_bytes(b"other")
    theirs, _ = by(OTHER, store.add, tmp_path / "other.onnx", NET)
    by(OTHER, analyses.set_model_budgets, theirs.id, "3")
    assert analyses.model_budgets() == {model_id: "2"}
    assert by(OTHER, analyses.model_budgets) == {theirs.id: "3"}
    analyses.set_model_budgets(model_id, "")
    assert analyses.model_budgets() == {}


def verbs(analyses, model_id, analysis_id, checkpoint_id):
    """Every verb that names something, as a call of the owner."""
    a, c = analysis_id, checkpoint_id
    return {
        "create": lambda o: by(o, analyses.create, model_id, "n", "r"),
        "list": lambda o: by(o, analyses.list, model_id),
        "get": lambda o: by(o, analyses.get, a),
        "rename": lambda o: by(o, analyses.rename, a, "n"),
        "annotate": lambda o: by(o, analyses.annotate, a, "n"),
        "retarget": lambda o: by(o, analyses.retarget, a, "t"),
        "fork": lambda o: by(o, analyses.fork, a, "n"),
        "checkpoint": lambda o: by(o, analyses.checkpoint, a, "n", "r"),
        "checkpoints": lambda o: by(o, analyses.checkpoints, a),
        "checkpoint_of": lambda o: by(o, analyses.checkpoint_of, c),
        "label": lambda o: by(o, analyses.label, c, "n"),
        "draft": lambda o: by(o, analyses.draft, a),
        "save_draft": lambda o: by(o, analyses.save_draft, a, "r2", "", 1),
        "restart": lambda o: by(o, analyses.restart, a, c),
        "set_budgets": lambda o: by(o, analyses.set_budgets, a, "b"),
        "set_model_budgets": lambda o: by(o, analyses.set_model_budgets, model_id, "b"),
        "remove_checkpoint": lambda o: by(o, analyses.remove_checkpoint, c),
        "delete": lambda o: by(o, analyses.delete, a),
        "restore": lambda o: by(o, analyses.restore, a),
    }


def test_another_owner_is_told_what_nobody_would_be_told_apart(analyses, model_id):
    row = analyses.create(model_id, "a", "r")
    point = analyses.checkpoint(row.id, "p", "r")
    there = verbs(analyses, model_id, row.id, point.id)
    absent = verbs(analyses, NOWHERE, NOWHERE, NOWHERE)
    public = {v for v in dir(analyses) if not v.startswith("_")}
    assert public - set(there) == {
        "budgets_of",
        "model_budgets",
        "purge",
    }  # a new verb belongs in the list
    for name, ask in there.items():
        with pytest.raises(EngineError) as theirs:
            ask(OTHER)
        with pytest.raises(EngineError) as nobodys:
            absent[name](LOCAL)
        assert str(theirs.value) == str(nobodys.value), name
    assert by(OTHER, analyses.list) == ()
    for ask in there.values():
        ask(LOCAL)  # and the owner may


HOSTILE = [
    None, 7, 1.5, True, b"x", [], {}, "", "x", "x" * 23, "../../etc/passwd", "' OR 1=1 --", "\x00",
    "\ud800" * 22, "a" * 10**6, "é" * 22, math.inf,
]  # fmt: skip


def test_odd_ids_find_nothing(analyses, model_id):
    row = analyses.create(model_id, "a", "r")
    analyses.checkpoint(row.id, "p", "r")
    before = (analyses.list(model_id), analyses.checkpoints(row.id), analyses.draft(row.id))
    for bad in HOSTILE:
        asked = {
            **verbs(analyses, bad, bad, bad),
            "restart": lambda _, bad=bad: analyses.restart(row.id, bad),
            "parent": lambda _, bad=bad: analyses.checkpoint(row.id, "q", "r", parent_id=bad),
            "fork of": lambda _, bad=bad: analyses.fork(row.id, "q", bad),
        }
        for name in ("list", "parent", "fork of") if bad is None else ():
            del asked[name]  # there None means something
        for ask in asked.values():
            with pytest.raises(EngineError, match="there is no such"):
                ask(LOCAL)
    after = (analyses.list(model_id), analyses.checkpoints(row.id), analyses.draft(row.id))
    assert after == before


def values(analyses, model_id, analysis_id):
    """Each value from outside -> a call that writes it."""
    m, a = model_id, analysis_id
    return {
        "name": lambda v: analyses.create(m, v, "r"),
        "rename": lambda v: analyses.rename(a, v),
        "note": lambda v: analyses.annotate(a, v),
        "recipe": lambda v: analyses.create(m, "n", v),
        "draft": lambda v: analyses.save_draft(a, v, "", 1),
        "history": lambda v: analyses.save_draft(a, "r", v, 1),
        "version": lambda v: analyses.save_draft(a, "another", "", v),
        "target": lambda v: analyses.retarget(a, v),
        "fps": lambda v: analyses.retarget(a, "t", v),
        "bindings": lambda v: analyses.retarget(a, "t", None, v),
        "bound name": lambda v: analyses.retarget(a, "t", None, {v: 1}),
        "bound size": lambda v: analyses.retarget(a, "t", None, {"n": v}),
        "view": lambda v: analyses.checkpoint(a, "n", "r", view=v),
        "totals": lambda v: analyses.checkpoint(a, "n", "r", totals=v),
        "budgets": lambda v: analyses.set_budgets(a, v),
        "model budgets": lambda v: analyses.set_model_budgets(m, v),
    }


TEXTS = {"name", "rename", "note", "recipe", "draft", "history", "target", "view", "totals",
         "budgets", "model budgets", "bound name"}  # fmt: skip
DOCUMENTS = {"recipe", "draft", "history", "view", "totals", "budgets", "model budgets"}
NO_TEXT = [7, 1.5, True, b"x", ("a",), frozenset(), math.inf, 10**400]
SIZES = ("1", 1.0, True, 0, -1, 2**31, 10**400, None)
REFUSED = {
    **dict.fromkeys(TEXTS - DOCUMENTS, NO_TEXT),
    **dict.fromkeys(DOCUMENTS, (*NO_TEXT, "a\0b", "\ud83d", "é" * 1_000_001)),
    "fps": ("30", True, 0, -1, math.nan, math.inf, 1e7, 10**400, []),
    "version": ("1", 1.0, True, -1, 10**400, None),
    "bindings": ("n=1", 7, [("n", 1)], {str(n): 1 for n in range(101)}),
    "bound size": SIZES,
    "bound name": (*NO_TEXT, "", "\n", "x" * 121),
    "target": (*NO_TEXT, "x" * 81, "a\nb", "a\0", "\ud800"),
    "note": (*NO_TEXT, "x" * 10_001),
}


def test_a_value_that_no_row_may_hold_is_one_sentence(analyses, model_id):
    row = analyses.create(model_id, "a", "r")
    writers = values(analyses, model_id, row.id)
    assert set(writers) == set(REFUSED)
    for value, write in writers.items():
        for bad in REFUSED[value]:
            with pytest.raises(EngineError) as refused:
                write(bad)
            said = str(refused.value)
            assert "no such" not in said
            assert len(said) < 300
            said.encode()  # can be sent
    assert (analyses.list(model_id), analyses.checkpoints(row.id)) == ((row,), ())


def test_texts_come_back_as_they_were(analyses, model_id):
    row = analyses.create(model_id, "a", "r")
    text = '{"é": "\U0001f600 \u202e \\u0000 \t\n\x01"}'
    analyses.save_draft(row.id, text, text, 1)
    draft = analyses.draft(row.id)
    assert (draft.recipe, draft.history) == (text, text)
    assert analyses.checkpoint(row.id, "p", text, view=text, totals=text).totals == text


def test_there_is_a_most_of_everything(analyses, model_id, monkeypatch):
    monkeypatch.setattr(writes.limits, "MAX_ANALYSES", 2)
    monkeypatch.setattr(trees, "MAX_CHECKPOINTS", 2)
    row = analyses.create(model_id, "a", "r")
    other = analyses.fork(row.id, "b")
    for more in (
        lambda: analyses.create(model_id, "c", "r"),
        lambda: analyses.fork(row.id, "c"),
    ):
        with pytest.raises(EngineError, match="there are 2 analyses, and no more fit"):
            more()
    analyses.delete(other.id)
    analyses.create(model_id, "c", "r")
    with pytest.raises(EngineError, match="2 analyses, and no more fit"):
        analyses.restore(other.id)
    for n in "12":
        analyses.checkpoint(row.id, n, n)
    with pytest.raises(EngineError, match="2 checkpoints, and no more fit"):
        analyses.checkpoint(row.id, "3", "3")
    assert [p.name for p in analyses.checkpoints(row.id)] == ["1", "2"]
    assert limits.MAX_CHECKPOINTS == 5_000
