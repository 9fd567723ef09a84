"""The graph in Chromium, both modes, with a real pointer: move, select, hover, walk, switch."""

from __future__ import annotations

import pytest

from tests.browser.conftest import net
from tests.browser.steps import CANVAS, DRAWN, GRAPH, READY, SELECTED, drag, frame, opened, until

ROWS = "document.getElementById('model--page').rows"
PANE = "#model--graph-pane"


def corner(page):
    box = page.locator(PANE).bounding_box()
    return box["x"], box["y"]


def spot(page, task):
    """Where a task of the canvas is on the screen."""
    left, top = corner(page)
    x, y = page.evaluate(f"{CANVAS}.spot({task})")
    return left + x, top + y


def look(page, task, scale):
    """Bring a task to the middle at a scale."""
    page.evaluate(f"{CANVAS}.focus({task}, {scale})")
    frame(page)
    return spot(page, task)


def view(page):
    return page.evaluate(f"{CANVAS}.view()")


def selected(page):
    return page.evaluate("document.getElementById('model--page').state.selected")


def test_the_canvas_has_ink_pans_and_zooms_at_the_pointer(desk):
    page = desk("long", show="all")
    ink = page.evaluate(
        "(() => { const c = document.getElementById('model--tasks-canvas'),"
        "d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let i = 0; i < d.length; i += 4) n += d[i] < 230; return n })()"
    )
    assert ink > 1000
    x, y = look(page, 300, 1)
    before = view(page)
    drag(page, [(x + 90, y + 9), (x + 40, y - 41)])
    until(page, lambda: [round(view(page)[i] - before[i]) for i in "xy"] == [-50, -50])
    assert selected(page) == [], "a drag is no click"
    x, y = spot(page, 300)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    until(page, lambda: view(page)["k"] > 1.2)
    assert spot(page, 300) == pytest.approx((x, y), abs=0.5), "the place under the pointer stays"
    page.keyboard.press("Home")
    until(page, lambda: view(page)["k"] < 0.5)
    look(page, 300, 1)
    page.click("#model--fit")
    until(page, lambda: view(page)["k"] < 0.5)


def test_click_keys_and_table_make_one_selection(desk):
    page = desk("long", show="all")
    page.mouse.click(*look(page, 100, 1))
    until(page, "dash_clientside.task_table.selected().length == 1")
    assert selected(page) == [100]
    page.keyboard.press("ArrowDown")
    page.locator("#model--tip").wait_for()
    page.keyboard.press("Enter")
    until(page, f"{SELECTED}[0] != 100")
    (after,) = selected(page)
    fed = (
        f"(() => {{ const d = {CANVAS}.it.data; return [...d.a.target]"
        ".filter((_, e) => d.a.source[e] == 100) })()"
    )
    assert after in page.evaluate(fed)
    page.keyboard.down("Shift")
    page.mouse.click(*spot(page, 100))
    page.keyboard.up("Shift")
    until(page, lambda: selected(page) == sorted([100, after]))
    page.keyboard.press("Escape")
    until(page, f"!{SELECTED}.length")
    page.evaluate("dash_ag_grid.getApi('model--table').ensureIndexVisible(0)")
    page.locator('.ag-center-cols-container .ag-row[row-index="0"]').click()
    until(page, f"{SELECTED}.length")
    (task,) = selected(page)
    frame(page)
    x, y = page.evaluate(f"{CANVAS}.spot({task})")
    room = page.locator(PANE).bounding_box()
    assert 0 < x < room["width"]
    assert 0 < y < room["height"], "what the table selects comes into view"
    page.fill("#model--search", "gemm")
    until(page, "document.getElementById('model--page').shown")
    page.mouse.dblclick(*spot(page, task))
    until(page, lambda: view(page)["k"] == pytest.approx(1.1))


