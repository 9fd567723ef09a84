"""Sharing: what is granted to whom, links, transfer; and what others share with somebody.

An object is a kind of `rights.KINDS` and an id.  The roles are checked in `rights.py` at every
verb of the store; here they are given and taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits, trees, writes
from engine.store.limits import now
from engine.store.links import Links, check_room, of_object
from engine.store.people import EVERYONE, Refused, Role, acting, somebody
from engine.store.rights import need, reads_files, role_in
from engine.store.roles import KINDS, TABLES, ids_granted, listed, roles_of
from engine.store.rows import draft_of
from engine.store.tables import ANALYSES, GRANTS, LINK_USERS, LINKS, MODELS, PEOPLE

MAX_GRANTS = 500  # of an object
MAX_PERSON = 200  # characters


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody was given; `grantee` is "user:…", "group:…" or "everyone"."""

    grantee: str
    role: Role
    by: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Shared:
    """An object of somebody else's that was granted to the one who asks.

    Args:
        through: the grantee that it came through.
        model_id, model: id and name of the model of an analysis; "" of anything else.
    """

    kind: str
    id: str
    name: str
    owner: str
    role: Role
    through: str
    model_id: str = ""
    model: str = ""


class Sharing(Links):
    """Who may do what with which object.  A store has one; threads may share it."""

    def role(self, kind: str, object_id: object) -> Role:
        """What the one who asks may do; NONE also for what is not there."""
        with self._database.reading() as connection:
            return role_in(connection, kind, object_id)

    def roles(self, kind: str) -> Mapping[str, Role]:
        """Id -> what the one who asks may do, for all that is in their list."""
        with self._database.reading() as connection:
            return roles_of(connection, kind, listed(kind))

    def through(self, kind: str, object_id: object) -> str:
        """The grantee through whom an object came to the one who asks; "" by a link, or none."""
        query = (
            sa.select(GRANTS.c.grantee)
            .where(GRANTS.c.kind == kind, GRANTS.c.object_id == str(object_id))
            .where(GRANTS.c.grantee.in_(acting().grantees))
            .order_by(GRANTS.c.role.desc(), GRANTS.c.grantee.desc())  # by name before a group
        )
        with self._database.reading() as connection:
            return str(connection.scalar(query.limit(1)) or "")

    def check(self, kind: str, object_id: object, role: Role, *, files: bool = False) -> None:
        """Refuse what the one who asks may not do, before anything else is done.

        Raises:
            EngineError: there is no such object that they may see.
            Refused: they see it, but not in this role, or not its files.
        """
        with self._database.reading() as connection:
            need(connection, kind, object_id, role)
            if files and not reads_files(connection, kind, object_id):
                raise Refused(
                    f"the files and the source of this {kind} are not shared with you",
                    try_this="asking its owner",
                )

    def reads_files(self, kind: str, object_id: object) -> bool:
        """Whether they may read its files and source lines too."""
        with self._database.reading() as connection:
            return reads_files(connection, kind, object_id)

    def owner(self, kind: str, object_id: object) -> str:
        """Whose an object is.

        Raises:
            EngineError: there is none that the one who asks may see.
        """
        with self._database.reading() as connection:
            id = need(connection, kind, object_id, Role.VIEWER)
            return str(connection.scalar(of_object(kind, id, "owner")))

    def grants(self, kind: str, object_id: object) -> tuple[Grant, ...]:
        """What was given on an object, highest role first.

        Raises:
            EngineError: no such object, or it is another's.
        """
        with self._database.reading() as connection:
            id = need(connection, kind, object_id, Role.OWNER)
            query = sa.select(GRANTS).where(GRANTS.c.kind == kind, GRANTS.c.object_id == id)
            rows = connection.execute(query.order_by(GRANTS.c.role.desc(), GRANTS.c.grantee))
            return tuple(
                Grant(r.grantee, Role(r.role), r.by, datetime.fromisoformat(r.created))
                for r in rows
            )

    def grant(self, kind: str, object_id: object, grantee: object, role: Role) -> None:
        """Give somebody a role on an object, in place of what they had; NONE takes it away.

        Raises:
            EngineError: no such object, it is another's, an odd name, or too many grants.
        """
        to = grantee_from(grantee)
        if role not in (Role.NONE, Role.VIEWER, Role.FORKER, Role.EDITOR):
            raise EngineError("this role cannot be given", try_this="a transfer, for the ownership")
        with self._database.writing() as connection:
            id = need(connection, kind, object_id, Role.OWNER)
            this = (GRANTS.c.kind == kind, GRANTS.c.object_id == id)
            connection.execute(sa.delete(GRANTS).where(*this, GRANTS.c.grantee == to))
            if role is Role.NONE:
                return
            if to == f"user:{connection.scalar(of_object(kind, id, 'owner'))}":
                raise EngineError("the owner has every right already")
            check_room(connection, GRANTS, this, MAX_GRANTS, "people and groups")
            connection.execute(
                sa.insert(GRANTS).values(
                    kind=kind, object_id=id, grantee=to, role=int(role), by=somebody(),
                    created=now(),
                )
            )  # fmt: skip

    def leave(self, kind: str, object_id: object) -> None:
        """Give back one's own grant, and the links that one opened, on an object.

        Raises:
            EngineError: no such object, or it is one's own.
            Refused: it came through a group, which cannot be left here.
        """
        me = somebody()
        with self._database.writing() as connection:
            id = need(connection, kind, object_id, Role.VIEWER)
            if connection.scalar(of_object(kind, id, "owner")) == me:
                raise EngineError("your own cannot be left", try_this="a transfer, or removing it")
            this = (GRANTS.c.kind == kind, GRANTS.c.object_id == id)
            connection.execute(sa.delete(GRANTS).where(*this, GRANTS.c.grantee == f"user:{me}"))
            links = sa.select(LINKS.c.id).where(LINKS.c.kind == kind, LINKS.c.object_id == id)
            connection.execute(
                sa.delete(LINK_USERS).where(
                    LINK_USERS.c.user == me, LINK_USERS.c.link_id.in_(links)
                )
            )
            left = role_in(connection, kind, id)
        if left is not Role.NONE:
            raise Refused(
                "it is still shared with you through a group or everyone",
                try_this="asking its owner",
            )

    def transfer(self, kind: str, object_id: object, user: object) -> None:
        """Give an object to somebody else; who owned it stays an editor.

        Raises:
            EngineError: no such object, it is another's, or nobody of this name was here yet.
        """
        to = grantee_from(f"user:{user}")
        with self._database.writing() as connection:
            admin = acting().admin and kind in KINDS and limits.is_id(object_id)
            id = str(object_id) if admin else need(connection, kind, object_id, Role.OWNER)
            name = to.removeprefix("user:")
            if not connection.scalar(sa.select(PEOPLE.c.name).where(PEOPLE.c.name == name)):
                raise EngineError(
                    "nobody of this name was here yet", found=name,
                    try_this="the name with which they sign in, once they have",
                )  # fmt: skip
            was = connection.scalar(of_object(kind, id, "owner"))
            if was is None or was == name:
                raise EngineError("it is theirs already" if was else f"there is no such {kind}")
            self._give(connection, kind, id, str(was), name)

    def _give(self, connection: sa.Connection, kind: str, id: str, was: str, name: str) -> None:
        table = TABLES[kind]
        values = {"owner": name}
        if kind == "analysis":
            mine = sa.select(table.c.name).where(
                table.c.owner == name, table.c.deleted == "",
                table.c.model_id == of_object(kind, id, "model_id").scalar_subquery(),
            )  # fmt: skip
            taken = frozenset(connection.scalars(mine))
            own = str(connection.scalar(of_object(kind, id, "name")))
            values["name"] = limits.free_name(own, taken)
            _begin_draft(connection, id, was, name)
        else:
            same = sa.select(table.c.id).where(
                table.c.owner == name,
                table.c.sha256 == of_object(kind, id, "sha256").scalar_subquery(),
            )
            if kind == "experiment":  # forks have the same file as what they come from
                fork = connection.scalar(of_object(kind, id, "forked_from"))
                same = same.where(table.c.forked_from == "", sa.literal(not fork))
            if connection.scalar(same):
                raise EngineError(f"{name} has the same {kind} already")
        connection.execute(sa.update(table).where(table.c.id == id).values(values))
        this = (GRANTS.c.kind == kind, GRANTS.c.object_id == id)
        both = (f"user:{was}", f"user:{name}")
        connection.execute(sa.delete(GRANTS).where(*this, GRANTS.c.grantee.in_(both)))
        connection.execute(
            sa.insert(GRANTS).values(
                kind=kind, object_id=id, grantee=f"user:{was}", role=int(Role.EDITOR), by=was,
                created=now(),
            )
        )  # fmt: skip

    def shared_with_me(self) -> tuple[Shared, ...]:
        """What others granted to the one who asks, newest first; not what links lead to."""
        who = acting()
        found: list[tuple[str, Shared]] = []
        with self._database.reading() as connection:
            for kind in KINDS:
                table = TABLES[kind]
                query = (
                    sa.select(table.c.id, table.c.name, table.c.owner, GRANTS)
                    .join(GRANTS, GRANTS.c.object_id == table.c.id)
                    .where(GRANTS.c.kind == kind, GRANTS.c.grantee.in_(who.grantees))
                    .where(table.c.owner != who.user)
                    .order_by(GRANTS.c.role)
                )
                if kind == "analysis":
                    of = MODELS.c.id == ANALYSES.c.model_id
                    query = query.add_columns(ANALYSES.c.model_id, MODELS.c.name.label("model"))
                    query = query.join(MODELS, of)
                granted = table.c.id.in_(ids_granted(kind, who))
                seen = roles_of(connection, kind, table.c.owner != who.user, granted)
                best: dict[str, tuple[str, Shared]] = {}
                for r in connection.execute(query):
                    if r.id in seen:
                        of_model = (r.model_id, r.model) if kind == "analysis" else ()
                        row = Shared(kind, r.id, r.name, r.owner, Role(r.role), r.grantee,
                                     *of_model)  # fmt: skip
                        best[r.id] = (r.created, row)
                found.extend(best.values())
        return tuple(row for _, row in sorted(found, key=lambda f: f[0], reverse=True))

    def seen(self) -> bool:
        """Note that the one who acts was here; True the first time."""
        me, time = somebody(), now()
        with self._database.writing() as connection:
            new = connection.execute(
                sa.insert(PEOPLE).prefix_with("OR IGNORE").values(name=me, first=time, last=time)
            ).rowcount
            connection.execute(sa.update(PEOPLE).where(PEOPLE.c.name == me).values(last=time))
        return bool(new)

    def names(self, text: str) -> tuple[str, ...]:
        """Grantees that a person may mean: a name that is exactly theirs, groups of their own."""
        wanted, who = text.strip(), acting()
        groups = tuple(f"group:{g}" for g in sorted(who.groups) if wanted and g.startswith(wanted))
        with self._database.reading() as connection:
            known = connection.scalar(sa.select(PEOPLE.c.name).where(PEOPLE.c.name == wanted))
        return (*((f"user:{known}",) if known else ()), *groups)


