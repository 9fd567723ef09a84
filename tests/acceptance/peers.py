"""Netron and Model Explorer on the same raw files in the same Chromium: when is there a graph?

Each gets a process of its own a file, because Netron's server keeps one model a process, and a
browser of its own, as the page of ours does.  The clock runs from navigation (their servers are
already up) to the second frame after the drawing is there; what they draw is theirs to choose:
Model Explorer shows a collapsed box, Netron all nodes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.browser import chromium
from tests.acceptance.line import NotRun

LIMIT_S = 100.0
# WebGL without a graphics card, for all in this comparison
ARGUMENTS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PEERS = {"Netron": "netron", "Model Explorer": "model_explorer"}

# What says that a graph is drawn; evaluated every frame.
DRAWN = {
    "Netron": "document.querySelector('.node') && !document.body.className.includes('spinner')",
    "Model Explorer": "document.querySelector('canvas') && document.body"
    " && !/Processing graph|Loading|Converting/.test(document.body.innerText)",
}
# Netron replaces eval, which the driver needs, so it is pinned.
WATCH = """(() => {
  const kept = window.eval;
  Object.defineProperty(window, "eval", { get: () => kept, set() {} });
  const look = () => (%s) ? requestAnimationFrame(() => requestAnimationFrame(() => {
    window.inked = performance.now();
  })) : requestAnimationFrame(look);
  requestAnimationFrame(look);
})()"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One file in one peer.

    Args:
        ink_s: from navigation to the graph; None: not within `LIMIT_S`.
        said: what went wrong, or what it shows.
    """

    name: str
    ink_s: float | None
    said: str = ""


def installed() -> None:
    """Whether the peers are here.

    Raises:
        NotRun: a peer is not installed.
    """
    absent = [name for name, module in PEERS.items() if not importlib.util.find_spec(module)]
    if absent:
        raise NotRun(f"not installed: {', '.join(absent)} (the `peers` extra; `make peers`)")


def measure(file: Path) -> tuple[Peer, ...]:
    """Open a file in each peer, one after the other."""
    installed()
    return tuple(_one(name, file) for name in PEERS)


def _one(name: str, file: Path) -> Peer:
    try:
        with served(name, file) as url, chromium(ARGUMENTS) as browser:
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.context.add_cookies([{"name": "consent", "value": "1", "url": url}])
            page.context.add_init_script(WATCH % DRAWN[name])
            page.route("**/*", loopback)
            page.goto(url, wait_until="commit")
            return Peer(name, _inked(page))
    except Exception as fault:  # a peer that fails has no graph, and that is its figure
        return Peer(name, None, f"{type(fault).__name__}: {str(fault).splitlines()[0][:160]}")


def loopback(route: Any) -> None:
    host = urllib.parse.urlparse(route.request.url).hostname
    if host in {"127.0.0.1", None}:
        route.continue_()
    else:
        route.abort()


def _inked(page: Any) -> float | None:
    """Seconds to ink; the page may be too busy to answer, which is an answer too."""
    with contextlib.suppress(Exception):
        page.wait_for_function("() => window.inked", timeout=1e3 * LIMIT_S, polling=100)
        return float(page.evaluate("() => window.inked")) / 1e3
    return None


@contextlib.contextmanager
def served(name: str, file: Path | None) -> Iterator[str]:
    """The address at which a peer shows a file, or Netron its first page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    if name == "Netron":
        program = (
            "import netron, sys; "
            "netron.start(sys.argv[1] or None, ('127.0.0.1', int(sys.argv[2])), browse=False); "
            "netron.wait()"
        )
        words = [sys.executable, "-c", program, str(file or ""), str(port)]
    else:
        words = [sys.executable, "-m", "model_explorer", "--host", "127.0.0.1", "--port", str(port),
                 "--no_open_in_browser", "--skip_health_check",
                 "--extensions", "model_explorer_onnx"]  # fmt: skip
        shown = {"models": [{"url": str(file), "adapterId": "onnx_adapter"}]}
        url += "?data=" + urllib.parse.quote(json.dumps(shown))
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(url.split("?")[0])
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError("its server did not answer")
