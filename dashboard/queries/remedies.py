"""From a remedy of a finding to jobs, and how far those are.

A remedy leaves no mark of its own: the child that it would make is the child that it made, so that
everybody sees the same state, whoever pressed the button and whenever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import engine
from dashboard.queries import operate
from dashboard.queries.offspring import grown, origin
from dashboard.queries.operate import Asked
from engine.compress import Operation, called
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.layers import Remedy
from engine.store import ChildRow, ExperimentRow, Store

Step = tuple[Operation, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Cure:
    """A remedy and what has come of it.

    Args:
        remedy: of a finding.
        state: "" it can be asked for; "queued", "running", "failed" or "done"; "off" it cannot.
        share: 0..1 of what runs.
        words: what runs, why it failed, or why it cannot be asked for.
        child: row of what it made; -1 none.
    """

    remedy: Remedy
    state: str = ""
    share: float = 0.0
    words: str = ""
    child: int = -1


def steps_to(found: Experiment, base: int, at: int) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """(operation, its values) that made a model since a base, or what both came from; in order.

    A step that is none of ours is ("", {}).
    """
    above = {base}
    while found.forest.parent[base] >= 0:
        base = found.forest.parent[base]
        above.add(base)
    made: list[tuple[str, Mapping[str, Any]]] = []
    while at not in above and found.forest.parent[at] >= 0:
        step = found.models[at].operation
        known = called(step.name) if step else None
        try:
            filled = known.filled(step.parameters) if known and step else None
        except EngineError:
            filled = None
        made.append((known.id, filled) if known and filled is not None else ("", {}))
        at = found.forest.parent[at]
    return tuple(reversed(made))


def start(store: Store, row: ExperimentRow, found: Experiment, at: int, remedy: Remedy) -> Asked:
    """Run a remedy on a model, or make anew what it was made by, with other values.

    Args:
        store: where jobs and files are.
        row: of the experiment.
        found: its models.
        at: row of the model.
        remedy: of a finding about it.

    Raises:
        EngineError: there is nothing to start from, or no step above the model is the remedy's.
    """
    begins, steps = _placed(found, at, remedy)
    model, job = found.models[begins].id, None
    made: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    for known, fields in steps:
        asked = operate.run(store, row, found, model, known.id, fields)
        job, made, there = asked.job or job, (*made, *asked.made), (*there, *asked.there)
        model = (*asked.made, *asked.there)[0]
        new = [c for c in store.offspring.list(row.id) if c.model not in found.rows]
        found = grown(found, tuple(new))
    return Asked(job, made, there)


def cure(
    store: Store, row: ExperimentRow, found: Experiment, children: Sequence[ChildRow], at: int,
    remedy: Remedy,
) -> Cure:  # fmt: skip
    """What has come of a remedy.

    Args:
        store: where files are.
        row: of the experiment.
        found: its models.
        children: what jobs make of them.
        at: row of the model.
        remedy: of a finding about it.
    """
    try:
        begins, steps = _placed(found, at, remedy)
        model = found.models[begins].id
        start = origin(store, row, found, model)
        for known, _ in steps:
            operate.check(start, known)
    except EngineError as error:
        return Cure(remedy, "off", words=error.sentence)
    state = {c.model: c for c in children}
    for known, fields in steps:
        model = operate.twin(found, model, known, fields)
        if not model:
            return Cure(remedy)
        going = state.get(model)
        if going is not None and going.state != "done":
            return Cure(remedy, going.state, going.share, going.words)
    return Cure(remedy, "done", 1.0, child=found.rows[model])


def _placed(found: Experiment, at: int, remedy: Remedy) -> tuple[int, list[Step]]:
    """(row of the model that it begins on, operations with the fields of their forms).

    Where a step is made anew, the steps behind it are repeated.

    Raises:
        EngineError: no step above the model is the remedy's.
    """
    then = [(engine.operation(id), values) for id, values in remedy.then]
    more: list[Step] = [(known, _fields(known, values)) for known, values in then]
    if remedy.start == "model":
        first = engine.operation(remedy.operation)
        return at, [(first, _fields(first, remedy.values)), *more]
    behind = remedy.start == "behind"
    while found.forest.parent[at] >= 0:
        step, above = found.models[at].operation, found.forest.parent[at]
        made = called(step.name) if step is not None else None
        if behind and made is not None and made.id == remedy.behind:
            first = engine.operation(remedy.operation)
            return at, [(first, _fields(first, remedy.values)), *more]
        if not behind and made is not None and step and remedy.operation in ("", made.id):
            takes = {p.name for p in made.parameters}
            values = {n: v for n, v in remedy.values.items() if n in takes}
            if values:
                fields = _fields(made, {**made.filled(step.parameters), **values})
                return above, [(made, fields), *more]
        if made is None or step is None:
            break
        more.insert(0, (made, _fields(made, made.filled(step.parameters))))
        at = above
    raise EngineError("no step that made this model can be done otherwise here",
                      try_this="another operation on the model it was made from")  # fmt: skip


def _fields(known: Operation, values: Mapping[str, Any]) -> dict[str, object]:
    """Values of an operation as the fields of its form say them: shares in percent."""
    kinds = {p.name: p.kind for p in known.parameters}
    return {n: f"{100 * float(v):.6g}" if kinds.get(n) == "share" else v
            for n, v in values.items()}  # fmt: skip
