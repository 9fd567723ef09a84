"""Grow an experiment for real: every branch is an operation on its base, packed and judged.

What comes out is an experiment file like any other, and facts of each model that no metric holds:
what became of each weight, and of each class.  Sizes and predictions are the same on each machine
with the same runtime; latency is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.compress.catalogue import operation, run
from engine.compress.data import Samples
from engine.compress.evaluating import Evaluation, evaluate
from engine.compress.expected import Held, after, expected_bytes
from engine.compress.found import METRICS, declared, few, judged_figures, said, stored_figures
from engine.compress.packing import Packed, pack
from engine.compress.paired import paired
from engine.compress.spec import Made
from engine.errors import EngineError

ROOT = "base"
Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Branch:
    """A model to be made.

    Args:
        id: its name; base: that of the model it is made from.
        operation: id of the operation; values: its parameters, the rest by default.
    """

    id: str
    base: str
    operation: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grown:
    """What grew.

    Args:
        document: the experiment as its file holds it.
        facts: model -> what no metric holds.
        files: model -> bytes of its packed file; working: of the dense model, every name kept.
    """

    document: Mapping[str, Any]
    facts: Mapping[str, Any]
    files: Mapping[str, bytes]
    working: Mapping[str, bytes]


def grow(
    model: bytes, branches: Sequence[Branch], fit: Samples, test: Samples, *, name: str = "",
    rare: Sequence[int] = (), batch: int = 8, rounds: int = 20, report: Report | None = None,
) -> Grown:  # fmt: skip
    """Make every branch.

    Args:
        model: bytes of the file that all are made from.
        branches: each after its base; `ROOT` is the model itself.
        fit: samples that operations measure on.
        test: labelled samples that every model is judged on.
        name: of the experiment.
        rare: classes whose mean recall is a metric of its own.
        batch: samples of a timed run.
        rounds: pairs of timed runs; 0 leaves latency out.
        report: called with (how many are done, of how many, which is next).

    Raises:
        EngineError: an id is taken, a base is not there, or an operation fails.
    """
    _checked(branches)
    used = _used(branches)
    working: dict[str, bytes] = {ROOT: model}
    states: dict[str, dict[str, Held]] = {ROOT: {}}
    feeds = {n: a[:batch] for n, a in test.inputs.items()}
    entries, facts, files = [], {}, {}
    every = (Branch(ROOT, "", ""), *branches)
    for at, branch in enumerate(every):
        if report:
            report(at, len(every), branch.id)
        made = Made(model)
        if branch.operation:
            needs = operation(branch.operation)
            further = None if needs.data == "none" else fit, model if needs.base else None
            made = run(working[branch.base], branch.operation, branch.values, *further)
            states[branch.id] = after(
                states[branch.base], branch.operation, needs.filled(branch.values), made
            )
        working[branch.id] = made.model
        packed = pack(made.model)
        files[branch.id] = packed.model
        judged = evaluate(packed.model, test, model)
        expected = expected_bytes(made.model, states[branch.id])
        entry = _entry(branch, used, judged, packed, expected, rare)
        if rounds:
            # a dense file runs as its packed one, and starts much sooner
            ratio = paired(model, made.model, feeds, rounds)
            entry["metrics"]["Latency"] = few(ratio.value)
            entry["errors"]["Latency"] = few((ratio.high - ratio.low) / 2)
        entries.append(entry)
        facts[branch.id] = _facts(made, judged, packed)
    document = {
        "name": name, "operations": _declared(used),
        "metrics": [dict(m) for m in METRICS if rounds or m["name"] != "Latency"],
        "models": entries,
    }  # fmt: skip
    return Grown(document, facts, files, working)


def _checked(branches: Sequence[Branch]) -> None:
    seen = {ROOT}
    for branch in branches:
        if branch.id in seen:
            raise EngineError("is there twice", f"branch {branch.id[:80]!r}")
        if branch.base not in seen:
            raise EngineError("its base is not there", f"branch {branch.id[:80]!r}",
                              found=repr(branch.base[:80]))  # fmt: skip
        operation(branch.operation).filled(branch.values)
        seen.add(branch.id)


def _used(branches: Sequence[Branch]) -> dict[str, tuple[str, ...]]:
    """Operation -> parameters that some branch sets; all its models say them."""
    used: dict[str, dict[str, None]] = {}
    for branch in branches:
        used.setdefault(branch.operation, {}).update(dict.fromkeys(branch.values))
    return {id: tuple(names) for id, names in used.items()}


def _entry(
    branch: Branch, used: Mapping[str, tuple[str, ...]], judged: Evaluation, packed: Packed,
    expected: float, rare: Sequence[int],
) -> dict[str, Any]:  # fmt: skip
    metrics, errors = judged_figures(judged)
    recalls = [c.recall for c in judged.classes if c.label in rare]
    metrics |= stored_figures(packed.model) | {
        "Rare classes": few(float(np.mean(recalls)) if recalls else None),
        "Predicted weights": round(expected),
    }
    entry: dict[str, Any] = {
        "id": branch.id, "base": branch.base or None, "tag": branch.id.replace("-", " · "),
        "metrics": {m["name"]: metrics[m["name"]] for m in METRICS if m["name"] in metrics},
        "errors": errors,
    }  # fmt: skip
    if branch.operation:
        entry["operation"] = said(
            operation(branch.operation), branch.values, used[branch.operation]
        )
    worst = next((w for w in judged.words if w.startswith("Worst")), "")
    entry |= {"notes": worst} if worst and branch.operation else {}
    entry |= {"flags": ["dead"]} if judged.dead else {}
    return entry


def _facts(made: Made, judged: Evaluation, packed: Packed) -> dict[str, Any]:
    return {
        "weights": [[c.tensor, c.layer, c.what, few(c.zeros), c.distinct, few(c.error)]
                    for c in made.changes],
        "recalls": {str(c.label): [c.count, few(c.recall)] for c in judged.classes},
        "moved": [judged.moved, judged.right_to_wrong, judged.wrong_to_right],
        "stored": dict(packed.tensors),
        "notes": [*made.notes, *packed.notes],
    }  # fmt: skip


def _declared(used: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    return [
        declared(operation(id), names) for id, names in used.items()
    ]  # fmt: skip
