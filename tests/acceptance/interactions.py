"""Line 1: what a person's hand waits for at 5,000 tasks: hover, click, select, filter, switch.

Every event is a real one of pointer or keyboard.  Its time runs from the event's own time stamp to
the second animation frame after the page has taken it up; script is the time that the page's main
thread spent in JavaScript meanwhile, as the browser counts it, and paint is the rest (style,
layout, paint, waiting for frames).  What script still ran half a second later is noted as well, so
that work put off is seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dashboard.ids import Model
from dashboard.urls import DOCKS
from tests import large
from tests.acceptance.browser import (
    COUNT,
    PROBE,
    SELECTED,
    TIMES,
    chromium,
    listed,
    open_page,
    ready,
    served,
)

TASKS, MANY = 5_000, 1_500
VIEWS = {"blocks": "graph", "all tasks": "graph", **{dock: dock for dock in DOCKS[1:]}}
POINTED = "window.pointed"
ROW = f"#{Model.TABLE} .ag-center-cols-container .ag-row"

# A part that hears where the pointer is, as the docks do; names and ids of the page's rows.
LISTEN = """() => {
  const parts = (dash_clientside.parts = dash_clientside.parts || []);
  parts.push({ near: (id) => { window.pointed = id; } });
}"""
# Middles of boxes that the pointer can reach, as [x, y] in the window.
SPOTS = {
    "blocks": """async () => {
      const host = document.getElementById("model--graph"), cy = host._cyreg.cy;
      const edge = host.getBoundingClientRect();
      return cy.nodes(".box").map((node) => node.renderedPosition())
        .map((p) => [p.x + edge.x, p.y + edge.y])
        .filter(([x, y]) => document.elementFromPoint(x, y)?.closest("#model--graph"));
    }""",
    "all tasks": """async () => {
      const canvas = document.getElementById("model--tasks-canvas");
      const edge = canvas.getBoundingClientRect(), at = dash_clientside.task_canvas.view();
      const found = performance.getEntriesByType("resource").filter((e) => /drawing/.test(e.name));
      const body = await (await fetch(found[found.length - 1].name)).arrayBuffer();
      const length = new DataView(body).getUint32(0, true);
      const head = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length)));
      const array = (name) => new Float32Array(body, 4 + length + head.arrays[name][2], head.tasks);
      const [xs, ys] = [array("x"), array("y")], spots = [];
      for (let i = 0; i < head.tasks; i++) {
        const x = xs[i] * at.k + at.x + edge.x, y = ys[i] * at.k + at.y + edge.y;
        if (document.elementFromPoint(x, y) === canvas) spots.push([x, y]);
      }
      return spots;
    }""",
}
# The text whose search leaves the number of tasks nearest to the one wanted.
WORD = """(wanted) => {
  const count = new Map();
  for (const { name } of document.getElementById("model--page").rows.values()) {
    const low = name.toLowerCase(), own = new Set();
    for (let k = 2; k < 9; k++)
      for (let i = 0; i + k <= low.length; i++) own.add(low.slice(i, i + k));
    for (const text of own) if (text === text.trim()) count.set(text, (count.get(text) || 0) + 1);
  }
  let best = "", off = Infinity;
  for (const [text, n] of count)
    if (Math.abs(n - wanted) < off) [best, off] = [text, Math.abs(n - wanted)];
  return best;
}"""


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event, seen in one place.

    Args:
        what: "hover", "click", "select", "filter", "switch", "recolour".
        where: the drawing in sight, or the pointer's place.
        script: ms each time; total: ms from the event to the second frame after its effect.
        later: most ms of script in the half second after (a few of the times).
        fault: why it could not be measured; "" when it was.
    """

    what: str
    where: str
    script: tuple[float, ...] = ()
    total: tuple[float, ...] = ()
    later: float = 0.0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """All events on one page.

    Args:
        tasks: of the model; many: how many of them the filter leaves.
        load: load average before and after.
        errors: console errors and failed requests.
    """

    tasks: int
    many: int
    load: tuple[float, float]
    events: tuple[Event, ...]
    errors: tuple[str, ...]


