"""Line 3 of stage I: embeds on a wiki of another site, in a browser that blocks its cookies.

The wiki is at wiki.test and other.test, the product at paredown.test, in local mode with its token
asked for.  A page at cookie.test that needs a cookie is the control: it must fail where cookies are
blocked, and work where they are not.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dashboard.access import Tokens
from dashboard.access.tokens import key_of
from dashboard.ids import Experiment, Model
from dashboard.queries import Services, open_services
from dashboard.serve import listen
from dashboard.settings import Settings
from dashboard.urls_embed import PARTS
from tests.acceptance.browser import CHROMIUM
from tests.acceptance.line import Check, Line, NotRun, judged
from tests.acceptance.shots import FOLDER
from tests.builders import blocks_for, vit
from tests.engine.experiments.forests import generated

COLD, WARM = 2_000_000, 250_000  # bytes on the wire
ON_ONE_PAGE = ("table", "graph", "map")  # the three embeds of the wiki page
NAMES = ("wiki.test", "other.test", "paredown.test", "cookie.test")
COOKIE = """<!DOCTYPE html><p id="told"></p><script>
document.cookie = "seen=1; SameSite=None; Secure";
document.getElementById("told").textContent = document.cookie.includes("seen") ? "kept" : "lost";
</script>"""
DARK = re.compile("not shown here any more")
NO_PAGE = "chrome-error://"
WAIT = 30_000  # ms
Embed = Callable[[str, tuple[str, ...]], str]  # part, sites -> address of a new embed


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened.

    Args:
        drawn: parts of the wiki page whose content came; selects: those where a click, or for the
            map a key, selected.
        cookies: that the product set, over all pages of the run.
        blocked, open: what the control said with cookies of other sites blocked, and without.
        page, site: what became of the normal page in a frame, and of an embed on a site that its
            link does not name: the address of the frame.
        dark, again: what an open embed shows after its link ended and something was pressed, and
            when it is loaded anew.
        cold, warm: bytes on the wire of each part, first and second load.
        plotly: parts that asked for it.
        errors: of the consoles.
    """

    drawn: tuple[str, ...]
    selects: tuple[str, ...]
    cookies: tuple[str, ...]
    blocked: str
    open: str
    page: str
    site: str
    dark: str
    again: str
    cold: dict[str, int]
    warm: dict[str, int]
    plotly: frozenset[str]
    errors: tuple[str, ...]


class Wiki(BaseHTTPRequestHandler):
    """Pages of a wiki: /?src=…&src=… holds a frame for each."""

    def do_GET(self) -> None:
        """Answer the page."""
        told = COOKIE
        if not self.headers.get("Host", "").startswith("cookie.test"):
            sources = parse_qs(urlsplit(self.path).query).get("src", [])
            frames = "".join(
                f'<h2>Figure {k + 1}</h2><iframe src="{s}" width="900" height="420" sandbox='
                '"allow-scripts allow-same-origin allow-popups" style="border:0"></iframe>'
                for k, s in enumerate(sources)
            )
            told = f"<!DOCTYPE html><title>Wiki</title><body><h1>Our model</h1>{frames}</body>"
        body = told.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def _wiki(certificate: Path | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Wiki)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _certificate(folder: Path) -> Path:
    file = folder / "cookie.pem"
    if not shutil.which("openssl"):
        raise NotRun("no openssl on this machine, for the control that needs a secure cookie")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
         "/CN=cookie.test", "-keyout", file, "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + (folder / "cert.pem").read_bytes())
    return file


@contextlib.contextmanager
def _browser(driver: Any, folder: Path, *, blocking: bool, dark: bool = False) -> Iterator[Any]:
    """A browser with a profile of its own, whose settings block the cookies of other sites."""
    path = shutil.which("chromium")
    if not path:
        raise NotRun("no chromium on this machine: apt-get install chromium")
    profile = Path(tempfile.mkdtemp(dir=folder))
    held = {"block_third_party_cookies": blocking, "cookie_controls_mode": int(blocking)}
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps({"profile": held}))
    rules = ", ".join(f"MAP {name} 127.0.0.1" for name in NAMES)
    context = driver.chromium.launch_persistent_context(
        profile, executable_path=path, headless=True, viewport={"width": 1000, "height": 1500},
        color_scheme="dark" if dark else "light", ignore_https_errors=True,
        args=[*CHROMIUM, f"--host-resolver-rules={rules}", "--ignore-certificate-errors"],
    )  # fmt: skip
    try:
        yield context
    finally:
        context.close()


