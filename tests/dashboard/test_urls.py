"""An address holds a view, whole; a hostile address is a default view."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import urls
from dashboard.urls import Condition, View

ID = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
COLUMN = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
TEXT = st.text(max_size=urls.MAX_TEXT).map(urls.printable)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
CONDITION = st.builds(Condition, COLUMN, st.sampled_from(urls.OPERATORS), NUMBER | TEXT)
VIEW = st.builds(
    View,
    model_id=ID | st.just(""),
    target=ID | st.just(""),
    fps=st.none() | st.floats(min_value=1e-6, max_value=1e6),
    preset=ID | st.just(""),
    bindings=st.dictionaries(TEXT.filter(bool), st.integers(1, urls.MAX_NUMBER), max_size=5).map(
        lambda d: tuple(sorted(d.items()))
    ),
    selection=st.frozensets(st.integers(0, 99_999)).map(lambda s: tuple(sorted(s))),
    search=TEXT,
    conditions=st.lists(CONDITION, max_size=5).map(tuple),
    colour=COLUMN,
    sort=COLUMN | COLUMN.map("-{}".format) | st.just(""),
    dock=st.sampled_from(urls.DOCKS),
    show=st.sampled_from(urls.SHOWS),
    direction=st.sampled_from(urls.DIRECTIONS),
    x=COLUMN,
    y=COLUMN,
    log=st.sampled_from(urls.LOGS),
    by=st.sampled_from(urls.PARTS),
)


@given(VIEW)
def test_parse_undoes_build(view):
    assert urls.parse(urls.build(view)) == view


@given(st.text(max_size=400))
def test_any_text_is_some_view(text):
    for address in (text, f"/model/x?{text}", f"/model/{text}", f"/?sel={text}&where={text}"):
        view = urls.parse(address)
        assert urls.parse(urls.build(view)) == view


def test_a_readable_address():
    view = View(
        model_id="abc",
        target="phone-npu",
        fps=30.0,
        bindings=(("batch", 2),),
        selection=(1, 2, 3, 9),
        conditions=(Condition("latency_s", "gt", 0.001),),
        sort="-energy_j",
    )
    assert urls.build(view) == (
        "/model/abc?target=phone-npu&fps=30&bind=2%3Abatch&sel=1-3.9"
        "&where=latency_s.gt.n0.001&sort=-energy_j"
    )
    assert urls.build(View()) == "/"


@pytest.mark.parametrize(
    "query",
    [
        "target=../../etc",
        "target=%00",
        "fps=nan",
        "fps=inf",
        "fps=-1",
        "fps=1e999",
        "fps=abc",
        "bind=0:batch",
        "bind=99999999999:batch",
        "bind=batch:1",
        "sel=1-999999999",
        "sel=9-1",
        "sel=a.b",
        "where=latency_s.gt.nNaN",
        "where=latency_s.drop.n1",
        "where=__class__.eq.tx",
        "colour=<script>",
        "sort=--latency_s",
        "sort=javascript:alert(1)",
        "&".join("a=1" for _ in range(500)),
    ],
)
def test_hostile_queries_are_defaults(query):
    assert urls.parse(f"/model/m?{query}") == View(model_id="m")


def test_what_dash_hands_to_a_page():
    view = urls.from_query("m", {"fps": "25", "where": ["macs.gt.n1", "name.has.tconv"], "x": "y"})
    assert view.fps == 25
    assert [c.column for c in view.conditions] == ["macs", "name"]
    assert urls.from_query("m", {"fps": ["1", "2"], "target": None}) == View("m", fps=2.0)
