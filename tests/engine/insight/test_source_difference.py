"""What differs between the sources of two models."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from engine.formats import SourceLine
from engine.insight import SourceMap, source_difference
from engine.insight.source_difference import MOST_LINES, MOST_ROWS


def source(texts: dict[str, str], *lines: SourceLine) -> SourceMap:
    named = {line.file for line in lines}
    own = tuple(SourceLine(path, 1, text="x") for path in texts if path not in named)
    return SourceMap((*lines, *own), pl.DataFrame(), texts, {}, frozenset(), {})


BEFORE = "\n".join(f"line {k}" for k in range(1, 31))


def test_a_changed_line_has_three_around_it():
    (file,) = source_difference(
        source({"net.py": BEFORE}), source({"net.py": BEFORE.replace("line 15", "line XV")})
    )
    assert (file.state, file.whole, file.left) == ("changed", True, 0)
    assert [r.state for r in file.rows] == ["same"] * 3 + ["changed"] + ["same"] * 3
    changed = file.rows[3]
    assert (changed.before, changed.old, changed.after, changed.new) == (
        15, "line 15", 15, "line XV",
    )  # fmt: skip


def test_files_that_moved_are_found_by_their_last_part():
    (file,) = source_difference(source({"a/net.py": BEFORE}), source({"b/net.py": BEFORE + "\ny"}))
    assert (file.path, file.state) == ("b/net.py", "changed")
    assert file.rows[-1].state == "added"


def test_added_removed_and_same_files():
    found = source_difference(
        source({"same.py": BEFORE, "old.py": "a"}), source({"same.py": BEFORE, "new.py": "b"})
    )
    assert [(f.path, f.state) for f in found] == [
        ("new.py", "added"), ("old.py", "removed"), ("same.py", "same"),
    ]  # fmt: skip


def test_without_texts_the_lines_of_the_traces_are_compared():
    first = source({}, SourceLine("net.py", 3, text="a"), SourceLine("net.py", 9, text="b"))
    second = source({}, SourceLine("net.py", 3, text="a"), SourceLine("net.py", 11, text="c"))
    (file,) = source_difference(first, second)
    assert not file.whole
    assert [(r.before, r.after, r.state) for r in file.rows] == [(3, 3, "same"), (9, 11, "changed")]


def test_libraries_and_models_without_lines_are_left_out():
    library = source({}, SourceLine("nn/conv.py", 5, text="a", library="torch"))
    assert source_difference(library, source({"net.py": "a"})) == ()


def test_long_files_are_not_compared_and_long_differences_are_cut():
    long = "\n".join(map(str, range(MOST_LINES + 1)))
    (file,) = source_difference(source({"n.py": long}), source({"n.py": long + "\nx"}))
    assert (file.state, file.rows) == ("changed", ())
    many = "\n".join(f"y{k}" for k in range(1000))
    (file,) = source_difference(source({"n.py": "a"}), source({"n.py": many}))
    assert (len(file.rows), file.left) == (MOST_ROWS, 1000 - MOST_ROWS)


@given(
    st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30)
)
def test_every_line_is_told_once_or_is_the_same(old, new):
    found = source_difference(
        source({"n.py": "\n".join(old)} if old else {"n.py": "-"}),
        source({"n.py": "\n".join(new)} if new else {"n.py": "-"}),
    )
    for file in found:
        for numbers in ([r.before for r in file.rows], [r.after for r in file.rows]):
            told = [n for n in numbers if n]
            assert told == sorted(set(told))
