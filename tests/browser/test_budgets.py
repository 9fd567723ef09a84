"""Budgets in the browser: put, seen at once in the header, changed, refused at their field."""

from __future__ import annotations

import re

import pytest

from tests import builders

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
SLOW = 15_000  # ms, on a busy machine
GAUGE = "#model--totals .total:first-child .gauge"
ROWS = ".budget-row"


@pytest.fixture
def opened(page, live):
    """The page of a small model with the sheet open; (page, model id)."""
    model = live.add(builders.residual_net(2, 16, 16).SerializeToString(), "net")
    page.goto(f"{live.url}/model/{model}?target=phone-npu")
    page.wait_for_selector(".ag-row")
    page.click("text=Budgets")
    page.wait_for_selector("text=No budgets yet")
    return page, model


def test_a_budget_is_put_seen_changed_and_removed(opened, live):
    page, model = opened
    page.fill("#model--budget-limit", "1")
    page.click("#model--budget-save")
    expect(page.locator(GAUGE)).to_contain_text("under 1 ms", timeout=SLOW)
    expect(page.locator("#model--budget-limit")).to_have_value("", timeout=SLOW)
    page.click(f"{ROWS} >> text=Edit")
    expect(page.locator("#model--budget-title")).to_have_text("Change the budget", timeout=SLOW)
    page.fill("#model--budget-limit", "1 µs")
    page.press("#model--budget-limit", "Enter")
    expect(page.locator(f"{GAUGE} .missed")).to_contain_text("1 µs", timeout=SLOW)
    expect(page.locator(ROWS)).to_have_count(1, timeout=SLOW)
    expect(page.locator(ROWS)).to_contain_text("needs −87 %", timeout=SLOW)
    page.reload()  # it is kept with the model
    page.wait_for_selector(f"{GAUGE} .missed")
    page.click(GAUGE)  # a violation leads to its sentence
    page.click(f"{ROWS} >> text=Remove")
    expect(page.locator(GAUGE)).to_have_count(0, timeout=SLOW)
    assert live.services.budgets.of(model) == ()


@pytest.mark.soak
def test_the_form_asks_for_what_a_metric_needs(opened):
    page, _ = opened
    page.click("#model--budget-metric")
    page.click("[role=option] >> text=Battery a day")
    expect(page.locator("#model--budget-unit")).to_have_value("%", timeout=SLOW)
    assert page.is_visible("#model--budget-battery")
    assert not page.is_visible("#model--budget-app")
    page.fill("#model--budget-limit", "5")
    page.click("#model--budget-save")
    expect(page.locator("#model--budget-fault-battery")).to_contain_text("is needed", timeout=SLOW)
    page.fill("#model--budget-battery", "15 Wh")
    page.press("#model--budget-limit", "Enter")
    expect(page.locator(".budget-chip")).to_contain_text("Battery a day", timeout=SLOW)
    expect(page.locator("#model--budget-fault-battery")).to_have_text("", timeout=SLOW)


@pytest.mark.soak
def test_a_line_the_json_and_the_next_recipe(opened):
    page, _ = opened
    page.fill("#model--budget-text", "size<=1kB speed=3")
    page.press("#model--budget-text", "Enter")
    expect(page.locator("#model--budget-fault-line")).to_contain_text(
        "no such figure to limit", timeout=SLOW
    )
    page.fill("#model--budget-text", "size<=1kB latency<=1s")
    page.press("#model--budget-text", "Enter")
    expect(page.locator(ROWS)).to_have_count(2, timeout=SLOW)
    page.click("text=Share: the list as JSON")
    expect(page.locator("#model--budget-json")).to_have_value(re.compile("latency"), timeout=SLOW)
    page.fill("#model--budget-json", '{"schema": 1, "budgets": []')
    page.click("text=Use this text")
    expect(page.locator("#model--budget-fault-json")).to_contain_text("is not JSON", timeout=SLOW)
    size = page.locator("#model--totals .total:nth-child(4) .gauge")
    before = size.inner_text()
    page.click("#model--optimize")
    page.click("[data-preset=int8]")
    expect(size).not_to_have_text(before, timeout=SLOW)  # held against the new recipe
    expect(page.locator(".offers tbody tr").first).to_contain_text("1 of 2", timeout=SLOW)
