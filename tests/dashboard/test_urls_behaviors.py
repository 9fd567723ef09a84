"""An address of behaviors holds the whole view; a hostile one is a default view."""

from __future__ import annotations

import string
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dashboard import urls
from dashboard import urls_behaviors as ub
from dashboard.urls_behaviors import BehaviorsView

ROW = st.integers(0, 99_999)
TEXT = st.text(max_size=60).map(urls.printable)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
BOUND = st.tuples(ROW, NUMBER, NUMBER).map(lambda b: (b[0], min(b[1:]), max(b[1:])))
VIEW = st.builds(
    BehaviorsView,
    experiment_id=st.text(string.ascii_letters + "_-", min_size=1, max_size=30),
    models=st.frozensets(ROW, max_size=20).map(lambda s: tuple(sorted(s))),
    base=st.none() | ROW,
    data=st.sampled_from(["", "0123456789abcdef"]),
    metric=TEXT,
    relative=st.booleans(),
    rows=st.sampled_from(ub.ROWS),
    inside=TEXT,
    bounds=st.lists(BOUND, max_size=4).map(tuple),
    by=st.none() | ROW,
    page=st.integers(1, 9_999),
)


@given(VIEW, st.booleans(), st.sampled_from(["", *ub.SHEETS]), ROW)
def test_reading_undoes_writing(view, up, sheet, of):
    view = replace(view, up=up and view.by is not None, sheet=sheet, of=of if sheet else 0)
    assert ub.parse(view.experiment_id, ub.search(view)) == view


@given(st.text(max_size=300))
def test_any_text_is_some_view(text):
    for query in (text, f"?models={text}&base={text}", f"bound={text}&sort={text}&sheet={text}"):
        view = ub.parse("x", query)
        assert ub.parse("x", ub.search(view)) == view


def test_a_readable_address():
    view = BehaviorsView("abc", (0, 3, 4, 5), 0, relative=True, bounds=((3, -0.5, 0.25),), by=4)
    assert ub.build(view) == (
        "/experiments/abc/behaviors?models=0.3-5&base=0&as=change&bound=3:-0.5:0.25&sort=-4"
    )
