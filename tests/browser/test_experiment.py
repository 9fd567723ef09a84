"""The page of an experiment: one selection in all views, bounds, names that are kept, no faults."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.experiment_page import family
from tests.browser.steps import until

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
SLOW = 15_000  # ms, on a busy machine
STATE = "document.getElementById('experiment--page').state"


@pytest.fixture(scope="module")
def place(one_app, tmp_path_factory):
    """The address of the page of a small experiment."""
    file = tmp_path_factory.mktemp("experiment") / "digits.json"
    file.write_text(json.dumps(family()))
    row, _ = one_app.services.experiments.add(file, "digits.json")
    yield f"{one_app.url}/experiments/{row.id}"
    one_app.services.experiments.remove(row.id)


@pytest.fixture
def open_at(page, place):
    """Open the page with a query; it stands once the server has judged."""

    def open_it(query: str = ""):
        page.goto(place + query)
        page.wait_for_selector("#experiment--heads .map-head")
        page.wait_for_selector("#experiment--page[data-answered]")
        page.wait_for_selector("#experiment--trade-0 .plotly .xtick", state="attached")
        return page

    return open_it


def test_a_selection_reaches_every_view_and_the_address(open_at):
    page = open_at()
    page.click(".map-head:has-text('repair')")
    expect(page.locator("#experiment--selection")).to_contain_text("4 selected", timeout=SLOW)
    expect(page.locator("#experiment--compare")).to_contain_text("amount", timeout=SLOW)
    page.click("[data-relative=children]")
    expect(page.locator("#experiment--selection")).to_contain_text("20 selected", timeout=SLOW)
    page.click("#experiment--tab-table")
    expect(page.locator("#experiment--table .ag-row.picked").first).to_be_visible(timeout=SLOW)
    until(page, "location.search.includes('sel=') && location.search.includes('dock=table')")
    page.focus("#experiment--map")
    page.keyboard.press("Escape")
    until(page, f"{STATE}.selected.length === 0")
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    until(page, f"{STATE}.selected.length === 1")


def test_bounds_are_typed_named_kept_and_taken_again(open_at):
    page = open_at("?dock=budgets")
    page.select_option("#experiment--bounds select", label="Size")
    page.fill("[aria-label='Size at most']", "150")
    page.press("[aria-label='Size at most']", "Enter")
    expect(page.locator("#experiment--fits")).to_contain_text("of 25 models fit", timeout=SLOW)
    expect(page.locator("#experiment--best")).to_contain_text("best:", timeout=SLOW)
    expect(page.locator("#experiment--curves svg")).to_have_count(1, timeout=SLOW)
    page.click("text=Named budgets")
    page.fill("#experiment--budget-name", "watch face")
    page.press("#experiment--budget-name", "Enter")
    expect(page.locator("#experiment--fits")).to_contain_text("“watch face”", timeout=SLOW)
    page.click("#experiment--chips .chip")
    expect(page.locator("#experiment--fits")).to_contain_text("No bound yet", timeout=SLOW)
    page.click("text=Named budgets")
    page.click(".named-line .link")
    expect(page.locator("#experiment--fits")).to_contain_text("“watch face”", timeout=SLOW)
    page.click(".named-line .icon")
    expect(page.locator("#experiment--named")).to_contain_text("No budget", timeout=SLOW)


@pytest.mark.soak
def test_a_metric_by_formula_is_one_of_the_page(open_at):
    page = open_at("?dock=table")
    page.click("summary:has-text('+ Metric')")
    page.fill("#experiment--formula-name", "Worth")
    page.click("[data-insert=Accuracy]")
    expect(page.locator("#experiment--formula")).to_have_value("[Accuracy]", timeout=SLOW)
    page.wait_for_timeout(100)
    page.keyboard.type(" / Size")
    expect(page.locator("#experiment--formula")).to_have_value("[Accuracy] / Size", timeout=SLOW)
    page.click("#experiment--formula-add")
    own = page.locator(".formula-body .named-line")
    expect(own).to_contain_text("Worth = [Accuracy] / Size", timeout=SLOW)
