"""Which combinations a target offers for a task, and those that several tasks have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from engine.cost import FORMATS, Floats, Ints, Mask
from engine.errors import EngineError
from engine.recipe.choose import too_few, uneven, verdict
from engine.recipe.flow import format_id
from engine.recipe.model import Action
from engine.recipe.prepare import REAL, Prepared
from engine.recipe.refuse import FIXED, reference
from engine.units import FORMAT_BITS

SHARES = (0.5, 0.75, 0.9)  # of single weights, as the presets
CHANNELS = 0.5  # of output channels, as the preset
PALETTES = (1, 2, 3, 4, 6, 8)
PATTERN = "2:4"
_KEPT = 256  # selections of kinds whose combinations are remembered
_REAL = tuple(f for f in FORMATS if f in REAL)


class Squeeze(NamedTuple):
    """Zeros or a palette on top of a kernel format."""

    sparsity: float = 0.0
    pattern: str = ""  # "2:4", "channels", "" single weights
    palette: int = 0

    def action(self, formats: tuple[str, str, str]) -> Action:
        """The action of a rule that chooses it, with (input, output, kernel format), "" as is."""
        reads, makes, kernel = (fmt or None for fmt in formats)
        return Action(
            input=reads,
            output=makes,
            kernel=kernel,
            sparsity=self.sparsity or None if self.pattern != PATTERN else None,
            structured=self.pattern == "channels",
            pattern=PATTERN if self.pattern == PATTERN else "",
            palette_bits=self.palette or None,
        )


class Combination(NamedTuple):
    """One option: formats, "" where the tasks have none, and what is done to the weights."""

    formats: tuple[str, str, str]
    squeeze: Squeeze

    @property
    def action(self) -> Action:
        """The action of a rule that chooses it."""
        return self.squeeze.action(self.formats)


def squeezes(extra: tuple[float, ...] = ()) -> tuple[Squeeze, ...]:
    """Everything that can be done to weights beside their format; `extra`: further shares."""
    shares = sorted({*SHARES, *extra})
    return (
        Squeeze(),
        *(Squeeze(share) for share in shares),
        Squeeze(0.5, PATTERN),
        Squeeze(CHANNELS, "channels"),
        *(Squeeze(palette=bits) for bits in PALETTES),
    )


class Offer(NamedTuple):
    """Combinations in arrays too; one entry a combination.

    Args:
        formats: ids of (input, output, kernel format), -1 none; [combinations, 3].
        sparsity, palette: of the squeeze; pattern, channels: its kind.
        frame: the same for people, with the column names of `options`.
    """

    all: tuple[Combination, ...]
    formats: Ints
    sparsity: Floats
    pattern: Mask
    channels: Mask
    palette: Ints
    frame: pl.DataFrame

    def take(self, mask: Mask) -> Offer:
        """Those of a mask."""
        return laid_out(tuple(self.all[i] for i in np.flatnonzero(mask).tolist()))  # fmt: skip


def known(p: Prepared, task_ids: Sequence[int]) -> Ints:
    """Ids of tasks, ascending, each once.

    Raises:
        EngineError: no such task.
    """
    wrong = next((t for t in task_ids if not 0 <= t < p.count), None)
    if wrong is not None:
        found = str(wrong)[:40]
        raise EngineError("no such task", "options", f"ids from 0 to {p.count - 1}", found)
    return np.unique(np.array(task_ids, np.int64))


def offer(p: Prepared, tasks: Ints, extra: tuple[float, ...] = ()) -> Offer:
    """What the target offers for all of the tasks.

    A task without weights has no say in what is done to weights, a task without numbers (indices,
    a conversion of the file) in nothing.

    Args:
        p: the compilation.
        tasks: which.
        extra: shares of zeros beside the usual ones.
    """
    kept: dict[tuple[bytes, ...], Offer] = p.kept.setdefault("offers", {})
    kinds = np.unique(p.kind[tasks])
    key = (kinds.tobytes(), repr(extra).encode())
    if key not in kept:
        _keep(kept, key, laid_out(_common(p, kinds.tolist(), extra)))
    found = kept[key]
    fits = _fits(p, tasks, found)
    if fits.all():
        return found
    taken = (*key, np.packbits(fits).tobytes())
    if taken not in kept:
        _keep(kept, taken, found.take(fits))
    return kept[taken]


def _keep(kept: dict[tuple[bytes, ...], Offer], key: tuple[bytes, ...], found: Offer) -> None:
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = found


def _common(p: Prepared, kinds: list[int], extra: tuple[float, ...]) -> tuple[Combination, ...]:
    pairs: set[tuple[str, str]] | None = None
    triples: set[tuple[str, str, str]] | None = None
    stored: list[int] = []
    for kind in kinds:
        found = formats_of(p, kind)
        if not found:
            continue
        own = {f[:2] for f in found}
        pairs = own if pairs is None else pairs & own
        if p.kinds[kind][3] in REAL:
            triples = set(found) if triples is None else triples & set(found)
            stored.append(kind)
    if triples is None:
        formats = [(reads, makes, "") for reads, makes in pairs or ()]
    else:
        formats = [f for f in triples if f[:2] in (pairs or ())]
    formats.sort(key=lambda f: tuple(-format_id(x) if x else 1 for x in f))
    return tuple(
        Combination(f, squeeze)
        for squeeze in (squeezes(extra) if stored else (Squeeze(),))
        if all(_offered(p, kind, squeeze) for kind in stored)
        for f in formats
        if not squeeze.palette or squeeze.palette < FORMAT_BITS[f[2]]
    )


def laid_out(found: tuple[Combination, ...]) -> Offer:
    """Combinations as arrays."""
    formats = np.array([[format_id(f) if f else -1 for f in c.formats] for c in found], np.int64)
    squeezed = [c.squeeze for c in found]
    frame = pl.DataFrame(
        {
            "option": np.arange(len(found), dtype=np.int32),
            **{
                f"{name}_format": pl.Series([c.formats[i] for c in found], dtype=pl.String)
                for i, name in enumerate(("input", "output", "kernel"))
            },
            "sparsity": pl.Series([s.sparsity for s in squeezed], dtype=pl.Float64),
            "pattern": pl.Series([s.pattern for s in squeezed], dtype=pl.String),
            "palette_bits": pl.Series([s.palette for s in squeezed], dtype=pl.Int32),
        }
    )
    return Offer(
        found,
        formats.reshape(-1, 3),
        np.array([s.sparsity for s in squeezed], float),
        np.array([s.pattern == PATTERN for s in squeezed], bool),
        np.array([s.pattern == "channels" for s in squeezed], bool),
        np.array([s.palette for s in squeezed], np.int64),
        frame,
    )


def formats_of(p: Prepared, kind: int) -> tuple[tuple[str, str, str], ...]:
    """Formats that a kind of task can have, judged once; () when nothing can be chosen."""
    kept: dict[int, tuple[tuple[str, str, str], ...]] = p.kept.setdefault("combinations", {})
    if kind not in kept:
        kept[kind] = tuple(_judged(p, kind))
    return kept[kind]


def _judged(p: Prepared, kind: int) -> list[tuple[str, str, str]]:
    kernel_class, reads, makes, kernel = p.kinds[kind]
    if kernel_class in FIXED or not {reads, makes} & REAL:
        return []
    inputs = [f for f in _REAL if not verdict(p, kind, Action(input=f)).refusal]
    inputs = inputs if reads in REAL else [""]
    outputs = _REAL if makes in REAL else ("",)
    bits = format_id(reference(p.target, kernel)) if kernel in REAL else 0
    kernels = [f for f in _REAL if kernel in REAL and _narrower(f, FORMATS[bits])] or [""]
    found = []
    for i in inputs:
        for o in outputs:
            if verdict(p, kind, Action(input=i or None, output=o or None)).refusal:
                continue
            for k in kernels:
                action = Action(input=i or None, output=o or None, kernel=k or None)
                if not verdict(p, kind, action).refusal:
                    found.append((i, o, k))
    return found


def _narrower(fmt: str, base: str) -> bool:
    """Whether weights of a format are the baseline's, or take fewer bits."""
    return fmt == base or FORMAT_BITS[fmt] < FORMAT_BITS[base]


def _offered(p: Prepared, kind: int, squeeze: Squeeze) -> bool:
    return squeeze == Squeeze() or not verdict(p, kind, squeeze.action(("", "", ""))).refusal


def _fits(p: Prepared, tasks: Ints, o: Offer) -> Mask:
    """Whether the tasks are large enough for a palette, and their channels can go; [options]."""
    ok = np.ones(len(o.all), bool)
    rows = tasks[np.array([kind[3] in REAL for kind in p.kinds], bool)[p.kind[tasks]]]
    if not len(rows):
        return ok
    smallest = rows[[int(p.columns["kernel_elements"][rows].argmin())]]
    ok &= ~too_few(p, np.repeat(smallest, len(ok)), o.formats[:, 2], o.palette)
    if p.tied[rows].any():
        ok &= ~o.channels
    if o.pattern.any() and uneven(p, rows).any():
        ok &= ~o.pattern
    return ok
