"""The page of behaviors by hand: narrow, sort, go into a class and back, flag, share."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.behaviors_page import put

ROWS = ".behaviors-rows tbody tr"
HEIGHTS = """() => [...document.querySelectorAll('.bars')].map((box) =>
  [...box.children].map((bar) => Number(bar.style.getPropertyValue('--kept')).toFixed(6)).join())"""


@pytest.fixture
def at(live, tmp_path):
    return live.url + put(live.services, tmp_path / "many.json", 400, 3)


def shown(page, text):
    page.locator(".behaviors-foot", has_text=re.compile(text)).wait_for()


def test_a_brush_counts_at_once_and_its_release_asks_for_the_rows(page, at):
    page.goto(at + "&metric=true_confidence")
    page.wait_for_selector(ROWS)
    page.wait_for_function("() => dash_clientside.behaviors.ready()")
    box = page.locator(".bars").nth(2).bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=3)
    live = page.evaluate(HEIGHTS)
    page.mouse.up()
    page.wait_for_url(re.compile("bound="))
    page.locator(".behaviors-foot", has_text="Clear the bounds").wait_for()
    assert page.evaluate(HEIGHTS)[:2] == live[:2]  # what was foretold is what the server counts
    page.get_by_text("Clear the bounds").click()
    page.locator(".whole", has_text="400 instances").wait_for()
    bars = page.locator(".bars").nth(1)
    bars.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".whole", has_text=re.compile(r"\d+ of 400")).wait_for()
    assert "bound=1" in page.url


def test_a_class_leads_to_its_instances_and_the_address_holds_the_view(page, at):
    page.goto(at)
    page.click(".sort >> nth=1")
    shown(page, "largest first")
    page.click(".sort >> nth=1")
    shown(page, "smallest first")
    page.click(f"{ROWS} >> nth=0 >> a")
    shown(page, "of [0-9]+ instances")
    page.click(".flag >> nth=0")
    page.locator(".flag.on").wait_for()
    before = page.locator(f"{ROWS} >> nth=0").inner_text()
    page.reload()
    page.locator(".flag.on").wait_for()
    assert page.locator(f"{ROWS} >> nth=0").inner_text() == before
    page.get_by_text("‹ Classes").click()
    shown(page, "10 classes")
    page.get_by_text("Confusion", exact=True).first.click()
    page.wait_for_selector(".matrix")
    page.keyboard.press("Escape")
    page.wait_for_selector(".matrix", state="detached")
    page.go_back()
    page.wait_for_selector(".matrix")


@pytest.mark.soak
def test_a_selection_of_the_map_leads_here(page, at):
    page.goto(at.partition("/behaviors")[0] + "?sel=0-1")
    page.get_by_role("link", name="Behaviors", exact=True).first.click()
    page.wait_for_selector(ROWS)
    assert page.locator(".names th").count() == 3
