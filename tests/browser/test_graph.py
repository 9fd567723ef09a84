"""The graph in Chromium, both modes, with a real pointer: move, select, hover, walk, switch."""

from __future__ import annotations

import time

import pytest

from tests import builders

CANVAS = "dash_clientside.task_canvas"
CY = "dash_clientside.op_graph.graph()"
ROWS = "document.getElementById('model--page').rows"
DRAWN = "document.getElementById('model--tasks-canvas').dataset.drawn"
PANE = "#model--graph-pane"


@pytest.fixture(scope="module")
def models():
    return {
        "long": builders.vit(blocks=80, size=32, width=16, heads=2).SerializeToString(),
        "net": builders.residual_net().SerializeToString(),
    }


@pytest.fixture
def graph(live, page, models):
    """Open a model's graph, all tasks of it unless `query` says more."""

    def graph(name="long", query="show=all"):
        page.goto(f"{live.url}/model/{live.add(models[name], name)}?{query}")
        until(page, f"document.getElementById('model--page') && {ROWS}")
        until(page, DRAWN if "show=all" in query else f"document.querySelector('{PANE}.drawn')")
        return page

    return graph


def until(page, condition, seconds=10.0):
    """Wait for a condition; the policy of the page forbids Playwright's own way, which is eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def frame(page):
    """Let one frame pass, and the next begin."""
    page.evaluate("new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")


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


def drag(page, points):
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def test_the_canvas_has_ink_pans_and_zooms_at_the_pointer(graph):
    page = graph()
    ink = page.evaluate(
        "(() => { const c = document.getElementById('model--tasks-canvas'),"
        "d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let i = 0; i < d.length; i += 4) n += d[i] < 230; return n })()"
    )
    assert ink > 1000
    x, y = look(page, 300, 1)
    before = view(page)
    drag(page, [(x + 90, y + 9), (x + 40, y - 41)])
    frame(page)
    moved = view(page)
    assert (round(moved["x"] - before["x"]), round(moved["y"] - before["y"])) == (-50, -50)
    assert selected(page) == [], "a drag is no click"
    x, y = spot(page, 300)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    frame(page)
    assert view(page)["k"] > 1.2
    assert spot(page, 300) == pytest.approx((x, y), abs=0.5), "the place under the pointer stays"
    page.keyboard.press("Home")
    page.click("#model--fit")
    frame(page)
    assert view(page)["k"] < 0.5


def test_click_keys_and_table_make_one_selection(graph):
    page = graph()
    page.mouse.click(*look(page, 100, 1))
    until(page, "dash_clientside.task_table.selected().length == 1")
    assert selected(page) == [100]
    page.keyboard.press("ArrowDown")
    assert page.locator("#model--tip").is_visible()
    page.keyboard.press("Enter")
    (after,) = selected(page)
    fed = (
        f"(() => {{ const d = {CANVAS}.it.data; return [...d.a.target]"
        ".filter((_, e) => d.a.source[e] == 100) })()"
    )
    assert after in page.evaluate(fed)
    page.keyboard.down("Shift")
    page.mouse.click(*spot(page, 100))
    page.keyboard.up("Shift")
    assert selected(page) == sorted([100, after])
    page.keyboard.press("Escape")
    until(page, "!document.getElementById('model--page').state.selected.length")
    page.evaluate("dash_ag_grid.getApi('model--table').ensureIndexVisible(0)")
    page.locator('.ag-center-cols-container .ag-row[row-index="0"]').click()
    until(page, "document.getElementById('model--page').state.selected.length")
    (task,) = selected(page)
    frame(page)
    x, y = page.evaluate(f"{CANVAS}.spot({task})")
    room = page.locator(PANE).bounding_box()
    assert 0 < x < room["width"]
    assert 0 < y < room["height"], "what the table selects comes into view"
    page.fill("#model--search", "gemm")
    until(page, "document.getElementById('model--page').shown")
    page.mouse.dblclick(*spot(page, task))
    frame(page)
    assert view(page)["k"] == pytest.approx(1.1)


def test_tasks_edges_and_bands_say_what_they_are(graph):
    page = graph()
    x, y = look(page, 200, 1)
    page.mouse.move(x, y)
    frame(page)
    tip = page.locator("#model--tip")
    assert tip.inner_text().startswith("200 · ")
    assert "Latency" in tip.inner_text()
    page.mouse.wheel(0, 10)
    assert not tip.is_visible(), "nothing is said of what has moved away"
    look(page, 200, 1)
    ends = page.evaluate(
        f"(() => {{ const {{ it }} = {CANVAS}, d = it.data, e = [...d.a.kind].findIndex((k, j) =>"
        " k == 0 && d.a.source[j] == 200 && d.a.bend_at[j] == d.a.bend_at[j + 1]);"
        "return d.corners(e).map(([x, y]) => [x * it.at.k + it.at.x, y * it.at.k + it.at.y]) })()"
    )
    left, top = corner(page)
    page.mouse.move(left + sum(p[0] for p in ends) / 2, top + sum(p[1] for p in ends) / 2 + 1)
    frame(page)
    assert "→" in tip.inner_text()
    assert "×" in tip.inner_text(), "shape of the tensor"
    assert tip.inner_text().rstrip().endswith("B"), "its bytes"


@pytest.mark.parametrize("show", ["blocks", "all"])
def test_a_box_and_a_lasso_select_in_both_modes(graph, show):
    page = graph("net", f"show={show}")
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


def test_a_change_of_mode_keeps_place_and_selection(graph):
    page = graph("net", "show=blocks&sel=2")
    page.click("#model--zoom-in")
    page.click("#model--zoom-in")
    place = f"(() => {{ const c = {CY}; return [c.zoom(), c.pan().x, c.pan().y] }})()"
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
    assert page.evaluate(f"{CY}.nodes('.chosen').length") == 1


def test_a_large_graph_keeps_the_middle_when_the_mode_changes(graph):
    page = graph("long")
    look(page, 400, 1)
    page.click("#model--show-blocks")
    box = page.evaluate(
        f"{CY}.nodes('.box').filter(n => n.data('tasks').includes(400))[0].renderedPosition()"
    )
    room = page.locator(PANE).bounding_box()
    assert 0 < box["x"] < room["width"]
    assert 0 < box["y"] < room["height"]
    page.click("#model--show-all")
    x, y = page.evaluate(f"{CANVAS}.spot(400)")
    assert 0 < x < room["width"]
    assert 0 < y < room["height"]


def test_the_overview_moves_the_view_and_stays_hidden(graph):
    page = graph()
    look(page, 10, 1)
    assert not page.evaluate("document.querySelector('.minimap').classList.contains('idle')")
    area = page.locator("#model--minimap").bounding_box()
    before = view(page)
    drag(page, [(area["x"] + 30, area["y"] + 60), (area["x"] + 80, area["y"] + 50)])
    frame(page)
    assert view(page)["x"] != before["x"]
    page.click("#model--minimap-hide")
    assert not page.locator("#model--minimap").is_visible()
    page.reload()
    until(page, f"document.getElementById('model--page') && {ROWS} && {DRAWN}")
    assert not page.locator("#model--minimap").is_visible(), "for the session"
    page.evaluate("sessionStorage.clear()")


def test_both_modes_turn_right(graph):
    page = graph("net")
    wide = f"(() => {{ const a = {CANVAS}.it.data.all; return (a.x2 - a.x1) / (a.y2 - a.y1) }})()"
    before = page.evaluate(wide)
    page.click("#model--direction-right")
    until(page, f"{CANVAS}.it.data.head.direction == 'right'")
    assert page.evaluate(wide) > before
    page.click("#model--show-blocks")
    until(page, f"{CY}.nodes('.box')[1].position('x') > {CY}.nodes('.box')[0].position('x') + 60")
    until(page, "location.search.includes('dir=right')")


def test_a_drawing_that_does_not_arrive_is_said_and_asked_for_again(graph):
    page = graph("net", "show=blocks")
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
