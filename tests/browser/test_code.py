"""The Code dock in Chromium: heat, selection both ways, keys, long files, modules, hostile text."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import onnx
import pytest

import dashboard.demo
from tests.browser.steps import SELECTED, opened, settled, until

UNET = Path(dashboard.demo.__file__).with_name("unet.zip")
CODE = "dash_clientside.code"
ROWS = "[...document.querySelectorAll('.code-row')]"
LONG = 20_000
MARKUP = "<img src=x onerror=alert(1)>"


def packed(**told) -> bytes:
    """The U-Net with another source file or map."""
    out = io.BytesIO()
    with zipfile.ZipFile(UNET) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("unet.onnx", old.read("unet.onnx"))
        source = told.get("source", old.read("unet.py").decode())
        new.writestr("unet.py", source)
        if "map" in told:
            new.writestr("source_map.json", json.dumps({"paredown_source": 1, **told["map"]}))
    return out.getvalue()


@pytest.fixture
def code(live, page):
    def visit(body: bytes, query: str = ""):
        opened(page, f"{live.url}/model/{live.add(body, 'unet')}?dock=code{query}")
        until(page, f"{CODE}.data() && {ROWS}.length")
        return page

    return visit


def picked(page, kind=2):
    script = f"{ROWS}.filter(r => r.classList.contains('picked-{kind}'))"
    return page.evaluate(f"{script}.map(r => Number(r.querySelector('.code-n').textContent))")


def test_lines_and_tasks_select_each_other(code):
    page = code(packed())
    until(page, f"{CODE}.rows().length > 60")
    page.click(".code-row[data-row='18']")
    until(page, f"{SELECTED}.join() == '1,4,7,10,14,18,22'")
    until(page, lambda: picked(page) == [19])
    assert picked(page, 1) == [29]
    settled(page)
    page.evaluate("dash_clientside.view.select([12], 'test')")
    until(page, lambda: picked(page) == [40])
    assert "7.29 µs" not in page.inner_text(".code-row[data-row='39'] .code-heat")  # the line's sum
    assert "209 µs" in page.inner_text(".code-row[data-row='39'] .code-heat")
    page.click("#model--reading-places")
    until(page, "document.querySelector('.code-place')")
    assert "torch.cat" in page.inner_text(".code-place .here")
    page.click(".code-place .link >> nth=-1")  # the call
    until(page, "!document.querySelector('.code-main').hidden")


def test_keys_walk_from_line_to_line_and_select(code):
    page = code(packed())
    until(page, f"{CODE}.rows().length > 60")
    page.focus(".code-list")
    row = "document.querySelector('.code-list').getAttribute('aria-activedescendant')"
    first = page.evaluate(row)
    page.keyboard.press("ArrowDown")
    until(page, f"{row} != {json.dumps(first)}")
    page.keyboard.press("Enter")
    until(page, f"{SELECTED}.length > 0")


@pytest.mark.soak
def test_a_long_file_draws_only_what_is_in_sight(code):
    text = packed(source="\n".join(["x = [1, 'two']"] * LONG))
    page = code(text)
    until(page, f"{CODE}.rows().length == {LONG}")
    assert page.evaluate(f"{ROWS}.length") < 80
    assert "differ" in page.inner_text(".code-head")
    slowest = page.evaluate(
        """async () => {
          const list = document.querySelector('.code-list'), took = [];
          for (let k = 0; k < 40; k++) {
            const begun = performance.now();
            list.scrollTop = k * 12000;
            await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
            took.push(performance.now() - begun);
          }
          return took.sort((a, b) => a - b)[20];
        }"""
    )
    assert slowest < 150, "the median of two frames"
    assert page.evaluate(f"{ROWS}.length") < 80


def test_names_and_texts_of_a_file_are_never_markup(code):
    line = {"file": f"{MARKUP}.py", "line": 3, "function": MARKUP, "text": MARKUP}
    with zipfile.ZipFile(UNET) as archive:
        names = [node.name for node in onnx.load_from_string(archive.read("unet.onnx")).graph.node]
    page = code(packed(source=MARKUP, map={"ops": {name: [line] for name in names}}))
    page.evaluate("dash_clientside.view.select([0, 1, 2], 'test')")
    page.click("#model--reading-places")
    until(page, "document.querySelector('.code-place')")
    assert MARKUP in page.inner_text(".code-places")
    assert page.evaluate("document.querySelectorAll('#model--code img').length") == 0
