"""From the form of an operation to a job: checks, batches, the children that will come."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import engine
from dashboard.queries.jobs import last
from dashboard.queries.offspring import Origin, origin
from engine.compress import METRICS, Operation, Parameter, called, declared, said
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import ExperimentRow, JobRow, Role, Store

MOST = 24  # children at once
MAX_ID = 300  # characters
_PREFIX = {"B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9}


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for children.

    Args:
        job: None when all of them were there already.
        made: ids of the children that will come; there: of those that were there.
    """

    job: JobRow | None
    made: tuple[str, ...]
    there: tuple[str, ...]


def batches(known: Operation, given: Mapping[str, object]) -> tuple[dict[str, Any], ...]:
    """The values of each child: every combination of what the fields list.

    Args:
        known: the operation.
        given: parameter -> what its field says: text of numbers with commas between them, shares
            in percent; a choice; yes or no; text of names.

    Raises:
        EngineError: a value that the operation does not take, or too many children.
    """
    told = {p.name: p for p in known.parameters}
    fields = {n: _values(told[n], v) for n, v in given.items() if n in told and v is not None}
    count = 1
    for values in fields.values():
        count *= len(values)
    if count > MOST:
        raise EngineError("too many children at once", known.label, f"at most {MOST}", str(count))
    made = [dict(zip(fields, one, strict=True)) for one in itertools.product(*fields.values())]
    for one in made:
        known.filled(one)
    return tuple(made)


def _values(parameter: Parameter, given: object) -> list[Any]:
    if parameter.kind not in ("share", "int"):
        return [given]
    where = parameter.label
    parts = [p for p in re.split(r"[,;\s]+", str(given).replace("%", " ")) if p]
    if not parts:
        return [parameter.default]
    found: list[Any] = []
    for part in parts[: MOST + 1]:
        try:
            number = float(part)
        except ValueError as error:
            raise EngineError(
                "is no number", where, "such as 30, 50, 70", repr(part)[:40]
            ) from error
        value = round(number / 100, 6) if parameter.kind == "share" else number
        if value not in found:
            found.append(value)
    return found


def run(
    store: Store, row: ExperimentRow, found: Experiment, model: str, operation: str,
    given: Mapping[str, object], time: bool = True,
) -> Asked:  # fmt: skip
    """Ask for the children of a model.

    Args:
        store: where jobs and files are.
        row: of the experiment.
        found: with what jobs made of it.
        model: whose children.
        operation: id of one.
        given: what the fields of its form say, see `batches`.
        time: time them beside the root.

    Raises:
        EngineError: there is no file to start from, no samples where they are needed, or a value
            that the operation does not take.
        Refused: the experiment may not be changed by the one who asks.
    """
    store.sharing.check("experiment", row.id, Role.EDITOR)  # a job that is asked for will land
    known = engine.operation(operation)
    start = origin(store, row, found, model)
    check(start, known)
    failed = {c.model for c in store.offspring.list(row.id) if c.state == "failed"}
    wished = [(one, _twin(found, model, known, one)) for one in batches(known, given)]
    there = tuple(twin for _, twin in wished if twin and twin not in failed)
    taken = set(found.rows)
    entries, units = [], []
    for values, twin in wished:
        if twin in there:
            continue
        entry = _entry(found, model, known, values, taken) | ({"id": twin} if twin else {})
        store.offspring.check(entry)
        taken.add(entry["id"])
        entries.append(entry)
        units.append(
            start.args() | {"operation": known.id, "values": _plain(values), "time": time,
                            "model": entry["id"], "entry": entry, "metrics": names(found)}
        )  # fmt: skip
    if not units:
        return Asked(None, (), there)
    title = f"{known.label}: {found.models[found.rows[model]].label}"
    job, _ = store.jobs.add("operation", title, units, version=engine.VERSION, subject=row.id)
    store.offspring.ask(row.id, entries, job.id)
    return Asked(job, tuple(e["id"] for e in entries), there)


def check(start: Origin, known: Operation) -> None:
    """Refuse at once what would fail later.

    Raises:
        EngineError: something is missing; the sentence says what.
    """
    if start.missing:
        raise EngineError(start.missing.rstrip("."))
    if known.data != "none" and start.fit is None and start.data is None:
        raise EngineError(
            f"{known.label} measures on samples, and this experiment has none",
            try_this="Attach data in the form",
        )  # fmt: skip
    if known.base and not start.root:
        raise EngineError(
            f"{known.label} needs the file of the root of this model", try_this="attaching it"
        )


