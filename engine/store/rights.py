"""What somebody may do with an object, asked inside a transaction that the caller holds.

The rules are in `roles.py`.  What may not be seen and what is not there are told with the same
words.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.limits import is_id
from engine.store.people import Principal, Refused, Role, acting
from engine.store.roles import KINDS, TABLES, roles_of, stands
from engine.store.tables import ANALYSES, GRANTS, LINK_USERS, LINKS

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
    id = str(object_id)
    return roles_of(connection, kind, TABLES[kind].c.id == id).get(id, Role.NONE)


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
    """An object goes: nobody has anything on it any more, nor on the analyses of a model.

    Called before its row is removed, with which those of its analyses go.
    """
    of_model = sa.select(ANALYSES.c.id).where(ANALYSES.c.model_id == object_id)
    for table in (GRANTS, LINKS):
        gone = sa.and_(table.c.kind == kind, table.c.object_id == object_id)
        if kind == "model":
            gone |= sa.and_(table.c.kind == "analysis", table.c.object_id.in_(of_model))
        connection.execute(sa.delete(table).where(gone))


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