@contextlib.contextmanager
def _product(folder: Path) -> Iterator[tuple[Services, int, Embed]]:
    """A running product: its services, its port, and what makes embeds."""
    settings = Settings(data=folder / "data", port=0, allowed_hosts=("paredown.test",), demo=False)
    services = open_services(settings)
    server = listen(settings, services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        file, tree = folder / "vit.onnx", folder / "tree.json"
        file.write_bytes(vit(blocks_for(300)).SerializeToString())
        tree.write_text(json.dumps(generated(60)))
        added = services.models.add(file, "A transformer", origin="a test")
        model = added[0].id if added else ""
        kept = services.experiments.add(tree, "sixty.json")
        grown = kept[0].id if kept else ""
        signing = Tokens(key_of(settings))

        def embed(part: str, origins: tuple[str, ...]) -> str:
            of_model = part in PARTS["model"]
            kind, id = ("model", model) if of_model else ("experiment", grown)
            view = f"/{'model' if of_model else 'experiments'}/{id}?part={part}&sel=1"
            link = services.store.sharing.link(kind, id, embed=True, view=view, origins=origins)
            root = f"http://paredown.test:{server.port}"
            return f"{root}/embed/{signing.of_link(link.id)}"

        yield services, server.port, embed
    finally:
        server.shutdown()
        server.server_close()
        services.close()


def measure() -> Seen:
    """Put embeds on the wiki, press, revoke, weigh."""
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        secure = held.enter_context(_wiki(_certificate(folder)))
        wiki = held.enter_context(_wiki())
        services, port, embed = held.enter_context(_product(folder))
        driver = held.enter_context(sync_playwright())
        anywhere = (f"http://wiki.test:{wiki}",)
        control = f"http://wiki.test:{wiki}/?src=https://cookie.test:{secure}/"
        with _browser(driver, folder, blocking=False) as browser:
            kept = _said(browser.new_page(), control)
        with _browser(driver, folder, blocking=True) as browser:
            lost = _said(browser.new_page(), control)
            found = _looked(browser, f"http://wiki.test:{wiki}", embed, anywhere, services)
            normal = f"http://paredown.test:{port}/"
            page = _framed(browser.new_page(), f"http://wiki.test:{wiki}/?src={normal}")
            other = f"http://other.test:{wiki}/?src={embed('table', anywhere)}"
            site = _framed(browser.new_page(), other)
            cookies = tuple(c["name"] for c in browser.cookies() if "paredown" in c["domain"])
        with _browser(driver, folder, blocking=True, dark=True) as browser:
            _shown(browser.new_page(), f"http://wiki.test:{wiki}", embed, anywhere, "dark")
        parts = [*PARTS["model"], *PARTS["experiments"]]
        weights = {p: _weighed(driver, folder, embed(p, anywhere)) for p in parts}
    return Seen(
        **found, cookies=cookies, blocked=lost, open=kept, page=page, site=site,
        cold={p: w[0] for p, w in weights.items()}, warm={p: w[1] for p, w in weights.items()},
        plotly=frozenset(p for p, w in weights.items() if w[2]),
    )  # fmt: skip


def _said(page: Any, address: str) -> str:
    """What the control says in its frame."""
    page.goto(address)
    page.wait_for_timeout(1500)
    return str(page.frames[1].locator("#told").text_content(timeout=WAIT))


def _framed(page: Any, address: str) -> str:
    """Where a frame has ended up."""
    page.goto(address)
    page.wait_for_timeout(1500)
    return str(page.frames[1].url)


def _shown(page: Any, wiki: str, embed: Any, origins: Any, name: str) -> list[Any]:
    """The wiki page with its three embeds, drawn and photographed; the frames."""
    addresses = [embed(part, origins) for part in ON_ONE_PAGE]
    page.goto(f"{wiki}/?src={'&src='.join(addresses)}")
    frames: list[Any] = page.frames[1:]
    table, graph, family = frames
    table.wait_for_selector(f"#{Model.TABLE} .ag-row", timeout=WAIT)
    graph.wait_for_selector(f"#{Model.GRAPH_PANE}.drawn", timeout=WAIT)
    family.wait_for_selector(f"#{Experiment.PAGE}[data-answered]", timeout=WAIT)
    page.wait_for_timeout(1500)
    FOLDER.mkdir(exist_ok=True)
    page.screenshot(path=FOLDER / f"wiki-{name}.png", full_page=True)
    return frames


def _looked(
    browser: Any, wiki: str, embed: Any, origins: Any, services: Services
) -> dict[str, Any]:
    """Three embeds on a page: drawn, pressed, and one of them revoked."""
    errors: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda e: errors.append(str(e)))
    frames = _shown(page, wiki, embed, origins, "light")
    before = [_selection(f) for f in frames]
    table, graph, family = frames
    table.locator(".ag-center-cols-container .ag-row").nth(3).click(position={"x": 40, "y": 12})
    x, y = graph.evaluate(
        """() => { const cy = document.getElementById("model--graph")._cyreg.cy;
        const at = cy.nodes().filter((n) => !n.isParent())[2].renderedPosition();
        return [at.x, at.y]; }"""
    )
    graph.locator(f"#{Model.GRAPH_PANE}").click(position={"x": x, "y": y})
    family.locator(f"#{Experiment.MAP}").focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(800)
    selects = [p for p, f, b in zip(ON_ONE_PAGE, frames, before, strict=True) if _selection(f) != b]
    for kind in ("model", "experiment"):
        for row in _objects(services, kind):
            for link in services.store.sharing.links(kind, row):
                services.store.sharing.revoke(link.id)
    table.locator("#model--why-open").click()
    table.wait_for_selector(".embed-none", timeout=WAIT)
    dark = str(table.locator(".embed-none").text_content())
    page.reload()
    page.wait_for_timeout(1500)
    again = str(page.frames[1].locator(".embed-none").text_content(timeout=WAIT))
    page.screenshot(path=FOLDER / "wiki-ended.png")
    return {
        "drawn": ON_ONE_PAGE, "selects": tuple(selects), "dark": dark, "again": again,
        "errors": tuple(errors),
    }  # fmt: skip


