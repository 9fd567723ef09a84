"""Scatter and roofline in Chromium, with a real pointer: marks, selection, filter, keys, axes."""

from __future__ import annotations

import pytest

from tests.browser.conftest import net
from tests.browser.steps import (
    SELECTED,
    address,
    drag,
    frame,
    opened,
    row,
    selected_rows,
    until,
)  # fmt: skip

PLOT = "document.querySelector('#model--{0} .js-plotly-plot')"
PLACE = """([dock, task]) => {
  const g = document.querySelector(`#model--${dock} .js-plotly-plot`);
  const { xaxis, yaxis } = g._fullLayout;
  const { rows, glossary, state } = dash_clientside.view.page(), row = rows.get(task);
  const edge = g.getBoundingClientRect();
  const at = (axis, id, lane) => {
    const v = row[id] * glossary[id].scale;
    return axis._offset + (axis.type !== "log" ? axis.l2p(v) : v ? axis.l2p(Math.log10(v)) : lane);
  };
  return [edge.left + at(xaxis, state.x, -13), edge.top + at(yaxis, state.y, yaxis._length + 13)];
}"""


@pytest.fixture
def open_dock(desk):
    def open_dock(dock):
        page = desk("vit", size=(1500, 900), dock=dock)
        drawn(page, dock)
        return page

    return open_dock


def drawn(page, dock):
    """Wait until a dock has its marks."""
    until(page, f"{PLOT.format(dock)} && {PLOT.format(dock)}.marked")
    until(page, f"{ink(dock)} > 100")
    frame(page)


def ink(dock, which=0):
    """Script that counts the pixels of a canvas of marks."""
    return (
        "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
        ".data.filter(v => v).length)"
        f"(document.querySelectorAll('#model--pane-{dock} canvas.marks')[{which}])"
    )


def heaviest(page):
    return page.evaluate(
        "[...dash_clientside.view.page().rows.values()]"
        ".reduce((a, b) => (b.latency_s > a.latency_s ? b : a)).id"
    )


def area(page, dock):
    """The plot area of a dock on the screen."""
    return page.evaluate(
        f"(() => {{ const g = {PLOT.format(dock)}, {{ xaxis: x, yaxis: y }} = g._fullLayout,"
        "e = g.getBoundingClientRect();"
        "return [e.left + x._offset, e.top + y._offset, x._length, y._length] })()"
    )


def everything(page, dock):
    x, y, w, h = area(page, dock)
    return [(x - 22, y + 2), (x + w - 2, y + h + 22)]


def test_hover_reads_out_and_a_click_selects_everywhere(open_dock):
    page = open_dock("scatter")
    task = heaviest(page)
    page.mouse.move(*page.evaluate(PLACE, ["scatter", task]))
    tip = page.locator("#model--pane-scatter .tip")
    tip.wait_for(state="visible")
    text = tip.inner_text()
    assert "MACs" in text
    assert "Latency" in text
    page.mouse.down()
    page.mouse.up()
    until(page, f"{SELECTED}.length")
    assert task in page.evaluate(f"{SELECTED}")
    until(page, "dash_clientside.task_table.selected().length")
    assert selected_rows(page) == page.evaluate(f"{SELECTED}")
    x, y, w, _ = area(page, "scatter")
    page.mouse.click(x + w / 2, y + 4)  # nothing lies there
    until(page, f"!{SELECTED}.length")


def test_a_row_of_the_table_is_ringed(open_dock):
    page = open_dock("scatter")
    before = page.evaluate(ink("scatter", 1))  # the pointer is away
    row(page, 0).click()
    page.mouse.move(5, 5)
    until(page, f"{ink('scatter', 1)} > {before} + 50")


