"""Which role somebody has on an object, inside a transaction that the caller holds.

A role comes from owning it, from what was granted to the person, a group of theirs or everyone, or
from a link that they opened; the highest counts.  Two rules tie an analysis to its model:

* What is granted on a model holds for the analyses of the model's owner too.
* Who may see an analysis may see its model's tasks, not its files, where the one who shares the
  analysis may edit the model; else nobody could hand a model on without being asked.  An analysis
  whose model may not be seen is not there.

What may not be seen and what is not there are told with the same words.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.limits import is_id, now
from engine.store.people import EVERYONE, Principal, Refused, Role, acting
from engine.store.tables import ANALYSES, EXPERIMENTS, GRANTS, LINK_USERS, LINKS, MODELS

KINDS = ("model", "analysis", "experiment")
TABLES = {"model": MODELS, "analysis": ANALYSES, "experiment": EXPERIMENTS}
_WHERE = {
    "model": "the list of models; it may have been removed",
    "analysis": "the model's analyses; it may have been deleted",
    "experiment": "the list of experiments; it may have been removed",
}
_MAY = {
    Role.VIEWER: "be looked at",
    Role.FORKER: "be forked",
    Role.EDITOR: "be changed",
    Role.OWNER: "be shared or removed",
}


def absent(kind: str) -> EngineError:
    """What is said of an object that is not there, and of one that may not be seen."""
    return EngineError(f"there is no such {kind}", try_this=_WHERE.get(kind, ""))


def need(connection: sa.Connection, kind: str, object_id: object, role: Role) -> str:
    """The id of an object on which the one who acts has this role or a higher one.

    Raises:
        EngineError: there is none that they may see.
        Refused: they see it, but their role is lower.
    """
    has = role_in(connection, kind, object_id)
    if has is Role.NONE:
        raise absent(kind)
    if has < role:
        hint = "a fork of it, which is yours" if has is Role.FORKER else "asking its owner"
        raise Refused(
            f"this {kind} may not {_MAY[role]} by you",
            expected=f"{role.word} or more", found=has.word, try_this=hint,
        )  # fmt: skip
    return str(object_id)


def role_in(connection: sa.Connection, kind: str, object_id: object) -> Role:
    """The role of the one who acts; `Role.NONE` for what is not there, and for anything odd."""
    if kind not in KINDS or not is_id(object_id):
        return Role.NONE
    table = TABLES[kind]
    query = sa.select(table).where(table.c.id == object_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None or row.get("deleted"):
        return Role.NONE
    who = acting()
    role = _direct(connection, kind, str(object_id), row["owner"], who)
    if kind == "model" and role is Role.NONE and _through_analysis(connection, row, who):
        return Role.VIEWER
    if kind == "analysis":
        return _of_analysis(connection, row, role, who)
    return role


def reads_files(connection: sa.Connection, kind: str, object_id: object) -> bool:
    """Whether the files and source lines of a model or an experiment may be read too."""
    if role_in(connection, kind, object_id) is Role.NONE:
        return False
    owner = connection.scalar(sa.select(TABLES[kind].c.owner).where(TABLES[kind].c.id == object_id))
    who, id = acting(), str(object_id)
    if owner == who.user or _granted(connection, kind, id, who):
        return True
    return bool(connection.scalar(_links(kind, id, who, sa.func.max(LINKS.c.source))))


def forget(connection: sa.Connection, kind: str, object_id: str) -> None:
    """An object is removed: nobody has anything on it any more."""
    for table in (GRANTS, LINKS):
        connection.execute(
            sa.delete(table).where(table.c.kind == kind, table.c.object_id == object_id)
        )


def listed(kind: str) -> sa.ColumnElement[bool]:
    """The objects that belong into a list of the one who acts: owned or granted, not linked."""
    table, who = TABLES[kind], acting()
    if not who.user:
        return sa.false()
    found: sa.ColumnElement[bool] = table.c.id.in_(_ids_granted(kind, who))
    if kind == "analysis":
        theirs = sa.select(MODELS.c.owner).where(MODELS.c.id == ANALYSES.c.model_id)
        found |= sa.and_(
            table.c.owner == theirs.scalar_subquery(),
            table.c.model_id.in_(_ids_granted("model", who)),
        )
        found |= table.c.id.in_(
            sa.select(LINKS.c.object_id).join(LINK_USERS).where(
                LINKS.c.kind == kind, LINK_USERS.c.user == who.user, stands()
            )
        )  # fmt: skip
    return sa.or_(table.c.owner == who.user, found)


def stands() -> sa.ColumnElement[bool]:
    """A link that is neither revoked nor expired."""
    return sa.and_(LINKS.c.revoked == "", sa.or_(LINKS.c.expires == "", LINKS.c.expires > now()))


def _direct(
    connection: sa.Connection, kind: str, object_id: str, owner: str, who: Principal
) -> Role:
    if who.user and owner == who.user:
        return Role.OWNER
    granted = _granted(connection, kind, object_id, who)
    linked = connection.scalar(_links(kind, object_id, who, sa.func.max(LINKS.c.role))) or 0
    return Role(max(granted, min(linked, Role.FORKER if who.user else Role.VIEWER)))


def _granted(connection: sa.Connection, kind: str, object_id: str, who: Principal) -> int:
    query = sa.select(sa.func.max(GRANTS.c.role)).where(
        GRANTS.c.kind == kind, GRANTS.c.object_id == object_id,
        GRANTS.c.grantee.in_(who.grantees),
    )  # fmt: skip
    return connection.scalar(query) or 0 if who.user else 0


def _links(kind: str, object_id: str, who: Principal, what: Any) -> sa.Select[Any]:
    """Something of the links by which they may see an object."""
    query = sa.select(what).where(LINKS.c.kind == kind, LINKS.c.object_id == object_id, stands())
    if not who.user:
        return query.where(LINKS.c.id == who.link, LINKS.c.embed)
    mine = sa.select(LINK_USERS.c.link_id).where(LINK_USERS.c.user == who.user)
    return query.where(LINKS.c.id.in_(mine), ~LINKS.c.embed)


def _ids_granted(kind: str, who: Principal) -> sa.Select[Any]:
    return sa.select(GRANTS.c.object_id).where(
        GRANTS.c.kind == kind, GRANTS.c.grantee.in_(who.grantees), GRANTS.c.role > Role.NONE
    )


def _of_analysis(connection: sa.Connection, row: Any, role: Role, who: Principal) -> Role:
    """With what the model gives, and nothing where the model may not be seen."""
    query = sa.select(MODELS.c.id, MODELS.c.owner).where(MODELS.c.id == row["model_id"])
    model = connection.execute(query).mappings().one()
    on_model = _direct(connection, "model", model["id"], model["owner"], who)
    if row["owner"] == model["owner"] and who.user:
        role = max(role, on_model)
    if on_model is not Role.NONE or role is Role.NONE:
        return role
    if row["owner"] == who.user:  # a fork of somebody's, whose model may be theirs too
        return role if _through_analysis(connection, model, who) else Role.NONE
    return role if _hands_on(connection, model, row["owner"]) else Role.NONE


def _through_analysis(connection: sa.Connection, model: Any, who: Principal) -> bool:
    """Whether an analysis of the model that they may see shows them the model."""
    query = sa.select(ANALYSES).where(ANALYSES.c.model_id == model["id"], ANALYSES.c.deleted == "")
    if who.user:
        query = query.where(ANALYSES.c.owner != who.user, listed("analysis"))
    else:
        query = query.where(
            ANALYSES.c.id.in_(
                sa.select(LINKS.c.object_id).where(LINKS.c.id == who.link, LINKS.c.embed, stands())
            )
        )
    return any(
        _hands_on(connection, model, row["owner"]) for row in connection.execute(query).mappings()
    )


def _hands_on(connection: sa.Connection, model: Any, sharer: str) -> bool:
    """Whether somebody may let others see the tasks of a model: its owner, or an editor by name."""
    if sharer == model["owner"]:
        return True
    query = sa.select(GRANTS.c.role).where(
        GRANTS.c.kind == "model", GRANTS.c.object_id == model["id"],
        GRANTS.c.grantee.in_((f"user:{sharer}", EVERYONE)), GRANTS.c.role >= Role.EDITOR,
    )  # fmt: skip
    return connection.execute(query).first() is not None
