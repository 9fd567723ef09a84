"""A calibration: models of all classes of kernels of a runtime on one machine, as plain arrays.

One file of numpy's compressed format holds it: flat arrays, and one JSON text that says where in
them each class stands, and on what machine, with what runtime, when and how well it was made.
Nothing in it can run code; what does not fit is refused.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from engine.cost.kernel_model import FEATURES, TERMS, KernelModel
from engine.cost.trees import Trees
from engine.cost.work import Floats
from engine.errors import EngineError

VERSION = 1
MAX_BYTES = 20_000_000
_SHIPPED = Path(__file__).parent / "calibrations"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted.

    Args:
        facts: machine, runtime, date, nets, kernels, minutes; and of the networks that were left
            out in turn: median_error, within_5, within_10, within_20 (shares), bias.
        profile_s: what the runtime's own profile adds to each kernel, s.
        call_s: what a call of the runtime takes beside its kernels, s.
        anchor_s: the anchors' time together when it was made, s.
        scale: how much slower the machine is now than it was then, by its anchors.
        classes: class -> model; "" prices what has no class of its own.
    """

    facts: Mapping[str, Any]
    profile_s: float
    call_s: float
    anchor_s: float
    classes: Mapping[str, KernelModel]
    scale: float = 1.0
    source: str = field(default="", compare=False)

    @property
    def error(self) -> float:
        """Median |error| of whole networks that it was not fitted to, as a share."""
        return float(self.facts.get("median_error", math.nan))

    def seconds(self, kernels: pl.DataFrame) -> Floats:
        """Time of each kernel of a runtime, s; NaN where nothing is known of its class.

        What was never measured is priced as the mean of all classes prices it (class "").

        Args:
            kernels: columns of `compile.KERNEL_SCHEMA`.
        """
        out = np.full(kernels.height, np.nan)
        names = kernels["class"].to_numpy()
        columns = {c: kernels[c].to_numpy() for c in kernels.columns
                   if kernels.schema[c] == pl.Float64}  # fmt: skip
        for name in dict.fromkeys(names.tolist()):
            model = self.classes.get(name, self.classes.get(""))
            if model is None:
                continue
            rows = np.flatnonzero(names == name)
            out[rows] = model.seconds({c: v[rows] for c, v in columns.items()}) * self.scale
        return out

    def errors(self, kernels: pl.DataFrame) -> Floats:
        """Median |error| of kernels of each one's class, as a share; NaN where not known."""
        known = {name: model.error for name, model in self.classes.items()}
        return np.array([known.get(name, np.nan) for name in kernels["class"]], np.float64)


def write_calibration(made: Calibration) -> bytes:
    """The file."""
    places, rates, features, thresholds, leaves = {}, [], [], [], []
    for name, model in made.classes.items():
        count, depth = model.trees.feature.shape
        places[name] = [count, depth, model.error, model.count, model.largest]
        rates.append(model.rates)
        features.append(model.trees.feature.ravel())
        thresholds.append(model.trees.threshold.ravel())
        leaves.append(model.trees.leaf.ravel())
    text = json.dumps({
        "version": VERSION, "facts": dict(made.facts), "profile_s": made.profile_s,
        "call_s": made.call_s, "anchor_s": made.anchor_s, "classes": places,
        "terms": list(TERMS), "features": list(FEATURES),
    })  # fmt: skip
    file = io.BytesIO()
    np.savez_compressed(
        file,
        about=np.frombuffer(text.encode(), np.uint8),
        rates=np.array(rates, np.float64),
        feature=np.concatenate(features).astype(np.uint8),
        threshold=np.concatenate(thresholds).astype(np.float32),
        leaf=np.concatenate(leaves).astype(np.float16),
    )
    return file.getvalue()


def read_calibration(data: bytes, source: str = "") -> Calibration:
    """A file that may be broken or made to harm.

    Raises:
        EngineError: not a calibration, or of another edition of the features.
    """
    if len(data) > MAX_BYTES:
        raise _bad(source, "too large")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in
                      ("about", "rates", "feature", "threshold", "leaf")}  # fmt: skip
        about = json.loads(arrays["about"].tobytes())
        if (about["version"], tuple(about["terms"]), tuple(about["features"])) != (
            VERSION, TERMS, FEATURES):  # fmt: skip
            raise EngineError("the calibration is of another edition", source,
                              try_this="paredown calibrate")  # fmt: skip
        return Calibration(
            MappingProxyType(dict(about["facts"])), float(about["profile_s"]),
            float(about["call_s"]), float(about["anchor_s"]), _classes(about, arrays),
            source=source,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, OSError, EOFError, IndexError, zlib.error,
            zipfile.BadZipFile) as error:  # fmt: skip
        raise _bad(source, str(error)[:80]) from error


def _classes(about: Mapping[str, Any], arrays: Mapping[str, Any]) -> Mapping[str, KernelModel]:
    found, at, end = {}, 0, 0
    rates = np.asarray(arrays["rates"], np.float64)
    if arrays["feature"].max(initial=0) >= len(FEATURES) or not np.isfinite(rates).all():
        raise ValueError("columns that are not there")
    for row, (name, (count, depth, error, kernels, largest)) in enumerate(about["classes"].items()):
        count, depth = int(count), int(depth)
        if not (0 <= count <= 5000 and 1 <= depth <= 10):
            raise ValueError("trees of an impossible size")
        asked, leaves = count * depth, count << depth
        trees = Trees(
            arrays["feature"][at : at + asked].astype(np.int16).reshape(count, depth),
            arrays["threshold"][at : at + asked].reshape(count, depth),
            arrays["leaf"][end : end + leaves].astype(np.float32).reshape(count, 1 << depth),
        )
        found[str(name)] = KernelModel(rates[row], trees, float(error), int(kernels),
                                       float(largest))  # fmt: skip
        at, end = at + asked, end + leaves
    return MappingProxyType(found)


def _bad(source: str, found: str) -> EngineError:
    return EngineError("this is not a calibration", source, found=found,
                       try_this="paredown calibrate")  # fmt: skip


def own_folder() -> Path:
    """Where calibrations of this machine are kept, by the XDG base directory specification."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local/share"
    return base / "paredown" / "calibrations"


def calibration_file(target: str) -> Path | None:
    """The file for a target: the user's own, else the one that ships; None without any."""
    for folder in (own_folder(), _SHIPPED):
        path = folder / f"{target}.npz"
        if path.is_file():
            return path
    return None


def calibration(target: str) -> Calibration | None:
    """The calibration of a target, None when it has none that can be read."""
    path = calibration_file(target)
    if path is None:
        return None
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except (OSError, EngineError):
        return None


@lru_cache(maxsize=4)
def _loaded(path: Path, changed: int) -> Calibration:
    return read_calibration(path.read_bytes(), path.name)