class Hand:
    """A page, the browser's own counters, and a way to time what a person does."""

    def __init__(self, page: Any, times: int) -> None:
        self.page, self.times = page, times
        self.counters = page.context.new_cdp_session(page)
        self.counters.send("Performance.enable")

    def script(self) -> float:
        """Milliseconds in JavaScript so far."""
        rows = self.counters.send("Performance.getMetrics")["metrics"]
        return 1e3 * next(row["value"] for row in rows if row["name"] == "ScriptDuration")

    def time(
        self,
        what: str,
        where: str,
        event: str,
        watched: str,
        acts: Callable[[int], Callable[[], None]],
    ) -> Event:
        """Time an event again and again; `acts(i)` prepares the i-th and returns what does it."""
        script, total, later = [], [], 0.0
        try:
            for i in range(self.times):
                act = acts(i)
                self.page.wait_for_timeout(50)
                self.page.evaluate(PROBE, [event, watched])
                before = self.script()
                act()
                total.append(float(self.page.evaluate("() => window.probed")))
                after = self.script()
                script.append(after - before)
                if i % 10 == 9:
                    self.page.wait_for_timeout(500)
                    later = max(later, self.script() - after)
        except Exception as fault:  # a place without the event is not met, and the others go on
            why = f"{type(fault).__name__}: {str(fault).splitlines()[0][:120]}"
            return Event(what, where, tuple(script), tuple(total), later, why)
        return Event(what, where, tuple(script), tuple(total), later)


def show(page: Any, view: str) -> None:
    """Bring a drawing into sight, with real clicks."""
    page.click(f"#{Model.TAB}-{VIEWS[view]}", timeout=5000)
    if VIEWS[view] == "graph":
        mode = "all" if view == "all tasks" else "blocks"
        page.click(f"#{Model.SHOW}-{mode}", timeout=5000)
        if mode == "all":
            page.wait_for_selector(f"#{Model.TASKS_CANVAS}[data-drawn]")
    page.wait_for_timeout(800)


def measure(
    times: int = TIMES, tasks: int = TASKS, many: int = MANY, views: Iterable[str] = tuple(VIEWS)
) -> Answers:
    """All events on a branched model.

    Args:
        times: that each is made.
        tasks: of the model.
        many: tasks that are selected, and that the filter leaves.
        views: drawings of `VIEWS` to have in sight.
    """
    errors: list[str] = []
    load = os.getloadavg()[0]
    with served(large.file(large.branched, tasks)) as url, chromium() as browser:
        page = open_page(browser, errors)
        # the list of fetched files, in which SPOTS looks, keeps 250 unless told
        page.add_init_script("performance.setResourceTimingBufferSize(5000)")
        page.goto(next(iter(listed(url).values())))
        ready(page)
        page.wait_for_timeout(1500)
        page.evaluate(LISTEN)
        count = int(page.evaluate(f"() => document.getElementById('{Model.PAGE}').rows.size"))
        word = page.evaluate(WORD, many)
        hand, events, left = Hand(page, times), [], 0
        for view in views:
            try:
                show(page, view)
            except Exception as fault:
                events.append(Event("click", view, fault=str(fault).splitlines()[0][:120]))
                continue
            events += _in_sight(hand, view, many)
            events.append(hand.time("filter", view, "input", COUNT, _filter(page, word)))
            left = int(page.evaluate(f"() => (document.getElementById('{Model.PAGE}')"
                                     ".shown || { size: 0 }).size"))  # fmt: skip
            _clear_search(page)
        events += [*_switching(hand), *_recolouring(hand)]
    return Answers(count, left, (load, os.getloadavg()[0]), tuple(events), tuple(errors))


def _in_sight(hand: Hand, view: str, many: int) -> Iterator[Event]:
    """Hover and click in the table and, of the graph, on its boxes; select many tasks."""
    page = hand.page
    yield hand.time("hover", f"table, {view}", "pointermove", POINTED, _over(page, _rows(page)))
    yield hand.time("click", f"table, {view}", "pointerup", SELECTED, _press(page, _rows(page)))
    if view in SPOTS:
        spots = page.evaluate(SPOTS[view])
        yield hand.time("hover", view, "pointermove", POINTED, _over(page, spots))
        yield hand.time("click", view, "pointerup", SELECTED, _press(page, spots))
    yield hand.time("select", view, "pointerup", SELECTED, _range(page, many))
    _select_none(page)


