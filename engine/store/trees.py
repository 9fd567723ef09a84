"""The checkpoints of an analysis as a tree, inside a transaction that the caller holds.

    1 int8 everywhere ── 2 without the head ── 4 and 4-bit MLP
                      └─ 3 fp16 norms

A parent was saved before its children, so the order of saving is an order of reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.limits import MAX_CHECKPOINTS, MAX_KEPT, free_name, is_id, new_id, now
from engine.store.people import Role, acting
from engine.store.rights import need, role_in
from engine.store.rows import KEPT, SAVED, Checkpoint, CheckpointRow
from engine.store.tables import ANALYSES, CHECKPOINTS, DRAFTS

_OURS = {"digest", "seq"}
_LONG = {"recipe", "view"}  # a list does not read them
_LISTED = tuple(column for column in CHECKPOINTS.c if column.name not in _OURS | _LONG)
_WHOLE = tuple(column for column in CHECKPOINTS.c if column.name not in _OURS)


def digest_of_text(text: str) -> str:
    """The sha256 of a text, by which equal recipes are found."""
    return hashlib.sha256(text.encode()).hexdigest()


def listed(connection: sa.Connection, analysis_id: str) -> tuple[CheckpointRow, ...]:
    """All checkpoints of an analysis in the order of saving, without their recipes."""
    query = (
        sa.select(*_LISTED)
        .where(CHECKPOINTS.c.analysis_id == analysis_id)
        .order_by(CHECKPOINTS.c.seq)
    )
    return tuple(CheckpointRow(**_values(row)) for row in connection.execute(query).mappings())


def found(
    connection: sa.Connection, checkpoint_id: object, analysis_id: str = "",
    role: Role = Role.VIEWER,
) -> Checkpoint:  # fmt: skip
    """A checkpoint of an analysis on which the one who acts has a role.

    Args:
        connection: in a transaction.
        checkpoint_id: from outside.
        analysis_id: "" for any analysis.
        role: at least this one, on its analysis.

    Raises:
        EngineError: there is none that they may see, or `Refused`.
    """
    row = None
    if is_id(checkpoint_id):
        query = (
            sa.select(*_WHOLE)
            .join(ANALYSES, ANALYSES.c.id == CHECKPOINTS.c.analysis_id)
            .where(CHECKPOINTS.c.id == checkpoint_id)
            .where(ANALYSES.c.deleted == "")
        )
        row = connection.execute(query).mappings().one_or_none()
    if (
        row is None
        or analysis_id not in ("", row["analysis_id"])
        or role_in(connection, "analysis", row["analysis_id"]) is Role.NONE
    ):
        raise EngineError(
            "there is no such checkpoint", try_this="the analysis's list; it may have been removed"
        )
    need(connection, "analysis", row["analysis_id"], role)
    return Checkpoint(**_values(row))


def latest(
    connection: sa.Connection, analysis_id: str, *where: sa.ColumnElement[bool]
) -> Checkpoint | None:
    """The checkpoint that a person saved last, of those that meet conditions; None without one."""
    query = (
        sa.select(*_WHOLE)
        .where(CHECKPOINTS.c.analysis_id == analysis_id, CHECKPOINTS.c.kind == SAVED, *where)
        .order_by(CHECKPOINTS.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().one_or_none()
    return Checkpoint(**_values(row)) if row else None


def insert(
    connection: sa.Connection,
    analysis_id: str,
    *,
    parent_id: str | None,
    kind: str,
    name: str,
    recipe: str,
    note: str = "",
    view: str = "",
    totals: str = "",
    engine: str = "",
) -> str:
    """Add a checkpoint; returns its id.  All values are clean and the parent is in the tree.

    Raises:
        EngineError: the analysis has as many as it may have.
    """
    rows = connection.execute(
        sa.select(CHECKPOINTS.c.name, CHECKPOINTS.c.seq).where(
            CHECKPOINTS.c.analysis_id == analysis_id
        )
    ).all()
    if len(rows) >= MAX_CHECKPOINTS:
        raise EngineError(
            f"this analysis has {len(rows):,} checkpoints, and no more fit",
            try_this="removing some of them, or a fork",
        )
    checkpoint_id = new_id()
    connection.execute(
        sa.insert(CHECKPOINTS).values(
            id=checkpoint_id,
            analysis_id=analysis_id,
            parent_id=parent_id,
            seq=1 + max((row.seq for row in rows), default=0),
            kind=kind,
            name=free_name(name, frozenset(row.name for row in rows)),
            note=note,
            recipe=recipe,
            view=view,
            totals=totals,
            engine=engine,
            author=acting().user,
            digest=digest_of_text(recipe),
            created=now(),
        )
    )
    return checkpoint_id


def keep(
    connection: sa.Connection, analysis_id: str, parent_id: str | None, name: str, recipe: str
) -> str:
    """Keep a recipe that would be lost; returns the id of a checkpoint that holds it.

    A recipe that some checkpoint holds already is not kept twice.  Returns "" when there is no
    room: a page gone wild must not take what a person's own checkpoints need.
    """
    holds = (
        CHECKPOINTS.c.analysis_id == analysis_id,
        CHECKPOINTS.c.digest == digest_of_text(recipe),
    )
    held = connection.scalar(sa.select(CHECKPOINTS.c.id).where(*holds).order_by(CHECKPOINTS.c.seq))
    if held is not None:
        return str(held)
    kinds = connection.scalars(
        sa.select(CHECKPOINTS.c.kind).where(CHECKPOINTS.c.analysis_id == analysis_id)
    ).all()
    if len(kinds) >= MAX_CHECKPOINTS or kinds.count(KEPT) >= MAX_KEPT:
        return ""
    return insert(connection, analysis_id, parent_id=parent_id, kind=KEPT, name=name, recipe=recipe)


def take_out(connection: sa.Connection, row: CheckpointRow) -> None:
    """Remove a checkpoint; what stood on it stands on its parent."""
    for table, column in ((CHECKPOINTS, CHECKPOINTS.c.parent_id), (DRAFTS, DRAFTS.c.base_id)):
        connection.execute(
            sa.update(table).where(column == row.id).values({column.name: row.parent_id})
        )
    connection.execute(sa.delete(CHECKPOINTS).where(CHECKPOINTS.c.id == row.id))


def _values(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "created": datetime.fromisoformat(row["created"])}
