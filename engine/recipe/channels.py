"""How the channels that structured pruning removes flow through a network."""

from __future__ import annotations

import numpy as np

from engine.cost import Floats, Mask
from engine.recipe.judge import PRUNABLE
from engine.recipe.prepare import Prepared

_STOP = frozenset({"matmul", "attention", "recurrent", "gather", "reduction", "search"})


def channels(p: Prepared, structured: Mask, sparsity: Floats) -> tuple[Floats, Floats]:
    """Share of input and output channels that is left in every task, (in, out); [tasks].

    Convolutions and linear layers lose output channels of their own, their readers lose them as
    inputs, element-wise tasks pass them on, an addition keeps the most of its inputs, a product of
    activations gives them back.
    """
    keep_in, keep_out = [1.0] * p.count, [1.0] * p.count
    own = np.array([kind[0] in PRUNABLE for kind in p.kinds], bool)[p.kind].tolist()
    stop = np.array([kind[0] in _STOP for kind in p.kinds], bool)[p.kind].tolist()
    left = np.where(structured, 1 - sparsity, 1.0).tolist()
    readers = _readers(p)
    lost = np.zeros(p.count, bool)
    lost[structured] = True
    reached = lost.tolist()
    for i in range(int(lost.argmax()) if lost.any() else p.count, p.count):
        if not reached[i]:
            continue
        makers, mine = readers[0][i], readers[1][i]
        keep_in[i] = max((keep_out[m] if m >= 0 else 1.0 for m in makers), default=1.0)
        keep_out[i] = left[i] if own[i] else 1.0 if stop[i] else keep_in[i]
        if keep_out[i] != 1.0:
            for reader in mine:
                reached[reader] = True
    return np.array(keep_in), np.array(keep_out)


def _readers(p: Prepared) -> tuple[list[list[int]], list[list[int]]]:
    """For each task whom it reads from (-1 a model input), and who reads from it."""
    kept = p.kept.get("readers")
    if kept is None:
        makers: list[list[int]] = [[] for _ in range(p.count)]
        readers: list[list[int]] = [[] for _ in range(p.count)]
        for source, target in zip(p.edges.source.tolist(), p.edges.target.tolist(), strict=True):
            if target >= 0:
                makers[target].append(source)
            if source >= 0 and target >= 0:
                readers[source].append(target)
        kept = p.kept["readers"] = (makers, readers)
    found: tuple[list[list[int]], list[list[int]]] = kept
    return found
