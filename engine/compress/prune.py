"""Set the smallest weights to zero: over the whole model, in each layer, or N in each M.

Zeros in a dense file save nothing by themselves: the packed file is smaller (`packing.py`), and no
processor that onnxruntime runs on is faster for them.  What is faster is `structured.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.layers import Layer, chosen, layers
from engine.compress.spec import Change, Made
from engine.errors import EngineError
from engine.formats import Network

Floats = NDArray[Any]


def prune(model: bytes, values: Mapping[str, Any]) -> Made:
    """Set the weights of smallest magnitude to zero.

    Args:
        model: bytes of an ONNX file.
        values: `amount` (share of zeros), `scope` ("global": one pool, "local": each layer), and
            `spec.WHICH`.

    Raises:
        EngineError: no layer is selected.
    """
    network = Network(model)
    picked = some(chosen(layers(network), values))
    arrays = {layer.tensor: network.array(layer.tensor) for layer in picked}
    if values["scope"] == "global":
        pool = np.concatenate([np.abs(a).ravel() for a in arrays.values()])
        gone = smallest(pool, values["amount"])
        ends = np.cumsum([a.size for a in arrays.values()])[:-1]
        masks = dict(zip(arrays, np.split(gone, ends), strict=True))
    else:
        masks = {n: smallest(np.abs(a).ravel(), values["amount"]) for n, a in arrays.items()}
    changes = [zeroed(network, layer, masks[layer.tensor].reshape(layer.shape)) for layer in picked]
    return Made(network.bytes(), tuple(changes))


def prune_pattern(model: bytes, values: Mapping[str, Any]) -> Made:
    """Keep the N largest weights in each M along the input channels, as 2:4 hardware reads them.

    Args:
        model: bytes of an ONNX file.
        values: `kept`, `of`, and `spec.WHICH`.

    Raises:
        EngineError: N is not below M, or no layer is selected.
    """
    kept, of = int(values["kept"]), int(values["of"])
    if kept >= of:
        raise EngineError("is no pattern", "prune_pattern", "fewer kept than there are",
                          f"{kept} of {of}")  # fmt: skip
    network = Network(model)
    changes, notes = [], []
    for layer in some(chosen(layers(network), values)):
        mask = pattern_mask(network.array(layer.tensor), layer.in_axis, kept, of)
        if mask is None:
            notes.append(f"{layer.node}: its input channels are no multiple of {of}.")
            continue
        changes.append(zeroed(network, layer, mask))
    return Made(network.bytes(), tuple(changes), tuple(notes))


def pattern_mask(array: Floats, axis: int | None, kept: int, of: int) -> NDArray[np.bool_] | None:
    """Which weights N:M sparsity removes; None where the axis does not divide by M."""
    if axis is None or array.shape[axis] % of:
        return None
    moved = np.moveaxis(np.abs(array), axis, -1)
    grouped = moved.reshape(-1, of)
    order = np.argsort(grouped, axis=1, kind="stable")  # of equals the first goes
    gone = np.zeros(grouped.shape, bool)
    np.put_along_axis(gone, order[:, : of - kept], True, axis=1)
    return np.moveaxis(gone.reshape(moved.shape), -1, axis)


def smallest(magnitudes: Floats, amount: float) -> NDArray[np.bool_]:
    """Mask of exactly floor(amount × count) smallest entries; of equals the first.

    Args:
        magnitudes: [count], none negative.
        amount: share, 0..1.
    """
    count = int(amount * magnitudes.size + 1e-9)
    gone = np.zeros(magnitudes.size, bool)
    if count == 0:
        return gone
    limit = np.partition(magnitudes, count - 1)[count - 1]
    gone[magnitudes < limit] = True
    ties = np.flatnonzero(magnitudes == limit)
    gone[ties[: count - int(gone.sum())]] = True
    return gone


def zeroed(network: Network, layer: Layer, gone: NDArray[np.bool_]) -> Change:
    """Write zeros into a weight."""
    before = network.array(layer.tensor)
    after = np.where(gone, before.dtype.type(0), before)
    network.put(layer.tensor, after)
    share = float(np.mean(after == 0)) if after.size else 0.0
    return Change(layer.tensor, layer.node, f"{100 * share:.3g} % zeros", share,
                  error=moved(before, after))  # fmt: skip


def moved(before: Floats, after: Floats) -> float:
    """‖after − before‖ / ‖before‖, 0 for a weight of zeros."""
    whole = float(np.linalg.norm(before.astype(np.float64)))
    gap = float(np.linalg.norm(after.astype(np.float64) - before.astype(np.float64)))
    return gap / whole if whole else 0.0


def some(found: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers, of which there must be one.

    Raises:
        EngineError: there is none.
    """
    if not found:
        raise EngineError(
            "no weights are selected",
            expected="at least one layer with weights stored in the file",
            try_this="select others, or leave out less",
        )
    return found
