"""The module tree of compared layers, and the rows of it that a person sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from engine.errors import EngineError
from engine.layers.comparing import Compared
from engine.layers.sums import Sums, together

Key = Literal["sparsity", "change", "relative", "sqnr_db", "cosine", "flips"]
KEYS: Mapping[str, str] = {
    "sparsity": "Share of zeros, or its change from the base's",
    "change": "Mean size of the change",
    "relative": "Change against the size of the base's values",
    "sqnr_db": "Signal to noise of the change, dB",
    "cosine": "Cosine of the angle to the base's values",
    "flips": "Share of numbers whose sign turned",
}
WORSE_LOW = frozenset({"sqnr_db", "cosine"})  # less of it is more change
PAGE = 20
DEEPEST = 32  # modules within modules: a name of 100,000 dots would fill the memory


@dataclass(frozen=True, slots=True)
class Module:
    """A module, or a tensor, which is a leaf.

    Args:
        name: dotted; parent: name of the module around it, "" of a root.
        leaf: it is a tensor; role: of a tensor.
        size: numbers in it; tensors: how many.
        sums: of each model, the base first; None where a model has nothing of it.
        whole: the same with the bars that all share.
        sampled: least share of a tensor's numbers that were looked at.
    """

    name: str
    parent: str
    leaf: bool
    role: str
    size: int
    tensors: int
    sums: tuple[Sums | None, ...]
    whole: tuple[Sums | None, ...]
    sampled: float = 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows to show.

    Args:
        rows: of this page; count: of all pages; page: from 0.
        below: name -> names of its children, of rows that have some.
    """

    rows: tuple[Module, ...]
    count: int
    page: int
    below: Mapping[str, tuple[str, ...]]


def tree(models: Sequence[Compared]) -> dict[str, Module]:
    """Modules by name, parents before children.

    Args:
        models: layers of each model, the base beside itself first.
    """
    leaves: dict[str, list[tuple[str, str, int, Sums, Sums, float] | None]] = {}
    for k, compared in enumerate(models):
        for layer in compared.layers:
            row = leaves.setdefault(layer.name, [None] * len(models))
            row[k] = (layer.module, layer.role, layer.size, layer.sums, layer.overall,
                      layer.sampled)  # fmt: skip
    found: dict[str, Module] = {}
    inside: dict[str, list[list[Sums]]] = {}
    for name, row in leaves.items():
        first = next(r for r in row if r)
        module = first[0]
        lead = _upwards(module)
        for depth, here in enumerate(lead):
            old = found.get(here)
            if old and old.leaf:  # a tensor and a module of one name
                continue
            for side, r in zip(inside.setdefault(here, [[] for _ in models]), row, strict=True):
                side += [r[4]] if r else []
            size, count = (old.size, old.tensors) if old else (0, 0)
            around = lead[depth - 1] if depth else ""
            found[here] = Module(here, around, False, "", size + first[2], count + 1, (), (),
                                 min(old.sampled if old else 1.0, first[5]))  # fmt: skip
        own = name if name not in found else f"{name} (tensor)"
        found[own] = Module(
            own, lead[-1] if lead and lead[-1] != own else "", True, first[1], first[2], 1,
            tuple(r[3] if r else None for r in row), tuple(r[4] if r else None for r in row),
            first[5],
        )  # fmt: skip
    for here, sides in inside.items():  # all at once: one by one takes long in a large model
        sums = tuple(together(side) if side else None for side in sides)
        found[here] = replace(found[here], sums=sums, whole=sums)
    return found


def figure(module: Module, model: int, key: str) -> float:
    """A figure of a module in a model; NaN where it has none.

    Of sparsity, a model other than the base has the change of the share, as the original has it.

    Raises:
        EngineError: no such figure.
    """
    if key not in KEYS:
        raise EngineError("is no figure of a layer", key[:200], ", ".join(KEYS))
    it = module.sums[model]
    if it is None or not it.sound:
        return float("nan")
    if key == "sparsity":
        return it.sparsity - it.base_zeros / it.sound if model else it.sparsity
    if key == "change":
        return it.change if model else it.size / it.sound
    if key == "flips":
        return it.flips / it.sound
    return float(getattr(it, key))


def shown(
    modules: Mapping[str, Module], pattern: str = "", by: int | None = None, key: str = "change",
    order: str = "down", page: int = 0, whole: bool = False,
) -> Shown:  # fmt: skip
    """Rows to show: the topmost matches unfolded as they are, or all matches in order.

    Args:
        modules: of `tree`.
        pattern: regular expression without look-around, in any case; it cannot hang, because it is
            matched in linear time. "" matches all.
        by: model whose figure decides the order; None keeps the tree.
        key: of `KEYS`.
        order: "down" or "up"; where less is more change (`WORSE_LOW`) "up" leads with the most.
        page: of an ordered list; beyond the last one the last is given.
        whole: all rows on one page.

    Raises:
        EngineError: the pattern cannot be read, no such figure.
    """
    names = list(modules)
    hits = set(names) if not pattern else _matches(names, pattern)
    below: dict[str, list[str]] = {}
    for name, module in modules.items():
        if module.parent:
            below.setdefault(module.parent, []).append(name)
    children = {k: tuple(v) for k, v in below.items()}
    if by is None:
        top = [modules[n] for n in names if n in hits and not _inside(modules, n, hits)]
        return Shown(tuple(top), len(top), 0, children)
    rows = [modules[n] for n in names if n in hits]
    values = np.array([figure(m, by, key) for m in rows], np.float64)
    if key == "sparsity" and by:
        values = np.abs(values)
    rank = np.where(np.isnan(values), np.inf, -values if order == "down" else values)
    at = np.argsort(rank, kind="stable")
    here = 0 if whole else max(0, min(page, (len(at) - 1) // PAGE))
    chosen = at if whole else at[here * PAGE : (here + 1) * PAGE]
    return Shown(tuple(rows[int(k)] for k in chosen), len(at), here, children)


def _matches(names: Sequence[str], pattern: str) -> set[str]:
    try:  # polars matches by finite automata: no pattern makes it slow
        hit = pl.Series(names).str.contains(f"(?i){pattern[:500]}", strict=True)
    except pl.exceptions.PolarsError as error:
        raise EngineError("cannot be read as a pattern", pattern[:200],
                          found=_reason(str(error))) from error  # fmt: skip
    return {n for n, h in zip(names, hit.to_list(), strict=True) if h}


def _reason(text: str) -> str:
    """What is wrong with a pattern, out of all that the matcher says."""
    lines = [x.partition("error:")[2].strip() for x in text.splitlines() if "error:" in x]
    return next((x for x in reversed(lines) if x and not x.endswith(":")), "")[:200]


def _inside(modules: Mapping[str, Module], name: str, hits: set[str]) -> bool:
    """A module around it matches as well."""
    at = modules[name].parent
    while at:
        if at in hits:
            return True
        at = modules[at].parent
    return False


def _upwards(module: str) -> list[str]:
    """`a.b.c` -> a, a.b, a.b.c; what is deeper than `DEEPEST` stays with the last."""
    parts = module.split(".", DEEPEST - 1)
    return [".".join(parts[: k + 1]) for k in range(len(parts))]
