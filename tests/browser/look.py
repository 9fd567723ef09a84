"""The look test: faults of a page that a machine can see.

`examine` opens one scene (page and state) at one size in one scheme and returns findings;
`everything` goes through the matrix.  What is beautiful it cannot tell: that is what the contact
sheet of `make shots` is for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import groupby, product
from typing import Any

from dashboard.ids import Model, Models
from dashboard.urls import DOCKS
from tests.browser.look_rules import INK, RULES, WATCH

SIZES = ("1280x720", "1920x1080")
SCHEMES = ("light", "dark")
STATES = ("10 tasks", "5,000 tasks", "120-character names")
LEAST_INK = 500  # pixels
BLOCKS, TASKS = f"#{Model.GRAPH} canvas", "#model--tasks-canvas"
AXE = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.slice(0, 4).map((n) => [v.id, n.target.join(" "), v.impact + ": "
      + (n.any[0] || n.all[0] || n.none[0] || { message: v.help }).message]));
}"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: where, which rule, on what, what was seen."""

    page: str
    size: str
    scheme: str
    state: str
    rule: str
    element: str
    what: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A page in a state.

    Args:
        page: a key of `PATHS`, "model: scatter", "model: presets", "not found".
        state: "empty" or one of `STATES`.
        query: behind the address of the page.
        ink: selector of the canvases that must show some; "" none.
    """

    page: str
    state: str
    query: str = ""
    ink: str = ""


PATHS = {"models": "", "targets": "/targets", "experiments": "/experiments", "diff": "/diff"}
LISTS = (
    Scene("models", "full"),
    Scene("not found", "empty"),
    Scene("targets", "full"),
    Scene("diff", "full"),
)
EMPTY = (Scene("models", "empty"), Scene("experiments", "empty"))
PAGES = (
    *(
        Scene(f"model: {d}", s, f"?dock={d}", BLOCKS * (d == "graph"))
        for s in STATES
        for d in DOCKS
    ),
    *(Scene("model: all tasks", s, "?show=all", TASKS) for s in STATES),
    *(Scene("model: presets", s, "", BLOCKS) for s in STATES),
    Scene("model: graph", "empty", "?q=no+such+task", BLOCKS),
)


@contextlib.contextmanager
def visitor(browser: Any, size: str, scheme: str) -> Iterator[Any]:
    """A browser context of a size and scheme, as one person has it."""
    width, height = map(int, size.split("x"))
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.add_init_script(WATCH)
    try:
        yield context
    finally:
        context.close()


def examine(context: Any, url: str, scene: Scene) -> list[tuple[str, str, str]]:
    """All faults of one scene as (rule, element, what).

    Args:
        context: of `visitor`.
        url: of the scene's page, without its query.
        scene: what to open there.
    """
    seen: list[tuple[str, str, str]] = []
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("console", lambda m: m.type == "error" and seen.append(("console", "", m.text)))
    page.on("pageerror", lambda e: seen.append(("console", "", str(e))))
    try:
        page.goto(url + scene.query)
        _settle(page, scene)
        seen += faults(page)
        if scene.ink and (ink := page.evaluate(INK, scene.ink)) < LEAST_INK:
            seen.append(("ink", scene.ink, f"{ink} pixels"))
    except Exception as fault:  # a page that cannot be opened is the worst finding
        seen.append(("opens", "", f"{type(fault).__name__}: {str(fault).splitlines()[0]}"))
    finally:
        page.close()
    return seen


def faults(page: Any) -> list[tuple[str, str, str]]:
    """What the rules and the accessibility checker say of a page that stands still."""
    seen = [tuple(found) for found in page.evaluate(RULES)]
    page.evaluate(_axe())
    return seen + [("axe " + rule, e, what) for rule, e, what in page.evaluate(AXE)]


def _axe() -> str:
    """The accessibility checker, as the package bundles it; evaluated, so that CSP has no say."""
    source = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    return f"() => {{ {source}; }}"


def _settle(page: Any, scene: Scene) -> None:
    """Until what loads has loaded, the sheet is open, nothing moves any more."""
    if scene.page.startswith("model:"):
        with contextlib.suppress(Exception):  # then the rules say what is missing
            page.wait_for_selector(f"#{Model.TOTALS} .total:not(:has(.bone))")
            page.wait_for_function("() => !document.querySelector('.graph-wait')?.offsetParent")
            if "q=" not in scene.query:
                page.wait_for_selector(f"#{Model.TABLE} .ag-row")
    elif scene.page == "models":
        page.wait_for_selector(f"#{Models.LIST}")
        page.wait_for_function("() => !document.querySelector('.models-scroll .bone')")
    page.wait_for_load_state("networkidle")
    if scene.page == "model: presets":
        page.click(f"#{Model.OPTIMIZE}")
        page.wait_for_selector(f"#{Model.OFFERS} [data-preset]")
    page.wait_for_timeout(500)


def matrix(
    scenes: Iterable[Scene], sizes: Iterable[str] = SIZES, schemes: Iterable[str] = SCHEMES
) -> Iterator[tuple[Scene, str, str]]:
    """Each scene in each size and scheme; all scenes of a size and scheme stand together."""
    for size, scheme, scene in product(tuple(sizes), tuple(schemes), tuple(scenes)):
        yield scene, size, scheme


def everything(
    browser: Any,
    home: str,
    models: Mapping[str, str],
    cases: Iterable[tuple[Scene, str, str]],
    told: Callable[[str], object] = lambda _: None,
) -> tuple[list[Finding], int]:
    """Findings of all cases, and how many cases there were.

    Args:
        browser: Playwright's.
        home: address of the list of models.
        models: state -> address of the model's page; the first stands in for "empty".
        cases: of `matrix`.
        told: is called with a line a case.
    """
    found: list[Finding] = []
    count = 0
    for (size, scheme), scenes in groupby(cases, key=lambda case: case[1:]):
        with visitor(browser, size, scheme) as context:
            for scene, *_ in scenes:
                url = home + PATHS.get(scene.page, "/model/nowhere")
                if scene.page.startswith("model:"):
                    url = models.get(scene.state) or next(iter(models.values()))
                seen = examine(context, url, scene)
                told(f"{scene.page}, {scene.state}, {size}, {scheme}: {len(seen)}")
                found += [
                    Finding(scene.page, size, scheme, scene.state, rule, element,
                            " ".join(what.split())[:200])
                    for rule, element, what in seen
                ]  # fmt: skip
                count += 1
    return found, count


def grouped(findings: Iterable[Finding]) -> list[str]:
    """One line a fault, with the cases that show it: what a person reads."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for f in findings:
        element = re.sub(r"mantine-\w+|row-index=\"\d+\"", "*", f.element)
        groups.setdefault((f.rule, element), []).append(f)
    lines = []
    for (rule, element), same in sorted(groups.items()):
        said = sorted({f.what for f in same})
        cases = sorted({f"{f.page}, {f.state}, {f.size}, {f.scheme}" for f in same})
        pages = ", ".join(sorted({f.page for f in same}))
        lines.append(f"{rule} | {element} | {'; '.join(said[:3])} | {len(cases)} cases of {pages}; "
                     f"first: {cases[0]}")  # fmt: skip
    return lines