def test_shift_click_adds_and_box_and_lasso_select(open_dock):
    page = open_dock("scatter")
    count = page.evaluate("dash_clientside.view.page().rows.size")
    page.click("#model--pane-scatter [data-drag=box]")
    drag(page, everything(page, "scatter"))
    until(page, f"{SELECTED}.length == {count}")
    x, y, w, _ = area(page, "scatter")
    drag(page, [(x + w / 2, y + 3), (x + w / 2 + 20, y + 9)])
    until(page, f"!{SELECTED}.length")
    page.click("#model--pane-scatter [data-drag=lasso]")
    px, py = page.evaluate(PLACE, ["scatter", heaviest(page)])
    drag(page, [(px - 16, py - 9), (px + 16, py - 9), (px, py + 22), (px - 16, py - 9)])
    until(page, f"{SELECTED}.length")
    some = page.evaluate(f"{SELECTED}.length")
    assert 0 < some < count
    page.click("#model--pane-scatter [data-drag=zoom]")
    page.keyboard.down("Shift")
    page.mouse.click(px, py)
    page.keyboard.up("Shift")
    until(page, f"{SELECTED}.length < {some}")


def test_shift_drag_selects_a_box_in_any_mode(open_dock):
    page = open_dock("scatter")
    drag(page, everything(page, "scatter"), "Shift")
    until(page, f"{SELECTED}.length == dash_clientside.view.page().rows.size")


def test_dragging_zooms_and_a_double_click_shows_all(open_dock):
    page = open_dock("scatter")
    span = f"(r => r[1] - r[0])({PLOT.format('scatter')}._fullLayout.xaxis.range)"
    before = page.evaluate(span)
    row(page, 0).click()
    until(page, f"{SELECTED}.length == 1")
    x, y, w, h = area(page, "scatter")
    drag(page, [(x + w * 0.3, y + h * 0.3), (x + w * 0.6, y + h * 0.7)])
    until(page, f"{span} < {before} * 0.6")
    assert page.evaluate(f"{SELECTED}.length") == 1
    page.mouse.dblclick(x + w * 0.8, y + 6)
    until(page, f"Math.abs({span} - {before}) < 1e-6")
    until(page, f"{SELECTED}.length == 1")


def test_log_and_metric_change_the_axes_and_the_address(open_dock):
    page = open_dock("scatter")
    layout = f"{PLOT.format('scatter')}._fullLayout"
    assert page.evaluate(f"{layout}.xaxis.type") == "log"
    page.click("[data-log=x]")
    until(page, f"{layout}.xaxis.type == 'linear'")
    assert page.get_attribute("[data-log=x]", "aria-pressed") == "false"
    until(page, "location.search.includes('log=y')")
    page.fill("#model--scatter-x", "energy")
    page.locator(".mantine-Select-option:visible", has_text="Energy").first.click()
    until(page, f"{layout}.annotations[0].text.startsWith('Energy, ')")
    until(page, "location.search.includes('x=energy_j')")
    assert (address(page).x, address(page).log) == ("energy_j", "y")
    page.click("[data-log=x]")
    page.fill("#model--scatter-x", "macs")
    page.locator(".mantine-Select-option:visible", has_text="MACs").first.click()
    until(page, "!/[?&](x|log)=/.test(location.search)")


def test_zeros_have_a_lane_and_a_word(open_dock):
    page = open_dock("scatter")
    layout = f"{PLOT.format('scatter')}._fullLayout"
    none = page.evaluate(
        "[...dash_clientside.view.page().rows.values()].find((r) => r.macs === 0).id"
    )
    assert page.evaluate(f"{layout}.annotations[2].visible") is True
    page.mouse.move(*page.evaluate(PLACE, ["scatter", none]))
    page.locator("#model--pane-scatter .tip").wait_for(state="visible")


def test_keys_walk_through_the_marks(open_dock):
    page = open_dock("scatter")
    page.focus("#model--pane-scatter .chart")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    said = page.locator("#model--pane-scatter .unseen")
    until(page, "document.querySelector('#model--pane-scatter .unseen').textContent")
    assert "Latency" in said.text_content()
    page.keyboard.press("Enter")
    until(page, f"{SELECTED}.length")
    page.keyboard.press("Escape")
    until(page, f"!{SELECTED}.length")


