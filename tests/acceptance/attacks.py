"""Attacks on a team's server, replayed by their id in the catalogue: A, URLs and permissions.

An attack answers whether it was held off.  Beside each stands what takes its guard away: then the
same attack must get through, or it shows nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from flask import request

from dashboard.access import envelope, gate, needed
from dashboard.access.tokens import Tokens
from dashboard.ids import Model, Models
from engine.errors import EngineError
from engine.store import Principal, Role, Sharing, act_as, rights
from tests.acceptance.team import ABSENT, ACTORS, NAME, OWNER, SECRET, Actor, World

EVE, ANA, ED, VIC, LIN = (
    ACTORS[n] for n in ("stranger", "owner", "editor", "viewer", "viewer by link")
)
Guard = Callable[[World], contextlib.AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One line of the catalogue.

    Args:
        held: whether a world holds it off.
        without: takes the guard away for the length of a block.
    """

    id: str
    what: str
    held: Callable[[World], bool]
    without: Guard


ATTACKS: list[Attack] = []


def attack(id: str, what: str, without: Guard) -> Callable[[Any], Any]:
    """Put a function into the catalogue."""

    def put(held: Callable[[World], bool]) -> Callable[[World], bool]:
        ATTACKS.append(Attack(id, what, held, without))
        return held

    return put


@contextlib.contextmanager
def walls_down(_made: World) -> Iterator[None]:
    """The gate lets all through, and the store takes everybody for the owner."""
    everybody = mock.patch.object(rights, "role_in", return_value=Role.OWNER)
    files = mock.patch("engine.store.sharing.reads_files", return_value=True)
    with mock.patch.object(gate, "allow"), everybody, files:
        yield


def replaced(target: Any, name: str, by: Any) -> Guard:
    """A guard that is something else, for the length of a block."""
    return lambda _made: mock.patch.object(target, name, by)


def as_owner(*_args: Any) -> Principal:
    """Whoever asks, it is the owner."""
    return Principal(OWNER)


def told(answer: Any) -> bool:
    """Whether the owner's name for things is in an answer, or the server fell over."""
    with answer:
        return NAME.encode() in answer.get_data() or answer.status_code >= 500


def key_of(made: World, output: str) -> str:
    """The callback that writes a property of a component."""
    found = made.app.callback_map
    return next(k for k in found if "callback" in found[k] and f"{output}" in k)


def named(made: World, actor: Actor, output: str, changed: str = "", **values: Any) -> Any:
    """A callback with values by "component.property", the dots as two underscores or more."""
    key = key_of(made, output)
    body = made.envelope(key, None, None)
    for part in (*body["inputs"], *body["state"]):
        name = f"{part['id']}.{part['property']}" if isinstance(part, dict) else ""
        if name in values:
            part["value"] = values[name]
    body["changedPropIds"] = [changed] if changed else []
    return made.ask(actor, "/_dash-update-component", "POST", json=body)


def tasks(made: World, actor: Actor, id: object = None) -> Any:
    """The tasks of the owner's model, asked by the callback that fills the table."""
    key = key_of(made, f"{Model.TASKS}.data")
    needs = needed(key, made.app.callback_map[key])
    body = made.envelope(key, needs, id or made.ids["model"])
    for part in body["inputs"]:
        if isinstance(part, dict) and part["id"] == str(Model.TARGET):
            part["value"] = "phone-npu"
    return made.ask(actor, "/_dash-update-component", "POST", json=body)


def listed(made: World) -> bool:
    """Whether the owner still has the model."""
    return bool(made.ask(ANA, f"/api/models/{made.ids['model']}").status_code == 200)


@attack("A2", "ids cannot be tried out: absent and forbidden are one answer", walls_down)
def enumeration(made: World) -> bool:
    """Both by the API and by a callback."""
    id = made.ids["model"]
    api = [made.ask(EVE, f"/api/models/{i}") for i in (id, ABSENT)]
    calls = [tasks(made, EVE, i) for i in (id, ABSENT)]
    return bool(
        api[0].data == api[1].data
        and calls[0].data == calls[1].data
        and api[0].status_code == 404
        and not told(api[0])
    )


@attack("A3", "odd spellings of an id or a path", walls_down)
def spellings(made: World) -> bool:
    """Whatever the router makes of it, the gate asks after it did."""
    id = made.ids["model"]
    odd = (
        ":id", ":model_id", "%00", f"{id}%00", f"{id};x", f"%2e%2e/{id}", f"./{id}",
        f"%25{ord(id[0]):02x}{id[1:]}", f"%{ord(id[0]):02x}{id[1:]}", id.upper(), id.lower(),
        f"{id}/.", f"{id}%2f", f"{id}?x=/", f"{id}/drawing/../",
    )  # fmt: skip
    paths = [f"/api/models/{o}" for o in odd]
    ways = ("//api/models", "/api//models", "/api/./models", "/x/../api/models")
    paths += [f"{way}/{id}" for way in ways]
    return not any(told(made.ask(EVE, p, follow_redirects=True)) for p in paths)


