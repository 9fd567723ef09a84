"""Line 6: the look test's whole matrix, over a served dashboard: `python -m tests.acceptance.look`.

Findings go to shots/findings.md as well, one line a fault.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests import large
from tests.acceptance.browser import chromium, listed, served
from tests.acceptance.shots import FOLDER
from tests.browser import look
from tests.browser.look import Finding, Scene
from tests.builders import residual_net


@dataclass(frozen=True, slots=True)
class Looked:
    """Findings, and of how many cases (page x state x size x scheme)."""

    findings: tuple[Finding, ...]
    cases: int


def measure(
    sizes: tuple[str, ...] = look.SIZES,
    schemes: tuple[str, ...] = look.SCHEMES,
    told: Callable[[str], object] = lambda _: None,
    only: str = "",
) -> Looked:
    """Go through the matrix.

    Args:
        sizes: of the window, "1280x720".
        schemes: "light", "dark".
        told: is called with a line a case.
        only: pages whose name holds this text; "" all.
    """

    def chosen(scenes: tuple[Scene, ...]) -> list[tuple[Scene, str, str]]:
        wanted = [scene for scene in scenes if only in scene.page]
        return list(look.matrix(wanted, sizes, schemes))

    found: list[Finding] = []
    cases = 0
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        places = _models(Path(folder))
        with served() as home:
            findings, count = look.everything(browser, home, {}, chosen(look.EMPTY), told)
            found, cases = found + findings, cases + count
        with served(*places.values()) as home:
            names = listed(home)
            models = {state: names[path.stem] for state, path in places.items()}
            full = chosen((*look.LISTS, *look.PAGES))
            findings, count = look.everything(browser, home, models, full, told)
            found, cases = found + findings, cases + count
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "findings.md").write_text("\n".join(look.grouped(found)) + "\n", "utf-8")
    return Looked(tuple(found), cases)


def _models(folder: Path) -> dict[str, Path]:
    """The file of each state; the one with long names has a long name itself."""
    small = folder / "ten.onnx"
    small.write_bytes(residual_net(5).SerializeToString())
    long = folder / f"{'a_model_whose_name_is_long_'.ljust(large.LONG, 'x')}.onnx"
    long.write_bytes(large.file(large.branched, 60, long=True).read_bytes())
    return dict(zip(look.STATES, (small, large.file(large.branched, 5000), long), strict=True))


if __name__ == "__main__":
    seen = measure(told=lambda line: sys.stderr.write(line + "\n"), only=" ".join(sys.argv[1:]))
    sys.stdout.write("\n".join(look.grouped(seen.findings)) + f"\n{seen.cases} cases\n")
    sys.exit(bool(seen.findings))