def _objects(services: Services, kind: str) -> list[str]:
    store = services.store
    return [r.id for r in (store.models() if kind == "model" else store.experiments.list())]


def _selection(frame: Any) -> str:
    selected = "document.querySelector('.embedded').state.selected"
    return str(frame.evaluate(f"() => JSON.stringify({selected})"))


def _weighed(driver: Any, folder: Path, address: str) -> tuple[int, int, bool]:
    """Bytes of the first and the second load of an embed, and whether it asked for Plotly."""
    with _browser(driver, folder, blocking=True) as browser:
        page = browser.new_page()
        wire = browser.new_cdp_session(page)
        wire.send("Network.enable")
        sizes: list[int] = []
        asked: list[str] = []
        wire.on("Network.loadingFinished", lambda e: sizes.append(int(e["encodedDataLength"])))
        page.on("request", lambda r: asked.append(r.url))
        totals = []
        for _ in range(2):
            sizes.clear()
            page.goto(address)
            page.wait_for_selector(".embed-foot", timeout=WAIT)
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(1500)
            totals.append(sum(sizes))
    return totals[0], totals[1], any("plotly" in url for url in asked)


def judge(seen: Seen) -> tuple[Line, ...]:
    """Compare with what was asked."""
    works = set(seen.selects) == set(seen.drawn) == set(ON_ONE_PAGE) and not seen.errors
    control = (seen.blocked, seen.open) == ("lost", "kept")
    refused = seen.page.startswith(NO_PAGE) and seen.site.startswith(NO_PAGE)
    ended = all(DARK.search(text) for text in (seen.dark, seen.again))
    told, anew = (len(DARK.findall(text)) for text in (seen.dark, seen.again))
    cold, warm = max(seen.cold.values()), max(seen.warm.values())
    plain = seen.plotly <= {"trade", "compare"}
    weights = ", ".join(f"{p} {seen.cold[p] / 1e6:.2f}/{seen.warm[p] / 1e3:.0f}" for p in seen.cold)
    return (
        judged("3a", "three embeds on a wiki page, cookies of other sites blocked",
               f"{len(seen.selects)} of {len(seen.drawn)} drawn select, "
               f"{len(seen.cookies)} cookies set, {len(seen.errors)} errors",
               "3 of 3, none, none", works and not seen.cookies, seen.errors[:3]),
        judged("3b", "a control that needs a cookie", f"{seen.blocked} blocked, {seen.open} not",
               "lost blocked, kept not", control),
        judged("3c", "framing the normal page, and an embed on another site",
               f"frames end at {seen.page[:40]} and {seen.site[:40]}", "both refused", refused),
        judged("3d", "a revoked link", f"told {told} times by the open page, "
               f"{anew} times anew",
               "once each", ended),
        judged("3e", "bytes of an embed, first and second load",
               f"{cold / 1e6:.2f} MB and {warm / 1e3:.0f} kB at most",
               f"{COLD / 1e6:.0f} MB, {WARM / 1e3:.0f} kB, Plotly only where a chart is",
               cold <= COLD and warm <= WARM and plain,
               (f"MB first / kB second: {weights}",
                "weighed as a page of its own: the same requests as in a frame")),
    )  # fmt: skip


CHECK = Check("3", "embeds in other sites", measure, judge)
