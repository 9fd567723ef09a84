"""Every route and every callback, asked by everybody: who gets through is who should.

The cases come from the route map and the callback map, so a new one is in the matrix at once.
Behind the gate a probe notes what was reached; reading routes then answer as they are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from dashboard.access import ENDPOINTS, REFUSED, Needs, What, gate, needed
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.team import ABSENT, ACTORS, NAME, Actor, World, world

LEVELS = {What.VIEW: 1, What.FORK: 2, What.EDIT: 3, What.OWN: 4}


@dataclass(frozen=True, slots=True)
class Case:
    """One request of one actor.

    Args:
        what: method and endpoint, or the callback's output.
        reached: whether it came through; `should`: whether it ought to.
        status: of the answer; told: whether the owner's name for things was in it.
    """

    actor: str
    what: str
    should: bool
    reached: bool
    status: int
    told: bool

    @property
    def right(self) -> bool:
        """Through if and only if it should; refused without a word; no fault of ours."""
        return (
            self.should == self.reached
            and self.status < 500
            and (self.reached or not self.told)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """The matrix; and pairs of answers, of an object that is absent and of one that is another's.

    Args:
        same: what was asked -> whether the two answers were the same bytes.
        leaks: what tells the owner their names with the gate open -> whether a stranger too.
    """

    cases: tuple[Case, ...]
    same: tuple[tuple[str, bool], ...]
    leaks: tuple[tuple[str, bool], ...]
    routes: int
    callbacks: int


def may(actor: Actor, needs: Needs) -> bool:
    """Whether somebody should get through, worked out apart from the product."""
    if needs.what is What.OPEN:
        return True
    if actor.dead:
        return False
    if needs.what is What.GUEST:
        return bool(actor.user or actor.link)
    if needs.what is What.SIGNED_IN:
        return bool(actor.user)
    if needs.what is What.ADMIN:
        return actor.admin
    level = actor.level if not actor.link or actor.link == needs.kind else 0
    return level >= LEVELS[needs.what] and (actor.files or not needs.files)


def requests(made: World) -> Iterator[tuple[str, Needs, str, str]]:
    """(what, needs, method, path with {id}) of each route and method."""
    adapter = made.app.server.url_map.bind("localhost")
    for rule in made.app.server.url_map.iter_rules():
        if rule.endpoint in REFUSED or "_dash-update" in rule.rule:
            continue
        needs = ENDPOINTS[rule.endpoint]
        values = {a: "{id}" if a == needs.at else "x" for a in rule.arguments}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path = adapter.build(rule.endpoint, values, method=method)
            yield f"{method} {rule.endpoint}", needs, method, path.replace("%7Bid%7D", "{id}")


def callbacks(made: World) -> Iterator[tuple[str, Needs]]:
    """(key, needs) of each callback of the server."""
    for key, wires in made.app.callback_map.items():
        if "callback" in wires:
            needs = needed(key, wires)
            assert needs is not None, key
            yield key, needs


def probed(made: World) -> list[str]:
    """Put a probe behind the gate; the list that it writes to."""
    reached: list[str] = []
    server = made.app.server

    def watched(endpoint: str, view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def probe(**arguments: Any) -> Any:
            reached.append(endpoint)
            return view(**arguments) if request.method in ("GET", "HEAD") else "done"

        return probe

    def noted(key: str, callback: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(callback)
        def probe(*_args: Any, **_kwargs: Any) -> str:
            reached.append(key)
            return '{"multi": true, "response": {}}'

        return probe

    for endpoint, view in list(server.view_functions.items()):
        if "_dash-update" not in endpoint:
            server.view_functions[endpoint] = watched(endpoint, view)
    for key, wires in made.app.callback_map.items():
        if "callback" in wires:
            wires["callback"] = noted(key, wires["callback"])
    return reached


def matrix(made: World, actors: dict[str, Actor] = ACTORS) -> tuple[Case, ...]:
    """Everybody asks for everything."""
    reached = probed(made)
    found = []
    for name, actor in actors.items():
        for what, needs, method, path in requests(made):
            framed = what.endswith("embed.page")
            # an embedded page has the assets, and whatever else it does not ask for, as all have
            if not framed and actor.link and not path.startswith(("/_dash-", "/api/")):
                continue
            reached.clear()
            id = made.ids.get(needs.kind, "")
            should = may(actor, needs)
            if framed:  # the token in its path is all that counts there
                should = bool(actor.link) and not actor.dead
                path = (
                    f"/embed/{made.tokens.of_link(made.links[actor.link])}" if actor.link else path
                )
            asks = replace(actor, link="") if framed else actor
            answer = made.ask(asks, path.format(id=id), method)
            told, status = _tells(answer), answer.status_code
            found.append(Case(name, what, should, bool(reached), status, told))
        for key, needs in callbacks(made):
            reached.clear()
            answer = made.call(actor, key, needs, made.ids.get(needs.kind, ""))
            told, status = _tells(answer), answer.status_code
            found.append(Case(name, key, may(actor, needs), bool(reached), status, told))
    return tuple(found)


def twins(made: World) -> Iterator[tuple[str, bool]]:
    """Whether what is another's is answered as what is not there: status, headers, bytes."""
    eve = ACTORS["stranger"]
    for what, needs, method, path in requests(made):
        if needs.kind:
            pair = [
                made.ask(eve, path.format(id=i), method) for i in (made.ids[needs.kind], ABSENT)
            ]
            yield what, _plain(pair[0]) == _plain(pair[1])
    for key, needs in callbacks(made):
        if needs.kind:
            pair = [made.call(eve, key, needs, i) for i in (made.ids[needs.kind], ABSENT)]
            yield key, _plain(pair[0]) == _plain(pair[1])


