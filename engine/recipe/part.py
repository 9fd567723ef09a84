"""A part of a model, several times over: all that a change can reach, for many changes at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.cost import Ints, Mask
from engine.recipe.accept import judged
from engine.recipe.prepare import Prepared
from engine.recipe.rows import Fixed, fixed, times
from engine.recipe.wiring import Edges, nets, ordered


class _Columns(dict[str, NDArray[Any]]):
    """Columns of some rows, each taken when it is asked for: few of them are."""

    def __init__(self, source: Mapping[str, NDArray[Any]], rows: Ints) -> None:
        super().__init__()
        self._source, self._rows = source, rows

    def __missing__(self, name: str) -> NDArray[Any]:
        found = self[name] = self._source[name][self._rows]
        return found


class Part(NamedTuple):
    """Some tasks with the tensors at them, `copies` times, as a compilation of its own.

    Args:
        prepared: the tasks of the first copy, then of the second ...; so are tensors and edges.
        rows: tasks of the model, ascending; [rows].
        copies: how many.
    """

    prepared: Prepared
    rows: Ints
    copies: int

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of the model's tasks for every copy, [copies x rows]."""
        return np.tile(values[self.rows], self.copies)

    def at(self, tasks: Ints) -> Ints:
        """Where tasks of the model are in the first copy."""
        return np.searchsorted(self.rows, tasks)


def of_nets(p: Prepared, labels: Ints) -> tuple[Mask, Mask]:
    """Tasks whose inputs, and tasks whose outputs, lie in some nets; [tasks]."""
    reads, makes = nets_of(p)
    inside = np.zeros(2 * p.count, bool)
    inside[labels] = True
    return inside[reads], inside[makes]


def nets_of(p: Prepared) -> tuple[Ints, Ints]:
    """The nets of each task's inputs and outputs; made once."""
    if "nets" not in p.kept:
        p.kept["nets"] = nets(p.edges, p.wiring.carrier)
    found: tuple[Ints, Ints] = p.kept["nets"]
    return found


def part(p: Prepared, inside: Mask, copies: int) -> Part:
    """The tasks of a mask, all that they are connected with, and the tensors between."""
    e = p.edges
    padded = np.append(inside, False)
    chosen = np.flatnonzero(padded[e.source] | padded[e.target])
    ends = np.concatenate([np.flatnonzero(inside), e.source[chosen], e.target[chosen]])
    rows = np.unique(ends[ends >= 0])
    n, k = len(rows), len(chosen)
    step = np.repeat(np.arange(copies), k)

    def local(tasks: Ints) -> Ints:
        at = np.tile(np.searchsorted(rows, tasks), copies) + step * n
        return np.where(np.tile(tasks, copies) < 0, -1, at)

    tensors, tensor = np.unique(e.tensor[chosen], return_inverse=True)
    edges = Edges(
        source=local(e.source[chosen]),
        target=local(e.target[chosen]),
        tensor=np.tile(tensor.reshape(-1), copies) + step * len(tensors),
        count=len(tensors) * copies,
        fmt=np.tile(e.fmt[chosen], copies),
        elements=np.tile(e.elements[chosen], copies),
        follows_source=np.tile(e.follows_source[chosen], copies),
        follows_target=np.tile(e.follows_target[chosen], copies),
    )

    index = np.tile(rows, copies)
    carrier = p.wiring.carrier[index]
    columns: Any = _Columns(p.columns, index)
    kept = {
        "accepts": judged(p),
        "reasons": p.kept.setdefault("reasons", [""]),
        "verdicts": p.kept.setdefault("verdicts", {}),
        "fixed": Fixed(*(values[index] for values in fixed(p))),
        "chosen": chosen,
        "tensors": tensors,
    }
    if p.calibrated is not None:
        kept["times"] = times(p).take(index)
    made = replace(
        p,
        count=n * copies,
        columns=columns,
        **{name: getattr(p, name)[index] for name in (
            "in_fmt", "out_fmt", "kernel_fmt", "file_in", "file_out", "file_kernel", "unpriced",
            "special", "makes_output", "kind", "sharing", "tied")},
        wiring=ordered(edges, carrier, p.wiring.level[:, index]),
        broken=p.broken[:, index],
        kept=kept,
    )  # fmt: skip
    return Part(made, rows, copies)
