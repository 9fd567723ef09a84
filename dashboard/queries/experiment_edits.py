"""What people write on the models of an experiment: notes, flags, named budgets, formula metrics.

One JSON document a row of the store: `{"notes": {id: text}, "flags": {id: [words]}}`, and what
`experiment_named.py` keeps.  Values come from a browser: all of them are checked here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from dashboard.queries import experiment_named
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import ExperimentRow, clean_name

MAX_NOTE = 2_000  # characters
MAX_FLAGS = 12
MAX_FLAG = 30


def document_of(row: ExperimentRow) -> dict[str, Any]:
    """The edits of a row as an object; {} when there are none."""
    found = json.loads(row.edits) if row.edits else {}
    return found if isinstance(found, dict) else {}


def edited(experiment: Experiment, row: ExperimentRow) -> Experiment:
    """The experiment with what people wrote on it: metrics, budgets, notes and flags."""
    edits = document_of(row)
    experiment = experiment_named.applied(experiment, edits)
    notes, flags = edits.get("notes", {}), edits.get("flags", {})
    if not notes and not flags:
        return experiment
    models = tuple(
        replace(m, notes=str(notes.get(m.id, m.notes)), flags=tuple(flags.get(m.id, m.flags)))
        if m.id in notes or m.id in flags
        else m
        for m in experiment.models
    )
    frame = experiment.frame.with_columns(
        pl.Series("notes", [m.notes for m in models], pl.String),
        pl.Series("flags", [list(m.flags) for m in models], pl.List(pl.String)),
    )
    return replace(experiment, models=models, frame=frame, document=_document(experiment, models))


def _document(experiment: Experiment, models: tuple[Any, ...]) -> Mapping[str, Any]:
    """The JSON that is written, with notes and flags in their places."""
    changed = {m.id: m for m, old in zip(models, experiment.models, strict=True) if m is not old}
    listed = experiment.document.get("models")
    if not isinstance(listed, list):
        return experiment.document
    made = [
        {**body, "notes": changed[body["id"]].notes, "flags": list(changed[body["id"]].flags)}
        if isinstance(body, dict) and body.get("id") in changed
        else body
        for body in listed
    ]
    return {**experiment.document, "models": made}


def meanwhile(experiment: Experiment, model: object, cell: Mapping[str, Any]) -> str:
    """What is said when a cell holds something else than its writer saw; "" when it does not.

    Args:
        experiment: as it stands.
        model: id of the one that was written on.
        cell: {"colId", "oldValue", "value"} of the edit.
    """
    found = experiment.models[experiment.rows[_model(experiment, model)]]
    stands = found.notes if cell.get("colId") == "notes" else ", ".join(found.flags)
    if "oldValue" not in cell or stands in (cell["oldValue"] or "", cell.get("value") or ""):
        return ""
    now = f"it says “{stands[:200]}” now" if stands else "it is empty now"
    return (
        f"Somebody else wrote here meanwhile: {now}. Yours, “{str(cell.get('value'))[:200]}”, "
        "was not kept; write it again over theirs if it is to stand."
    )


def with_note(row: ExperimentRow, experiment: Experiment, model: object, note: object) -> str:
    """The edits with another note on a model.

    Raises:
        EngineError: no such model, or this is no note.
    """
    id = _model(experiment, model)
    text = note if isinstance(note, str) else ""
    text = "".join(c for c in text if c == "\n" or c.isprintable()).strip()
    if len(text) > MAX_NOTE:
        raise EngineError(
            "the note is too long",
            expected=f"at most {MAX_NOTE:,} characters",
            found=f"{len(text):,}",
        )
    return _with(row, "notes", id, text)


def with_flags(row: ExperimentRow, experiment: Experiment, model: object, flags: object) -> str:
    """The edits with other flags on a model, given as words with commas between them.

    Raises:
        EngineError: no such model, or too many flags.
    """
    id = _model(experiment, model)
    words = [clean_name(w) for w in str(flags or "").split(",") if w.strip()]
    words = list(dict.fromkeys(words))
    if len(words) > MAX_FLAGS or any(len(w) > MAX_FLAG for w in words):
        raise EngineError(
            "these are too many flags, or too long ones",
            expected=f"at most {MAX_FLAGS} of {MAX_FLAG} characters, with commas between them",
        )
    return _with(row, "flags", id, words)


def _model(experiment: Experiment, id: object) -> str:
    if not isinstance(id, str) or id not in experiment.rows:
        raise EngineError("there is no such model in this experiment")
    return id


def _with(row: ExperimentRow, part: str, key: str, value: Any) -> str:
    edits = document_of(row)
    held = {**edits.get(part, {}), key: value}
    return json.dumps({**edits, part: held})
