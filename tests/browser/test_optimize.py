"""The sheet "Optimize" in Chromium: it follows the selection, says what it touches, applies."""

from __future__ import annotations

import time

import pytest

from tests import builders

SHEET = "#model--options"
READY = "document.querySelector('.ag-row') && document.getElementById('model--page').rows"
RULES = "JSON.stringify(dash_clientside.recipe.rules())"


@pytest.fixture
def opened(live, page):
    """The page of a small transformer, with the tasks of `query` selected."""

    def opened(query):
        model = builders.vit(blocks=2, size=32, width=32, heads=2).SerializeToString()
        page.goto(f"{live.url}/model/{live.add(model, 'vit')}?target=phone-npu{query}")
        until(page, READY)
        return page

    return opened


def until(page, condition, seconds=10.0):
    """Wait for a condition; the policy of the page forbids Playwright's own way, which is eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(30)


def said(page, part):
    return page.locator(f"{SHEET}-{part}").inner_text()


def says(page, part, words):
    until(page, f"document.querySelector('{SHEET}-{part}').textContent.includes({words!r})")


def shown(page):
    """Options that pass the filters, as the count says."""
    return page.evaluate(f"parseInt(document.querySelector('{SHEET}-count').textContent) || 0")


def test_with_keys_alone_a_task_is_optimized_and_put_back(opened):
    page = opened("&sel=0")
    page.keyboard.press("o")
    says(page, "title", "conv_3")
    until(page, f"parseInt(document.querySelector('{SHEET}-count').textContent) > 200")
    many = shown(page)
    page.select_option(f"{SHEET} [data-filter=kernel_format]", "int8")
    page.select_option(f"{SHEET} [data-filter=squeeze]", "none")
    assert 0 < shown(page) < many / 5
    assert f"of {many}" in said(page, "count")
    page.locator(SHEET).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    says(page, "preview", "Whole model")
    assert page.locator(f"{SHEET} .ag-center-cols-container .ag-row.picked").count() == 1
    assert page.evaluate(RULES) == "[]"
    page.keyboard.press("Enter")
    until(page, "dash_clientside.recipe.rules().length === 1")
    assert '"tasks":[0]' in page.evaluate(RULES)
    assert '"kernel":"int8"' in page.evaluate(RULES)
    says(page, "now", "int8")  # the sheet tells what the task is now
    page.keyboard.press("Control+z")
    says(page, "now", "Weights fp16")
    assert page.evaluate(RULES) == "[]"
    page.keyboard.press("Escape")
    assert page.locator(SHEET).is_hidden()


def test_what_is_touched_can_be_selected_and_left_again(opened):
    page = opened("&sel=0")
    page.get_by_role("button", name="Optimize…").click()
    until(page, f"parseInt(document.querySelector('{SHEET}-count').textContent) > 200")
    for field in ("input", "kernel", "output"):
        page.select_option(f"{SHEET} [data-filter={field}_format]", "int8")
    page.locator(f"{SHEET} .ag-center-cols-container .ag-cell").first.click()
    says(page, "preview", "1 task follows int8 from embeddings.conv_3 (task 0)")
    page.locator(f"{SHEET}-preview li", has_text="follows").get_by_role("button").click()
    says(page, "title", "transpose")  # the sheet follows, the table and the graph stay in use
    page.get_by_role("button", name="← Back to embeddings.conv_3").click()
    says(page, "title", "conv_3")
    page.locator("#model--table .ag-row[row-index='1'] .ag-cell").nth(1).click()
    until(page, f"!document.querySelector('{SHEET}-title').textContent.includes('conv_3')")


@pytest.mark.soak
def test_everything_that_matches_a_filter_is_optimized_and_cleared(opened):
    page = opened("&where=kernel.has.tgemm")
    page.get_by_role("button", name="Select all 13 shown").click()
    page.keyboard.press("o")
    says(page, "title", "Optimize 13 tasks")
    until(page, f"parseInt(document.querySelector('{SHEET}-count').textContent) > 50")
    page.locator(f"{SHEET} [data-pareto]").click()
    assert "of" in said(page, "count")
    page.locator(f"{SHEET} .ag-center-cols-container .ag-row[row-index='1'] .ag-cell").first.click()
    page.get_by_role("button", name="Apply", exact=True).click()
    until(page, "dash_clientside.recipe.rules().length === 1")
    page.get_by_role("button", name="Clear optimization").click()
    until(page, "dash_clientside.recipe.rules().length === 2")
    assert page.evaluate(RULES).endswith('"action":{}}]')
    says(page, "now", "Weights fp16")


def test_a_task_without_options_says_why(opened):
    page = opened("&sel=3")
    page.keyboard.press("o")
    says(page, "now", "Nothing can be chosen for it")
    assert "no unit of this target computes it in int8" in said(page, "now")
    assert page.locator(f"{SHEET}-table").is_hidden()
    assert page.locator(f"{SHEET}-apply").is_disabled()
