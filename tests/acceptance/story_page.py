"""Stage H, line 1d: the story of the norms once more, by the pages alone.

A user opens Layers of a model that a light pruning ruined, orders them by change, reads what stands
out, presses the remedy, and finds the child on the map.
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.queries import Services, open_services, operate
from dashboard.settings import Settings
from dashboard.urls_layers import LayersView, build
from engine.experiments import Experiment
from tests.acceptance.browser import chromium, open_page, served
from tests.acceptance.line import Line, NotRun, judged
from tests.acceptance.stories import BACK, LOSS, NORMS

LEAD = 5  # rows that must be norms
PATIENCE_S, SLOW = 120.0, 60_000


@dataclass(frozen=True, slots=True)
class Played:
    """What the pages showed.

    Args:
        base, ruined, back: accuracies of the models of the experiment.
        first: names of the rows that lead the table; finding: the first one's sentence.
        errors: console errors and failed requests.
    """

    base: float
    ruined: float
    back: float
    first: tuple[str, ...]
    finding: str
    errors: tuple[str, ...]


def measure() -> Played:
    """Play it in a dashboard of its own, with the experiment that ships."""
    errors: list[str] = []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        data = Path(folder) / "data"
        with served(demo=True, data=data) as url:
            page = open_page(browser, errors, "1600x900")
            id = _shipped(page, url)
            services = open_services(Settings(data=data, port=0, demo=False))
            try:
                return _played(page, url, services, id, errors)
            finally:
                services.close()


def judge(played: Played) -> tuple[Line, ...]:
    """Line 1d."""
    loss = played.base - played.ruined
    share = (played.back - played.ruined) / loss if loss > 0 else 0.0
    norms = [n for n in played.first if ".norm." in n]
    met = (
        loss >= LOSS and share >= BACK and len(norms) == len(played.first) >= LEAD
        and "norms let little through" in played.finding and not played.errors
    )  # fmt: skip
    return (
        judged("1d", "the same by the pages alone: order by change, press what the finding offers",
               f"{100 * played.ruined:.1f} % of {100 * played.base:.1f} %; {len(norms)} of the "
               f"first {len(played.first)} rows are norms; its child {100 * played.back:.1f} %: "
               f"{share:.0%} of the loss",
               f"norms lead, ≥ {BACK:.0%} of a loss ≥ {100 * LOSS:g} points, no error", met,
               (played.finding, *played.errors)),
    )  # fmt: skip


def _shipped(page: Any, url: str) -> str:
    """Id of the experiment that ships; it is there after the first visit."""
    page.goto(f"{url}/experiments")
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{url}/api/experiments", timeout=30) as answer:
            rows = json.load(answer)["experiments"]
        if rows:
            return str(rows[0]["id"])
        page.wait_for_timeout(500)
    raise NotRun("the experiment that ships did not come.")


def _played(page: Any, url: str, services: Services, id: str, errors: list[str]) -> Played:
    row, found = services.experiments.get(id)
    given = {"amount": "10", "scope": NORMS["scope"], "include_norms": True}
    asked = operate.run(services.store, row, found, "base", "prune", given, time=False)
    services.jobs.wake()
    name = (*asked.made, *asked.there)[0]
    ruined = _accuracy(page, services, id, name)
    _, found = services.experiments.get(id)
    view = LayersView(id, (found.rows[name],), found.rows["base"])
    page.goto(url + build(view))
    page.wait_for_selector("tr[data-row]", timeout=SLOW)
    page.click("[data-sort^='-'][data-key=relative]", timeout=SLOW)
    page.wait_for_selector("th[aria-sort=descending]", timeout=SLOW)
    names = page.locator("tr[data-row]").evaluate_all("rows => rows.map(r => r.dataset.name)")
    first = tuple(n for n in names if n.endswith((".weight", ".bias")))[:LEAD]
    card = page.locator(".finding").first
    sentence = card.locator("p").first.inner_text()
    before = set(found.rows)
    card.locator("button.button").first.click()
    end = time.monotonic() + PATIENCE_S
    while not (new := set(services.experiments.get(id)[1].rows) - before):
        if time.monotonic() > end:
            raise TimeoutError("the remedy made no child")
        page.wait_for_timeout(300)
    back = _accuracy(page, services, id, new.pop())
    return Played(_known(services.experiments.get(id)[1], "base"), ruined, back, first, sentence,
                  tuple(errors))  # fmt: skip


def _known(found: Experiment, name: str) -> float:
    return found.models[found.rows[name]].metrics.get("Accuracy") or 0.0


def _accuracy(page: Any, services: Services, id: str, name: str) -> float:
    """Accuracy of a child, once the job has made and judged it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        _, found = services.experiments.get(id)
        if name in found.rows and (value := _known(found, name)):
            return value
        page.wait_for_timeout(300)
    raise TimeoutError(f"{name} was not made in time")