@attack("A4", "a link to look, used to take the file, the source, to fork, to remove", walls_down)
def link_misused(made: World) -> bool:
    """By who opened a share link, and by an embed."""
    id, embed = made.ids["model"], ACTORS["embed"]
    other = made.ids["experiment"]
    asked = [made.ask(a, f"/api/models/{id}/{what}") for a in (LIN, embed)
             for what in ("file", "source", "source/text?file=x")]  # fmt: skip
    asked += [made.ask(embed, f"/api/experiments/{other}"), made.ask(embed, "/api/models"),
              made.ask(LIN, f"/api/models/{id}", "DELETE")]  # fmt: skip
    fork = f"/api/experiments/{other}/fork"
    asked += [made.ask(a, fork, "POST") for a in (LIN, ACTORS["embed of the experiment"])]
    if not all(a.status_code in (403, 404) for a in asked) or not listed(made):
        return False
    own = made.ask(ACTORS["forker by link"], fork, "POST")  # who may fork, but not read the files
    file = f"/api/experiments/{own.json['id']}/models/root/file"
    if own.status_code != 201 or made.ask(ACTORS["forker by link"], file).status_code != 404:
        return False
    with act_as(Principal("lin")):
        try:
            made.services.store.analyses.create(id, "mine", "")
        except EngineError:
            return True
    return False


@attack("A5", "grants changed by who does not own", walls_down)
def grants_changed(made: World) -> bool:
    """An editor shares on, a stranger shares at all."""
    sharing, id = made.services.store.sharing, made.ids["model"]
    for who in ("ed", "eve"):
        with act_as(Principal(who)):
            try:
                sharing.grant("model", id, "user:mallory", Role.EDITOR)
            except EngineError:
                continue
            return False
    return True


@attack(
    "A6", "out of the group, and the open page asks again",
    replaced(gate, "person_named", lambda _s: Principal("vic", frozenset({"vision"}))),
)  # fmt: skip
def group_left(made: World) -> bool:
    """The groups are those of this request, never remembered."""
    id, out = made.ids["model"], Actor("vic")
    before = made.ask(VIC, f"/api/models/{id}").status_code, tasks(made, VIC).status_code
    after = made.ask(out, f"/api/models/{id}"), tasks(made, out)
    return (
        before == (200, 200) and after[0].status_code == 404 and b"no such model" in after[1].data
    )


@attack("A7", "given away or removed while others hold it open", walls_down)
def given_away(made: World) -> bool:
    """Who owned it is an editor; when it is gone, an open page is told so in a sentence."""
    id, sharing = made.ids["model"], made.services.store.sharing
    made.ask(Actor("fay"), "/api/models")  # so that there is somebody of this name
    with act_as(Principal(OWNER)):
        sharing.transfer("model", id, "fay")
    if made.ask(ANA, f"/api/models/{id}", "DELETE").status_code != 403:
        return False
    if made.ask(Actor("fay"), f"/api/models/{id}", "DELETE").status_code != 200:
        return False
    return b"no such model" in tasks(made, ED).data and not told(made.ask(ED, f"/api/models/{id}"))


@attack(
    "A8",
    "headers of the proxy, sent by somebody else",
    replaced(gate, "check_proxy", lambda _s: None),
)
def forged_headers(made: World) -> bool:
    """Straight to the port, without the secret or from another machine."""
    client = made.app.server.test_client()
    secret = {"X-Proxy-Secret": SECRET}
    tries: list[tuple[dict[str, str], str]] = [
        ({"X-Forwarded-User": OWNER}, "127.0.0.1"),
        ({"x-fOrWaRdEd-uSeR": OWNER, "X-Proxy-Secret": "guess"}, "127.0.0.1"),
        (secret | {"X-Forwarded-User": OWNER}, "10.9.8.7"),
        (secret | {"X-Forwarded-User": f"{OWNER},eve"}, "127.0.0.1"),
        (secret | {"X-Forwarded-User": f" {OWNER}"}, "127.0.0.1"),
        (secret | {"X-Forwarded-User": "local"}, "127.0.0.1"),
    ]
    return all(
        client.get("/api/models", headers=h, environ_overrides={"REMOTE_ADDR": p}).status_code
        == 401
        for h, p in tries
    )


@attack("A10", "a cookie that was signed with another key, or fixed before", replaced(
    Tokens, "link_of", lambda _s, token: str(token).partition(".")[0]))  # fmt: skip
def foreign_signature(made: World) -> bool:
    """There is no session to fix: what we sign is signed with this server's key."""
    token = Tokens("o" * 40).of_link(made.links["model"])
    path = f"/embed/{token}/api/models/{made.ids['model']}"
    stolen = made.tokens.cookie, made.tokens.pass_()
    client = made.app.server.test_client()
    client.set_cookie(*stolen)
    nobody = client.get("/api/models", headers={"X-Proxy-Secret": SECRET})
    return made.ask(Actor(), path).status_code == 404 and nobody.status_code == 401


