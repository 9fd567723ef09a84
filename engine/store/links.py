"""Links to objects: share links, opened under one's name, and embeds, which need none.

A link is a row: whoever serves signs its id into an address, and revoking the row ends it for
everybody at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits
from engine.store.database import Database
from engine.store.limits import now
from engine.store.people import Role, somebody
from engine.store.rights import need, role_in
from engine.store.roles import TABLES, stands
from engine.store.tables import LINK_USERS, LINKS

MAX_LINKS = 200  # of an object that stand
MAX_ENDED = 200  # of an object that are told of; the oldest go
MAX_DAYS = 3650
ANY_SITE = "*"
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:\d{1,5})?\Z")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link to an object.

    Args:
        role: viewer or forker.
        embed: it is shown inside other sites, to people without a name.
        origins: sites that may frame it; none: any page of this server.
        view: the address that it opens, as the product writes addresses.
        source: files and source lines may be read through it.
        expires, revoked: UTC; None never, and while it stands.
    """

    id: str
    kind: str
    object_id: str
    role: Role
    embed: bool
    origins: tuple[str, ...]
    view: str
    label: str
    source: bool
    by: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    @property
    def state(self) -> str:
        """How it is: "stands", "expired" or "revoked"."""
        if self.revoked:
            return "revoked"
        return "expired" if self.expires and self.expires <= datetime.now(UTC) else "stands"


