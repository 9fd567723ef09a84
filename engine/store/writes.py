"""How analyses and drafts are written, inside a transaction that the caller holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits, trees
from engine.store.limits import now
from engine.store.people import acting
from engine.store.rights import absent
from engine.store.rows import AnalysisRow, Draft, analysis_of, draft_of
from engine.store.tables import ANALYSES, DRAFTS


def aim(target: str, fps: float | None, bindings: Mapping[str, int] | None) -> dict[str, Any]:
    """Columns that say what an analysis is computed for.

    Raises:
        EngineError: a value that cannot be stored.
    """
    return {
        "target": limits.target_from(target),
        "fps": limits.fps_from(fps),
        "bindings": limits.bindings_text(limits.bindings_from(bindings)),
    }


def names_of(connection: sa.Connection, model_id: str, owner: str) -> frozenset[str]:
    """Names of the analyses of a model."""
    where = (ANALYSES.c.owner == owner, ANALYSES.c.model_id == model_id, ANALYSES.c.deleted == "")
    return frozenset(connection.scalars(sa.select(ANALYSES.c.name).where(*where)))


def check_room(connection: sa.Connection, owner: str) -> None:
    """See that one more analysis fits.

    Raises:
        EngineError: the owner has as many as there may be.
    """
    where = (ANALYSES.c.owner == owner, ANALYSES.c.deleted == "")
    count = connection.scalar(sa.select(sa.func.count()).select_from(ANALYSES).where(*where)) or 0
    if count >= limits.MAX_ANALYSES:
        raise EngineError(
            f"there are {count:,} analyses, and no more fit", try_this="deleting some of them"
        )


def insert_analysis(connection: sa.Connection, values: Mapping[str, Any], owner: str) -> str:
    """Add an analysis under a free name; returns its id.

    Raises:
        EngineError: the owner has as many as there may be.
    """
    check_room(connection, owner)
    made, time = limits.new_id(), now()
    free = limits.free_name(values["name"], names_of(connection, values["model_id"], owner))
    own = {"id": made, "owner": owner, "name": free, "created": time, "updated": time}
    connection.execute(sa.insert(ANALYSES).values({**values, **own, "deleted": ""}))
    return made


def change_analysis(connection: sa.Connection, row: AnalysisRow, **values: Any) -> AnalysisRow:
    """Write columns of an analysis; returns what it is now."""
    change = sa.update(ANALYSES).where(ANALYSES.c.id == row.id)
    connection.execute(change.values(**values, updated=now()))
    return analysis_of(connection, row.id)


def insert_draft(
    connection: sa.Connection,
    analysis_id: str,
    owner: str,
    recipe: str,
    history: str = "",
    base_id: str | None = None,
) -> None:
    """Add the draft of an analysis, of version 1."""
    connection.execute(
        sa.insert(DRAFTS).values(
            analysis_id=analysis_id,
            owner=owner,
            recipe=recipe,
            digest=trees.digest_of_text(recipe),
            history=history,
            base_id=base_id,
            version=1,
            updated=now(),
        )
    )


def draft_seen(connection: sa.Connection, row: AnalysisRow) -> Draft:
    """The draft of the one who acts; where they have none, what they see instead, of version 0.

    That is what was saved last, and before anything was saved what the owner has.
    """
    mine = draft_of(connection, row.id, acting().user)
    if mine is not None:
        return mine
    last = trees.latest(connection, row.id)
    if last is None:
        owners = draft_of(connection, row.id, row.owner)
        if owners is None:
            raise absent("analysis")
        return replace(owners, history="", version=0, unsaved=False)
    return Draft(row.id, row.owner, last.recipe, "", last.id, 0, False, last.created)


def own_draft(connection: sa.Connection, row: AnalysisRow) -> Draft:
    """The draft of the one who acts, which begins here where they have none."""
    seen = draft_seen(connection, row)
    if seen.version:
        return seen
    insert_draft(connection, row.id, acting().user, seen.recipe, base_id=seen.base_id)
    return draft_seen(connection, row)


def write_draft(
    connection: sa.Connection, analysis_id: str, owner: str, recipe: str, history: str, **base: str
) -> int:
    """Write a draft, and its base if given as `base_id`; returns its version, one higher."""
    time = now()
    where = (DRAFTS.c.analysis_id == analysis_id, DRAFTS.c.owner == owner)
    connection.execute(
        sa.update(DRAFTS)
        .where(*where)
        .values(
            recipe=recipe,
            digest=trees.digest_of_text(recipe),
            history=history,
            version=DRAFTS.c.version + 1,
            updated=time,
            **base,
        )
    )
    connection.execute(sa.update(ANALYSES).where(ANALYSES.c.id == analysis_id).values(updated=time))
    return int(connection.scalar(sa.select(DRAFTS.c.version).where(*where)) or 0)


def stand_on(
    connection: sa.Connection, analysis_id: str, owner: str, base_id: str, recipe: str
) -> None:
    """Put a draft that holds this recipe on another checkpoint; its version stays."""
    where = (DRAFTS.c.analysis_id == analysis_id, DRAFTS.c.owner == owner)
    same = DRAFTS.c.digest == trees.digest_of_text(recipe)
    connection.execute(sa.update(DRAFTS).where(*where, same).values(base_id=base_id))
