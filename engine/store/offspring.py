"""What jobs add to the file of an experiment: models made from its models, figures, files.

The file itself never changes.  A model that is asked for has its row at once, so that it keeps its
place while its job runs; how far that is stands in the job's unit.  Rows about models that are in
the file hold further figures of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits
from engine.store.database import Database
from engine.store.limits import now
from engine.store.people import Role
from engine.store.rights import need
from engine.store.rows import there
from engine.store.tables import EXPERIMENT_FILES, EXPERIMENT_MODELS, EXPERIMENTS, UNITS

MAX_MODELS = 5_000  # of an experiment
MAX_ENTRY = 64_000  # bytes of JSON
GONE = ("cancelled", "")  # states of units whose model will not come


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A model that a job made or makes, or further figures of one that is in the file.

    Args:
        model: its id in the experiment.
        entry: as in an experiment's file; without metrics until it is made.
        state: "done", else that of its unit: "queued", "running", "failed".
        share: of the work that is done, 0..1.
        words: what the unit does now, or why it failed.
        job_id: whose unit; "" none.
    """

    model: str
    entry: Mapping[str, Any]
    state: str
    share: float
    words: str
    job_id: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A blob that belongs to an experiment.

    Args:
        role: "model" (the ONNX file of one), "fit" (samples to measure on), "data" (labelled).
        model: whose; "" the whole experiment's.
        sha256: of its bytes.
        words: what it is.
    """

    role: str
    model: str
    sha256: str
    words: str


class Offspring:
    """The models and files that jobs and people add to experiments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    def check(entry: Mapping[str, Any]) -> None:
        """Refuse an entry that could not be kept.

        Raises:
            EngineError: it is too long.
        """
        _text(entry)

    def ask(
        self, experiment_id: str, entries: Sequence[Mapping[str, Any]], job_id: str
    ) -> None:  # fmt: skip
        """Give the models of a job their places, one a unit in its order.

        Raises:
            EngineError: too many models, or an entry that cannot be kept.
        """
        with self._database.writing() as connection:
            need(connection, "experiment", experiment_id, Role.EDITOR)
            mine = EXPERIMENT_MODELS.c.experiment_id == experiment_id
            last = sa.select(sa.func.max(EXPERIMENT_MODELS.c.place)).where(mine)
            start = (connection.scalar(last) or 0) + 1
            if start + len(entries) > MAX_MODELS:
                raise EngineError("too many models", "experiment", f"at most {MAX_MODELS:,}")
            for k, entry in enumerate(entries):
                id = entry["id"]
                if not connection.scalar(_made(experiment_id, id)):  # else it was quicker than this
                    values = {"job_id": job_id, "seq": k, "made": False, "entry": _text(entry)}
                    self._put(connection, experiment_id, id, values, start + k)
            _changed(connection, experiment_id)

    def land(
        self, experiment_id: str, asked: Mapping[str, Any], found: Mapping[str, Any], file: FileRow
    ) -> bool:
        """A model is made.  Twice is once.

        Args:
            experiment_id: whose.
            asked: its entry as it was asked for, where there is none.
            found: what its entry has now.
            file: its own.

        Returns:
            False when the experiment is not there any more.
        """
        model = file.model
        with self._database.writing() as connection:
            if not there(connection, experiment_id):
                return False
            known = self._entry(connection, experiment_id, model) or asked
            values = {"made": True, "entry": _text({**known, **found})}
            if not connection.scalar(_made(experiment_id, model)):
                more = {"model_count": EXPERIMENTS.c.model_count + 1}
                mine = EXPERIMENTS.c.id == experiment_id
                connection.execute(sa.update(EXPERIMENTS).where(mine).values(**more))
            self._put(connection, experiment_id, model, values, 0)
            _keep(connection, experiment_id, file)
            _changed(connection, experiment_id)
        return True

    def figures(self, experiment_id: str, model: str, found: Mapping[str, Any]) -> bool:
        """Further figures of a model; `found` has the keys of an entry.

        Returns:
            False when the experiment is not there any more.
        """
        with self._database.writing() as connection:
            if not there(connection, experiment_id):
                return False
            known = dict(self._entry(connection, experiment_id, model))
            for key, value in found.items():
                old = known.get(key)
                known[key] = {**old, **value} if isinstance(old, dict) else value
            values = {"made": True, "entry": _text(known)}
            self._put(connection, experiment_id, model, values, 0)
            _changed(connection, experiment_id)
        return True

    def list(self, experiment_id: str) -> tuple[ChildRow, ...]:
        """The models of an experiment that jobs made or make, in the order of asking."""
        own, unit = EXPERIMENT_MODELS, UNITS
        joined = own.outerjoin(
            unit, sa.and_(unit.c.job_id == own.c.job_id, unit.c.seq == own.c.seq)
        )
        query = (
            sa.select(own, unit.c.state, unit.c.share, unit.c.words)
            .select_from(joined)
            .where(own.c.experiment_id == experiment_id)
            .order_by(own.c.place)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        made = (
            ChildRow(
                r.model, json.loads(r.entry), "done" if r.made else r.state or "",
                1.0 if r.made else r.share or 0.0, "" if r.made else r.words or "", r.job_id,
            )
            for r in rows
        )  # fmt: skip
        return tuple(row for row in made if row.state not in GONE)

    def dismiss(self, experiment_id: str, model: str) -> None:
        """Forget a model that could not be made.

        Raises:
            EngineError: there is none, or it is made, or under way.
        """
        found = next((c for c in self.list(experiment_id) if c.model == model), None)
        if found is None or found.state != "failed":
            raise EngineError("there is no failed model of that name", found=repr(model[:80]))
        with self._database.writing() as connection:
            need(connection, "experiment", experiment_id, Role.EDITOR)
            connection.execute(sa.delete(EXPERIMENT_MODELS).where(_one(experiment_id, model)))
            _changed(connection, experiment_id)

    def keep_file(self, experiment_id: str, file: FileRow) -> None:
        """Say which blob is a model's file, or the samples of an experiment."""
        with self._database.writing() as connection:
            need(connection, "experiment", experiment_id, Role.EDITOR)
            _keep(connection, experiment_id, file)

    def files(self, experiment_id: str) -> tuple[FileRow, ...]:
        """The blobs of an experiment."""
        query = sa.select(EXPERIMENT_FILES).where(EXPERIMENT_FILES.c.experiment_id == experiment_id)
        with self._database.reading() as connection:
            return tuple(
                FileRow(r.role, r.model, r.sha256, r.words) for r in connection.execute(query)
            )

    @staticmethod
    def _entry(connection: sa.Connection, experiment_id: str, model: str) -> Mapping[str, Any]:
        query = sa.select(EXPERIMENT_MODELS.c.entry).where(_one(experiment_id, model))
        found = connection.scalar(query)
        return json.loads(found) if found else {}

    @staticmethod
    def _put(
        connection: sa.Connection, experiment_id: str, model: str, values: dict[str, Any],
        place: int,
    ) -> None:  # fmt: skip
        """Change a row, or make it."""
        where = _one(experiment_id, model)
        if connection.execute(sa.update(EXPERIMENT_MODELS).where(where).values(**values)).rowcount:
            return
        fresh = {"experiment_id": experiment_id, "model": model, "place": place, "job_id": "",
                 "seq": 0} | values  # fmt: skip
        connection.execute(sa.insert(EXPERIMENT_MODELS).values(**fresh))


def _one(experiment_id: str, model: str) -> sa.ColumnElement[bool]:
    table = EXPERIMENT_MODELS
    return sa.and_(table.c.experiment_id == experiment_id, table.c.model == model)


def _made(experiment_id: str, model: str) -> sa.Select[tuple[bool]]:
    return sa.select(EXPERIMENT_MODELS.c.made).where(_one(experiment_id, model))


def _keep(connection: sa.Connection, experiment_id: str, file: FileRow) -> None:
    table = EXPERIMENT_FILES
    whose = (table.c.experiment_id == experiment_id, table.c.role == file.role,
             table.c.model == file.model)  # fmt: skip
    connection.execute(sa.delete(table).where(*whose))
    connection.execute(
        sa.insert(table).values(
            experiment_id=experiment_id, role=file.role, model=file.model, sha256=file.sha256,
            words=limits.clean_name(file.words),
        )
    )  # fmt: skip


def _changed(connection: sa.Connection, experiment_id: str) -> None:
    """Another version: whoever holds the experiment reads it again."""
    connection.execute(
        sa.update(EXPERIMENTS)
        .where(EXPERIMENTS.c.id == experiment_id)
        .values(version=EXPERIMENTS.c.version + 1, updated=now())
    )


def _text(entry: Mapping[str, Any]) -> str:
    text = json.dumps(dict(entry), allow_nan=False)
    return limits.document(text, "what was found of a model", MAX_ENTRY)
