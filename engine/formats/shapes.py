"""One pass over the steps, in order: types, shapes, small values, run counts; ops come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.formats.control import Control
from engine.formats.flatten import Region, Step
from engine.formats.inference import Inference
from engine.formats.names import shown_list
from engine.graph import Op, Tensor

Hint = Callable[[str], Tensor | None]


@dataclass(frozen=True, slots=True)
class Shaped:
    """The ops with their run counts, the tensors with their shapes, and what was assumed.

    Args:
        contradictions: ops that run and whose inputs onnx finds not to fit each other.
        misfits: branches that cannot run with the sizes used (`Control.misfits`).
    """

    ops: tuple[Op, ...]
    tensors: Mapping[str, Tensor]
    notes: tuple[str, ...]
    contradictions: int = 0
    misfits: frozenset[str] = frozenset()


def shape_steps(
    steps: Sequence[Step], tensors: Mapping[str, Tensor], ir_version: int, hint: Hint,
    impossible: frozenset[str] = frozenset(),
) -> Shaped:  # fmt: skip
    """Find type and shape of every tensor that can be known before running the model.

    Args:
        steps: in execution order.
        tensors: inputs with all sizes bound, weights, and the names of the rest.
        ir_version: of the file.
        hint: what the file itself says of a tensor; asked only where nothing else is known.
        impossible: branches that an earlier pass has found not to fit.
    """
    known = dict(tensors)
    inference = Inference(ir_version)
    makers: dict[str, Op] = {}

    def maker() -> Mapping[str, Op]:
        if not makers:
            makers.update({t: s.op for s in steps if s.role != "branch" for t in s.op.outputs if t})
        return makers

    control = Control(known, maker, impossible)
    ops: list[Op] = []
    for step in steps:
        op, role = step.op, step.role
        if role != "op":
            if role == "end":
                control.close(step)
            else:
                control.open(step)
                if role == "branch":
                    continue
        elif op.type != "Constant" or op.domain:
            _ordinary(step, inference, known, hint)
        runs = _runs(step.region, role)
        ops.append(op if runs == 1 else replace(op, runs=runs))
    live = [op for op in ops if op.runs]
    notes = control.notes() + _notes(live, known, inference)
    refused = [op.region for op in live if op.name in inference.refused]
    misfits = control.misfits(refused) if refused else frozenset()
    return Shaped(tuple(ops), known, tuple(notes), len(refused), misfits)


def _ordinary(step: Step, inference: Inference, known: dict[str, Tensor], hint: Hint) -> None:
    op = step.op
    found = inference.outputs(op, step.node, step.opsets, known)
    weight = op.type == "ConstantOfShape" and all(
        t and known[t].kind == "weight" for t in op.inputs
    )
    kind = "weight" if weight else "activation"
    for name, f in zip(op.outputs, found, strict=True):
        if not name:
            continue
        if f.shape is None:
            if f.partial:
                inference.partial[name] = f.partial
            said = hint(name)
            if said is not None:
                known[name] = Tensor(name, f.dtype or said.dtype, said.shape, kind)
                continue
        known[name] = Tensor(name, f.dtype, f.shape, kind, f.value)


def _runs(region: Region | None, role: str) -> int:
    """Runs of the body that holds the op; what opens a body runs as often as what is around it."""
    if role == "start" and region is not None:
        region = region.parent
    return region.runs if region is not None else 1


def _notes(ops: list[Op], known: Mapping[str, Tensor], inference: Inference) -> list[str]:
    notes = []
    missing = [t for op in ops for t in op.outputs if t and known[t].shape is None]
    if missing:
        maker = next((op for op in ops if op.name in inference.refused), None)
        maker = maker or next(op for op in ops if missing[0] in op.outputs)
        why = inference.refused.get(maker.name, "")
        why = f" ({why})" if why else ""
        notes.append(
            f"The shape of {len(missing)} of {len(known)} tensors is not known before the model "
            f"runs; the first is made by {maker.type} '{maker.name}'{why}."
        )
    if inference.too_large:
        notes.append(
            f"The output of {shown_list(inference.too_large, 3)} would be larger than any memory; "
            "its shape is left out."
        )
    return notes