def test_tasks_edges_and_bands_say_what_they_are(desk):
    page = desk("long", show="all")
    x, y = look(page, 200, 1)
    page.mouse.move(x, y)
    tip = page.locator("#model--tip")
    tip.wait_for()
    assert tip.inner_text().startswith("200 · ")
    assert "Latency" in tip.inner_text()
    page.mouse.wheel(0, 10)
    tip.wait_for(state="hidden")  # nothing is said of what has moved away
    look(page, 200, 1)
    ends = page.evaluate(
        f"(() => {{ const {{ it }} = {CANVAS}, d = it.data, e = [...d.a.kind].findIndex((k, j) =>"
        " k == 0 && d.a.source[j] == 200 && d.a.bend_at[j] == d.a.bend_at[j + 1]);"
        "return d.corners(e).map(([x, y]) => [x * it.at.k + it.at.x, y * it.at.k + it.at.y]) })()"
    )
    left, top = corner(page)
    page.mouse.move(left + sum(p[0] for p in ends) / 2, top + sum(p[1] for p in ends) / 2 + 1)
    tip.wait_for()
    assert "→" in tip.inner_text()
    assert "×" in tip.inner_text(), "shape of the tensor"
    assert tip.inner_text().rstrip().endswith("B"), "its bytes"


@pytest.mark.parametrize("show", ["blocks", "all"])
def test_a_box_and_a_lasso_select_in_both_modes(desk, show):
    page = desk("net", show=show)
    left, top = corner(page)
    room = page.locator(PANE).bounding_box()
    right, foot = left + room["width"] - 4, top + room["height"] - 4
    page.keyboard.down("Shift")
    drag(page, [(left + 3, top + 3), (right, foot)])
    page.keyboard.up("Shift")
    every = page.evaluate(f"{ROWS}.size")
    assert len(selected(page)) == every
    assert page.locator(".gesture").count() == 0
    page.click("#model--lasso")
    drag(page, [(left + 3, top + 3), (right, top + 3), (left + 3, foot)])
    half = selected(page)
    assert 0 < len(half) < every, "the triangle holds some of the boxes"
    drag(page, [(left + 3, top + 3), (left + 4, top + 60), (left + 5, top + 3)])
    assert selected(page) == []
    page.mouse.move(left + 3, top + 3)
    page.mouse.down()
    page.mouse.move(right, foot, steps=3)
    assert page.locator(".gesture path").get_attribute("d").startswith("M")
    page.keyboard.press("Escape")
    page.mouse.up()
    assert selected(page) == [], "Escape drops a lasso"
    page.click("#model--lasso")
    assert page.locator("#model--lasso").get_attribute("aria-pressed") == "false"


@pytest.mark.soak
def test_a_change_of_mode_keeps_place_and_selection(desk):
    page = desk("net", selected=[2])
    place = f"(() => {{ const c = {GRAPH}; return [c.zoom(), c.pan().x, c.pan().y] }})()"
    start = page.evaluate(f"{GRAPH}.zoom()")
    page.click("#model--zoom-in")
    page.click("#model--zoom-in")
    until(page, f"{GRAPH}.zoom() > 1.6 * {start}")
    before = page.evaluate(place)
    page.click("#model--show-all")
    until(page, DRAWN)
    now = view(page)
    assert [now["k"], now["x"], now["y"]] == pytest.approx(before), "whole graphs lie alike"
    assert page.evaluate(f"{CANVAS}.it.chosen") == [2]
    left, top = corner(page)
    drag(page, [(left + 6, top + 6), (left + 46, top + 36)])
    frame(page)
    moved = view(page)
    page.click("#model--show-blocks")
    assert page.evaluate(place) == pytest.approx([moved["k"], moved["x"], moved["y"]])
    assert page.evaluate(f"{GRAPH}.nodes('.chosen').length") == 1


@pytest.mark.soak
def test_a_large_graph_keeps_the_middle_when_the_mode_changes(desk):
    page = desk("long", show="all")
    look(page, 400, 1)
    page.click("#model--show-blocks")
    until(page, READY)
    box = page.evaluate(
        f"{GRAPH}.nodes('.box').filter(n => n.data('tasks').includes(400))[0].renderedPosition()"
    )
    room = page.locator(PANE).bounding_box()
    assert 0 < box["x"] < room["width"]
    assert 0 < box["y"] < room["height"]
    page.click("#model--show-all")
    x, y = page.evaluate(f"{CANVAS}.spot(400)")
    assert 0 < x < room["width"]
    assert 0 < y < room["height"]