@attack("A11", "straight to the callback of a button that is not shown", walls_down)
def hidden_button(made: World) -> bool:
    """The button that removes; to who may only look."""
    for actor in (EVE, VIC, ED):
        named(
            made, actor, f"{Models.REMOVED}.data", f"{Models.REMOVE_YES}.n_clicks",
            **{f"{Models.REMOVE_YES}.n_clicks": 1, f"{Models.REMOVING}.data": made.ids["model"]},
        )  # fmt: skip
    return listed(made)


@attack("A12", "State that says who one is", walls_down)
def forged_state(made: World) -> bool:
    """What the browser says of a person is nothing to the gate."""
    key = key_of(made, f"{Model.TASKS}.data")
    body = made.envelope(key, needed(key, made.app.callback_map[key]), made.ids["model"])
    body |= {"principal": OWNER, "user": OWNER, "role": "owner", "admin": True}
    answer = made.ask(EVE, "/_dash-update-component", "POST", json=body)
    return b"no such model" in answer.data


@attack("A13", "a public pathname among the inputs", replaced(gate, "_who", as_owner))
def forged_pathname(made: World) -> bool:
    """What opened protected callbacks of another product without signing in."""
    key = key_of(made, f"{Models.LIST}.children")
    body = made.envelope(key, None, None)
    body["inputs"][0]["value"] = "phone-npu"
    more = {"id": "_pages_location", "property": "pathname", "value": "/healthz"}
    path = "/_dash-update-component"
    plain = made.ask(Actor(), path, "POST", json=body)
    forged = made.ask(Actor(), path, "POST", json=body | {"inputs": [*body["inputs"], more]})
    return plain.status_code == forged.status_code == 401


@contextlib.contextmanager
def _old_jobs(made: World) -> Iterator[None]:
    """The manager of jobs as Dash had it, which ended what a request named."""

    def end() -> None:
        for pid in request.args.getlist("oldJob"):
            os.kill(int(pid), signal.SIGKILL)

    before = made.app.server.before_request_funcs.setdefault(None, [])
    before.insert(0, end)
    try:
        yield
    finally:
        before.remove(end)


@attack("A14", "a job's handle that names any process", _old_jobs)
def forged_jobs(made: World) -> bool:
    """The process that is named lives on."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as victim:
        for name in ("oldJob", "job", "cacheKey", "cancelJob"):
            path = f"/_dash-update-component?{name}={victim.pid}"
            made.ask(EVE, path, "POST", json={})
        with contextlib.suppress(subprocess.TimeoutExpired):
            victim.wait(0.5)
        lives = victim.poll() is None
        victim.kill()
    return lives


@attack("A15", "what Dash brings along, without a name", replaced(gate, "_who", as_owner))
def dash_internals(made: World) -> bool:
    """Layout, wires, other protocols; and no way out of the folder of scripts."""
    nobody = Actor()
    shut = [made.ask(nobody, p).status_code for p in ("/_dash-layout", "/_dash-dependencies")]
    paths = ("/_mcp", "/_dash-ws", "/_dash-component-suites/dash/..%2f..%2fsettings.py",
             "/_dash-component-suites/x/x", "/assets/..%2fpyproject.toml")  # fmt: skip
    rest = [made.ask(nobody, p) for p in paths]
    return shut == [401, 401] and not any(
        told(a) or b"import" in a.data or b"[project]" in a.data for a in rest
    )


def _by_beginning(_sharing: Sharing, text: str) -> tuple[str, ...]:
    return tuple(f"user:{n}" for n in (OWNER, "ed") if n[:1] == text[:1])


@attack("A16", "looking people up by the beginning of a name",
        replaced(Sharing, "names", _by_beginning))  # fmt: skip
def directory(made: World) -> bool:
    """Only a whole name, or a group of one's own."""
    sharing = made.services.store.sharing
    with act_as(Principal("eve", frozenset({"audio"}))):
        parts = [n for t in ("", "a", "an", "%", "_na", "*", "vis", "vision")
                 for n in sharing.names(t)]  # fmt: skip
        return set(parts) <= {"group:audio"} and sharing.names(OWNER) == (f"user:{OWNER}",)


@attack("A17", "an id that may be seen where the gate looks, another where the callback does",
        replaced(envelope, "_is_of", lambda _part, _wire: True))  # fmt: skip
def decoy(made: World) -> bool:
    """Dash goes by the place of what is sent, the gate by its name: each must be the other's."""
    key = key_of(made, f"{Model.TASKS}.data")
    body = made.envelope(key, needed(key, made.app.callback_map[key]), ABSENT)
    sent = [*body["inputs"], *body["state"]]
    used = next(p for p in sent if isinstance(p, dict) and p["id"] == str(Model.MODEL))
    looked_at = dict(used, value=made.ids["model"])
    used["id"] = "another"
    sent[0].update(looked_at)
    return bool(made.ask(VIC, "/_dash-update-component", "POST", json=body).status_code == 400)


NOT_HERE = {
    "A1": "the matrix of line 1a",
    "A9": "there is no sign-in of our own, a proxy does it; that the way in of local mode leads "
    "nowhere else is in test_access_modes",
}
