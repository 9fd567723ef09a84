"""What the verbs of `analyses.py` answer with, and how it is read from the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.people import Role
from engine.store.rights import need
from engine.store.tables import ANALYSES, BLOBS, CHECKPOINTS, DRAFTS, EXPERIMENTS

SAVED, KEPT = "saved", "kept"  # kinds of checkpoint: by a person, by the store itself


class Meanwhile(EngineError):
    """Another person saved on the analysis since the writer read it; nothing was saved.

    Args:
        row: what they saved.
        version: of the tree now; who names it has seen that.
    """

    def __init__(self, row: CheckpointRow, version: int) -> None:
        self.row, self.version = row, version
        super().__init__(
            f"{row.author} saved “{row.name}” meanwhile",
            try_this="looking at it first, or saving yours as a fork",
        )


class Conflict(EngineError):
    """A draft was written since the writer read it; nothing was overwritten.

    Args:
        yours: version that the writer had seen.
        current: version that stands.
        kept: id of the checkpoint that now holds what was refused; "" when there is no room for
            one, and then only the writer still has it.
    """

    def __init__(self, yours: int, current: int, kept: str) -> None:
        self.yours, self.current, self.kept = yours, current, kept
        where = "your edits are kept as a checkpoint" if kept else "your edits are only in this tab"
        super().__init__(
            f"the draft was changed in another tab; {where}",
            expected=f"version {current}",
            found=f"version {yours}",
            try_this="opening the draft again, or a fork" if kept else "saving them as a fork",
        )


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """A saved, named recipe on a model and a target.

    Args:
        id: unguessable, 22 characters, safe in an address.
        target: id of a target as it was named; it may be gone.
        fps: frame rate in 1/s; None the target's own.
        bindings: symbolic sizes of the model.
        budgets: JSON of the caller; "" where the model's budgets hold.
        forked_from: id of the analysis it was forked from, or "".
        forked_name: what that one is called, or was when it was deleted.
        checkpoints: how many it has.
        version: of its tree, higher with each checkpoint; who saves names the one they have seen.
        created, updated: UTC.
    """

    id: str
    model_id: str
    owner: str
    name: str
    note: str
    target: str
    fps: float | None
    bindings: Mapping[str, int]
    budgets: str
    forked_from: str
    forked_name: str
    forked_deleted: bool
    checkpoints: int
    version: int
    created: datetime
    updated: datetime

    @property
    def provenance(self) -> str:
        """Where it comes from, in words; "" when it was not forked."""
        if not self.forked_from:
            return ""
        end = ", which was deleted" if self.forked_deleted else ""
        return f"forked from “{self.forked_name}”{end}"


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A point in the tree of an analysis; its recipe never changes.

    Args:
        parent_id: the checkpoint that the draft stood on, or None at a root.
        kind: "saved" by a person; "kept" by the store, so that nothing is lost.
        totals: JSON of the caller, for lists.
        engine: version that computed them.
        author: who saved it; "" before there were names.
        created: UTC.
    """

    id: str
    analysis_id: str
    parent_id: str | None
    kind: str
    name: str
    note: str
    totals: str
    engine: str
    author: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint(CheckpointRow):
    """A checkpoint with what it holds: the recipe's text, the query of the view."""

    recipe: str
    view: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What an owner is working on, written by itself at each edit.

    Args:
        history: JSON of the caller: undo, redo, position.
        base_id: the checkpoint it stands on, or None.
        version: from 1, higher by each write; a writer names the one it has read.
        unsaved: no checkpoint of the analysis holds this recipe, and it was edited.
    """

    analysis_id: str
    owner: str
    recipe: str
    history: str
    base_id: str | None
    version: int
    unsaved: bool
    updated: datetime


def named(connection: sa.Connection, sha256: str) -> bool:
    """Whether some row still names a blob."""
    return any(
        connection.scalar(sa.select(t.c.sha256).where(t.c.sha256 == sha256).limit(1)) for t in BLOBS
    )


def there(connection: sa.Connection, experiment_id: str) -> bool:
    """Whether an experiment is still there."""
    query = sa.select(EXPERIMENTS.c.id).where(EXPERIMENTS.c.id == experiment_id)
    return connection.scalar(query) is not None


def analyses_where(connection: sa.Connection, *where: Any) -> tuple[AnalysisRow, ...]:
    """The analyses that meet the conditions, oldest first."""
    source = ANALYSES.alias("source")
    count = (
        sa.select(sa.func.count())
        .where(CHECKPOINTS.c.analysis_id == ANALYSES.c.id)
        .scalar_subquery()
    )
    last = (
        sa.select(sa.func.coalesce(sa.func.max(CHECKPOINTS.c.seq), 0))
        .where(CHECKPOINTS.c.analysis_id == ANALYSES.c.id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            ANALYSES,
            sa.func.coalesce(source.c.name, "").label("forked_name"),
            (sa.func.coalesce(source.c.deleted, "?") != "").label("forked_deleted"),
            count.label("checkpoints"),
            last.label("version"),
        )
        .join_from(ANALYSES, source, source.c.id == ANALYSES.c.forked_from, isouter=True)
        .where(*where)
        .order_by(ANALYSES.c.created, ANALYSES.c.id)
    )
    return tuple(_analysis(row) for row in connection.execute(query))


def analysis_of(
    connection: sa.Connection, analysis_id: object, role: Role = Role.VIEWER
) -> AnalysisRow:
    """An analysis on which the one who acts has this role or a higher one.

    Raises:
        EngineError: there is none that they may see, or `Refused`.
    """
    found = need(connection, "analysis", analysis_id, role)
    return analyses_where(connection, ANALYSES.c.id == found)[0]


def draft_of(connection: sa.Connection, analysis_id: str, owner: str) -> Draft | None:
    """Somebody's draft of an analysis; None when they have none."""
    held = sa.exists().where(
        CHECKPOINTS.c.analysis_id == DRAFTS.c.analysis_id, CHECKPOINTS.c.digest == DRAFTS.c.digest
    )
    columns = [column for column in DRAFTS.c if column.name != "digest"]
    query = sa.select(*columns, held.label("held")).where(
        DRAFTS.c.analysis_id == analysis_id, DRAFTS.c.owner == owner
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    values = row._asdict()
    held_somewhere = values.pop("held")
    values["unsaved"] = values["version"] > 1 and not held_somewhere
    return Draft(**{**values, "updated": datetime.fromisoformat(values["updated"])})


def _analysis(row: sa.Row[Any]) -> AnalysisRow:
    values = row._asdict()
    del values["deleted"]
    return AnalysisRow(
        **{
            **values,
            "bindings": json.loads(values["bindings"]),
            "forked_deleted": bool(values["forked_from"]) and bool(values["forked_deleted"]),
            "created": datetime.fromisoformat(values["created"]),
            "updated": datetime.fromisoformat(values["updated"]),
        }
    )
