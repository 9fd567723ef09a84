"""Line 7: pictures of every page and state, for a person to look at: `make shots`.

What a machine can tell is told: how many there are, that none is blank, that no console had an
error.  What is beautiful or clear it cannot tell.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.ids import Model, Models
from dashboard.urls import DOCKS
from tests import large
from tests.acceptance import corpus
from tests.acceptance.browser import NODES, chromium, listed, open_page, ready, served
from tests.acceptance.line import NotRun
from tests.builders import blocks_for, vit

FOLDER = Path(__file__).parents[2] / "shots"
ROW = f"#{Model.TABLE} .ag-center-cols-container .ag-row"

# Colours of the picture shrunk to 160x100: a blank page has a handful.
COLOURS = """async (data) => {
  const blob = await (await fetch("data:image/png;base64," + data)).blob();
  const image = await createImageBitmap(blob), canvas = new OffscreenCanvas(160, 100);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, 160, 100);
  return new Set(new Uint32Array(context.getImageData(0, 0, 160, 100).data.buffer)).size;
}"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    Args:
        colours: different ones in the picture shrunk to 160x100.
        errors: of the console, of requests, of the steps before it.
    """

    name: str
    colours: int
    errors: tuple[str, ...]


Step = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """A page in a state: what to open, in which window, what to do before the picture.

    Without a model it is the list, or the page that the query says.
    """

    name: str
    model: str = ""
    query: str = ""
    size: str = "1440x900"
    dark: bool = False
    steps: tuple[Step, ...] = ()


def settled(page: Any) -> None:
    """Fonts, transitions and the graph's camera are done."""
    page.wait_for_timeout(700)


def upload_broken(page: Any) -> None:
    """Drop a web page where a model is asked for."""
    broken = {"name": "model.onnx", "mimeType": "", "buffer": b"<!doctype html><p>Not found"}
    with page.expect_file_chooser() as chooser:
        page.click(f"#{Models.CHOOSE}")
    chooser.value.set_files([broken])
    page.wait_for_selector(f"#{Models.UPLOADS}:has-text('not an ONNX file')")


def open_presets(page: Any) -> None:
    """Open the table of presets."""
    page.click(f"#{Model.OPTIMIZE}")
    page.wait_for_selector(f"#{Model.OFFERS} [data-preset]")


def apply_preset(page: Any) -> None:
    """Open it and apply int8."""
    open_presets(page)
    page.click(f"#{Model.OFFERS} [data-preset='int8']")
    page.wait_for_selector(f"#{Model.TOTALS} .change")


def select_rows(page: Any) -> None:
    """Select four rows, as a person does: click, shift-click."""
    page.locator(ROW).nth(1).click(position={"x": 40, "y": 12})
    page.locator(ROW).nth(4).click(position={"x": 40, "y": 12}, modifiers=["Shift"])


def search(page: Any) -> None:
    """Filter by text."""
    page.fill(f"#{Model.SEARCH}", "conv")


def open_columns(page: Any) -> None:
    """Open the menu of columns."""
    page.click("#model--columns-open")
    page.wait_for_selector(".column-list")


def come_closer(page: Any) -> None:
    """Turn the wheel over the drawing of all tasks until boxes have names."""
    page.wait_for_selector(f"#{Model.TASKS_CANVAS}[data-drawn]")
    box = page.locator(f"#{Model.TASKS_CANVAS}").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    for _ in range(10):
        page.mouse.wheel(0, -160)
        page.wait_for_timeout(30)


BRANCHED = "branched_5000"
UNET, DIGITS, VIT, LLAMA = "U-Net", "Digits CNN", "vit_1000_tasks", "llama_36l_10k_nodes"
EMPTY = (
    Scene("models-empty"),
    Scene("models-empty-dark", dark=True),
    Scene("models-failed-upload", steps=(upload_broken,)),
)
FULL = (
    Scene("models"),
    Scene("models-dark", dark=True),
    Scene("models-1280", size="1280x800"),
    Scene("models-1920", size="1920x1080"),
    Scene("unet", UNET),
    Scene("unet-dark", UNET, dark=True),
    Scene("unet-1280", UNET, size="1280x800"),
    Scene("unet-1920", UNET, size="1920x1080"),
    Scene("unet-presets", UNET, steps=(open_presets,)),
    Scene("unet-preset-applied", UNET, steps=(apply_preset,)),
    Scene("unet-preset-applied-dark", UNET, "?preset=int8", dark=True),
    Scene("unet-selection", UNET, steps=(select_rows,)),
    Scene("unet-filter", UNET, steps=(search,)),
    Scene("unet-columns", UNET, steps=(open_columns,)),
    Scene("unet-microcontroller", UNET, "?target=stm32h7"),
    Scene("digits", DIGITS),
    Scene("thousand-tasks", VIT),
    Scene("thousand-tasks-selection-dark", VIT, dark=True, steps=(select_rows,)),
    Scene("llama", LLAMA),
    Scene("llama-preset", LLAMA, "?preset=int8"),
    Scene("no-such-model", "nowhere"),
    *(Scene(f"unet-{dock}", UNET, f"?dock={dock}") for dock in DOCKS[1:]),
    *(Scene(f"unet-{dock}-dark", UNET, f"?dock={dock}", dark=True) for dock in DOCKS[1:]),
    Scene("unet-right", UNET, "?dir=right"),
    *(Scene(f"thousand-tasks-{dock}", VIT, f"?dock={dock}") for dock in DOCKS[1:]),
    Scene("thousand-tasks-all", VIT, "?show=all"),
    Scene("thousand-tasks-all-dark", VIT, "?show=all", dark=True),
    Scene("thousand-tasks-all-near", VIT, "?show=all", steps=(come_closer, select_rows)),
    Scene("thousand-tasks-right", VIT, "?show=all&dir=right"),
    Scene("thousand-tasks-scatter-selection", VIT, "?dock=scatter", steps=(select_rows, search)),
    Scene("five-thousand-tasks", BRANCHED),
    Scene("five-thousand-tasks-all", BRANCHED, "?show=all"),
    Scene("five-thousand-tasks-all-1920-dark", BRANCHED, "?show=all", "1920x1080", True),
    Scene("llama-all", LLAMA, "?show=all"),
    Scene("llama-timeline", LLAMA, "?dock=timeline"),
    Scene("llama-composition", LLAMA, "?dock=composition"),
)


