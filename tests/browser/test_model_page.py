"""The model page in Chromium: one selection, one filter, an address that restores."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import HOSTILE, net
from tests.browser.steps import GRAPH, READY, SELECTED, address, opened, row, selected_rows, until

PI = "?target=raspberry-pi-5"


def chosen(page):
    return page.evaluate(f"{GRAPH}.nodes('.chosen').map(n => n.data('tasks')[0])")


def click_node(page, k, modifiers=None):
    at = page.evaluate(
        f"(k) => {{ const p = {GRAPH}.nodes('.box')[k].renderedPosition();"
        "const b = document.getElementById('model--graph').getBoundingClientRect();"
        "return [p.x + b.left, p.y + b.top] }",
        k,
    )
    for key in modifiers or ():
        page.keyboard.down(key)
    page.mouse.click(*at)
    for key in modifiers or ():
        page.keyboard.up(key)


def ink(page):
    """Pixels that the drawing has put on its canvases."""
    return page.evaluate(
        "[...document.querySelectorAll('#model--graph canvas')].reduce((n, c) => n +"
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter(v => v).length, 0)"
    )


def test_it_opens_with_totals_rows_and_ink(desk):
    page = desk("vit")
    assert page.locator(".total").count() == 6
    assert "modelled" in page.locator("#model--totals").inner_text()
    assert "tasks make" in page.locator("#model--triage").inner_text()
    assert ink(page) > 1000


def test_a_row_selects_its_node_and_the_address_restores_it(desk):
    page = desk("vit")
    row(page, 0).click()
    task = int(row(page, 0).get_attribute("row-id"))
    until(page, f"{GRAPH}.nodes('.chosen').length == 1")
    assert chosen(page) == [task]
    assert re.search(r"1 of \d+ tasks", page.locator("#model--selection").inner_text())
    until(page, "location.search.includes('sel=')")
    assert address(page).selection == (task,)
    page.reload()
    until(page, READY)
    until(page, f"{GRAPH}.nodes('.chosen').length == 1")
    until(page, "dash_clientside.task_table.selected().length == 1")
    assert selected_rows(page) == [task]


def test_a_node_selects_and_reveals_its_row_and_shift_extends(desk):
    page = desk("vit")
    click_node(page, 0)
    until(page, "dash_clientside.task_table.selected().length == 1")
    assert page.locator(".ag-row.picked").first.is_visible()
    click_node(page, 3, ["Shift"])
    until(page, "dash_clientside.task_table.selected().length == 2")
    assert sorted(chosen(page)) == sorted(selected_rows(page))
    page.keyboard.press("Escape")
    until(page, "dash_clientside.task_table.selected().length == 0")
    assert chosen(page) == []


def test_a_box_selects_many(desk):
    page = desk("vit")
    area = page.locator("#model--graph").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(area["x"] + 4, area["y"] + 4)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] - 4, area["y"] + area["height"] / 2, steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
    until(page, "dash_clientside.task_table.selected().length > 2")
    assert sorted(chosen(page)) == sorted(selected_rows(page))


def test_search_filters_table_and_graph(desk):
    page = desk("vit")
    page.keyboard.press("/")
    page.keyboard.type("mlp")
    count = "document.getElementById('model--count').textContent"
    until(page, f"/ of /.test({count}) && {GRAPH}.nodes('.box.out').length > 0")
    inside = f"{GRAPH}.nodes('.box').not('.out').length"
    until(page, f"{inside} === parseInt({count})")  # it settles letter by letter
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    until(page, "!/ of /.test(document.getElementById('model--count').textContent)")
    until(page, f"{GRAPH}.nodes('.box.out').length == 0")


def test_a_filter_of_the_address_is_a_chip_that_can_go(live, page):
    query = "?where=kernel.has.tgemm&colour=energy_j&sort=-memory_power_w"
    opened(page, f"{live.url}/model/{live.add(net('vit'))}{query}")
    chip = page.locator(".chip")
    assert "class has gemm" in chip.inner_text()
    assert "Energy" in page.locator("#model--legend").inner_text()
    assert address(page).sort in ("", "-memory_power_w")
    chip.click()
    until(page, "!document.querySelector('.chip')")
    until(page, "!location.search.includes('where=')")


def test_a_number_filter_speaks_the_unit_of_its_header(desk):
    page = desk("vit")
    page.evaluate(
        "dash_ag_grid.getApi('model--table').setColumnFilterModel('latency_s',"
        "{filterType: 'number', type: 'greaterThan', filter: 1}).then(() =>"
        "dash_ag_grid.getApi('model--table').onFilterChanged('columnFilter'))"
    )
    page.wait_for_selector(".chip")
    assert page.locator(".chip").inner_text().startswith("latency > 1.00 µs")
    until(page, "location.search.includes('where=')")
    assert address(page).conditions[0].value == pytest.approx(1e-6)


def test_a_preset_changes_cells_header_and_graph_and_back(desk):
    page = desk("vit")
    before = page.locator(".total b").first.inner_text()
    row(page, 0).click()
    until(page, f"{SELECTED}.length == 1")
    (task,) = selected_rows(page)
    page.click("#model--optimize")
    page.wait_for_selector(".offers table")
    page.click('.offers [data-preset="int8"]')
    page.wait_for_selector("#model--totals .change")
    page.locator(".offers tr.applied", has_text="Applied").wait_for()
    assert page.locator(".total b").first.inner_text() != before
    assert page.locator("#model--totals s").count() >= 2
    until(
        page,
        "[...document.querySelectorAll('.figure')].some(c =>"
        "c.style.getPropertyValue('--change').includes('▼'))",
    )
    until(page, f"{GRAPH}.nodes('.chosen').length == 1")
    assert selected_rows(page) == chosen(page) == [task], "a preset keeps the selection"
    page.click("#model--sheet [data-sheet='']")
    until(page, "location.search.includes('preset=int8')")
    page.click("#model--undo")
    page.wait_for_selector("#model--totals .change", state="detached")
    assert page.locator(".total b").first.inner_text() == before


@pytest.mark.soak
def test_the_frame_rate_changes_the_verdict(desk):
    page = desk("vit")
    page.fill("#model--fps", "90000")
    until(page, "document.getElementById('model--totals').textContent.includes('misses 90000 fps')")
    until(page, "location.search.includes('fps=90000')")
    page.fill("#model--fps", "")
    until(page, "!location.search.includes('fps=')")


def test_another_target_gives_other_numbers(desk):
    page = desk("vit")
    before = page.locator(".total b").first.inner_text()
    name = page.input_value("#model--target")
    page.click("#model--target")
    page.locator("[data-combobox-option] >> visible=true").last.click()
    until(page, f"document.querySelector('.total b')?.textContent != '{before}'")
    until(page, "!location.search.includes('target=phone-npu')")
    assert address(page).target != "phone-npu"
    page.click("#model--target")
    page.locator("[data-combobox-option] >> visible=true").filter(has_text=name).first.click()
    until(page, f"document.querySelector('.total b')?.textContent == '{before}'")


def test_columns_can_be_found_and_shown(desk):
    page = desk("vit")
    page.click("#model--columns-open")
    page.wait_for_selector(".column-choice")
    page.fill("#model--column-search", "utilis")
    until(
        page, "[...document.querySelectorAll('.column-choice')].filter(b => !b.hidden).length == 1"
    )
    visible = "dash_ag_grid.getApi('model--table').getColumn('utilisation').isVisible()"
    page.locator(".column-choice >> visible=true").click()
    until(page, visible)
    page.locator(".column-choice >> visible=true").click()
    until(page, f"!{visible}")


def test_the_graph_is_walked_and_opened_by_keyboard(desk):
    page = desk("long")
    boxes = page.evaluate(f"{GRAPH}.nodes('.box').length")
    assert boxes < 100
    page.locator("#model--graph-pane").focus()
    first = page.evaluate(f"{GRAPH}.nodes('.cursor').id()")
    page.keyboard.press("ArrowDown")
    until(page, f"{GRAPH}.nodes('.cursor').id() != '{first}'")
    page.locator("#model--tip").wait_for()
    while not page.evaluate(f"{GRAPH}.nodes('.cursor').hasClass('block')"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, f"{GRAPH}.nodes('.box').length > {boxes}")
    assert ink(page) > 1000
    page.click("#model--fold")
    until(page, f"{GRAPH}.nodes('.box').length == {boxes}")


@pytest.mark.soak
def test_the_overview_appears_when_zoomed_in_and_hides(desk):
    page = desk("long")
    assert page.evaluate("document.querySelector('.minimap').classList.contains('idle')")
    start = page.evaluate(f"{GRAPH}.zoom()")
    for _ in range(5):
        page.click("#model--zoom-in")
    until(page, f"{GRAPH}.zoom() >= Math.min(3.5 * {start}, {GRAPH}.maxZoom())")
    until(page, "!document.querySelector('.minimap').classList.contains('idle')")
    before = page.evaluate(f"{GRAPH}.pan().x")
    area = page.locator("#model--minimap").bounding_box()
    page.mouse.click(area["x"] + 30, area["y"] + 60)
    until(page, f"{GRAPH}.pan().x != {before}")
    page.click("#model--minimap-hide")
    assert not page.locator("#model--minimap").is_visible()
    page.click("#model--minimap-hide")
    assert page.locator("#model--minimap").is_visible()


@pytest.mark.soak
def test_dark_mode_reaches_the_drawing(desk):
    page = desk("vit")
    colour = f"{GRAPH}.nodes('.box')[0].style('background-color')"
    until(page, f"/s[0-5]/.test({GRAPH}.nodes('.box')[0].classes().join())")  # it has its figures
    light = page.evaluate(colour)
    page.click(".scheme-toggle")
    until(page, "document.documentElement.dataset.agThemeMode == 'dark'")
    until(page, f"{colour} != '{light}'")
    page.click(".scheme-toggle")
    until(page, f"{colour} == '{light}'")


def test_names_are_text_never_markup(desk):
    page = desk("net", PI)
    assert page.locator("header img").count() == 0
    assert HOSTILE in page.locator(".crumb-here").inner_text()


def test_a_model_that_is_not_there_is_a_sentence(live, page):
    page.goto(f"{live.url}/model/nothing")
    page.wait_for_selector("text=There is nothing at this address")


@pytest.mark.soak
def test_the_bar_of_many_says_no_more_than_it_should(desk):
    page = desk("net", PI, selected=[0, 1])
    until(page, "document.querySelector('#model--selection b')")
    bar = page.locator("#model--selection").inner_text()
    assert bar.startswith("2 of ")
    assert "null" not in bar
    assert not page.locator("#model--why-open").count()


def test_why_explains_the_selected_task_and_closes(desk):
    page = desk("net", PI)
    row(page, 0).click()
    page.locator("#model--why-open").click()
    until(page, "document.querySelector('#model--why .result')")
    first = page.locator("#model--why p b").first.inner_text()
    row(page, 1).click()  # the open sheet follows the selection
    until(page, f"document.querySelector('#model--why p b').innerText !== '{first}'")
    page.keyboard.press("Escape")
    until(page, "document.getElementById('model--why').hidden")


@pytest.mark.soak
def test_units_fit_the_model(desk):
    page = desk("net", PI)
    head = page.locator('.ag-header-cell[col-id="latency_s"]')
    assert "Latency, µs" in head.inner_text()
    assert float(row(page, 0).locator('[col-id="latency_s"]').inner_text()) > 0.1
    page.evaluate("dash_clientside.view.change({ where: [['latency_s', 'gt', 1e-6]] }, 'test')")
    until(page, "document.querySelector('#model--chips .chip')")
    assert "1.00 µs" in page.locator("#model--chips .chip").inner_text()
    fitted = page.evaluate(
        "dash_clientside.task_table.fitted({ macs: { label: 'MACs', unit: 'M', scale: 1e-6 }, "
        "size_bytes: { label: 'Size', unit: 'kB', scale: 1e-3 },"
        "latency_s: { label: 'Latency', unit: 'ms', scale: 1e3 } },"
        "[{ macs: 5e11, size_bytes: 12, latency_s: 28 }])"
    )
    shown = {id: (m["unit"], m["header"], m["scale"]) for id, m in fitted.items()}
    assert shown["macs"] == ("G", "MACs, G", pytest.approx(1e-9))
    assert shown["size_bytes"] == ("B", "Size, B", pytest.approx(1))
    assert shown["latency_s"] == ("s", "Latency, s", pytest.approx(1))
    assert "Latency, µs" in page.locator("#model--legend").inner_text()
