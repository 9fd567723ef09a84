"""The look test's rules see a planted fault each, and the pages have none (a part of the matrix).

The whole matrix takes minutes: `make soak`, `make accept STAGE=B`.
"""

from __future__ import annotations

import time

import pytest

from tests import large
from tests.browser import look
from tests.browser.look import BLOCKS, Scene
from tests.browser.steps import frame
from tests.builders import residual_net

SOUND = """<!doctype html><html lang="en"><head><title>t</title><style>
  body { margin: 16px; font: 13px sans-serif; color: #131722; background: #fff }
  table { border-collapse: collapse } td { text-align: right; font-variant-numeric: tabular-nums }
  button { padding: 6px 12px } .wait { height: 40px; overflow: hidden }
</style></head><body><main><h1>A page</h1><div id="model--totals" class="wait">Totals</div>
<p>Some words, and <a href="#x">a link</a> inside a sentence.</p><button>Press</button>
<div style="width:60px;overflow:hidden;white-space:nowrap" title="Words that are cut">
Words that are cut</div>
<table><thead><tr><th>Latency, ms</th></tr></thead>
<tbody><tr><td>1,234.5</td></tr><tr><td>6.78</td></tr></tbody></table></main></body></html>"""

# Changes what is there once the page has stood still for some frames.
LATER = """</main><script>(function wait(left) {{
  left ? requestAnimationFrame(() => wait(left - 1)) : {0};
}})(6)</script>"""

PLANTED = {
    "page scroll": ("<main>", "<main><div style='width:3000px'>wide</div>"),
    "clipped": ('title="Words that are cut"', ""),
    "number": ("text-align: right", "text-align: left"),
    "number ": ("font-variant-numeric: tabular-nums", ""),
    "number  ": ("<td>6.78</td>", "<td>6.78 ms</td>"),
    "font": ("<p>", "<p style='font-size:11px'>"),
    "target": ("padding: 6px 12px", "padding: 0; height: 18px"),
    "axe button-name": ("<button>Press", "<button style='width:40px;height:40px'>"),
    "axe color-contrast": ("<p>", "<p style='color:#bbb'>"),
    "skeleton": (
        "</main>",
        LATER.format("document.getElementById('model--totals').style.height = '60px'"),
    ),
    "shift": ("</main>", LATER.format("document.querySelector('h1').style.marginTop = '300px'")),
}


@pytest.fixture(scope="module")
def visitor(browser):
    with look.visitor(browser, "1280x720", "light") as context:
        yield context


def rules_of(context, html: str, expected: str = "") -> set[str]:
    """Rules that a page breaks; one that breaks `expected` only later is waited for."""
    page = context.new_page()
    page.route("http://look.test/", lambda r: r.fulfill(body=html, content_type="text/html"))
    page.goto("http://look.test/")
    frame(page)
    end = time.monotonic() + 20
    try:
        while True:
            found = {rule for rule, *_ in look.faults(page)}
            if not expected or expected in found or time.monotonic() > end:
                return found
            page.wait_for_timeout(50)
    finally:
        page.close()


def test_a_sound_page_has_no_fault(visitor):
    assert rules_of(visitor, SOUND) == set()


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_found(visitor, rule: str):
    old, new = PLANTED[rule]
    assert old in SOUND
    assert rule.strip() in rules_of(visitor, SOUND.replace(old, new), rule.strip())


def test_a_blank_drawing_and_a_console_error_are_found(visitor):
    broken = "<canvas width='40' height='40'></canvas><script>console.error('boom')</script></main>"
    address, html = "http://look.test/broken", SOUND.replace("</main>", broken)
    visitor.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
    seen = look.examine(visitor, address, Scene("not found", "empty", "", "canvas"))
    assert seen == [("console", "", "boom"), ("ink", "canvas", "0 pixels")]


def findings(visitor, url: str, *scenes: Scene) -> list[tuple[str, str, str, str]]:
    return [(s.page, *found) for s in scenes for found in look.examine(visitor, url, s)]


def test_the_list_looks_right(visitor, live):
    live.add(residual_net(2).SerializeToString())
    live.add(residual_net(3).SerializeToString(), "a_long_name_".ljust(large.LONG, "x"))
    assert findings(visitor, live.url, look.LISTS[0]) == []


@pytest.mark.soak
def test_what_has_no_model_looks_right(visitor, live):
    assert findings(visitor, live.url, look.EMPTY[0]) == []
    assert findings(visitor, live.url + "/model/nowhere", look.LISTS[1]) == []
    assert findings(visitor, live.url + "/targets", look.LISTS[2]) == []
    assert findings(visitor, live.url + "/experiments", look.EMPTY[1]) == []


def test_the_model_page_looks_right(visitor, live):
    """With the sheet of presets open: the drawing and its controls are still there to look at."""
    body = large.file(large.branched, 60, long=True).read_bytes()
    address = f"{live.url}/model/{live.add(body, 'a_long_name_'.ljust(large.LONG, 'x'))}"
    scene = Scene("model: presets", look.STATES[2], "", BLOCKS)
    assert findings(visitor, address, scene) == []