def judge(
    store: Store, row: ExperimentRow, found: Experiment, model: str, data: bool, time: bool
) -> JobRow:
    """Ask that a model is judged on the experiment's data, or timed beside its root.

    Raises:
        EngineError: there is no file, or no data.
        Refused: the experiment may not be changed by the one who asks.
    """
    store.sharing.check("experiment", row.id, Role.EDITOR)
    start = origin(store, row, found, model)
    if start.missing:
        raise EngineError(start.missing.rstrip("."))
    if data and start.data is None and (start.fit is None or not start.root):
        raise EngineError("there are no samples to judge by", try_this="attaching some in the form")
    if time and not start.root:
        raise EngineError("latency is measured beside the root, whose file is not here",
                          try_this="attaching it")  # fmt: skip
    unit = start.args() | {"model": model, "metrics": names(found), "time": time}
    unit |= {} if data else {"data": ""}
    if time:
        unit["after"] = last(store.jobs.list(subject=row.id), "evaluate")
    what = " and ".join(w for w, on in (("Evaluate", data), ("measure", time)) if on)
    title = f"{what.capitalize()}: {found.models[found.rows[model]].label}"
    return store.jobs.add("evaluate", title, [unit], version=engine.VERSION, subject=row.id)[0]


def names(found: Experiment) -> dict[str, list[Any]]:
    """Our metrics -> the experiment's name for each, and what to multiply by for its unit."""
    told: dict[str, list[Any]] = {}
    for ours in METRICS:
        for spec in found.metrics:
            if spec.name.casefold() != ours["name"].casefold() or spec.formula:
                continue
            scale = _scale(ours, spec.unit.strip(), spec.format)
            if scale:
                told[ours["name"]] = [spec.name, scale]
    return told


def _scale(ours: Mapping[str, Any], unit: str, format: str) -> float:
    """From our unit to another; 0 where the two are not of one kind."""
    if ours.get("unit") == "B":
        return 1 / _PREFIX[unit] if unit in _PREFIX else 0.0
    if unit == "%":
        return 100.0 if str(ours.get("format", "")).endswith("%") else 0.0
    return 1.0 if unit == ours.get("unit", "") else 0.0


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}


def twin(found: Experiment, base: str, known: Operation, given: Mapping[str, object]) -> str:
    """The child that an operation with what the fields of its form say has made; "" none."""
    return _twin(found, base, known, batches(known, given)[0])


def _twin(found: Experiment, base: str, known: Operation, values: Mapping[str, Any]) -> str:
    """The child of a model that the same operation with the same values made; "" none."""
    wanted = known.filled(values)
    for row in found.forest.children[found.rows[base]]:
        model = found.models[row]
        if model.operation is None or called(model.operation.name) is not known:
            continue
        try:
            same = known.filled(model.operation.parameters) == wanted
        except EngineError:
            continue
        if same:
            return model.id
    return ""


def _entry(
    found: Experiment, base: str, known: Operation, values: Mapping[str, Any], taken: set[str]
) -> dict[str, Any]:
    """A child as the file of an experiment would have it, without what is to be found."""
    spec = next((s for s in found.operations if called(s.name) is known), None)
    usual = {p.name: p.default for p in known.parameters}
    filled = known.filled(values)
    first = known.parameters[0] if known.parameters else None
    strength = first.name if first and first.kind in ("share", "int") else ""
    set_here = [n for n in filled if filled[n] != usual[n] or n == strength]
    told = dict.fromkeys([*(p.name for p in spec.parameters if p.name in usual), *set_here]
                         if spec else set_here)  # fmt: skip
    step = said(known, values, told)
    declares = {} if spec else {"operations": [declared(known, told)]}
    if spec:
        step["name"] = spec.name
    id = _id(found, base, known, {n: step["parameters"][n] for n in set_here}, taken)
    entry = {"id": id, "base": base, "tag": id.replace("-", " · "), "operation": step}
    return entry | ({"declares": declares} if declares else {})


def _id(
    found: Experiment, base: str, known: Operation, told: Mapping[str, Any], taken: Sequence[str]
    | set[str],
) -> str:  # fmt: skip
    """A name from the base's and what is done to it: "prune70-palette-4"."""
    root = found.forest.parent[found.rows[base]] < 0
    values = [f"{100 * v:g}" if isinstance(v, float) and 0 < v < 1 else str(v)
              for v in told.values() if not isinstance(v, bool)]  # fmt: skip
    values += [n for n, v in told.items() if v is True]
    parts = [*([] if root else [base]), known.short, *values]
    name = re.sub(r"[^\w.:+-]+", "-", "-".join(parts)).strip("-")[:MAX_ID]
    return next(n for n in itertools.chain([name], (f"{name}-{k}" for k in itertools.count(2)))
                if n not in taken)  # fmt: skip
