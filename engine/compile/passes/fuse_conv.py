"""Fuse what follows a convolution into it."""

from __future__ import annotations

from engine.compile.epilogue import epilogue
from engine.compile.match import Matcher
from engine.graph import Graph

_CONVS = ("conv", "depthwise_conv", "deconv")
_INTEGER = frozenset({"ConvInteger"})


def fuse_conv(graph: Graph) -> Graph:
    """Join norm, bias, activation and residual addition to the convolution before them.

    Rules: after a Conv, ConvTranspose or their integer kin, in this order, each optional:
    1 BatchNormalization, additions and scales by constants; 2 an activation; 3 an addition of
    another tensor of the same shape; 4 an activation.  Of two convs that meet in one addition,
    the later takes it, for the other operand is there by then.
    Must not: 5 when another op reads the result between, or the model returns it; 6 add a
    tensor of another shape (it is broadcast: another kernel).

        Given:   a = Conv(x, w);  b = BatchNormalization(a, ...);  c = Add(b, r);  d = Relu(c)
        Result:  d = Conv+BatchNormalization+Add+Relu(x, w, ..., r)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops) - 1, -1, -1):
        if match.kind(i) not in _CONVS or match.is_taken((i,)):
            continue
        tail = epilogue(match, i, norm=True, integer=graph.ops[i].type in _INTEGER)
        match.join(match.kind(i), i, [i, *tail])
    return match.fused()
