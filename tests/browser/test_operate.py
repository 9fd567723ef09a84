"""Operations from the map: asked for by keys, seen at once, models when done; no real worker."""

from __future__ import annotations

import json

import pytest

from dashboard.queries import offspring
from engine.jobs import run_worker
from tests.browser.conftest import serve
from tests.browser.steps import until
from tests.dashboard.test_operate import TREE
from tests.engine.compress.nets import small
from tests.engine.jobs.test_worker import Hands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
SLOW = 20_000  # ms, on a busy machine
PAGE = "document.getElementById('experiment--page')"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """(services, address) of a small experiment whose root has its file; nobody takes its jobs."""
    file = tmp_path_factory.mktemp("operate") / "tree.json"
    file.write_text(json.dumps(TREE))
    with serve(tmp_path_factory.mktemp("live"), jobs=False) as running:
        row, _ = running.services.experiments.add(file, "tree.json")
        store = running.services.store
        offspring.attach_model(store, row, "root", offspring.kept(store, small()), "small")
        yield running.services, f"{running.url}/experiments/{row.id}"


@pytest.fixture
def opened(page, place):
    page.goto(place[1] + "?sel=1")
    page.wait_for_selector("#experiment--page[data-answered]")
    page.focus("#experiment--map")
    page.evaluate(f"{PAGE}.dataset.may = 'viewer'")
    page.keyboard.press("o")
    assert page.locator("#experiment--run").is_hidden()  # who may only look has no button either
    page.evaluate(f"{PAGE}.dataset.may = 'owner'")
    page.keyboard.press("o")
    page.wait_for_selector("#experiment--run-go")
    return page


def test_children_are_asked_for_by_keys_and_become_models(opened, place):
    page, (services, _) = opened, place
    expect(page.locator("#experiment--run h2")).to_contain_text("prune", timeout=SLOW)
    page.fill("#experiment--run-fields input >> nth=0", "60, 80")
    expect(page.locator("#experiment--run-count")).to_have_text("2 children", timeout=SLOW)
    page.focus("#experiment--run-go")
    page.keyboard.press("Enter")
    expect(page.locator("#experiment--run")).to_be_hidden(timeout=SLOW)
    until(page, f"Object.keys({PAGE}.unfinished).length === 2 && {PAGE}.rows.size === 5")
    expect(page.locator(".experiment-identity")).to_contain_text("5 models", timeout=SLOW)
    run_worker(services.settings.data, Hands().open, 0.3, lease_s=2.0)
    until(page, f"Object.keys({PAGE}.unfinished).length === 0")
    _, found = services.experiments.get(place[1].split("/")[-1])
    assert all(m.metrics["Size"] > 0 for m in found.models[3:])
    page.click("#shell--jobs-open")
    expect(page.locator(".jobs-list")).to_contain_text("2 of 2", timeout=SLOW)


def test_escape_closes_the_form_and_focus_goes_back(opened):
    expect(opened.locator("#experiment--run-files")).to_contain_text("1 step", timeout=SLOW)
    opened.keyboard.press("Escape")
    expect(opened.locator("#experiment--run")).to_be_hidden(timeout=SLOW)
    assert opened.evaluate("document.activeElement.id") == "experiment--map"
    assert opened.evaluate(f"{PAGE}.state.selected.length") == 1
