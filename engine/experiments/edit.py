"""Adding to an experiment: models from a training script, notes and flags from people."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import EngineError
from engine.experiments import fields
from engine.experiments.identity import digest_of
from engine.experiments.issues import Issues
from engine.experiments.model import Experiment, Model
from engine.experiments.read import MAX_MODELS, build, read
from engine.experiments.write import save

_EMPTY: Mapping[str, Any] = {"operations": [], "metrics": [], "models": []}


def with_model(experiment: Experiment, entry: Mapping[str, Any]) -> Experiment:
    """The experiment with one more model.

    Args:
        experiment: to be added to.
        entry: the model as it stands in the file.

    Raises:
        EngineError: the id is taken, the base is not there, or a value is none.
    """
    id = fields.name(entry.get("id"))
    where = f"model {id!r}"
    if id is None or not isinstance(entry.get("id"), str):
        raise EngineError(
            "has no id that can be used", "model", "a text", repr(entry.get("id"))[:60]
        )
    if id in experiment.rows:
        raise EngineError("is already there", where, try_this="another id")
    if len(experiment.models) >= MAX_MODELS:
        raise EngineError("is one too many", where, f"at most {MAX_MODELS:,} models")
    for base in (entry.get("base"), *(entry.get("bases") or ())):
        if base is not None and base not in experiment.rows:
            raise EngineError("its base is not there", where, found=repr(str(base)[:80]))
    for kind in ("metrics", "errors"):
        for name, value in (entry.get(kind) or {}).items():
            good = value is None or (fields.number(value) is not None)
            if fields.name(name) is None or not good:
                raise EngineError(
                    f"{kind} hold what is no number", where, found=f"{name!r}: {value!r}"[:90]
                )
    with_it = {**experiment.document, "models": [*experiment.document["models"], dict(entry)]}
    _plain(with_it["models"][-1], where)
    return build(with_it, experiment.name)


def annotated(
    experiment: Experiment, id: str, notes: str | None = None, flags: Sequence[str] | None = None
) -> Experiment:
    """The experiment with other notes or flags on a model; None leaves them.

    Raises:
        EngineError: no such model, or a text that cannot be kept.
    """
    row = experiment.rows.get(id)
    if row is None:
        raise EngineError("no such model", "notes", found=repr(id[:80]))
    found, issues = experiment.models[row], Issues()
    made: Model = replace(
        found,
        notes=found.notes if notes is None else fields.text(notes, "the notes", issues),
        flags=found.flags if flags is None else fields.words(list(flags), "flags", issues),
    )
    if issues.told():
        raise EngineError(issues.told()[0].sentence.rstrip("."), f"model {id[:80]!r}")
    entries = list(experiment.document["models"])
    at = max(k for k, e in enumerate(entries) if isinstance(e, dict) and str(e.get("id")) == id)
    entry = {k: v for k, v in entries[at].items() if k not in ("notes", "flags")}
    entry |= {"notes": made.notes} if made.notes else {}
    entry |= {"flags": list(made.flags)} if made.flags else {}
    entries[at] = entry
    body = {**experiment.document, "models": entries}
    models = (*experiment.models[:row], made, *experiment.models[row + 1 :])
    frame = experiment.frame.with_columns(
        pl.Series("notes", [m.notes for m in models], pl.String),
        pl.Series("flags", [list(m.flags) for m in models], pl.List(pl.String)),
    )
    return replace(experiment, models=models, frame=frame, document=body, digest=digest_of(body))


class ExperimentFile:
    """An experiment on disk that scripts add to; several may do so at once.

    Args:
        path: of the JSON file; it is made with the first model.

    Raises:
        EngineError: the file is there and cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._seen: tuple[int, ...] = ()
        self.experiment = build(_EMPTY, self.path.name)
        self.experiment = self._read()

    def add(
        self,
        model: str,
        *,
        base: str | None = None,
        operation: str | tuple[str, Mapping[str, Any]] | Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        **more: Any,
    ) -> Model:
        """Add a model and write the file.

        Args:
            model: its id.
            base: id of the model it was made from; None: a root.
            operation: "prune", ("prune", {"amount": 0.5}), or {"name": ..., "parameters": ...}.
            metrics: name -> value; None is unknown.
            more: tag, bases, errors, author, notes, flags, artefacts, time (now, unless given).

        Raises:
            EngineError: the id is taken, the base is not there, or a value is none.
        """
        unknown = set(more) - {
            "tag",
            "bases",
            "errors",
            "author",
            "notes",
            "flags",
            "artefacts",
            "time",
        }
        if unknown:
            raise EngineError(
                "unknown field", f"model {model!r}"[:90], found=", ".join(sorted(unknown))
            )
        step = operation
        if isinstance(step, str):
            step = {"name": step, "parameters": {}}
        elif isinstance(step, tuple):
            step = {"name": step[0], "parameters": dict(step[1])}
        entry: dict[str, Any] = {"id": model, "base": base, "operation": step}
        entry["metrics"] = {k: _number(v) for k, v in (metrics or {}).items()}
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        entry |= {"time": now} | {k: v for k, v in more.items() if v is not None}
        with self._alone():
            self._save(with_model(self._read(), entry))
        return self.experiment.models[self.experiment.rows[model]]

    def annotate(
        self, model: str, notes: str | None = None, flags: Sequence[str] | None = None
    ) -> None:
        """Put notes and flags on a model and write the file.

        Raises:
            EngineError: no such model.
        """
        with self._alone():
            self._save(annotated(self._read(), model, notes, flags))

    def _read(self) -> Experiment:
        """The experiment as it is on disk; parsed again only when somebody else wrote it."""
        try:
            now = self._stamp()
        except FileNotFoundError:
            return build(_EMPTY, self.path.name)
        if now != self._seen:
            self.experiment, self._seen = read(self.path), now
        return self.experiment

    def _save(self, made: Experiment) -> None:
        save(made, self.path)
        self.experiment, self._seen = made, self._stamp()

    def _stamp(self) -> tuple[int, ...]:
        found = self.path.stat()  # every writer makes a new file, so the inode tells them apart
        return found.st_ino, found.st_size, found.st_mtime_ns

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other writers out; the lock is a file of its own, for the first is replaced."""
        import fcntl  # only Unix has it, and only writing needs it

        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            file = lock.open("a")
        except OSError as fault:
            raise EngineError(
                f"cannot be written ({fault.strerror or 'unknown reason'})", str(self.path)[:200]
            ) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _number(value: Any) -> Any:
    """A number of numpy or torch as Python's own; NaN is unknown."""
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and math.isnan(plain) else plain


def _plain(entry: Mapping[str, Any], where: str) -> None:
    try:
        json.dumps(entry, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise EngineError(
            "holds what JSON cannot", where, "numbers, texts, lists, objects"
        ) from None
