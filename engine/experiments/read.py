"""An experiment from JSON that may be old, odd, broken or hostile.

The original's models JSON loads as it is; our own format is the same with more fields.  A fault of
one model is reported and the rest loads; only what `guard.py` refuses stops the whole file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import EngineError
from engine.experiments import audit, declare, derive, fields
from engine.experiments.forest import forest
from engine.experiments.guard import MAX_BYTES, Document, document, kind
from engine.experiments.identity import digest_of
from engine.experiments.issues import Issues
from engine.experiments.model import (
    MODEL_SCHEMA,
    Experiment,
    Forest,
    MetricSpec,
    Model,
    Operation,
)

MAX_MODELS = 50_000
MAX_VALUES = 2_000_000  # models x metrics; 6,000 models with 300 metrics


def loads(data: bytes | str, name: str = "") -> Experiment:
    """The experiment of a JSON text.

    Args:
        data: the file's bytes, UTF-8.
        name: what to call it where the file gives no name.

    Raises:
        EngineError: the file as a whole cannot be read; the sentence says why.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return build(document(raw, name or "experiment"), name)


def read(source: str | Path | bytes, name: str = "") -> Experiment:
    """The experiment of a file or of its bytes.

    Raises:
        EngineError: no such file, or it cannot be read as a whole.
    """
    if isinstance(source, bytes):
        return loads(source, name)
    path = Path(source)
    label = name or path.name
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise EngineError(
            f"cannot be opened ({fault.strerror or 'unknown reason'})", str(path)[:200],
            "an experiment as JSON",
        ) from None  # fmt: skip
    except ValueError:
        raise EngineError("is no path", repr(str(path)[:80])) from None
    return loads(data, label)


def build(body: Mapping[str, Any], name: str = "") -> Experiment:
    """The experiment of a parsed document.

    Raises:
        EngineError: it has no list of models, or far too many.
    """
    where, issues = name or "experiment", Issues()
    if isinstance(body, Document):
        _of_text(body, issues)
    entries = body.get("models")
    if not isinstance(entries, list):
        raise EngineError(
            "holds no models", where, '"models": [...]',
            kind(entries) if "models" in body else "no such field",
        )  # fmt: skip
    if len(entries) > MAX_MODELS:
        raise EngineError("too many models", where, f"at most {MAX_MODELS:,}", f"{len(entries):,}")
    declared = declare.metrics(body, issues)
    steps = declare.operations(body, issues)
    models, bases = _models(entries, issues)
    rows = {m.id: m.row for m in models}
    links, missing, cut = forest([m.id for m in models], bases, rows)
    for row in missing:
        issues.add("error", "missing-base", "the base is not in the file, so it stands as a root",
                   models[row].id)  # fmt: skip
    for row in cut:
        issues.add("error", "cycle", "models are made from each other in a circle, cut here",
                   models[row].id)  # fmt: skip
    models = [_linked(m, links, models, rows, issues) for m in models]
    used: dict[str, int] = {}
    for model in models:
        for metric in model.metrics:
            used[metric] = used.get(metric, 0) + 1
    specs = declare.metric_specs(declared, used)
    if len(models) * len(specs) > MAX_VALUES:
        raise EngineError(
            "holds too many values", where, f"at most {MAX_VALUES:,} (models × metrics)",
            f"{len(models):,} × {len(specs):,}", "leave out metrics that nobody compares",
        )  # fmt: skip
    operations = declare.with_used(steps, models, issues)
    audit.remarks(models, specs, links, issues)
    frame = derive.computed(_frame(models, specs, links), specs, issues)
    return Experiment(
        fields.text(body.get("name"), "the name", issues, most=200) or name.removesuffix(".json"),
        operations, tuple(specs), tuple(models), issues.told(), links,
        frame, digest_of(body), body, rows,
    )  # fmt: skip


def _of_text(body: Document, issues: Issues) -> None:
    for word in body.odd:
        issues.add("error", "not-finite", f"{word} is no finite number, so the value is unknown")
    for name in body.twice:
        issues.add("warning", "field-twice", f"a field stands twice, the last counts: {name!r}")


def _models(entries: list[Any], issues: Issues) -> tuple[list[Model], list[str]]:
    """The models in the order of the file, and the id of each one's base."""
    found: dict[str, Any] = {}
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            issues.add("error", "no-model", f"an entry of models is a {kind(entry)}, left out",
                       f"entry {place}")  # fmt: skip
            continue
        id = fields.name(entry.get("id"))
        if id is None:
            issues.add("error", "bad-id", "a model has no id that can be used, left out",
                       f"entry {place}")  # fmt: skip
            continue
        if not isinstance(entry["id"], str):
            issues.add("warning", "id-is-number", "the id is a number, read as text", id)
        if id in found:
            same = found[id] == entry
            issues.add(
                "warning" if same else "error", "duplicate-id",
                "stands twice with the same content" if same
                else "stands twice with different content; the last counts", id,
            )  # fmt: skip
        found[id] = entry
    models, bases = [], []
    for row, (id, entry) in enumerate(found.items()):
        model, base = _model(row, id, entry, issues)
        models.append(model)
        bases.append(base)
    return models, bases


