"""Line 1: what a newcomer sees: a clone, an empty HOME, and one command."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.line import NotRun

ROOT = Path(__file__).parents[2]
KEPT = ("PIP_", "SSL_", "REQUESTS_CA", "CURL_CA", "HTTP", "http", "no_proxy", "NO_PROXY")
LIMIT = 1800.0


@dataclass(frozen=True, slots=True)
class Fresh:
    """Wall seconds from the command to the page, and of the tests; statuses.

    Args:
        page_s: until the page answers; None when it never did.
        again_s: the same once everything is installed; None when it never did.
        tests: what failed, and the closing lines.
    """

    page_s: float | None
    again_s: float | None
    test_s: float
    test_status: int
    tests: tuple[str, ...]


def measure() -> Fresh:
    """Clone twice: `make run` until the page answers, then `make test` in the other.

    Raises:
        NotRun: FRESH is not set; it takes minutes.
    """
    if os.environ.get("FRESH") != "1":
        raise NotRun("takes minutes: FRESH=1 make accept")
    with tempfile.TemporaryDirectory() as folder:
        first = _clone(Path(folder) / "run")
        page_s = _until_page(first)
        again_s = _until_page(first) if page_s is not None else None
        second = _clone(Path(folder) / "test")
        start = time.monotonic()
        done = subprocess.run(
            ["make", "test"], cwd=second, env=_environment(second), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        rows = [row for row in done.stdout.splitlines() if row.strip()]
        test_s = time.monotonic() - start
    told = [row for row in rows if row.startswith(("FAILED", "ERROR"))][:20]
    return Fresh(page_s, again_s, test_s, done.returncode, (*told, *rows[-2:]))


def _clone(place: Path) -> Path:
    subprocess.run(["git", "clone", "-q", str(ROOT), str(place)], check=True)
    (place.with_name(place.name + "-home")).mkdir()
    return place


def _environment(place: Path) -> dict[str, str]:
    """Nothing of ours but where packages come from; pip's settings are the machine's."""
    home = place.with_name(place.name + "-home")
    settings = Path.home() / ".config" / "pip" / "pip.conf"
    if settings.is_file() and not (home / ".config").exists():
        (home / ".config" / "pip").mkdir(parents=True)
        shutil.copy(settings, home / ".config" / "pip")
    kept = {k: v for k, v in os.environ.items() if k.startswith(KEPT)}
    path = f"{Path(sys.base_prefix) / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin"
    return {**kept, "HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "TERM": "dumb"}


def _until_page(place: Path) -> float | None:
    """Seconds from `make run` to the first page, None when the command ended or time ran out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.monotonic()
    server = subprocess.Popen(
        ["make", "run", f"ARGS=--port {port}"], cwd=place, env=_environment(place),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        while server.poll() is None and time.monotonic() - start < LIMIT:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    if answer.status == 200 and answer.read():
                        return time.monotonic() - start
            except OSError:
                time.sleep(0.1)
        return None
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
