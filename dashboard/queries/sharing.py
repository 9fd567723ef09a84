"""What the Share sheet shows of an object, and what it does with it.

Messages come from a browser: the store checks who may do what, here only their shape is checked.
An analysis that is open stands before the model that it is of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError
from engine.store import (
    EVERYONE,
    LOCAL,
    ExperimentRow,
    Grant,
    LinkRow,
    Role,
    Store,
    Verb,
    acting,
)

PRODUCT = "Paredown"  # who put the demo in, where several people are served
ROLES: Mapping[str, Role] = {
    "viewer": Role.VIEWER, "forker": Role.FORKER, "editor": Role.EDITOR,
}  # fmt: skip
DAYS = (7, 30, 90)  # after which a link ends
WHOSE: Mapping[str, str] = {"all": "All", "mine": "Mine", "shared": "Shared with me"}


@dataclass(frozen=True, slots=True)
class Sharable:
    """An object as its Share sheet shows it.

    Args:
        kind: "model", "analysis" or "experiment".
        analysis: id of the analysis that is open on the page of a model, or "".
        owner: as people read it.
        mine: the one who asks owns it.
        role: what they may do.
        through: the group, or everyone, through whom they may; "" by name or by a link.
        files_of: who owns the model of an analysis that somebody else has to share too, or "".
        groups: of the one who asks.
        grants: what people and groups were given; only its owner sees that.
        links: share links, newest first; only its owner sees them.
    """

    kind: str
    id: str
    analysis: str
    name: str
    owner: str
    mine: bool
    role: Role
    through: str
    files_of: str
    groups: tuple[str, ...]
    grants: tuple[Grant, ...]
    links: tuple[LinkRow, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What a message did.

    Args:
        shown: the object afterwards; None where it may not be seen any more.
        said: a sentence for a notice, or "".
    """

    shown: Sharable | None
    said: str = ""


def owner_words(owner: str, me: str | None = None) -> str:
    """Whose something is, as people read it: "you", a name, the product's own."""
    who = acting().user if me is None else me
    if owner == who:
        return "you"
    return PRODUCT if owner == LOCAL else owner


def may_words(role: Role) -> str:
    """What a role lets people do, as a word after "you can"."""
    return {Role.VIEWER: "view", Role.FORKER: "fork", Role.EDITOR: "edit"}.get(role, "own")


def held_words(owner: str, role: Role) -> str:
    """Whose something is and what one may do with it; "" with one's own."""
    if role is Role.OWNER:
        return ""
    return f"{owner_words(owner)}’s · you can {may_words(role)}"


def origin_words(row: ExperimentRow) -> str:
    """Where an experiment was forked from, in words; "" when it was not."""
    if not row.forked_from:
        return ""
    same = row.forked_owner == row.owner
    return f"forked from “{row.forked_name}”" + (
        "" if same else f" by {owner_words(row.forked_owner)}"
    )


def keeps(kind: str, role: Role) -> str:
    """What is kept of somebody's edits: "yes" all, "fork" only a fork of them, "no" nothing.

    On a model an edit begins an analysis of one's own, which a fork of the model is.
    """
    if role >= (Role.FORKER if kind == "model" else Role.EDITOR):
        return "yes"
    return "fork" if role is Role.FORKER else "no"


def belongs(owner: str, whose: object) -> bool:
    """Whether an object of somebody is in a list of all, of one's own, or of what is shared."""
    return whose not in (*WHOSE,) or whose == "all" or (owner == acting().user) == (whose == "mine")


@dataclass(frozen=True, slots=True)
class SharedAnalysis:
    """An analysis that was shared without its model.

    Args:
        model: name of that.
        words: whose it is and what one may do.
    """

    id: str
    model_id: str
    name: str
    model: str
    words: str


def shared_analyses(store: Store, listed: Collection[str]) -> tuple[SharedAnalysis, ...]:
    """The analyses that were shared with the one who asks, of models that are not in their list.

    Args:
        store: where rights are kept.
        listed: ids of the models that are.
    """
    found = []
    for one in store.sharing.shared_with_me():
        if one.kind == "analysis" and one.model_id not in listed:
            words = held_words(one.owner, one.role)
            found.append(SharedAnalysis(one.id, one.model_id, one.name, one.model, words))
    return tuple(found)


def grantee_words(grantee: str) -> str:
    """A grantee without the mark of its sort."""
    return "Everyone who signs in" if grantee == EVERYONE else grantee.partition(":")[2]


def answer(store: Store, message: object) -> Done:
    """Do what the sheet asks for.

    Args:
        store: where rights are kept.
        message: {"verb", "on", "id", "analysis", "whole"} and what its verb needs; "whole" is
            whether the model is meant although an analysis of it is open.

    Raises:
        EngineError: it cannot be done; nothing was changed.
    """
    sent = message if isinstance(message, dict) else {}
    kind, id = _object(sent)
    verb = VERBS.get(_text(sent, "verb"))
    if verb is None:
        raise EngineError("the page asked for what is not known")
    said = verb(store, kind, id, sent)
    if verb in (_grant, _link):
        store.usage.note(Verb.SHARED, kind, id)
    if verb is _leave:
        return Done(None, said)
    return Done(_shown(store, kind, id, sent), said)