def _model(row: int, id: str, entry: Mapping[str, Any], issues: Issues) -> tuple[Model, str]:
    base, others = _bases(id, entry, issues)
    values: dict[str, float | None] = {}
    for name, given in fields.mapping(entry.get("metrics"), "metrics", issues, id).items():
        if fields.name(name) is None:
            issues.add("warning", "bad-name", "a metric's name cannot be used", id)
            continue
        values[name] = fields.number(given)
        if given is None:
            issues.add("note", "unknown-value", f"{name} is unknown", id)
        elif values[name] is None:
            issues.add("error", "not-a-number", f"{name} is no number, so it is unknown", id)
    errors = {}
    for name, given in fields.mapping(entry.get("errors"), "errors", issues, id).items():
        made = fields.number(given)
        if made is None:
            issues.add("warning", "not-a-number", f"the error of {name[:80]!r} is no number", id)
        else:
            errors[name] = abs(made)
    linked = fields.mapping(entry.get("artefacts"), "artefacts", issues, id)
    return Model(
        row, id, base, others, _operation(id, entry, issues),
        fields.text(entry.get("tag"), "the tag", issues, id, 500),
        values, errors,
        fields.text(entry.get("time"), "the time", issues, id, 40),
        fields.text(entry.get("author"), "the author", issues, id, 200),
        fields.text(entry.get("notes"), "the notes", issues, id),
        fields.words(entry.get("flags"), "flags", issues, id),
        {k[:200]: v[:2000] for k, v in linked.items() if isinstance(v, str) and fields.name(k)},
    ), base  # fmt: skip


def _bases(id: str, entry: Mapping[str, Any], issues: Issues) -> tuple[str, tuple[str, ...]]:
    """The base that the drawing follows, and further ones."""
    given = entry.get("base")
    further = list(fields.words(entry.get("bases"), "bases", issues, id))
    if isinstance(given, list):
        given, *rest = given or [None]
        further = [*fields.words(rest, "base", issues, id), *further]
    base = None if given is None or given == "" else fields.name(given)
    if base is None and given not in (None, ""):
        issues.add("error", "bad-base", "the base is no id, so it stands as a root", id)
    if base is None and further:
        base = further.pop(0)
    return base or "", tuple(dict.fromkeys(f for f in further if f != base))


def _operation(id: str, entry: Mapping[str, Any], issues: Issues) -> Operation | None:
    given = entry.get("operation")
    if given is None:
        return None
    if isinstance(given, str):
        given = {"name": given}
    name = fields.name(given.get("name")) if isinstance(given, dict) else None
    if name is None:
        issues.add("error", "bad-operation", "the operation has no name, so it is not told", id)
        return None
    return Operation(name, fields.parameters(given.get("parameters"), issues, id))


def _linked(
    model: Model, links: Forest, models: list[Model], rows: Mapping[str, int], issues: Issues
) -> Model:
    """A model with the bases that hold."""
    parent = links.parent[model.row]
    base = models[parent].id if parent >= 0 else ""
    others = tuple(o for o in model.others if o in rows and o != model.id)
    if len(others) < len(model.others):
        issues.add("error", "missing-base", "a further base is not in the file", model.id)
    if (base, others) == (model.base, model.others):
        return model
    return replace(model, base=base, others=others)


def _frame(models: list[Model], specs: list[MetricSpec], links: Forest) -> pl.DataFrame:
    """Columns `MODEL_SCHEMA`, then the metrics'."""
    own = {
        "row": [m.row for m in models],
        "id": [m.id for m in models],
        "label": [m.label for m in models],
        "base": [m.base for m in models],
        "operation": [m.operation.name if m.operation else "" for m in models],
        "parameters": [m.operation.words[len(m.operation.name) + 2 : -1] if m.operation else ""
                       for m in models],
        "parent": links.parent,
        "root": links.root,
        "depth": links.depth,
        "children": [len(c) for c in links.children],
        "time": [m.time for m in models],
        "author": [m.author for m in models],
        "notes": [m.notes for m in models],
        "flags": [list(m.flags) for m in models],
    }  # fmt: skip
    made = pl.DataFrame(own, MODEL_SCHEMA)
    return made.with_columns(
        pl.Series(s.column, [m.metrics.get(s.name) for m in models], pl.Float64) for s in specs
    )
