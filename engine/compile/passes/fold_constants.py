"""Fold what needs no input of the user."""

from __future__ import annotations

from dataclasses import replace

from engine.compile.kernels import STANDARD_DOMAINS, class_of
from engine.graph import Graph, Op, Tensor, evaluate, replace_ops, small

# Their results change from run to run, or are not tensors, or are another's to decide.
_NEVER = frozenset({"random", "sequence", "control", "unknown"})
_GROWS = frozenset({"Expand", "Tile", "OneHot", "Resize", "Upsample", "Pad", "Range", "EyeLike"})
_GROWN_ELEMENTS = 1 << 20


def fold_constants(graph: Graph) -> Graph:
    """Take away the ops whose results are known before the model runs; these become weights.

    Rules: 1 acts on an op that reads only weights and constants, of any size: the result is
    stored instead; 2 acts on integer shape arithmetic whose value follows from known shapes
    (Shape of a static tensor and what is computed from it); 3 a DequantizeLinear of a weight
    stays, for the kernel reads the stored integers, but its result counts as a weight; it goes
    when all that read it go.
    Must not: 4 fold random, sequence, control-flow and unknown ops; 5 fold ops that blow up a
    small constant to more than 2**20 elements (Expand, Tile ...): storing is dearer than running;
    6 fold an op whose result the model returns.

        Given:   wt = Transpose(w);  s = Shape(x);  n = Gather(s, 0);  y = MatMul(x, wt)
        Result:  y = MatMul(x, wt)            wt, s, n are weights
    """
    known: dict[str, Tensor] = {}
    tensors = dict(graph.tensors)  # by name: what is known by now, over what the file says
    folded = [_fold(op, graph, tensors, known) for op in graph.ops]
    for i, op in reversed(list(enumerate(graph.ops))):  # rule 3, last sentence
        if folded[i] or op.type != "DequantizeLinear" or op.outputs[0] not in known:
            continue
        readers = graph.consumers.get(op.outputs[0], ())
        folded[i] = (
            bool(readers) and all(folded[j] for j in readers) and op.outputs[0] not in graph.outputs
        )
    if not known:
        return graph
    kept = [op for op, gone in zip(graph.ops, folded, strict=True) if not gone]
    return replace_ops(graph, kept, known)


def _fold(op: Op, graph: Graph, tensors: dict[str, Tensor], known: dict[str, Tensor]) -> bool:
    """Record what the op makes if that is constant; return whether the op goes."""
    constant = True
    for t in op.inputs:
        if t and tensors[t].kind != "weight":
            constant = False
            break
    made = [graph.tensors[t] for t in op.outputs if t]
    if not constant and not _is_shape_arithmetic(op, tensors, made):
        return False
    if op.domain not in STANDARD_DOMAINS or class_of(op) in _NEVER or not made:
        return False
    if any(t.name in graph.outputs for t in made):
        return False  # rule 6: the caller still wants a node that makes it
    if constant and _blows_up(op, made):
        return False
    known_already = all(t.value is not None for t in made)
    values = evaluate(op, tensors) if not known_already and _is_small(made) else None
    if values is None and not constant and any(t.value is None for t in made):
        return False
    found = values or [t if t.kind == "weight" else replace(t, kind="weight") for t in made]
    known.update((t.name, t) for t in found if t.name)
    tensors.update((t.name, t) for t in found if t.name)
    return not (op.type == "DequantizeLinear" and constant)


def _is_shape_arithmetic(op: Op, tensors: dict[str, Tensor], made: list[Tensor]) -> bool:
    """Whether the reader found the value, or shapes alone decide it."""
    if all(t.value is not None for t in made):
        return True
    return op.type in ("Shape", "Size") and tensors[op.inputs[0]].shape is not None


def _is_small(made: list[Tensor]) -> bool:
    """Whether a value may be worth computing: it decides shapes or steers an op."""
    return all(t.shape is None or small(t.dtype, t.shape) for t in made)


def _blows_up(op: Op, made: list[Tensor]) -> bool:
    return op.type in _GROWS and any((t.elements or 0) > _GROWN_ELEMENTS for t in made)
