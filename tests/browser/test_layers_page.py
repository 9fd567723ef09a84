"""Layers in a browser: keys, order, pattern, what is selected stays, a job, the way to the task."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.queries import offspring
from engine.jobs import run_worker
from tests.browser.conftest import serve
from tests.browser.steps import until
from tests.dashboard.test_operate import TREE, npz
from tests.engine.compress.nets import small
from tests.engine.jobs.test_worker import Hands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
SLOW = 20_000  # ms, on a busy machine
ROWS = "tr[data-row]"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """(services, address) of a small experiment whose root has its file and samples."""
    file = tmp_path_factory.mktemp("layers") / "tree.json"
    file.write_text(json.dumps(TREE))
    with serve(tmp_path_factory.mktemp("live"), jobs=False) as running:
        row, _ = running.services.experiments.add(file, "tree.json")
        store = running.services.store
        offspring.attach_model(store, row, "root", offspring.kept(store, small()), "small")
        row, found = running.services.experiments.get(row.id)
        x = np.random.default_rng(0).normal(size=(24, 3, 8, 8)).astype(np.float32)
        offspring.attach_data(store, row, found, "root", "some.npz", npz(x=x))
        yield running.services, f"{running.url}/experiments/{row.id}"


@pytest.fixture
def opened(page, place):
    page.goto(place[1] + "/layers?models=1&base=0")
    page.wait_for_selector(ROWS, timeout=SLOW)
    until(page, "!!document.getElementById('layers--page').ask")
    return page


def test_keys_unfold_and_select_and_the_address_keeps_both(opened):
    page = opened
    before = page.locator(ROWS).count()
    page.focus(f"{ROWS}[tabindex='0']")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"{ROWS}[aria-expanded=true]")).to_have_count(1, timeout=SLOW)
    assert page.locator(ROWS).count() > before
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".layers-title h2").first).not_to_be_empty(timeout=SLOW)
    name = page.locator(f"{ROWS}.selected").get_attribute("data-name")
    expect(page.locator(".layers-title h2").first).to_have_text(name, timeout=SLOW)
    until(page, "location.search.includes('open=') && location.search.includes('layer=')")
    page.reload()
    expect(page.locator(f"{ROWS}.selected")).to_have_attribute("data-name", name, timeout=SLOW)
    expect(page.locator(f"{ROWS}[aria-expanded=true]")).to_have_count(1, timeout=SLOW)
    page.focus(f"{ROWS}[tabindex='0']")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"{ROWS}[aria-expanded=true]")).to_have_count(0, timeout=SLOW)


def test_order_flattens_and_says_so_and_a_bad_pattern_is_told(opened):
    page = opened
    page.click("[data-sort='-1'][data-key=relative]")
    expect(page.locator("#layers--note")).to_contain_text("The tree is flat", timeout=SLOW)
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    page.fill("#layers--search", "([")
    expect(page.locator("#layers--note [role=alert]")).to_contain_text("pattern", timeout=SLOW)
    expect(page.locator("#layers--search.wrong[aria-invalid=true]")).to_be_visible(timeout=SLOW)
    page.fill("#layers--search", "^w$")
    expect(page.locator(ROWS)).to_have_count(1, timeout=SLOW)
    page.click("#layers--note [data-sort='']")
    expect(page.locator("#layers--note")).to_contain_text("In the order", timeout=SLOW)
    page.click("#layers--show-sparsity")
    expect(page.locator(".layers-zeros").first).to_be_visible(timeout=SLOW)


@pytest.mark.soak
def test_activations_are_loaded_by_a_job_that_can_be_cancelled(opened, place):
    page, (services, _) = opened, place
    page.click("#layers--show-activations")
    page.click("#layers--load", timeout=SLOW)
    page.click("#layers--cancel", timeout=SLOW)
    page.click("#layers--load", timeout=SLOW)
    expect(page.locator("#layers--status [role=progressbar]")).to_be_visible(timeout=SLOW)
    run_worker(services.settings.data, Hands().open, 0.3, lease_s=2.0)
    expect(page.locator(ROWS).first).to_be_visible(timeout=SLOW)
    expect(page.locator("#layers--load")).to_be_hidden()


@pytest.mark.soak
def test_a_layer_leads_to_its_task_on_the_page_of_the_model(page, place):
    page.goto(place[1] + "/layers?models=1&base=0&layer=w")
    page.click(".run-tools button >> nth=0", timeout=SLOW)
    page.wait_for_url("**/model/**", timeout=SLOW)
    assert "sel=" in page.url
    page.wait_for_selector("#model--page", timeout=SLOW)


def test_from_the_map_to_layers_and_a_model_can_be_left_out(page, place):
    page.goto(place[1] + "?sel=0-1")
    page.click("#experiment--selection a:has-text('Layers')", timeout=SLOW)
    page.wait_for_selector(ROWS, timeout=SLOW)
    page.click(".layers-chip .icon")
    expect(page.locator("#layers--table")).to_contain_text("Choose a model", timeout=SLOW)
