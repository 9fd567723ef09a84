"""Histograms, timeline, composition, triage strip in Chromium, with a real pointer."""

from __future__ import annotations

import pytest

from tests.browser import steps
from tests.browser.steps import STATE, settled, until

PICKED = "dash_clientside.task_table.selected()"
TABLE = "dash_ag_grid.getApi('model--table')"
COUNT = "document.getElementById('model--count').textContent"
CHIPS = "[...document.querySelectorAll('#model--chips .chip')].map(c => c.textContent)"


@pytest.fixture
def open_dock(desk):
    return lambda dock: desk("deep", dock=dock)


def card(page, metric):
    """The canvas of a metric's histogram, in the page."""
    found = page.locator(".histogram", has_text=metric).first.locator("canvas")
    found.scroll_into_view_if_needed()
    return found, found.bounding_box()


def drag(page, box, a, b, high=20):
    settled(page)
    steps.drag(page, [(box["x"] + at, box["y"] + high) for at in (a, (a + b) / 2, b)])


def left(page):
    return page.evaluate(f"{TABLE}.getDisplayedRowCount()")


def test_brushes_filter_everything_and_can_be_moved_and_removed(open_dock):
    page = open_dock("histograms")
    every = left(page)
    _, box = card(page, "Latency")
    drag(page, box, 0.5 * box["width"], box["width"] - 1)
    until(page, f"{CHIPS}.length == 1 && / of /.test({COUNT})")
    first = left(page)
    assert 0 < first < every
    assert "–" in page.evaluate(CHIPS)[0], "a range is one chip"
    assert len(page.evaluate(f"{STATE}.where")) == 2

    # a second one, on another metric, leaves fewer
    _, other = card(page, "Bytes read")
    drag(page, other, 0.4 * other["width"], other["width"] - 1)
    until(page, f"{CHIPS}.length == 2")
    both = left(page)
    assert 0 < both <= first

    # moved to the left, the first holds other tasks
    page.click("#model--axes-all")
    until(page, "document.querySelector('.histogram canvas').card.axis.mask === null")
    before = page.evaluate(f"{STATE}.where.find(c => c[0] == 'latency_s')[2]")
    _, box = card(page, "Latency")
    drag(page, box, 0.75 * box["width"], 0.4 * box["width"])
    until(page, f"{STATE}.where.find(c => c[0] == 'latency_s')[2] < {before}")
    assert len(page.evaluate(CHIPS)) == 2

    # a click beside it removes it, and a chip removes the other
    settled(page)
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + 20)
    until(page, f"{CHIPS}.length == 1")
    settled(page)
    page.click("#model--chips .chip")
    until(page, f"{CHIPS}.length == 0 && {TABLE}.getDisplayedRowCount() == {every}")


def test_a_bar_selects_its_tasks_and_a_title_colours(open_dock):
    page = open_dock("histograms")
    _, box = card(page, "Latency")
    tall = page.evaluate(
        "(() => { const c = document.querySelector('.histogram canvas').card, all = c.counts.all;"
        "const k = all.indexOf(Math.max(...all)), [a, b] = c.axis.span(k);"
        "return [(a + b) / 2, all[k]] })()"
    )
    page.mouse.move(box["x"] + tall[0], box["y"] + 50)
    until(page, "!document.querySelector('#model--histograms > .tip').hidden")
    assert "% of latency" in page.locator("#model--histograms > .tip").inner_text()
    page.mouse.click(box["x"] + tall[0], box["y"] + 50)
    until(page, f"{PICKED}.length == {tall[1]}")
    settled(page)
    page.locator(".histogram-title", has_text="MACs").click()
    until(page, f"{STATE}.colour == 'macs'")
    assert page.locator(".histogram-title[aria-pressed=true]").inner_text().startswith("MACs")


def test_brushes_have_keys(open_dock):
    page = open_dock("histograms")
    canvas, _ = card(page, "Energy")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    until(page, f"{STATE}.where.length == 2")
    settled(page)  # a key moves the brush that is drawn
    low, high = page.evaluate(f"{STATE}.where.map(c => c[2])")
    page.keyboard.press("ArrowRight")
    until(page, f"{STATE}.where[0][2] > {low} && {STATE}.where[1][2] > {high}")
    settled(page)
    low, high = page.evaluate(f"{STATE}.where.map(c => c[2])")
    page.keyboard.press("Shift+ArrowRight")
    until(page, f"{STATE}.where[0][2] == {low} && {STATE}.where[1][2] > {high}")
    settled(page)
    page.keyboard.press("Delete")
    until(page, f"{STATE}.where.length == 0")


def test_a_filter_that_nothing_passes_is_said_in_every_dock(open_dock):
    page = open_dock("histograms")
    page.fill("#model--search", "no such task")
    for dock in ("histograms", "timeline", "composition"):
        page.click(f"#model--tab-{dock}")
        until(page, f"!document.querySelector('#model--{dock} .drawing-none').hidden")
        assert "No task matches" in page.locator(f"#model--{dock} .drawing-none").inner_text()
    page.fill("#model--search", "")
    until(page, "document.querySelector('#model--composition .drawing-none').hidden")


