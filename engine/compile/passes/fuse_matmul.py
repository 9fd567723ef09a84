"""Fuse what follows a matrix product into it."""

from __future__ import annotations

from engine.compile.epilogue import epilogue
from engine.compile.match import Matcher
from engine.graph import Graph

_PRODUCTS = ("gemm", "matmul")
_INTEGER = frozenset({"MatMulInteger"})


def fuse_matmul(graph: Graph) -> Graph:
    """Join bias, activation and residual addition to the matrix product before them.

    Rules: after a MatMul, Gemm or their quantized kin, in this order, each optional:
    1 additions and scales by constants (of an integer product: the Cast and its scales too);
    2 an activation; 3 an addition of another tensor of the same shape; 4 an activation.
    Must not: 5 when another op reads the result between, or the model returns it; 6 add a
    tensor of another shape; 7 take products that an attention took: they are fused before.

        Given:   a = MatMul(x, w);  b = Add(a, bias);  c = Gelu(b)
        Result:  c = MatMul+Add+Gelu(x, w, bias)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops) - 1, -1, -1):
        if match.kind(i) not in _PRODUCTS or match.is_taken((i,)):
            continue
        tail = epilogue(match, i, norm=False, integer=graph.ops[i].type in _INTEGER)
        match.join(match.kind(i), i, [i, *tail])
    return match.fused()
