"""What a person does on a model page, and what it then says: steps that the browser tests share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from dashboard.urls import View, parse

PAGE = "document.getElementById('model--page')"
STATE = f"{PAGE}.state"
STORE = "dash_component_api.getLayout('model--state').props.data"
SELECTED = f"{STATE}.selected"
ANALYSIS = f"(({PAGE}.desk || {{}}).draft || {{}}).analysis"  # that the page is saved in
GRAPH = "dash_clientside.op_graph.graph()"
CANVAS = "dash_clientside.task_canvas"
DRAWN = "document.getElementById('model--tasks-canvas').dataset.drawn"
READY = (
    f"{PAGE} && {PAGE}.rows && document.querySelector('.ag-row') && "
    f"({STATE}.dock != 'graph' || ({STATE}.show == 'all' ? {DRAWN}"
    " : document.querySelector('#model--graph-pane.drawn')))"
)


def until(page: Any, condition: str | Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a script to be true, or for what a function reads.

    The policy of the page forbids Playwright's own way, which is eval.  The time is that of a slow
    machine; a condition that comes true ends the wait at once.
    """
    end = time.monotonic() + seconds
    while not (condition() if callable(condition) else page.evaluate(f"Boolean({condition})")):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def frame(page: Any) -> None:
    """Let one frame pass, and the next begin."""
    page.evaluate("new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")


def settled(page: Any) -> None:
    """Wait until the store has the state, all questions are answered, and the answers are shown."""
    until(page, f"JSON.stringify({STORE}) == JSON.stringify({STATE})")
    for _ in range(2):  # an answer may lead to another question
        until(page, lambda: not page.asked)
        frame(page)


def opened(page: Any, address: str) -> None:
    """Go to a model page and wait until it can be used."""
    page.goto(address)
    until(page, READY)
    settled(page)


def put_back(page: Any, usual: dict[str, Any]) -> None:
    """Bring an open page to a state: nothing open, no rules, the whole graph in sight."""
    page.mouse.move(2, 2)
    page.evaluate(
        "(({ set_props, sheets, recipe }) => {"
        "document.activeElement.blur();"
        "for (const menu of document.querySelectorAll('details.menu[open]')) menu.open = false;"
        "if (!document.getElementById('model--why').hidden)"
        "  set_props('model--why-task', { data: null });"
        "if (sheets.sheet()) sheets.open('');"
        "if (recipe.current().states.length > 1) recipe.load({ pool: [], states: [[]], at: 0 });"
        "if (document.getElementById('model--search').value)"
        "  set_props('model--search', { value: '' }); })(dash_clientside)"
    )
    until(
        page,
        "document.getElementById('model--why').hidden && !dash_clientside.sheets.sheet()"
        "&& !document.querySelector('.with-preset')"
        "&& !document.getElementById('model--search').value",
    )
    page.evaluate(f"dash_clientside.view.change({json.dumps(usual)}, 'test')")
    until(page, READY)
    settled(page)
    page.evaluate(
        f"(({{modes}}) => modes[{STATE}.show].fit())(dash_clientside.graph_pane);"
        "dash_ag_grid.getApi('model--table').ensureIndexVisible(0, 'top')"
    )
    frame(page)


def row(page: Any, index: int) -> Any:
    """A row of the table."""
    return page.locator(f'.ag-center-cols-container .ag-row[row-index="{index}"]')


def selected_rows(page: Any) -> list[int]:
    """Tasks that the table shows as selected."""
    return page.evaluate("dash_clientside.task_table.selected().map(r => r.id)")


def address(page: Any) -> View:
    """What the address says."""
    parts = urlsplit(page.url)
    return parse(f"{parts.path}?{parts.query}")


def drag(page: Any, points: list[tuple[float, float]], key: str = "") -> None:
    """From the first point through the others with the button down, perhaps with a key."""
    if key:
        page.keyboard.down(key)
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
    if key:
        page.keyboard.up(key)
