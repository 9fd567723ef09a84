"""Compared layers as bytes: arrays of equal columns, a row a layer, compressed; no pickle.

What was found of them is JSON.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from engine.behaviors import Finding, Remedy
from engine.compress import Figure
from engine.errors import EngineError
from engine.layers.comparing import Compared, Layer
from engine.layers.sums import BINS, Sums

_COUNTS = ("count", "bad", "zeros", "base_zeros", "both_zeros", "flips")
_REALS = ("size", "square", "base_size", "base_square", "gap", "gap_square", "product", "low",
          "high")  # fmt: skip
MOST = 512 << 20  # bytes that they may become


def pack(compared: Compared) -> bytes:
    """Compared layers as the bytes of an NPZ file."""
    layers = compared.layers
    told = {
        "names": [[one.name, one.module, one.role] for one in layers],
        "only_base": compared.only_base, "only_model": compared.only_model,
        "notes": compared.notes,
    }  # fmt: skip
    bins = [one.sums.bins for one in layers]
    none = np.zeros(0, np.int64)
    file = io.BytesIO()
    arrays: dict[str, Any] = {
        f"{kind}_{name}": np.array([getattr(getattr(one, kind), name) for one in layers])
        for kind in ("sums", "overall")
        for name in ("edges", "table", "own")
    }
    np.savez_compressed(
        file,
        told=np.frombuffer(json.dumps(told).encode(), np.uint8),
        sizes=np.array([[one.size] for one in layers], np.int64),
        sampled=np.array([one.sampled for one in layers], np.float64),
        counts=np.array([[getattr(one.sums, n) for n in _COUNTS] for one in layers], np.int64),
        reals=np.array([[getattr(one.sums, n) for n in _REALS] for one in layers], np.float64),
        bit_ends=np.cumsum([len(b) for b in bins], dtype=np.int64),
        bit_at=np.concatenate([none, *bins]).astype(np.int16),
        bit_count=np.concatenate([none, *(one.sums.bits for one in layers)]),
        **arrays,
    )
    return file.getvalue()


def unpack(body: bytes) -> Compared:
    """What `pack` made.

    Raises:
        EngineError: it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as held:
            if sum(i.file_size for i in held.infolist()) > MOST:
                raise ValueError("too large")
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            return _compared({name: file[name] for name in file.files})
    except (ValueError, KeyError, IndexError, TypeError, OSError, EOFError, zipfile.BadZipFile,
            zlib.error) as error:  # fmt: skip
        raise EngineError(
            "what was kept of these layers is damaged", "layers", try_this="loading them again"
        ) from error


def tell(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON has them; a figure that is not a number is None there."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(k): plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return [plain(asdict(one)) for one in found]


def heard(told: Any) -> tuple[Finding, ...]:
    """What `tell` made; what is none of it is left out."""
    found = []
    for one in told if isinstance(told, list) else ():
        try:
            known: list[dict[str, Any]] = [
                {n: math.nan if v is None else v for n, v in f.items()} for f in one["figures"]
            ]
            figures = tuple(Figure(**f) for f in known)
            remedy, second = _remedy(one["remedy"]), _remedy(one.get("second"))
            each = {n: math.nan if v is None else v for n, v in one["each"].items()}
            found.append(Finding(one["kind"], tuple(one["where"]), figures, one["sentence"],
                                 remedy, each, second))  # fmt: skip
        except (KeyError, TypeError, AttributeError, ValueError):
            continue
    return tuple(found)


def _remedy(told: Any) -> Remedy | None:
    """A remedy as JSON has it."""
    if told is None:
        return None
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in told["values"].items()}
    then = tuple((str(id), dict(v)) for id, v in told.get("then", ()))
    return Remedy(**{**told, "values": values, "then": then})


def _compared(held: dict[str, Any]) -> Compared:
    told = json.loads(bytes(held["told"]).decode())
    layers, start = [], 0
    shared = held["overall_edges"]
    whole = shared[0] if len(shared) and (shared == shared[0]).all() else None
    for k, (name, module, role) in enumerate(told["names"]):
        end = int(held["bit_ends"][k])
        bins, bits = held["bit_at"][start:end], held["bit_count"][start:end]
        if not (end <= len(held["bit_at"]) and (np.diff(bins) > 0).all()
                and (not len(bins) or 0 <= bins[0] <= bins[-1] < BINS)):  # fmt: skip
            raise ValueError("bins")
        start = end
        counts: dict[str, Any] = {
            n: int(v) for n, v in zip(_COUNTS, held["counts"][k], strict=True)
        }
        reals: dict[str, Any] = {n: float(v) for n, v in zip(_REALS, held["reals"][k], strict=True)}
        own, overall = (
            Sums(**counts, **reals, bins=bins, bits=bits,
                 edges=held[f"{kind}_edges"][k].copy() if edges is None else edges,
                 table=held[f"{kind}_table"][k], own=held[f"{kind}_own"][k]).lean()
            for kind, edges in (("sums", None), ("overall", whole))
        )  # fmt: skip
        overall = replace(overall, bins=own.bins, bits=own.bits)
        layers.append(Layer(name, module, role, int(held["sizes"][k][0]), own, overall,
                            float(held["sampled"][k])))  # fmt: skip
    lists = (tuple(map(str, told[n])) for n in ("only_base", "only_model", "notes"))
    return Compared(tuple(layers), *lists)