def _rows(page: Any) -> list[list[float]]:
    """Places on rows in sight, the table scrolled to its top."""
    page.evaluate(f"() => dash_ag_grid.getApi('{Model.TABLE}').ensureIndexVisible(0, 'top')")
    page.wait_for_timeout(150)
    boxes = [page.locator(f"{ROW}[row-index='{i}']").bounding_box() for i in range(2, 12)]
    return [[box["x"] + 60, box["y"] + box["height"] / 2] for box in boxes if box]


def _over(page: Any, spots: list[list[float]]) -> Callable[[int], Callable[[], None]]:
    """Move onto the i-th spot from beside the drawing."""

    def acts(i: int) -> Callable[[], None]:
        page.mouse.move(700, 4)
        page.evaluate("() => { window.pointed = null; }")
        x, y = spots[(7 * i + 3) % len(spots)]
        return lambda: page.mouse.move(x, y)

    return acts


def _press(page: Any, spots: list[list[float]]) -> Callable[[int], Callable[[], None]]:
    """Press the button on the i-th spot; let go as the event that is timed."""

    def acts(i: int) -> Callable[[], None]:
        x, y = spots[(7 * i + 3) % len(spots)]
        page.mouse.move(x, y)
        page.mouse.down()
        return page.mouse.up

    return acts


def _select_none(page: Any) -> None:
    page.evaluate("() => dash_clientside.view.select([], 'bar')")


def _range(page: Any, many: int) -> Callable[[int], Callable[[], None]]:
    """From the first row to one with shift: that many tasks selected by one click."""

    def row(index: int) -> tuple[float, float]:
        page.evaluate(f"(i) => dash_ag_grid.getApi('{Model.TABLE}').ensureIndexVisible(i)", index)
        found = page.locator(f"{ROW}[row-index='{index}']")
        found.wait_for()
        page.wait_for_timeout(80)
        box = found.bounding_box()
        return box["x"] + 60, box["y"] + box["height"] / 2

    def acts(i: int) -> Callable[[], None]:
        _select_none(page)
        page.mouse.click(*row(0))
        page.mouse.move(*row(many - 1))
        page.keyboard.down("Shift")
        page.mouse.down()

        def let_go() -> None:
            page.mouse.up()
            page.keyboard.up("Shift")

        return let_go

    return acts


def _clear_search(page: Any) -> None:
    page.click(f"#{Model.SEARCH}")
    page.keyboard.press("Control+A")
    page.keyboard.press("Backspace")
    page.wait_for_timeout(150)


def _filter(page: Any, word: str) -> Callable[[int], Callable[[], None]]:
    """Put the word into the empty search box, as an input method does."""

    def acts(i: int) -> Callable[[], None]:
        _clear_search(page)
        return lambda: page.keyboard.insert_text(word)

    return acts


def _switching(hand: Hand) -> Iterator[Event]:
    """From one dock to the next and round; each has been shown before."""
    page = hand.page
    tabs = [page.locator(f"#{Model.TAB}-{dock}").bounding_box() for dock in DOCKS]
    spots = [[box["x"] + box["width"] / 2, box["y"] + box["height"] / 2] for box in tabs if box]
    yield hand.time("switch", "docks", "click", SELECTED, _in_turn(page, spots))


def _in_turn(page: Any, spots: list[list[float]]) -> Callable[[int], Callable[[], None]]:
    def acts(i: int) -> Callable[[], None]:
        x, y = spots[i % len(spots)]
        return lambda: page.mouse.click(x, y)

    return acts


def _recolouring(hand: Hand) -> Iterator[Event]:
    """Choose another metric in the menu, in both modes of the graph."""
    page = hand.page

    def acts(i: int) -> Callable[[], None]:
        page.click(f"#{Model.COLOUR}")
        option = page.locator("[role=option]:visible").nth(i % 3)
        option.wait_for()
        page.wait_for_timeout(100)
        box = option.bounding_box()
        return lambda: page.mouse.click(box["x"] + 12, box["y"] + box["height"] / 2)

    for view in SPOTS:
        try:
            show(page, view)
            page.click(f"#{Model.COLOUR}")
            page.locator("[role=option]:visible").nth(2).click()
        except Exception as fault:
            yield Event("recolour", view, fault=str(fault).splitlines()[0][:120])
            continue
        yield hand.time("recolour", view, "click", SELECTED, acts)
