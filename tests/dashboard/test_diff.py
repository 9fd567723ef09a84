"""The page of differences: its choice, sums, waterfall, table."""

from __future__ import annotations

import pytest

from dashboard.figures.waterfall import waterfall
from dashboard.pages.diff import content, layout
from dashboard.pages.diff.layout import drawn
from dashboard.queries.differences import compared, preset_view
from tests import builders


@pytest.fixture
def two(add):
    return [add(f"net{n}", builders.residual_net(n).SerializeToString()) for n in (2, 4)]


@pytest.fixture
def inside(app, services):
    with app.server.test_request_context():
        yield services


def view(model, preset="", target="phone-npu"):
    return preset_view(model, target, preset)


def text(part) -> str:
    children = getattr(part, "children", part)
    if isinstance(children, list | tuple):
        return " ".join(text(c) for c in children)
    return text(children) if hasattr(children, "children") else str(children or "")


def test_the_page_opens_on_the_two_newest_and_on_nothing(inside, two):
    def chosen(page):
        sides = page.children[1].children
        return [sides[k].children[1].value for k in (0, 2)]

    assert chosen(layout()) == two
    assert chosen(layout(a=two[1], b="nowhere")) == [two[1], two[1]]


def test_without_models_it_says_what_is_needed(inside):
    layout()
    body, address = drawn(None, "phone-npu", "none", None, "phone-npu", "none")
    assert "Two models are needed" in text(body[0])
    assert address == ""


def test_the_choice_is_in_the_address(inside, two):
    _, address = drawn(two[0], "phone-npu", "none", two[1], "h200", "int8")
    assert address == f"?a={two[0]}&ta=phone-npu&b={two[1]}&tb=h200&pb=int8"


def test_bars_add_up_from_one_figure_to_the_other(inside, two):
    found = compared(inside.model, view(two[0]), view(two[1]))
    before, after = found.found.before.latency_s, found.found.after.latency_s
    figure = waterfall(found.modules, before, after, ("a", "b"), "light")
    first, *steps, last = figure.data[0].x
    assert first + sum(steps) == pytest.approx(last, rel=1e-3)
    assert last == pytest.approx(1e3 * after)
    assert len(set(figure.data[0].y)) == len(figure.data[0].y)


def test_conversions_are_in_the_waterfall_too(inside, two):
    found = compared(inside.model, view(two[0]), view(two[0], "int8"))
    total = found.found.after.latency_s - found.found.before.latency_s
    assert found.modules["change"].sum() == pytest.approx(total, rel=1e-2)


def test_the_table_shows_what_differs_first(inside, two):
    found = compared(inside.model, view(two[0]), view(two[1]))
    grid = content.body(found, ("a", "b"))[-1].children
    kinds = [row["kind"] for row in grid.rowData]
    assert kinds == sorted(kinds, key=["added", "removed", "changed", "same"].index)
    assert kinds[0] == "added"
    assert len(kinds) == sum(found.found.counts.values())


def test_a_wrong_choice_is_a_notice_and_changes_nothing(client, app, two):
    from tests.dashboard.test_callbacks import post

    answer = post(client, app, "diff--body", [two[0], "toaster", "none", two[1], "h200", "none"])
    assert "toaster" in str(answer.json["sideUpdate"])
