"""What an embed says of itself, and what the Embed sheet shows and does.

Messages come from a browser: the store checks who may do what, here only their shape is checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import engine
from dashboard.urls_embed import PARTS, THEMES, page_of, query_of, with_part
from engine.errors import EngineError
from engine.store import LinkRow, Refused, Store, Verb

ANY_SITE = "*"
DAYS = (7, 30, 90, 365)  # after which an embed ends
SIZES: Mapping[str, tuple[str, int]] = {  # width as HTML has it, height in pixels
    "wide": ("100%", 480), "tall": ("100%", 720), "small": ("640", 360),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Framing:
    """An object as its Embed sheet shows it.

    Args:
        kind: "model", "analysis" or "experiment".
        name: of the object.
        parts: what a frame can show of the page: key -> words.
        links: embeds of the object, newest first; only its owner sees them.
        mine: the one who asks owns it.
        fresh: the embed whose snippet is shown.
        theme, size: of the snippet, of `THEMES` and `SIZES`.
    """

    kind: str
    name: str
    parts: Mapping[str, str]
    links: tuple[LinkRow, ...]
    mine: bool
    fresh: LinkRow | None
    theme: str
    size: str


def as_of(time: datetime) -> str:
    """Since when what a frame shows has been as it is, and which engine its figures are of.

    Args:
        time: UTC.
    """
    when = f"as of {time.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
    return f"{when} · engine {engine.VERSION}"


def answer(store: Store, message: object) -> Framing:
    """Do what the sheet asks for.

    Args:
        store: where links are kept.
        message: {"verb", "view"}: "show", "make" (with "part", "sites", "any", "days"), "look" or
            "revoke" (with "link"); "theme" and "size" are of the snippet, "view" is the address of
            the page.

    Raises:
        EngineError: it cannot be done; nothing was changed.
    """
    given = message if isinstance(message, dict) else {}
    sent = {key: value for key, value in given.items() if isinstance(value, str)}
    view, verb = sent.get("view", ""), sent.get("verb", "")
    kind, id, name = _object(store, view)
    fresh = None
    if verb == "make":
        fresh = _made(store, kind, id, view, sent, given.get("any") is True)
        store.usage.note(Verb.EMBED_MADE, kind, id)
    elif verb == "revoke":
        store.sharing.revoke(sent.get("link"))
    try:
        links = tuple(row for row in store.sharing.links(kind, id) if row.embed)
        mine = True
    except Refused:
        links, mine = (), False
    if verb == "look":
        fresh = next((r for r in links if r.id == sent.get("link") and r.state == "stands"), None)
    theme, size = sent.get("theme", ""), sent.get("size", "")
    return Framing(
        kind, name, PARTS[page_of(view)[0]], links, mine, fresh,
        theme if theme in THEMES else THEMES[0], size if size in SIZES else next(iter(SIZES)),
    )  # fmt: skip


def snippet(address: str, title: str, size: str) -> str:
    """The HTML that shows an embed.

    The frame may run our scripts and reach our server, open the full view in a tab, and nothing
    else of the site it stands in.

    Args:
        address: of the embed.
        title: for screen readers.
        size: of `SIZES`.
    """
    wide, high = SIZES[size]
    words = re.sub(r'["<>&]', " ", title)
    return (
        f'<iframe src="{address}" width="{wide}" height="{high}" title="{words}"\n'
        '  loading="lazy" referrerpolicy="no-referrer" style="border:0"\n'
        '  sandbox="allow-scripts allow-same-origin allow-popups'
        ' allow-popups-to-escape-sandbox"></iframe>'
    )


def _object(store: Store, view: str) -> tuple[str, str, str]:
    """(kind, id, name) of what a page shows: the open analysis before its model."""
    page, id = page_of(view)
    if page == "experiments":
        return "experiment", id, store.experiments.get(id).name
    if page != "model":
        raise EngineError("this page cannot be embedded", try_this="a model or an experiment")
    analysis = query_of(view).get("analysis", [""])[-1]
    if analysis:
        row = store.analyses.get(analysis)
        if row.model_id == id:
            return "analysis", row.id, row.name
    return "model", id, store.model(id).name


def _made(
    store: Store, kind: str, id: str, view: str, sent: Mapping[str, str], anywhere: bool
) -> LinkRow:
    known = PARTS[page_of(view)[0]]
    part = sent.get("part", "")
    if part not in known:
        raise EngineError("a frame shows one of these", expected=", ".join(known), found=part[:40])
    days = sent.get("days", "")
    if days and days not in map(str, DAYS):
        raise EngineError("an embed ends after some days", expected=", ".join(map(str, DAYS)))
    sites = [ANY_SITE] if anywhere else re.split(r"[\s,]+", sent.get("sites", "").strip())
    return store.sharing.link(
        kind, id, embed=True, origins=[s for s in sites if s], view=with_part(view, part),
        label=known[part], days=int(days) if days else None,
    )  # fmt: skip
