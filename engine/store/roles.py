"""Which role somebody has on objects, on one or on thousands with the same few queries.

A role comes from owning an object, from what was granted to the person, a group of theirs or
everyone, or from a link that they opened; the highest counts.  Two rules tie an analysis to its
model:

* What is granted on a model holds for the analyses of the model's owner too.
* Who may see an analysis may see its model's tasks, not its files, where the one who shares the
  analysis may edit the model; else nobody could hand a model on without being asked.  An analysis
  whose model may not be seen is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.store.limits import now
from engine.store.people import EVERYONE, Principal, Role, acting
from engine.store.tables import ANALYSES, EXPERIMENTS, GRANTS, LINK_USERS, LINKS, MODELS

KINDS = ("model", "analysis", "experiment")
FEW = 500  # objects that are asked for by their ids
TABLES = {"model": MODELS, "analysis": ANALYSES, "experiment": EXPERIMENTS}


def roles_of(
    connection: sa.Connection, kind: str, *where: sa.ColumnElement[bool]
) -> dict[str, Role]:
    """Id -> role of the one who acts, for those of some objects that they may see.

    Args:
        connection: in a transaction.
        kind: of `KINDS`.
        where: conditions on the table of the kind.
    """
    who, table = acting(), TABLES[kind]
    if kind == "analysis":
        return _of_analyses(connection, (*where, ANALYSES.c.deleted == ""), who)
    rows = connection.execute(sa.select(table.c.id, table.c.owner).where(*where))
    owners = {r.id: r.owner for r in rows}
    found = _direct(connection, kind, owners, who)
    unseen = [id for id in owners if id not in found] if kind == "model" else []
    return found | dict.fromkeys(_shown_by_analyses(connection, unseen, who), Role.VIEWER)


def listed(kind: str) -> sa.ColumnElement[bool]:
    """The objects that belong into a list of the one who acts: owned or granted, not linked."""
    table, who = TABLES[kind], acting()
    if not who.user:
        return sa.false()
    found: sa.ColumnElement[bool] = table.c.id.in_(ids_granted(kind, who))
    if kind == "analysis":
        theirs = sa.select(MODELS.c.owner).where(MODELS.c.id == ANALYSES.c.model_id)
        found |= sa.and_(
            table.c.owner == theirs.correlate(ANALYSES).scalar_subquery(),
            table.c.model_id.in_(ids_granted("model", who)),
        )
        found |= table.c.id.in_(_opened(kind, who, LINKS.c.object_id))
    return sa.or_(table.c.owner == who.user, found)


def stands() -> sa.ColumnElement[bool]:
    """A link that is neither revoked nor expired."""
    return sa.and_(LINKS.c.revoked == "", sa.or_(LINKS.c.expires == "", LINKS.c.expires > now()))


def ids_granted(kind: str, who: Principal) -> sa.Select[Any]:
    """The ids of what was granted to somebody."""
    return sa.select(GRANTS.c.object_id).where(
        GRANTS.c.kind == kind, GRANTS.c.grantee.in_(who.grantees), GRANTS.c.role > Role.NONE
    )


def _direct(
    connection: sa.Connection, kind: str, owners: Mapping[str, str], who: Principal
) -> dict[str, Role]:
    """Id -> role by owning, grants and links alone, of those objects that give one.

    Args:
        connection: in a transaction.
        kind: of the objects.
        owners: id -> owner of each.
        who: has the role.
    """
    if not who.user:
        held = connection.scalars(_held(who).where(LINKS.c.kind == kind))
        return {id: Role.VIEWER for id in held if id in owners}
    found: dict[str, Role] = {id: Role.OWNER for id, owner in owners.items() if owner == who.user}
    rest = tuple(id for id in owners if id not in found)
    if not rest:
        return found
    granted = sa.select(GRANTS.c.object_id, sa.func.max(GRANTS.c.role)).where(
        GRANTS.c.kind == kind, GRANTS.c.grantee.in_(who.grantees)
    )
    if len(rest) <= FEW:  # else all that they were granted is quicker
        granted = granted.where(GRANTS.c.object_id.in_(rest))
    opened = _opened(kind, who, LINKS.c.object_id, sa.func.max(LINKS.c.role))
    for query, by, most in (
        (granted, GRANTS.c.object_id, Role.EDITOR), (opened, LINKS.c.object_id, Role.FORKER),
    ):  # fmt: skip
        for id, role in connection.execute(query.group_by(by)):
            if id in owners:
                found[id] = max(found.get(id, Role.NONE), min(Role(role), most))
    return {id: role for id, role in found.items() if role > Role.NONE}


def _opened(kind: str, who: Principal, *what: Any) -> sa.Select[Any]:
    """Something of the share links that somebody opened under their name."""
    # `concat` keeps SQLite from beginning with all links of the kind: those of the person are few
    return (
        sa.select(*what)
        .select_from(LINK_USERS.join(LINKS))
        .where(LINK_USERS.c.user == who.user, LINKS.c.kind.concat("") == kind)
        .where(~LINKS.c.embed, stands())
    )


def _held(who: Principal) -> sa.Select[Any]:
    """What the link of who has no name leads to."""
    return sa.select(LINKS.c.object_id).where(LINKS.c.id == who.link, LINKS.c.embed, stands())


def _of_analyses(
    connection: sa.Connection, where: tuple[sa.ColumnElement[bool], ...], who: Principal
) -> dict[str, Role]:
    """With what the model gives, and nothing where the model may not be seen."""
    a, m = ANALYSES.c, MODELS.c
    query = sa.select(a.id, a.owner, a.model_id, m.owner.label("whose"), _handed_on().label("on"))
    rows = connection.execute(query.join_from(ANALYSES, MODELS).where(*where)).all()
    own = _direct(connection, "analysis", {r.id: r.owner for r in rows}, who)
    given = _direct(connection, "model", {r.model_id: r.whose for r in rows}, who)
    mine = {r.model_id for r in rows if r.owner == who.user and r.model_id not in given}
    # forks of somebody's, whose models may be theirs too
    shown = _shown_by_analyses(connection, mine, who) if who.user else frozenset()
    found: dict[str, Role] = {}
    for r in rows:
        role, on_model = own.get(r.id, Role.NONE), given.get(r.model_id, Role.NONE)
        if r.owner == r.whose and who.user:
            role = max(role, on_model)
        through = r.model_id in shown if who.user and r.owner == who.user else r.on
        if role is not Role.NONE and (on_model is not Role.NONE or through):
            found[r.id] = role
    return found


def _shown_by_analyses(
    connection: sa.Connection, models: Iterable[str], who: Principal
) -> frozenset[str]:
    """Those of some models whose tasks an analysis shows that they may see."""
    asked = tuple(models)
    if not asked:
        return frozenset()
    query = sa.select(ANALYSES.c.model_id).join_from(ANALYSES, MODELS).distinct()
    query = query.where(ANALYSES.c.model_id.in_(asked), ANALYSES.c.deleted == "", _handed_on())
    if who.user:
        query = query.where(ANALYSES.c.owner != who.user, listed("analysis"))
    else:
        query = query.where(ANALYSES.c.id.in_(_held(who)))
    return frozenset(connection.scalars(query))


def _handed_on() -> sa.ColumnElement[bool]:
    """Whether who shares an analysis may let others see the model's tasks.

    That is the owner of the model, or an editor by name.
    """
    editor = sa.exists().where(
        GRANTS.c.kind == "model", GRANTS.c.object_id == MODELS.c.id,
        GRANTS.c.role >= Role.EDITOR,
        GRANTS.c.grantee.in_((sa.literal("user:").concat(ANALYSES.c.owner), EVERYONE)),
    ).correlate(MODELS, ANALYSES)  # fmt: skip
    return sa.or_(ANALYSES.c.owner == MODELS.c.owner, editor)