@pytest.mark.soak
def test_the_overview_moves_the_view_and_stays_hidden(live, page):
    opened(page, f"{live.url}/model/{live.add(net('long'))}?show=all")
    look(page, 10, 1)
    assert not page.evaluate("document.querySelector('.minimap').classList.contains('idle')")
    area = page.locator("#model--minimap").bounding_box()
    before = view(page)
    drag(page, [(area["x"] + 30, area["y"] + 60), (area["x"] + 80, area["y"] + 50)])
    until(page, lambda: view(page)["x"] != before["x"])
    page.click("#model--minimap-hide")
    assert not page.locator("#model--minimap").is_visible()
    page.reload()
    until(page, READY)
    assert not page.locator("#model--minimap").is_visible(), "for the session"


@pytest.mark.soak
def test_both_modes_turn_right(desk):
    page = desk("net", show="all")
    wide = f"(() => {{ const a = {CANVAS}.it.data.all; return (a.x2 - a.x1) / (a.y2 - a.y1) }})()"
    before = page.evaluate(wide)
    page.click("#model--direction-right")
    until(page, f"{CANVAS}.it.data.head.direction == 'right'")
    assert page.evaluate(wide) > before
    page.click("#model--show-blocks")
    until(
        page,
        f"{GRAPH}.nodes('.box')[1].position('x') > {GRAPH}.nodes('.box')[0].position('x') + 60",
    )
    until(page, "location.search.includes('dir=right')")
    page.click("#model--direction-down")
    until(
        page,
        f"{GRAPH}.nodes('.box')[1].position('y') > {GRAPH}.nodes('.box')[0].position('y') + 20",
    )
    page.click("#model--show-all")
    until(page, f"{CANVAS}.it.data.head.direction == 'down'")
    assert page.evaluate(wide) == before


def test_a_drawing_that_does_not_arrive_is_said_and_asked_for_again(live, page):
    opened(page, f"{live.url}/model/{live.add(net('net'))}")
    page.route("**/drawing?**", lambda route: route.abort())
    page.click("#model--show-all")
    wait = page.locator(".graph-wait")
    until(page, "document.querySelector('.graph-wait').textContent.includes('did not arrive')")
    assert wait.is_visible()
    page.unroute("**/drawing?**")
    page.click("#model--show-blocks")
    assert not wait.is_visible()
    page.click("#model--show-all")
    until(page, DRAWN)
    assert not wait.is_visible()
    page.faults.clear()


def test_a_block_opens_where_it_is_and_what_stays_is_the_same_box(desk):
    page = desk("long", show="blocks")
    first = f"{GRAPH}.nodes('.block')[0]"
    kept = page.evaluate(f"(window.kept = {GRAPH}.nodes('.box').not('.block').last()).id()")
    left, top = corner(page)
    at = page.evaluate(f"(() => {{ const p = {first}.renderedPosition(); return [p.x, p.y] }})()")
    held = page.evaluate(f"{first}.data('tasks')")
    count = page.evaluate(f"{GRAPH}.elements().length")
    page.mouse.dblclick(left + at[0], top + at[1])
    until(page, f"{GRAPH}.elements().length > {count}")
    assert page.evaluate(f"{GRAPH}.getElementById('{kept}').same(window.kept)")
    inside = (
        f"{GRAPH}.nodes('.box').filter(n => {held}.includes(n.data('tasks')[0]))"
        ".map(n => n.renderedPosition())"
    )
    xs = [p["x"] for p in page.evaluate(inside)]
    assert min(xs) - 1 <= at[0] <= max(xs) + 1
    assert page.evaluate(f"{GRAPH}.nodes('.chosen').length") == len(xs), (
        "the click selected its tasks"
    )
    other = f"{GRAPH}.nodes('.block')[2]"  # not the one under the pointer: that is asked for
    page.route("**/blocks?**", lambda route: route.abort())
    now = page.evaluate(f"{GRAPH}.elements().length")
    at = page.evaluate(f"(() => {{ const p = {other}.renderedPosition(); return [p.x, p.y] }})()")
    page.mouse.dblclick(left + at[0], top + at[1])
    page.wait_for_selector("#model--tip:has-text('did not arrive')")
    page.unroute("**/blocks?**")
    assert page.evaluate(f"{GRAPH}.elements().length") == now
    page.click("#model--fold")
    until(
        page, f"{GRAPH}.elements().length == {count}"
    )  # what was seen once is not asked for again
    page.faults.clear()