def _begin_draft(connection: sa.Connection, id: str, was: str, name: str) -> None:
    """Give whoever gets an analysis a draft: without one nothing is seen before the first save."""
    if draft_of(connection, id, name) is not None:
        return
    last, left = trees.latest(connection, id), draft_of(connection, id, was)
    if last is not None:
        writes.insert_draft(connection, id, name, last.recipe, base_id=last.id)
    else:
        writes.insert_draft(connection, id, name, left.recipe if left else "")


def grantee_from(value: object) -> str:
    """A grantee from anything, in the normal form that names have when people sign in.

    Raises:
        EngineError: it is neither "user:…" nor "group:…" nor "everyone".
    """
    if value == EVERYONE:
        return EVERYONE
    sort, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    name = unicodedata.normalize("NFKC", name)  # before the check: it may make a space
    if sort not in ("user", "group") or not is_person(name):
        raise EngineError(
            "this is no person or group", expected="a name of up to 200 characters",
            try_this="the name with which they sign in",
        )  # fmt: skip
    return f"{sort}:{name}"


def is_person(name: str) -> bool:
    """Whether a text can be the name of a person or group: visible characters, no space around."""
    return (
        0 < len(name) <= MAX_PERSON
        and name == name.strip()
        and not any(unicodedata.category(c)[0] in "CZ" and c != " " for c in name)
    )
