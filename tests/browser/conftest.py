"""One Chromium for the session, an app, and pages that fail a test on any fault.

Opening a model page takes seconds, using it does not.  `desk("vit")` is a page of that model which
stays open while the tests of a file run; each test finds it put back to how it was opened.  What
needs a page of its own (another address, a reload, a fault) takes `page` and `live`, an app whose
list is empty.  A page records console errors, page errors and answers of 400 and above, and fails
the test that made them unless the test empties `page.faults`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import engine
from dashboard.queries import Services, open_services
from dashboard.serve import listen
from dashboard.settings import Settings
from tests import builders
from tests.browser import steps

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1280, "height": 800}
NETS: dict[str, Callable[[], Any]] = {
    "vit": lambda: builders.vit(blocks=3, size=32, width=32, heads=2),
    "deep": lambda: builders.vit(blocks=6, size=32, width=32, heads=2),
    "long": lambda: builders.vit(blocks=80, size=32, width=16, heads=2),
    "net": builders.residual_net,
}
HOSTILE = "<img src=x onerror=alert(1)>"  # what "net" is called


@cache
def net(name: str) -> bytes:
    """The file of a model of `NETS`."""
    return NETS[name]().SerializeToString()


def pytest_collection_modifyitems(items):
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Live:
    """A running app: its address and what it owns."""

    url: str
    services: Services

    def add(self, body: bytes, name: str = "net") -> str:
        """Put a model into the store without an upload; returns its id."""
        with self.services.store.blobs.incoming() as path:
            path.write_bytes(body)
            graph = engine.read_trusted(body, None, name)
            return self.services.store.add(path, graph, name=name)[0].id


@contextlib.contextmanager
def serve(folder: Path, **settings) -> Iterator[Live]:
    """An app on a data folder, at a free port, in a thread."""
    chosen = Settings(**{"data": folder, "port": 0, "demo": False, "token": False, **settings})
    services = open_services(chosen)
    server = listen(chosen, services)
    thread = threading.Thread(target=server.serve_forever, name="server", daemon=True)
    thread.start()
    try:
        yield Live(f"http://127.0.0.1:{server.port}", services)
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
        services.close()


@pytest.fixture(scope="session")
def serving():
    """`serve`, for tests that share an app."""
    return serve


@pytest.fixture(scope="session")
def one_app(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture
def live(one_app):
    """An app with an empty list.  All tests share its address, and so the browser's cache."""
    for row in one_app.services.store.models():
        one_app.services.store.remove(row.id)
    return one_app


@pytest.fixture(scope="session")
def browser():
    """The one Chromium of the session."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (apt install chromium), or not named in CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def light(browser):
    """The context that most pages share: what one has loaded, the next finds in the cache."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    yield context
    context.close()


def watched(page):
    """The page, with what goes wrong on it in `faults`, and in `asked` what is not yet answered."""
    page.set_default_timeout(30_000)
    page.faults, page.asked = [], set()
    page.on("request", lambda r: "/_dash-update" in r.url and page.asked.add(r))
    page.on("requestfinished", lambda r: page.asked.discard(r))
    page.on("requestfailed", lambda r: page.asked.discard(r))
    page.on("console", lambda m: m.type == "error" and page.faults.append(f"console: {m.text}"))
    page.on("pageerror", lambda e: page.faults.append(f"page error: {e}"))
    page.on(
        "response", lambda r: r.status >= 400 and page.faults.append(f"HTTP {r.status}: {r.url}")
    )
    return page


@pytest.fixture
def new_page(browser, light):
    """Open pages; any fault on one fails the test.

    `new_page(color_scheme="dark")` opens one in a context of its own, as another person would.
    """
    contexts, pages = [], []

    def open_page(**options):
        context = light
        if options:
            shared = {"viewport": SIZE, "reduced_motion": "reduce"}
            context = browser.new_context(**{**shared, **options})
            contexts.append(context)
        pages.append(watched(context.new_page()))
        return pages[-1]

    yield open_page
    faults = [fault for page in pages for fault in page.faults]
    for page in pages:  # most share a context: what one test chose must not reach the next
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear()")
    for opened in (*pages, *contexts):
        opened.close()
    assert faults == []


@pytest.fixture
def page(new_page):
    """One page, light, 1280 × 800."""
    return new_page()


@pytest.fixture(scope="session")
def kept_app(tmp_path_factory):
    """The app of the pages that stay open; its models stay too."""
    with serve(tmp_path_factory.mktemp("kept")) as running:
        yield running


@dataclass
class Desks:
    """The pages that stay open, by what was opened.

    Args:
        context: of the browser.
        app: whose pages they are.
        pages: each with `usual`, its state as it was opened.
    """

    context: Any
    app: Live
    pages: dict[tuple, Any] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def page(self, name: str, query: str, width: int, height: int):
        """The page, opened or put back."""
        key = (name, query, width, height)
        if key in self.pages and self.pages[key].evaluate(steps.ANALYSIS):
            self.app.services.store.remove(self.ids.pop(name))  # what was saved there would stay
            self.close()
        if key not in self.pages:
            if name not in self.ids:
                self.ids[name] = self.app.add(net(name), HOSTILE if name == "net" else name)
            page = watched(self.context.new_page())
            page.set_viewport_size({"width": width, "height": height})
            steps.opened(page, f"{self.app.url}/model/{self.ids[name]}{query}")
            page.usual = page.evaluate(steps.STATE)
            self.pages[key] = page
        return self.pages[key]

    def close(self):
        """Close them; the next test opens them again."""
        for page in self.pages.values():
            page.evaluate("localStorage.clear()")
            page.close()
        self.pages.clear()


@pytest.fixture(scope="module")
def desks(light, kept_app):
    shared = Desks(light, kept_app)
    yield shared
    shared.close()


@pytest.fixture
def desk(desks, request):
    """`desk("vit", dock="scatter")`: an open page of a model, put back, perhaps in another state.

    `query` and `size` are those with which it is opened; other words belong to the state.
    """
    failed, used = request.session.testsfailed, []

    def sit_down(name, query="", size=(SIZE["width"], SIZE["height"]), **state):
        page = desks.page(name, query, *size)
        used.append(page)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        steps.put_back(page, {**page.usual, **state})
        return page

    yield sit_down
    faults = [fault for page in used for fault in page.faults]
    if faults or request.session.testsfailed > failed:  # nobody knows what state they are in
        desks.close()
    assert faults == []