def test_a_filter_fits_the_axes_and_says_how_many(open_dock):
    page = open_dock("scatter")
    before = page.evaluate(f"{PLOT.format('scatter')}._fullLayout.yaxis.range")
    page.fill("#model--search", "gemm")
    until(page, "dash_clientside.view.page().shown")
    shown = page.evaluate("dash_clientside.view.page().shown.size")
    until(
        page,
        f"document.getElementById('model--scatter-note').textContent.startsWith('{shown} tasks')",
    )
    until(
        page, lambda: page.evaluate(f"{PLOT.format('scatter')}._fullLayout.yaxis.range") != before
    )


def test_equal_tasks_are_one_stack_that_selects_all(open_dock):
    page = open_dock("scatter")
    found = page.evaluate(
        "(() => { const by = {}; for (const r of dash_clientside.view.page().rows.values())"
        "(by[`${r.macs} ${r.latency_s}`] = by[`${r.macs} ${r.latency_s}`] || []).push(r.id);"
        "return Object.values(by).sort((a, b) => b.length - a.length)[0] })()"
    )
    assert len(found) > 1
    page.mouse.move(*page.evaluate(PLACE, ["scatter", found[0]]))
    tip = page.locator("#model--pane-scatter .tip")
    tip.wait_for(state="visible")
    assert f"{len(found)} tasks at one place" in tip.inner_text()
    page.mouse.down()
    page.mouse.up()
    until(page, f"{SELECTED}.length")
    assert page.evaluate(f"{SELECTED}") == sorted(found)


def test_the_scheme_changes_axes_and_marks(open_dock):
    page = open_dock("scatter")
    colour = f"{PLOT.format('scatter')}._fullLayout.xaxis.tickfont.color"
    light = page.evaluate(colour)
    page.click(".scheme-toggle")
    until(page, f"{colour} != '{light}'")
    until(page, f"{ink('scatter')} > 100")
    assert page.evaluate(f"{PLOT.format('scatter')}._fullLayout.xaxis.range[1]") != 1, "axes fit"
    page.click(".scheme-toggle")
    until(page, f"{colour} == '{light}' && {ink('scatter')} > 100")


def test_a_dock_opened_later_is_drawn(open_dock):
    page = open_dock("scatter")
    page.click("#model--tab-roofline")
    until(page, f"{ink('roofline')} > 100")
    page.click("#model--tab-graph")
    page.click("#model--tab-scatter")
    until(page, f"{ink('scatter')} > 100")


def test_the_roofline_selects_what_binds_and_follows_the_preset(open_dock):
    page = open_dock("roofline")
    page.locator(".gain .link").first.click()
    until(page, f"{SELECTED}.length")
    assert selected_rows(page)
    roofs = f"{PLOT.format('roofline')}._fullLayout.annotations.map((a) => a.text).join()"
    assert "int8" not in page.evaluate(roofs)
    page.click("#model--optimize")
    page.click('.offers [data-preset="int8"]')
    until(page, f"{roofs}.includes('int8')")
    until(page, f"{ink('roofline')} > 100")
    page.click("#model--sheet [data-sheet='']")
    page.click("#model--undo")
    until(page, f"!{roofs}.includes('int8')")


def test_the_roofline_reads_out_intensity_and_rate(open_dock):
    page = open_dock("roofline")
    page.focus("#model--pane-roofline .chart")
    page.keyboard.press("End")
    tip = page.locator("#model--pane-roofline .tip")
    tip.wait_for(state="visible")
    text = tip.inner_text()
    assert "Intensity" in text
    assert "/B" in text
    assert "/s" in text


def test_a_new_target_has_new_roofs(live, page):
    query = "?target=raspberry-pi-5&dock=roofline"
    opened(page, f"{live.url}/model/{live.add(net('vit'))}{query}")
    drawn(page, "roofline")
    roofs = f"{PLOT.format('roofline')}._fullLayout.annotations.map((a) => a.text).join()"
    assert "LPDDR4X" in page.evaluate(roofs)
