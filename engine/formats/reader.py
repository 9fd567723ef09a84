"""Bytes of an ONNX file -> `Graph`, in this process: the stages in their order.

1 unpack and sniff (`source`), 2 parse with protobuf, whose depth limit of 100 holds, 3 refuse
what is no model (`checks`), 4 bind the open sizes (`bind`), 5 lay out functions and bodies in one
list (`flatten`), 6 types, shapes and run counts (`shapes`), 7 the `Graph`, verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from engine.errors import EngineError
from engine.formats.bind import ATTEMPTS, Bound, bind
from engine.formats.checks import check_model, functions_of, opsets_of
from engine.formats.flatten import OWN_DOMAIN, Flattener
from engine.formats.names import visible
from engine.formats.shapes import Shaped, shape_steps
from engine.formats.source import Source, load
from engine.formats.tensors import DTYPE_OF
from engine.graph import Graph, Op, Tensor, collector_paused, verify


def read_trusted(
    source: str | Path | bytes, bindings: Mapping[str, int] | None = None, name: str = ""
) -> Graph:
    """Read a model file in this process; for one's own files.

    Args:
        source: a path or the bytes of an `.onnx`, `.onnx.gz`, or `.zip` with one `.onnx`.
        bindings: sizes for open dims, by the file's word ("batch") or by "input[axis]".
        name: what to call the model; default: the file's name.

    Raises:
        EngineError: one sentence on what is wrong with the file or a binding.
    """
    return read_source(load(source, name), bindings or {})


@collector_paused()
def read_source(source: Source, bindings: Mapping[str, int]) -> Graph:
    """Read unpacked bytes; see `read_trusted`."""
    model = parse_model(source)
    check_model(model, source.name)
    opsets = opsets_of(model.opset_import, model.ir_version, source.name)
    graph = model.graph
    weights = frozenset(i.name for i in graph.initializer)
    best = None
    for attempt in range(ATTEMPTS):
        bound = bind(graph.input, weights, bindings, attempt)
        if best is not None and bound.dims == best[0].dims:
            break
        flat = Flattener(functions_of(model), source.name)
        outputs = tuple(dict.fromkeys(flat.model(graph, bound.inputs, opsets)))
        given = flat.steps, flat.tensors, model.ir_version, _hints(graph, bound)
        shaped = shape_steps(*given)
        if shaped.misfits:
            shaped = shape_steps(*given, shaped.misfits)
        if best is None or shaped.contradictions < best[3].contradictions:
            best = bound, flat, outputs, shaped
        if not shaped.contradictions:
            break
    assert best is not None
    bound, flat, outputs, shaped = best
    ops = _inherit(shaped.ops) if flat.scopes.from_metadata else shaped.ops
    return verify(
        Graph(
            name=source.name,
            ops=ops,
            tensors=shaped.tensors,
            inputs=tuple(n for n, t in shaped.tensors.items() if t.kind == "input"),
            outputs=outputs,
            dims=bound.dims,
            notes=(*source.notes, *_notes(bound, flat), *shaped.notes),
            properties=_properties(model, source, opsets, flat, shaped),
        )
    )


def parse_model(source: Source) -> Any:
    """The proto of an ONNX file; damage and foreign formats are refused in one sentence."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(source.data)
    except (DecodeError, RecursionError) as error:
        raise EngineError(
            "the file cannot be read as ONNX", source.name, "an .onnx file",
            "damaged, cut off or another format", "export or download it again",
        ) from error  # fmt: skip
    if not model.HasField("graph") and source.data[:1] == b"\n":
        raise EngineError("this looks like a TensorFlow graph, not an ONNX file", source.name,
                          try_this="convert it with tf2onnx")  # fmt: skip
    return model


def _hints(graph: Any, bound: Bound) -> Callable[[str], Tensor | None]:
    """What the file says of a tensor, for ops that nobody can infer.

    A size that was written down for other inputs must not win: where the model has open sizes,
    only shapes that name one of them are believed.
    """
    entries: dict[str, Any] = {}
    must_name = bool(bound.dims)

    def hint(name: str) -> Tensor | None:
        if not entries:
            entries.update({visible(v.name): v for v in graph.value_info})
            entries.update({visible(v.name): v for v in graph.output})
            entries.setdefault("", None)
        value = entries.get(name)
        if value is None or not value.type.HasField("tensor_type"):
            return None
        kind = value.type.tensor_type
        dtype = DTYPE_OF.get(kind.elem_type, "")
        dims = kind.shape.dim
        shape = tuple(
            d.dim_value if d.dim_value > 0 else bound.words.get(d.dim_param, -1) for d in dims
        )
        named = any(d.dim_param for d in dims) or not must_name
        if not kind.HasField("shape") or min(shape, default=0) < 0 or not named:
            return Tensor(name, dtype)
        return Tensor(name, dtype, shape)

    return hint


def _inherit(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    """Give an op without a module path that of the op that makes its first activation."""
    scopes: dict[str, tuple[str, ...]] = {}
    result = []
    for op in ops:
        if not op.scope and op.domain != OWN_DOMAIN:
            scope = next((s for t in op.inputs if (s := scopes.get(t))), ())
            if scope:
                op = Op(op.name, op.type, op.inputs, op.outputs, op.domain, op.attributes, scope,
                        op.region, op.runs)  # fmt: skip
        if op.scope:
            scopes.update(dict.fromkeys(op.outputs, op.scope))
        result.append(op)
    return tuple(result)


def _notes(bound: Bound, flat: Flattener) -> list[str]:
    notes = []
    defaults = [d for d in bound.dims if not d.given]
    if defaults:
        sizes = ", ".join(f"{d.name} = {d.value}" for d in defaults[:6])
        more = f" and {len(defaults) - 6} more" if len(defaults) > 6 else ""
        notes.append(f"Sizes that the file leaves open are set to {sizes}{more}.")
    if count := flat.places.get("external", 0):
        notes.append(f"Weights in a file of their own ({count}) are not read: their sizes count.")
    if count := flat.places.get("stripped", 0):
        notes.append(f"Weights without data ({count}) count by their sizes.")
    if flat.inlined:
        notes.append(
            f"Functions of the file are laid out in place of their calls ({flat.inlined})."
        )
    if flat.unsorted:
        notes.append("The nodes are not in execution order in the file; they were sorted.")
    if flat.renamed:
        notes.append(f"Nodes that share a name with another got a number ({flat.renamed}).")
    return notes


def _properties(model: Any, source: Source, opsets: Mapping[str, int], flat: Flattener,
                shaped: Shaped) -> dict[str, str]:  # fmt: skip
    producer = f"{visible(model.producer_name)} {visible(model.producer_version)}".strip()
    places = flat.places
    return {
        "sha256": source.sha256,
        "file_bytes": str(source.file_bytes),
        "ir_version": str(model.ir_version),
        "opset": ", ".join(f"{d or 'ai.onnx'} {v}" for d, v in sorted(opsets.items())[:20]),
        "producer": producer,
        "weights": next((p for p in ("external", "stripped") if places.get(p)), "embedded"),
        "structure_sha256": _structure(shaped),
    }


def _structure(shaped: Shaped) -> str:
    """Digest of the network without its weights: equal for one model saved in two ways."""
    lines = [
        "\t".join((o.type, o.domain, o.name, *o.inputs, ">", *o.outputs, repr(o.attributes)))
        for o in shaped.ops
    ]
    lines += [f"{t.name}\t{t.dtype}\t{t.shape}\t{t.kind}" for t in shaped.tensors.values()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()
