"""What models of an experiment made of sets of instances: rows here, the numbers as blobs.

A set of instances is known by the digest of its file, or of the names of its instances where only
predictions came.  Models are compared on one set: each has at most one row for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits
from engine.store.blobs import Blobs, digest_of
from engine.store.database import Database
from engine.store.limits import now
from engine.store.people import Role
from engine.store.rights import need
from engine.store.rows import there
from engine.store.tables import EXPERIMENT_DATA, PREDICTIONS

if TYPE_CHECKING:
    from engine.behaviors import Instances, Outputs

MAX_PREDICTIONS = 10_000  # of an experiment


@dataclass(frozen=True, slots=True)
class DataRow:
    """A set of instances.

    Args:
        data: digest, 64 digits.
        name: in words; count: of its instances.
        kind: of what is shown of them: "image", "text", "row", "wave"; "" nothing.
        sha256: of the blob of what is shown.
    """

    data: str
    name: str
    count: int
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """What one model made of a set of instances.

    Args:
        model: its id in the experiment; data: digest of the set.
        sha256: of the blob of the outputs.
        source: "job" or "file"; words: title of the job, name of the file.
        made_from: digest of the file and the steps that a job ran; "" unknown.
        engine: version that made it; created: UTC, None before it is kept.
    """

    model: str
    data: str
    sha256: str
    source: str
    words: str
    made_from: str
    engine: str
    created: datetime | None = None


class Predictions:
    """The predictions of a data folder; owners are checked before.

    Args:
        database: with the tables.
        blobs: where outputs and instances are, before their rows.
    """

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database, self._blobs = database, blobs

    def keep(self, experiment_id: str, data: DataRow, made: PredictionRow) -> bool:
        """Keep what a model made; the same model and set again replace it.

        Args:
            experiment_id: whose.
            data: the set; what is known of its instances is not replaced by nothing.
            made: its blob is there already.

        Returns:
            False when the experiment is not there any more.

        Raises:
            EngineError: a blob is gone, or there are too many.
        """
        for sha256 in (data.sha256, made.sha256):
            if not self._blobs.path(sha256).exists():
                raise EngineError("what was predicted is gone", data.name, try_this="once more")
        values = {
            "sha256": made.sha256, "source": made.source, "words": limits.clean_name(made.words),
            "made_from": made.made_from, "engine": made.engine, "created": now(),
        }  # fmt: skip
        with self._database.writing() as connection:
            if not there(connection, experiment_id):
                return False
            mine = PREDICTIONS.c.experiment_id == experiment_id
            count = sa.select(sa.func.count()).select_from(PREDICTIONS).where(mine)
            if (connection.scalar(count) or 0) >= MAX_PREDICTIONS:
                raise EngineError("too many predictions", "experiment", f"{MAX_PREDICTIONS:,}")
            self._keep_data(connection, experiment_id, data)
            connection.execute(sa.delete(PREDICTIONS).where(mine, *_of(made.model, made.data)))
            keys = {"experiment_id": experiment_id, "model": made.model, "data": made.data}
            connection.execute(sa.insert(PREDICTIONS).values(**keys, **values))
        return True

    def show(self, experiment_id: str, data: DataRow) -> None:
        """Keep what people see of a set that is there, instead of what was known.

        Raises:
            EngineError: the blob is gone, or who asks may not edit.
        """
        if not self._blobs.path(data.sha256).exists():
            raise EngineError("what is shown of the instances is gone", data.name)
        table = EXPERIMENT_DATA
        with self._database.writing() as connection:
            need(connection, "experiment", experiment_id, Role.EDITOR)
            connection.execute(
                sa.update(table)
                .where(table.c.experiment_id == experiment_id, table.c.data == data.data)
                .values(kind=data.kind, sha256=data.sha256)
            )

    @staticmethod
    def _keep_data(connection: sa.Connection, experiment_id: str, data: DataRow) -> None:
        table = EXPERIMENT_DATA
        mine = (table.c.experiment_id == experiment_id, table.c.data == data.data)
        known = connection.scalar(sa.select(table.c.kind).where(*mine))
        if known is not None and (known or not data.kind):
            return
        connection.execute(sa.delete(table).where(*mine))
        connection.execute(
            sa.insert(table).values(
                experiment_id=experiment_id, data=data.data, name=limits.clean_name(data.name),
                count=data.count, kind=data.kind, sha256=data.sha256, created=now(),
            )
        )  # fmt: skip

    def stored(self, experiment_id: str) -> tuple[tuple[DataRow, ...], tuple[PredictionRow, ...]]:
        """The sets of instances of an experiment, and which models have predictions for which."""
        sets, made = EXPERIMENT_DATA, PREDICTIONS
        with self._database.reading() as connection:
            found = connection.execute(
                sa.select(sets.c.data, sets.c.name, sets.c.count, sets.c.kind, sets.c.sha256)
                .where(sets.c.experiment_id == experiment_id)
                .order_by(sets.c.created)
            ).all()
            rows = connection.execute(
                sa.select(made).where(made.c.experiment_id == experiment_id)
                .order_by(made.c.created)
            ).all()  # fmt: skip
        return tuple(DataRow(*row) for row in found), tuple(map(_row, rows))

    def find(self, experiment_id: str, model: str, data: str) -> PredictionRow | None:
        """The row of one model on one set; None: there is none."""
        whose = PREDICTIONS.c.experiment_id == experiment_id
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(PREDICTIONS).where(whose, *_of(model, data))
            ).one_or_none()
        return _row(row) if row is not None else None

    def load(self, experiment_id: str, model: str, data: str) -> Outputs:
        """What a model made, its bytes checked by their digest.

        Raises:
            EngineError: there is none, or its file is gone or changed.
        """
        from engine.behaviors import loads

        row = self.find(experiment_id, model, data)
        if row is None:
            raise EngineError("there are no predictions of this model", model[:200],
                              try_this="loading or importing them")  # fmt: skip
        return loads(self._bytes(row.sha256, model))

    def instances(self, experiment_id: str, data: str) -> Instances:
        """What people see of the instances of a set.

        Raises:
            EngineError: there is no such set, or its file is gone or changed.
        """
        from engine.behaviors import load_instances

        found = next((d for d in self.stored(experiment_id)[0] if d.data == data), None)
        if found is None:
            raise EngineError("there is no such set of instances", "experiment")
        return load_instances(self._bytes(found.sha256, found.name))

    def forget(self, experiment_id: str, model: str, data: str) -> None:
        """Remove what a model made of a set; a set that no model has predictions for goes too."""
        made, sets = PREDICTIONS, EXPERIMENT_DATA
        mine = (made.c.experiment_id == experiment_id, made.c.data == data)
        with self._database.writing() as connection:
            need(connection, "experiment", experiment_id, Role.EDITOR)
            connection.execute(sa.delete(made).where(*mine, made.c.model == model))
            if connection.scalar(sa.select(made.c.model).where(*mine).limit(1)) is None:
                connection.execute(
                    sa.delete(sets).where(
                        sets.c.experiment_id == experiment_id, sets.c.data == data
                    )
                )

    def _bytes(self, sha256: str, name: str) -> bytes:
        path = self._blobs.path(sha256)
        if not path.exists():
            raise EngineError("the file of these predictions is gone", name[:200],
                              try_this="loading or importing them again")  # fmt: skip
        if digest_of(path) != sha256:
            raise EngineError("the stored predictions have changed on the disk", name[:200],
                              try_this="loading or importing them again")  # fmt: skip
        return path.read_bytes()


def _of(model: str, data: str) -> tuple[sa.ColumnElement[bool], ...]:
    return PREDICTIONS.c.model == model, PREDICTIONS.c.data == data


def _row(found: sa.Row[Any]) -> PredictionRow:
    values = found._asdict()
    del values["experiment_id"]
    return PredictionRow(**{**values, "created": datetime.fromisoformat(values["created"])})
