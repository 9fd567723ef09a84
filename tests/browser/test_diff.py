"""The page of differences in a browser: both graphs and the table follow each other."""

from __future__ import annotations

import pytest

from tests import builders
from tests.browser.steps import until

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
SIDES = "(window.dash_clientside.diff ? dash_clientside.diff.sides() : [])"
READY = f"{SIDES}.length === 2 && {SIDES}.every(s => s.at)"
PLACES = f"{SIDES}.map(s => [s.at.k, s.at.x, s.at.y].map(Math.round).join())"
# where on its canvas task `i` of a side stands, the scales of both, and what is seen of the table
SPOT = f"(([s, i]) => {{ const {{ at, data: {{ a }} }} = {SIDES}[s]; " \
       "return [a.x[i] * at.k + at.x, a.y[i] * at.k + at.y, at.k]; })"  # fmt: skip
ROWS = "dash_ag_grid.getApi('diff--table').getDisplayedRowCount()"
PICKED = "(dash_ag_grid.getApi('diff--table').getSelectedNodes()[0] || { data: {} }).data"


@pytest.fixture
def compared(live, page):
    """Two nets, the second with more blocks; the page of their difference."""
    first, second = (
        live.add(builders.residual_net(n).SerializeToString(), f"residual{n}") for n in (2, 4)
    )
    page.goto(f"{live.url}/diff?a={first}&b={second}")
    until(page, READY)
    return page


def spot(page, side: int, task: int) -> tuple[float, float, float]:
    return page.evaluate(SPOT, [side, task])


def zoomed_and_moved(page):
    """Both graphs together."""
    box = page.locator("#diff--graphs canvas").first.bounding_box()
    before = page.evaluate(PLACES)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    until(page, f"{PLACES}[1] !== '{before[1]}'")
    assert spot(page, 0, 0)[2] == pytest.approx(spot(page, 1, 0)[2])
    page.focus("#diff--graphs canvas[data-side=b]")
    moved = page.evaluate(PLACES)
    page.keyboard.press("ArrowRight")
    until(page, lambda: all(a != b for a, b in zip(page.evaluate(PLACES), moved, strict=True)))
    page.keyboard.press("Home")
    until(page, lambda: page.evaluate(PLACES) == before)


def chosen(page):
    """A pair, in a graph and in the table."""
    box = page.locator("#diff--graphs canvas").first.bounding_box()
    x, y, _ = spot(page, 0, 1)
    page.mouse.click(box["x"] + x, box["y"] + y)
    until(page, f"{PICKED}.a === 1")
    assert page.evaluate(f"{PICKED}.kind") == "same"
    page.locator(".ag-center-cols-container .ag-row[row-index='0']").click()
    until(page, f"{PICKED}.a === 0")
    page.keyboard.press("ArrowDown")
    until(page, f"{PICKED}.a !== 0")


def all_and_only(page):
    """What is the same comes and goes, and the address stays."""
    few = page.evaluate(ROWS)
    page.click("#diff--only")
    until(page, f"{ROWS} > {few}")
    assert page.get_attribute("#diff--only", "aria-pressed") == "false"
    assert "a=" in page.url
    assert "b=" in page.url
    with page.expect_download() as saved:
        page.locator("#diff--graphs [data-picture=png]").first.click()
    assert saved.value.suggested_filename.endswith(".png")


def test_graphs_and_table_follow_each_other(compared):
    """One test, because a page takes long to load."""
    zoomed_and_moved(compared)
    all_and_only(compared)
    chosen(compared)