def test_the_timeline_says_selects_and_zooms(open_dock):
    page = open_dock("timeline")
    pane = page.locator("#model--timeline")
    box = pane.bounding_box()
    assert "One task at a time" in page.locator("#model--pane-timeline").inner_text()
    at = box["x"] + 0.6 * box["width"], box["y"] + 50
    page.mouse.move(*at)
    until(page, "!document.querySelector('#model--timeline > .tip').hidden")
    assert "starts at" in page.locator("#model--timeline > .tip").inner_text()
    page.mouse.click(*at)
    until(page, f"{PICKED}.length > 0")
    few = len(page.evaluate(f"{STATE}.selected"))

    settled(page)
    page.mouse.wheel(0, -600)
    until(page, "(s => s[1] - s[0] < 0.6 * s[2])(dash_clientside.timeline.stretch())")
    before = page.evaluate("dash_clientside.timeline.stretch()[0]")
    page.mouse.down()
    page.mouse.move(at[0] + 60, at[1], steps=4)
    page.mouse.up()
    assert page.evaluate("dash_clientside.timeline.stretch()[0]") < before, "dragging moves"
    assert len(page.evaluate(f"{STATE}.selected")) == few, "and does not select"
    page.mouse.dblclick(*at)
    until(page, "(s => s[0] == 0 && s[1] == s[2])(dash_clientside.timeline.stretch())")
    settled(page)

    page.keyboard.down("Shift")
    page.mouse.move(at[0] - 120, at[1])
    page.mouse.down()
    page.mouse.move(at[0], at[1], steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    until(page, f"{STATE}.selected.length > {few}")
    page.click("#model--lanes-order")
    until(page, f"{STATE}.lanes == 'order'")
    settled(page)
    pane.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    until(page, f"{STATE}.selected.length == 1")


def test_a_part_of_the_composition_selects_its_tasks(open_dock):
    page = open_dock("composition")
    box = page.locator("#model--composition").bounding_box()
    tile = "dash_clientside.composition.tiles().{}"
    head = page.evaluate(tile.format("find(t => t.head)"))
    page.mouse.move(box["x"] + head["box"][0] + 20, box["y"] + head["box"][1] + 8)
    until(page, "!document.querySelector('#model--composition > .tip').hidden")
    assert "of the latency shown" in page.locator("#model--composition > .tip").inner_text()
    page.mouse.click(box["x"] + head["box"][0] + 20, box["y"] + head["box"][1] + 8)
    until(page, f"{PICKED}.length == {len(head['ids'])}")
    kernels = page.evaluate(f"[...new Set({PICKED}.map(r => r.kernel))]")
    assert kernels == [head["name"]]

    one = page.evaluate(tile.format("find(t => t.part && t.ids.length == 1)"))
    settled(page)
    page.mouse.click(box["x"] + one["box"][0] + 4, box["y"] + one["box"][1] + 6)
    until(page, f"{STATE}.selected.join() == '{one['ids'][0]}'")
    settled(page)
    page.click("#model--by-unit")
    until(page, "location.search.includes('by=unit')")
    units = page.evaluate(tile.format("filter(t => !t.part).map(t => t.name)"))
    assert units == ["npu"]


def test_the_strip_selects_and_fits(open_dock):
    page = open_dock("histograms")
    strip = page.locator("#model--triage")
    page.click("#model--focus")
    focus = page.evaluate(f"{STATE}.selected.length")
    assert f"{focus} of " in strip.inner_text()
    settled(page)
    strip.locator(".plain[data-column=kernel]").first.click()
    until(page, f"new Set({PICKED}.map(r => r.kernel)).size == 1")
    settled(page)
    strip.locator(".plain[data-ids]").first.click()
    until(page, f"{STATE}.selected.length == 1")
    assert page.evaluate(f"{PICKED}[0].cumulative_share") == pytest.approx(
        page.evaluate(f"{PICKED}[0].share"), rel=1e-3
    ), "the first offender is the slowest task"
    for width in (1280, 1500, 1920):
        page.set_viewport_size({"width": width, "height": 720})
        until(page, f"innerWidth == {width}")
        until(
            page, "(b => b.scrollWidth <= b.clientWidth)(document.getElementById('model--triage'))"
        )
        assert strip.bounding_box()["height"] == 32, f"nothing is cut at {width}"


def test_a_conversion_stands_behind_the_task_that_it_converts(open_dock):
    page = open_dock("timeline")
    page.evaluate("dash_clientside.recipe.preset('int8')")
    until(page, "[...document.getElementById('model--page').rows.values()].some(r => r.conversion)")
    until(page, "dash_clientside.timeline.order().some(r => r.conversion)")
    order = page.evaluate(
        "dash_clientside.timeline.order().map(r => [r.conversion, r.anchor, r.id])"
    )
    made = -1
    for conversion, anchor, id in order:
        if not conversion:
            made = id
        else:
            assert anchor == made
