"""One Chromium for the session; a live app for each test; a page that fails on any fault.

`serving` starts an app on any data folder (for tests that share one), `live` starts one on an
empty folder, `page` records console errors, page errors and answers of 400 and above, and fails
the test that made them unless the test empties `page.faults`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import engine
from dashboard.queries import Services, open_services
from dashboard.serve import listen
from dashboard.settings import Settings

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
    chosen = Settings(**{"data": folder, "port": 0, "demo": False, **settings})
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
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.faults = []
        page.on("console", lambda m: m.type == "error" and page.faults.append(f"console: {m.text}"))
        page.on("pageerror", lambda e: page.faults.append(f"page error: {e}"))
        page.on(
            "response",
            lambda r: r.status >= 400 and page.faults.append(f"HTTP {r.status}: {r.url}"),
        )
        pages.append(page)
        return page

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
