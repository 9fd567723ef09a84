"""An experiment with what was made and found since its file was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.experiments.guard import Document
from engine.experiments.model import Experiment
from engine.experiments.read import MAX_MODELS, build

_NESTED = ("metrics", "errors", "artefacts")


def with_entries(experiment: Experiment, entries: Sequence[Mapping[str, Any]]) -> Experiment:
    """The experiment with further models, and further figures of its own.

    Args:
        experiment: as its file has it.
        entries: models as a file holds them.  Where an id is there already, their figures join
            those of the model.  "declares" of an entry lists metrics and operations as a file
            does, {"metrics": [...], "operations": [...]}, for those that are not declared yet.
    """
    listed = experiment.document.get("models")
    models = list(listed) if isinstance(listed, list) else []
    at = {str(m.get("id")): k for k, m in enumerate(models) if isinstance(m, Mapping)}
    body = Document({**experiment.document, "models": models})
    body.odd = list(getattr(experiment.document, "odd", ()))
    body.twice = list(getattr(experiment.document, "twice", ()))
    for given in entries:
        entry = {k: v for k, v in given.items() if k != "declares"}
        id = str(entry.get("id"))
        for part, made in (given.get("declares") or {}).items():
            body[part] = _declared(body.get(part), made)
        if id in at:
            models[at[id]] = _joined(models[at[id]], entry)
        elif len(models) < MAX_MODELS:
            at[id] = len(models)
            models.append(entry)
    return build(body, experiment.name)


def _joined(model: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(model)
    for part in _NESTED:
        if more.get(part):
            old = found.get(part)
            found[part] = {**(old if isinstance(old, Mapping) else {}), **more[part]}
    return found


def _declared(known: Any, made: Sequence[Mapping[str, Any]]) -> list[Any]:
    """A list of the file with those of another whose names it has not."""
    found = list(known) if isinstance(known, list) else []
    names = {m.get("name") if isinstance(m, Mapping) else m for m in found}
    return [*found, *(m for m in made if m["name"] not in names)]