def leaks(made: World) -> Iterator[tuple[str, bool]]:
    """What tells the owner their names, once the gate lets all through; and a stranger too?

    What is left is the wall of the store itself.
    """
    eve, ana, kept = ACTORS["stranger"], ACTORS["owner"], gate.allow
    gate.allow = lambda *_: None  # type: ignore[assignment]
    try:
        for what, needs, method, path in requests(made):
            if method == "GET":
                path = path.format(id=made.ids.get(needs.kind, ""))
                if _tells(made.ask(ana, path)):
                    yield what, _tells(made.ask(eve, path))
        for key, needs in callbacks(made):
            id = made.ids.get(needs.kind, "")
            if _tells(made.call(ana, key, needs, id)):
                yield key, _tells(made.call(eve, key, needs, id))
    finally:
        gate.allow = kept


def _tells(answer: Any) -> bool:
    with answer:
        return NAME.encode() in answer.get_data()


def _plain(answer: Any) -> tuple[Any, ...]:
    headers = sorted((k, v) for k, v in answer.headers.items() if k != "Date")
    return answer.status_code, headers, answer.data


def measure() -> Measured:
    """The matrix in one world; leaks and twins in another, without probes."""
    with world() as made:
        same, open_doors = tuple(twins(made)), tuple(leaks(made))
        routes, many = len(list(requests(made))), len(list(callbacks(made)))
    with world() as made:
        return Measured(matrix(made), same, open_doors, routes, many)


def judge(found: Measured) -> tuple[Line, ...]:
    """All right, the same bytes, no leak."""
    wrong = [c for c in found.cases if not c.right]
    notes = [
        f"{c.actor}: {c.what[:70]}: {'let through' if c.reached else 'refused'}, {c.status}"
        for c in wrong[:10]
    ]
    told = [what for what, strangers in found.leaks if strangers]
    differ = [what for what, same in found.same if not same]
    return (
        judged(
            "1a", "permission matrix from the route and callback maps",
            f"{len(found.cases) - len(wrong):,} of {len(found.cases):,} right: {found.routes} "
            f"routes and {found.callbacks} callbacks by {len(ACTORS)} actors", "all",
            bool(found.cases) and not wrong, notes,
        ),
        judged(
            "1b", "absent and forbidden are answered with the same bytes",
            f"{len(found.same) - len(differ)} of {len(found.same)}", "all",
            bool(found.same) and not differ, differ[:10],
        ),
        judged(
            "1c", "what the store itself tells a stranger once the gate stands open",
            f"{len(told)} of the {len(found.leaks)} that tell the owner", "none",
            bool(found.leaks) and not told, told[:10],
        ),
    )  # fmt: skip


CHECK = Check("1", "permission matrix", measure, judge)