def _object(sent: Mapping[str, Any]) -> tuple[str, str]:
    """(kind, id) of what is meant."""
    analysis = _text(sent, "analysis")
    if _text(sent, "on") == "model" and analysis and not sent.get("whole"):
        return "analysis", analysis
    return _text(sent, "on"), _text(sent, "id")


def _text(sent: Mapping[str, Any], key: str) -> str:
    value = sent.get(key)
    return value if isinstance(value, str) else ""


def _shown(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> Sharable:
    held, me = store.sharing, acting()
    owner, role = held.owner(kind, id), held.role(kind, id)
    mine = role is Role.OWNER
    # who is granted something by name may leave it; what comes through a group may not be left
    through = "" if mine else held.through(kind, id)
    return Sharable(
        kind, id, _text(sent, "analysis") if _text(sent, "on") == "model" else "",
        _name(store, kind, id), owner_words(owner, me.user), mine, role,
        "" if through.startswith("user:") else through, _files_of(store, kind, id, owner),
        tuple(sorted(me.groups)),
        held.grants(kind, id) if mine else (),
        tuple(row for row in held.links(kind, id) if not row.embed) if mine else (),
    )  # fmt: skip


def _name(store: Store, kind: str, id: str) -> str:
    if kind == "model":
        return store.model(id).name
    return store.analyses.get(id).name if kind == "analysis" else store.experiments.get(id).name


def _files_of(store: Store, kind: str, id: str, owner: str) -> str:
    """The owner of the model without whom others cannot see an analysis of it; "" nobody."""
    if kind != "analysis":
        return ""
    model = store.analyses.get(id).model_id
    theirs = store.sharing.owner("model", model)
    may = theirs == owner or store.sharing.role("model", model) >= Role.EDITOR
    return "" if may else owner_words(theirs)


def _show(_store: Store, _kind: str, _id: str, _sent: Mapping[str, Any]) -> str:
    return ""


def _grant(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> str:
    """Give a role to a person by their exact name, to a group, or to everyone."""
    name, grantee = _text(sent, "name").strip(), _text(sent, "who")
    if grantee == "person":
        if not name:
            raise EngineError("no name was given", try_this="the name with which they sign in")
        grantee = f"user:{name}"
    elif grantee != EVERYONE and grantee.removeprefix("group:") not in acting().groups:
        raise EngineError("this is no group of yours")
    store.sharing.grant(kind, id, grantee, _role(sent))
    new = grantee.startswith("user:") and grantee not in store.sharing.names(name)
    here = f" Nobody called {name} was here yet; it holds once they sign in." if new else ""
    return f"{grantee_words(grantee)} can {may_words(_role(sent))} it now.{here}"


def _regrant(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> str:
    """Another role for somebody who has one."""
    grantee = _text(sent, "grantee")
    if grantee not in {g.grantee for g in store.sharing.grants(kind, id)}:
        raise EngineError("it is not shared with them any more", try_this="adding them again")
    store.sharing.grant(kind, id, grantee, _role(sent))
    return f"{grantee_words(grantee)} can {may_words(_role(sent))} it now."


def _take(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> str:
    grantee = _text(sent, "grantee")
    store.sharing.grant(kind, id, grantee, Role.NONE)
    return f"It is not shared with {grantee_words(grantee).replace('Everyone', 'everyone')} now."


def _role(sent: Mapping[str, Any]) -> Role:
    return ROLES.get(_text(sent, "role"), Role.VIEWER)


def _transfer(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> str:
    name = _text(sent, "name").strip()
    store.sharing.transfer(kind, id, name)
    return f"It is {name}’s now. You can still edit it."


def _leave(store: Store, kind: str, id: str, _sent: Mapping[str, Any]) -> str:
    name = _name(store, kind, id)
    store.sharing.leave(kind, id)
    return f"You left “{name}”."


def _link(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> str:
    """Make a link to what the page shows."""
    days, view = _text(sent, "days"), _text(sent, "view")
    page = f"/{'experiments' if kind == 'experiment' else 'model'}/{_text(sent, 'id')}"
    store.sharing.link(
        kind, id, Role.FORKER if _text(sent, "role") == "forker" else Role.VIEWER,
        view=view if view.partition("?")[0] == page else "",
        label=_text(sent, "name"), source=sent.get("source") is True,
        days=int(days) if days in map(str, DAYS) else None,
    )  # fmt: skip
    return ""


def _revoke(store: Store, kind: str, id: str, sent: Mapping[str, Any]) -> str:
    if _text(sent, "link") not in {row.id for row in store.sharing.links(kind, id)}:
        raise EngineError("there is no such link")
    store.sharing.revoke(sent["link"])
    return "The link is dead, for everybody who opened it too."


VERBS = {
    "show": _show, "grant": _grant, "regrant": _regrant, "take": _take, "transfer": _transfer,
    "leave": _leave, "link": _link, "revoke": _revoke,
}  # fmt: skip