def measure(
    folder: Path = FOLDER, empty: tuple[Scene, ...] = EMPTY, full: tuple[Scene, ...] = FULL
) -> tuple[Shot, ...]:
    """Take the pictures into a folder; the llama only when its file is there.

    Args:
        folder: made when it is not there.
        empty: scenes of a dashboard without models.
        full: scenes of one with the demo and the models that they name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        models = []
        if any(scene.model == VIT for scene in full):
            models.append(Path(place) / f"{VIT}.onnx")
            models[0].write_bytes(vit(blocks_for(NODES)).SerializeToString())
        if any(scene.model == BRANCHED for scene in full):
            models.append(large.file(large.branched, 5000))
        if any(scene.model == LLAMA for scene in full):
            try:
                models += [p for p in corpus.exports() if LLAMA in p.name]
            except NotRun:
                full = tuple(scene for scene in full if scene.model != LLAMA)
        with served() as url:
            shots = [_shot(browser, scene, {"": url}, folder) for scene in empty]
        with served(*models, demo=True) as url:
            places = {"": url, "nowhere": f"{url}/model/nowhere"}
            for scene in full:  # the first look at the list adds the demo models
                places |= {} if scene.model in places else dict(_found(url, full))
                shots.append(_shot(browser, scene, places, folder))
        _sheet(browser, folder, [shot.name for shot in shots if shot.colours])
    return tuple(shots)


def _sheet(browser: Any, folder: Path, names: list[str]) -> None:
    """All pictures on one, small, with their names: contact.png."""
    page = browser.new_page(viewport={"width": 1840, "height": 900})
    cells = [
        "<figure><img src='data:image/png;base64,"
        f"{base64.b64encode((folder / f'{name}.png').read_bytes()).decode()}'>"
        f"<figcaption>{name}</figcaption></figure>"
        for name in names
    ]
    style = "body{margin:8px;display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start;"
    style += "background:#889;font:13px sans-serif}figure{margin:0}img{width:446px;display:block}"
    page.set_content(f"<style>{style}</style>{''.join(cells)}")
    page.screenshot(path=folder / "contact.png", full_page=True)
    page.close()


def _found(url: str, scenes: tuple[Scene, ...]) -> Iterator[tuple[str, str]]:
    """Addresses of the scenes' models; the list knows them by the names it gave them."""
    for name, address in listed(url).items():
        for wanted in {scene.model for scene in scenes} - {"", "nowhere"}:
            if name.replace("_", " ").casefold() == wanted.replace("_", " ").casefold():
                yield wanted, address


def _shot(browser: Any, scene: Scene, places: dict[str, str], folder: Path) -> Shot:
    errors: list[str] = []
    page = open_page(browser, errors, scene.size, scene.dark)
    colours = 0
    try:
        page.goto(places[scene.model] + scene.query)
        if scene.model and scene.model != "nowhere":
            ready(page)
            if "show=all" in scene.query:
                page.wait_for_selector(f"#{Model.TASKS_CANVAS}[data-drawn]")
        elif not scene.model and not scene.query:
            page.wait_for_selector(f"#{Models.LIST}")
            page.wait_for_timeout(1000)
            page.wait_for_function("() => !document.querySelector('.models-scroll .bone')")
        settled(page)
        expected = len(errors)
        for step in scene.steps:
            step(page)
        if upload_broken in scene.steps:  # the refusal is a 400, and the browser says so
            del errors[expected:]
        settled(page)
        picture = page.screenshot(path=folder / f"{scene.name}.png")
        blank = browser.new_page()
        colours = int(blank.evaluate(COLOURS, base64.b64encode(picture).decode()))
        blank.close()
    except Exception as fault:  # a picture that could not be taken is what line 7 looks for
        errors.append(f"{type(fault).__name__}: {str(fault).splitlines()[0]}")
    finally:
        page.context.close()
    return Shot(scene.name, colours, tuple(errors))


if __name__ == "__main__":
    for shot in measure():
        trouble = "".join(f"\n    {error}" for error in shot.errors)
        sys.stdout.write(f"{shot.name:<32}{shot.colours:6d} colours{trouble}\n")