class Links:
    """The verbs on links, which `Sharing` has too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def links(self, kind: str, object_id: object) -> tuple[LinkRow, ...]:
        """The links to an object, newest first, those that ended too.

        Raises:
            EngineError: no such object, or it is another's.
        """
        with self._database.reading() as connection:
            id = need(connection, kind, object_id, Role.OWNER)
            query = sa.select(LINKS).where(LINKS.c.kind == kind, LINKS.c.object_id == id)
            rows = connection.execute(query.order_by(LINKS.c.created.desc(), LINKS.c.id))
            return tuple(_link(r) for r in rows)

    def link(
        self, kind: str, object_id: object, role: Role = Role.VIEWER, *, embed: bool = False,
        origins: Sequence[str] = (), view: str = "", label: str = "", source: bool = False,
        days: int | None = None,
    ) -> LinkRow:  # fmt: skip
        """Make a link to an object.

        Args:
            kind: of the object, as the next.
            object_id: to which it leads.
            role: viewer or forker; an embed is a viewer's.
            embed: shown inside other sites.
            origins: of those sites, such as "https://wiki.example.org"; may begin with "*." ,
                and `ANY_SITE` is all of them.
            view: the address that it opens, beginning with "/".
            label: what it is for.
            source: files and source lines too.
            days: after which it ends, from 1; None never.

        Raises:
            EngineError: no such object, it is another's, or a value that does not fit.
        """
        if role not in (Role.VIEWER, Role.FORKER) or (embed and role is not Role.VIEWER):
            raise EngineError("a link lets people view or fork", found=Role(role).word)
        if source and kind == "analysis":
            raise EngineError("files go with a model or an experiment, not with an analysis",
                              try_this="a link to its model")  # fmt: skip
        if days is not None and (type(days) is not int or not 1 <= days <= MAX_DAYS):
            raise EngineError("a link ends after some days", expected=f"1 to {MAX_DAYS:,}")
        sites = tuple(dict.fromkeys(origin_from(o) for o in origins))
        shown = limits.document(view, "the view", limits.MAX_VIEW)
        if shown and (not shown.startswith("/") or shown.startswith("//") or "\\" in shown):
            raise EngineError("a link opens a view of this server", found=shown[:80])
        end = "" if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
        with self._database.writing() as connection:
            id = need(connection, kind, object_id, Role.OWNER)
            this = (LINKS.c.kind == kind, LINKS.c.object_id == id)
            check_room(connection, LINKS, (*this, stands()), MAX_LINKS, "links")
            ended = sa.select(LINKS.c.id).where(*this, sa.not_(stands()))
            old = ended.order_by(LINKS.c.created.desc()).offset(MAX_ENDED)
            connection.execute(
                sa.delete(LINKS).where(LINKS.c.id.in_(connection.scalars(old).all()))
            )
            made = limits.new_id()
            connection.execute(
                sa.insert(LINKS).values(
                    id=made, kind=kind, object_id=id, role=int(role), embed=bool(embed),
                    origins=" ".join(sites), view=shown,
                    label=limits.clean_name(label) if label else "",
                    source=bool(source), by=somebody(), created=now(), expires=end, revoked="",
                )
            )  # fmt: skip
            return _link(connection.execute(sa.select(LINKS).where(LINKS.c.id == made)).one())

    def revoke(self, link_id: object) -> None:
        """End a link, at once for everybody.

        Raises:
            EngineError: no such link to an object of the one who asks.
        """
        with self._database.writing() as connection:
            row = _row_of(connection, link_id)
            if row is None or role_in(connection, row.kind, row.object_id) < Role.OWNER:
                raise EngineError("there is no such link")
            end = sa.update(LINKS).where(LINKS.c.id == row.id, LINKS.c.revoked == "")
            connection.execute(end.values(revoked=now()))

    def open(self, link_id: object) -> LinkRow:
        """A link that stands, for whoever holds it.

        Raises:
            EngineError: there is none, or it ended.
        """
        with self._database.reading() as connection:
            row = _row_of(connection, link_id, stands())
            if row is None or connection.scalar(of_object(row.kind, row.object_id, "id")) is None:
                raise EngineError("there is nothing at this address", try_this="asking for a link")
            return _link(row)

    def join(self, link_id: object) -> LinkRow:
        """Open a share link under one's name: its role holds from now on, until it ends.

        Raises:
            EngineError: there is none, it ended, or it is an embed.
            Refused: the one who asks has no name.
        """
        me, row = somebody(), self.open(link_id)
        if row.embed:
            raise EngineError("there is nothing at this address", try_this="asking for a link")
        with self._database.writing() as connection:
            joined = sa.insert(LINK_USERS).prefix_with("OR IGNORE")
            connection.execute(joined.values(link_id=row.id, user=me, created=now()))
        return row


def origin_from(value: object) -> str:
    """The origin of a site that may frame an embed.

    Raises:
        EngineError: it is none.
    """
    text = value.strip().lower().rstrip("/") if isinstance(value, str) else ""
    if text != ANY_SITE and not _ORIGIN.match(text):
        raise EngineError(
            "this is not the address of a site", expected="such as https://wiki.example.org",
            found=text[:80],
        )  # fmt: skip
    return text


def of_object(kind: str, object_id: str, column: str) -> sa.Select[Any]:
    """A column of an object, whoever asks."""
    table = TABLES[kind]
    return sa.select(table.c[column]).where(table.c.id == object_id)


def _row_of(connection: sa.Connection, link_id: object, *where: Any) -> sa.Row[Any] | None:
    if not limits.is_id(link_id):
        return None
    query = sa.select(LINKS).where(LINKS.c.id == link_id, *where)
    return connection.execute(query).one_or_none()


def check_room(
    connection: sa.Connection, table: sa.Table, this: tuple[Any, ...], most: int, what: str
) -> None:
    """Refuse what would be one too many.

    Raises:
        EngineError: there are as many rows as there may be.
    """
    count = connection.scalar(sa.select(sa.func.count()).select_from(table).where(*this)) or 0
    if count >= most:
        raise EngineError(f"there are {count:,} {what}, and no more fit")


def _link(row: sa.Row[Any]) -> LinkRow:
    values = row._asdict()
    times = {k: datetime.fromisoformat(values[k]) if values[k] else None
             for k in ("created", "expires", "revoked")}  # fmt: skip
    return LinkRow(
        **{**values, **times, "role": Role(values["role"]),
           "origins": tuple(values["origins"].split())}
    )  # fmt: skip
