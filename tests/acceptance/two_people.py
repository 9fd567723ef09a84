"""Stage I, line 2: two people in two browsers share, fork, meet in a save, revoke, transfer, leave.

The app runs in proxy mode; each browser sends the name of its person as the proxy would.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

import engine
from dashboard.app import create_app
from dashboard.ids import Model
from dashboard.queries import open_services
from dashboard.settings import Settings
from engine.store import Principal, act_as
from tests import builders
from tests.acceptance.browser import chromium, open_page, ready
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.shots import FOLDER

SECRET, KEY = "p" * 40, "k" * 40
LEAST = 8  # pictures
NAME, NOTHING = "Plan", "There is nothing at this address"


@dataclass
class Flow:
    """What was done.

    Args:
        steps: (what, whether it came out as it should), in order.
        shots: pictures that were taken.
        errors: of the consoles.
    """

    steps: list[tuple[str, bool]] = field(default_factory=list)
    shots: list[Path] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextlib.contextmanager
def hosted() -> Iterator[tuple[str, str]]:
    """(address, path of ana's model) of an app in proxy mode, which bob has been to."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder), access="proxy", trusted_proxies=("127.0.0.1",), demo=False,
            proxy_secret=SECRET, secret=KEY, jobs=False,
        )  # fmt: skip
        services = open_services(settings)
        file = Path(folder) / "net.onnx"
        file.write_bytes(builders.vit(2).SerializeToString())
        with act_as(Principal("ana")):
            graph = engine.read_trusted(file.read_bytes(), None, "vit")
            row, _ = services.store.add(file, graph, name="vit")
        app = create_app(settings, services)
        server = make_server("127.0.0.1", 0, app.server, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", f"/model/{row.id}"
        finally:
            server.shutdown()
            services.close()


def person(browser: Any, name: str, errors: list[str], dark: bool = False) -> Any:
    """A page of somebody's own browser."""
    page = open_page(browser, errors, "1600x900", dark)
    page.context.set_extra_http_headers({"X-Forwarded-User": name, "X-Proxy-Secret": SECRET})
    return page


def state(page: Any) -> str:
    """What the header says of the analysis: its name, how it is kept, whose it is."""
    ids = (Model.ANALYSES_NAME, Model.ANALYSES_STATE, Model.WHOSE)
    return " · ".join(page.text_content(f"#{id}") for id in ids)


def until(page: Any, found: Callable[[], bool]) -> bool:
    """Whether something comes true within some seconds."""
    for _ in range(100):
        with contextlib.suppress(Exception):  # a page on its way to another
            if found():
                return True
        page.wait_for_timeout(200)
    return False


def preset(page: Any, which: int) -> None:
    """Apply one of the presets that can be applied."""
    page.click(f"#{Model.OPTIMIZE}")
    page.wait_for_selector(".offers button[data-preset]")
    page.locator(".offers button[data-preset]:enabled").nth(which).click()
    page.wait_for_timeout(1200)


def save(page: Any, name: str, act: str = "checkpoint") -> None:
    """Save under a name, in the sheet of analyses."""
    page.click(f"#{Model.ANALYSES}")
    page.wait_for_selector(f"#{Model.ANALYSES_SHEET}:not([hidden])")
    page.fill(f"#{Model.CHECKPOINT_NAME}", name)
    page.click(f".save-form [data-act={act}]")


def share(page: Any) -> None:
    """Open the sheet."""
    page.click(".share-open")
    page.wait_for_selector(".share-parts")
    page.wait_for_timeout(400)


def give(page: Any, name: str, role: str) -> bool:
    """Share with somebody."""
    form = ".share-form:has([data-shareact=grant])"
    page.fill(f"{form} input", name)
    page.select_option(f"{form} select[name=role]", role)
    page.click(f"{form} [data-shareact=grant]")
    return until(page, lambda: page.query_selector(f"[data-grantee='user:{name}']") is not None)


def measure(folder: Path = FOLDER / "team") -> Flow:
    """Play the whole flow; a step that fails stops it, and is the last one told.

    Raises:
        NotRun: no Chromium here.
    """
    flow = Flow()
    folder.mkdir(parents=True, exist_ok=True)
    with hosted() as (url, model), chromium() as browser:
        ana = person(browser, "ana", flow.errors)
        bob = person(browser, "bob", flow.errors, dark=True)

        def shot(page: Any, name: str) -> None:
            page.wait_for_timeout(500)
            flow.shots.append(folder / f"{len(flow.shots) + 1}-{name}.png")
            page.screenshot(path=flow.shots[-1])

        def step(what: str, good: bool) -> None:
            flow.steps.append((what, good))
            if not good:
                shot(ana, "stopped-ana")
                shot(bob, "stopped-bob")
                raise StopIteration

        with contextlib.suppress(StopIteration):
            _play(ana, bob, url, model, step, shot)
    flow.errors = [e for e in flow.errors if "404" not in e]  # what is gone answers so
    return flow


STEPS = 17


def _play(
    ana: Any, bob: Any, url: str, model: str, step: Callable[[str, bool], None],
    shot: Callable[[Any, str], None],
) -> None:  # fmt: skip
    def absent(page: Any, address: str) -> bool:
        page.goto(address)
        return until(page, lambda: NOTHING in page.inner_text("body"))

    step("what is not shared is not there", absent(bob, url + model))
    ana.goto(url + model)
    ready(ana)
    preset(ana, 0)
    save(ana, NAME, "create")
    step("ana begins an analysis", until(ana, lambda: state(ana).startswith(NAME)))
    save_as = until(ana, lambda: "analysis=" in ana.url)
    plan = ana.url
    ana.click(f"#{Model.ANALYSES}")
    share(ana)
    shot(ana, "share-sheet")
    step("ana shares it: bob can fork", save_as and give(ana, "bob", "forker"))
    bob.goto(url)
    listed = until(bob, lambda: "Analyses shared with you" in bob.inner_text("body"))
    shot(bob, "shared-with-me")
    step("it is in bob's list, with whose it is", listed and "ana’s" in bob.inner_text("body"))
    bob.goto(plan)
    ready(bob)
    step("bob's page says what he may do", state(bob).endswith("ana’s · you can fork"))
    preset(bob, 2)
    step("his edits are not kept in hers", until(bob, lambda: "fork to keep" in state(bob)))
    shot(bob, "fork-to-keep")
    save(bob, "Bobs", "create")
    step("bob forks", until(bob, lambda: state(bob).startswith("Bobs · ")))
    shot(bob, "fork")
    ana.select_option("select[data-grantee='user:bob']", "editor")
    ana.wait_for_timeout(1500)
    ana.keyboard.press("Escape")
    bob.goto(plan)
    ready(bob)
    step("ana lets bob edit", until(bob, lambda: "you can edit" in state(bob)))
    preset(ana, 1)
    save(ana, "by ana")
    step("ana saves first", until(ana, lambda: "by ana" in state(ana)))
    preset(bob, 3)
    save(bob, "by bob")
    dialog = f"#{Model.MEANWHILE}[open]"
    met = until(bob, lambda: "ana saved “by ana”" in bob.inner_text(dialog))
    shot(bob, "saved-meanwhile")
    step("bob is told before he saves over it", met)
    here = bob.evaluate("document.activeElement.dataset.act")
    bob.keyboard.press("Enter")
    forked = until(bob, lambda: state(bob).startswith(f"Fork of {NAME}"))
    step("his goes on as a fork, the nearest choice", here == "mine" and forked)
    shot(bob, "saved-as-fork")
    ana.click(f"#{Model.ANALYSES}")
    share(ana)
    ana.click("[data-shareact=link]")
    made = until(ana, lambda: ana.query_selector("[data-shareact=revoke]") is not None)
    link = ana.get_attribute(".share-link [data-shareact=copy]", "data-path") if made else ""
    ana.click("[data-shareact=take]")
    gone = until(ana, lambda: ana.query_selector("[data-shareact=take]") is None)
    shot(ana, "link")
    step("ana takes bob's right away and makes a link", made and gone)
    step("without it there is nothing there", _lost(bob, plan))
    bob.goto(url + str(link))
    ready(bob)
    step("the link opens it for bob", until(bob, lambda: "you can view" in state(bob)))
    shot(bob, "through-the-link")
    ana.click("[data-shareact=revoke]")
    ended = until(ana, lambda: "1 link that ended" in ana.inner_text(".share-parts"))
    step("revoked, it is dead at once", ended and absent(bob, url + str(link)))
    shot(bob, "revoked")
    ana.click("[data-choice='share--of'][data-value=model]")
    until(ana, lambda: ana.get_attribute("#share--of-model", "aria-pressed") == "true")
    ana.click(".share-transfer summary")
    ana.fill(".share-transfer input", "bob")
    ana.click("[data-shareact=transfer]")
    shot(ana, "transfer-asks")
    ana.click("[data-shareact=transfer]")
    step("ana gives the model to bob", until(ana, lambda: "bob" in ana.inner_text(".share-parts")))
    shot(ana, "transferred")
    ana.click("[data-shareact=leave]")
    ana.click("[data-shareact=leave]")
    left = until(ana, lambda: ana.url.rstrip("/") == url)
    step("ana leaves it", left and absent(ana, url + model))
    shot(ana, "left")


def _lost(page: Any, address: str) -> bool:
    """Whether an analysis cannot be opened any more: the page shows no name of it."""
    page.goto(address)
    return until(page, lambda: NOTHING in page.inner_text("body") or NAME not in state(page))


def judge(found: Flow) -> tuple[Line, ...]:
    """All steps, and pictures of them that were looked at."""
    done = sum(good for _, good in found.steps)
    met = done == STEPS == len(found.steps) and len(found.shots) >= LEAST and not found.errors
    notes = [f"{'done' if good else 'NOT DONE'}: {what}" for what, good in found.steps]
    return (
        judged(
            "2", "two browsers, two people: share, fork, conflict, revoke, transfer, leave",
            f"{done} of {STEPS} steps, {len(found.shots)} pictures, {len(found.errors)} errors",
            f"{STEPS} of {STEPS}, at least {LEAST} pictures, no error", met,
            [*notes, *found.errors[:5]],
        ),
    )  # fmt: skip


CHECK = Check("2", "two people in two browsers", measure, judge)
