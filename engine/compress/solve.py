"""The least squares of a layer: what it reads as rows, and the fit of the weights that are left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.formats import Network, attribute

STEPS = 200  # of the conjugate gradients; they end when nothing moves any more
ENOUGH = 1e-10  # residual as a share of the first, squared


@dataclass(frozen=True, slots=True)
class Product:
    """A layer as a matrix product, groups of rows with their own weights.

    Args:
        reads, makes: its tensors; bias: name of the stored bias, "" without one.
        kernel: sizes of the window; () for a linear layer.
        strides, pads, dilations: of a convolution; pads in front, then behind.
        groups: of a convolution; depth: rows of a group's matrix; channels: of the output.
        turned: whether the weight is [out, in]; False: [in, out].
    """

    reads: str
    makes: str
    bias: str
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    groups: int
    depth: int
    channels: int
    turned: bool

    def flat_output(self, made: NDArray[Any]) -> NDArray[Any]:
        """What the layer made as [places, channels]."""
        axis = 1 if self.kernel else -1
        moved = np.moveaxis(made, axis, -1)
        return moved.reshape(-1, moved.shape[-1])

    def rows(self, x: NDArray[Any], at: NDArray[np.int64]) -> NDArray[Any]:
        """What is read for some places of the output; [places, groups, depth]."""
        if not self.kernel:
            return x.reshape(-1, 1, x.shape[-1])[at]
        count = len(self.kernel)
        pads = [(0, 0), (0, 0), *zip(self.pads[:count], self.pads[count:], strict=True)]
        padded = np.pad(x, pads)
        spans = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True)]
        axes = tuple(range(2, 2 + count))
        windows = np.lib.stride_tricks.sliding_window_view(padded, spans, axis=axes)
        steps = (slice(None), slice(None), *(slice(None, None, s) for s in self.strides),
                 *(slice(None, None, d) for d in self.dilations))  # fmt: skip
        windows = np.moveaxis(windows[steps], 1, 1 + count)  # [n, *out, channels, *kernel]
        where = np.unravel_index(at, windows.shape[: 1 + count])
        taken = windows[where]
        return taken.reshape(len(at), self.groups, self.depth)


def product_of(network: Network, node: Any) -> Product | None:
    """A node as a product; None when it is none that can be fitted."""
    stored = set(network.weights)
    if len(node.input) < 2 or node.input[1] not in stored:
        return None
    shape = network.shape(node.input[1])
    bias = node.input[2] if len(node.input) > 2 else ""
    if bias and bias not in stored:
        return None
    if node.op_type == "Conv":
        groups = attribute(node, "group", 1)
        count = len(shape) - 2
        ones = (1,) * count
        if attribute(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
            return None
        pads = tuple(attribute(node, "pads", (0,) * (2 * count)))
        strides, dilations = (tuple(attribute(node, n, ones)) for n in ("strides", "dilations"))
        depth = int(np.prod(shape[1:]))
        return Product(node.input[0], node.output[0], bias, shape[2:], strides, pads, dilations,
                       groups, depth, shape[0], True)  # fmt: skip
    if node.op_type == "Gemm":
        plain = attribute(node, "alpha", 1.0) == 1 and attribute(node, "beta", 1.0) == 1
        turned = bool(attribute(node, "transB", 0))
        if not plain or attribute(node, "transA", 0):
            return None
        if bias and network.shape(bias) != (shape[0 if turned else 1],):
            return None
    elif node.op_type == "MatMul" and len(shape) == 2:
        turned = False
    else:
        return None
    depth, channels = shape[::-1] if turned else shape
    return Product(node.input[0], node.output[0], bias, (), (), (), (), 1, depth, channels, turned)


def refitted(
    product: Product, weight: NDArray[Any], rows: NDArray[Any], made: NDArray[Any], ridge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights that are left and a bias, refitted.

    Args:
        product: the layer.
        weight: as stored; what is zero stays zero.
        rows: what it reads, [places, groups, depth].
        made: what it shall make, [places, channels].
        ridge: λ as a share of the mean square of a column of what is read.

    Returns:
        The weight in its shape, and a bias of each channel (to be used where there is one).
    """
    groups, each = product.groups, product.channels // product.groups
    matrix = weight.reshape(product.channels, -1) if product.turned else weight.T
    start = matrix.reshape(groups, each, product.depth).transpose(0, 2, 1).astype(np.float64)
    x = rows.transpose(1, 0, 2).astype(np.float64)  # [groups, places, depth]
    y = made.reshape(len(made), groups, each).transpose(1, 0, 2).astype(np.float64)
    middle_x, middle_y = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
    if not product.bias:  # nothing takes up a difference of means but the weights
        middle_x, middle_y = np.zeros_like(middle_x), np.zeros_like(middle_y)
    x, y = x - middle_x, y - middle_y
    gram = x.transpose(0, 2, 1) @ x
    weightiness = ridge * np.trace(gram, axis1=1, axis2=2)[:, None, None] / product.depth
    gram += (weightiness + 1e-12) * np.eye(product.depth)
    wanted = x.transpose(0, 2, 1) @ y + weightiness * start
    fitted = _gradients(gram, wanted, start)
    bias = (middle_y - middle_x @ fitted).reshape(-1)
    back = fitted.transpose(0, 2, 1).reshape(product.channels, product.depth)
    return (back if product.turned else back.T).reshape(weight.shape), bias


def _gradients(
    gram: NDArray[np.float64], wanted: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve G w = b over the entries that are not zero at the start, all channels side by side.

    Conjugate gradients with the diagonal as preconditioner: one matrix product a step instead of
    a factorization for each channel, whose zeros all lie elsewhere.

    Args:
        gram: G, [groups, depth, depth].
        wanted: b, [groups, depth, channels].
        start: w to begin with, the same sizes.
    """
    mask = start != 0
    scale = 1 / np.maximum(np.einsum("gii->gi", gram), 1e-30)[:, :, None]
    found = start.copy()
    rest = (wanted - gram @ found) * mask
    lifted = scale * rest
    way = lifted.copy()
    size = (rest * lifted).sum(axis=1, keepdims=True)
    enough = ENOUGH * np.maximum((wanted * mask * scale * wanted).sum(axis=1, keepdims=True), 1e-30)
    for _ in range(STEPS):
        open_ = size > enough
        if not open_.any():
            break
        moved = (gram @ way) * mask
        curve = (way * moved).sum(axis=1, keepdims=True)
        step = np.where(open_ & (curve > 0), size / np.maximum(curve, 1e-300), 0)
        found += step * way
        rest -= step * moved
        lifted = scale * rest
        after = (rest * lifted).sum(axis=1, keepdims=True)
        way = lifted + np.where(size > 0, after / np.maximum(size, 1e-300), 0) * way
        size = after
    return found
