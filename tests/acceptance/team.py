"""A team in a small world: people with every role on one owner's objects, and requests as them.

The app runs in proxy mode, so that who asks is what the proxy says, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dash import Dash

import engine
from dashboard.access import Needs, Tokens
from dashboard.app import create_app
from dashboard.queries import Services, open_services
from dashboard.settings import Settings
from engine.store import FileRow, Principal, Role, act_as
from engine.store.tables import LINKS
from tests import builders
from tests.engine.experiments.forests import body, model

SECRET, KEY = "p" * 40, "k" * 40
OWNER = "ana"
NAME = "quiet_walrus"  # of the model, the analysis and the experiment: told to nobody else
ABSENT = "A" * 22  # an id as ours are, of nothing


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks.

    Args:
        user: name; "" none.
        level: on the owner's objects, 0 none to 4 owner.
        files: whether their files may be read too.
        groups: as the proxy says.
        link: "model" or "experiment": the embeds of these; "revoked", "expired": those that ended.
    """

    user: str = ""
    level: int = 0
    files: bool = False
    groups: str = ""
    link: str = ""
    admin: bool = False

    @property
    def dead(self) -> bool:
        """Whether it comes by a link that ended."""
        return self.link in ("revoked", "expired")


ACTORS = {
    "anonymous": Actor(),
    "stranger": Actor("eve"),
    "viewer": Actor("vic", 1, True, groups="vision"),
    "viewer by link": Actor("lin", 1),
    "forker": Actor("fay", 2, True),
    "forker by link": Actor("flo", 2),
    "editor": Actor("ed", 3, True),
    "owner": Actor(OWNER, 4, True),
    "admin": Actor("root", admin=True),
    "embed": Actor(level=1, link="model"),
    "embed of the experiment": Actor(level=1, link="experiment"),
    "revoked embed": Actor(link="revoked"),
    "expired embed": Actor(link="expired"),
}


@dataclass
class World:
    """The app, its services, and what the owner has.

    Args:
        ids: kind -> id of the owner's object.
        links: name -> id of a link.
    """

    app: Dash
    services: Services
    ids: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=lambda: Tokens(KEY))

    def ask(self, actor: Actor, path: str, method: str = "GET", **more: Any) -> Any:
        """An answer to somebody; `more` goes to the test client."""
        headers = {"X-Proxy-Secret": SECRET, **more.pop("headers", {})}
        if actor.user:
            headers.setdefault("X-Forwarded-User", actor.user)
        if actor.groups:
            headers.setdefault("X-Forwarded-Groups", actor.groups)
        if actor.link:
            path = f"/embed/{self.tokens.of_link(self.links[actor.link])}{path}"
        return self.app.server.test_client().open(path, method=method, headers=headers, **more)

    def call(self, actor: Actor, key: str, needs: Needs | None, id: object) -> Any:
        """The answer of a callback to somebody who sends an id where its object is."""
        return self.ask(
            actor, "/_dash-update-component", "POST", json=self.envelope(key, needs, id)
        )

    def envelope(self, key: str, needs: Needs | None, id: object) -> dict[str, Any]:
        """The body of a callback whose values are nothing but the id."""
        wires = self.app.callback_map[key]
        place = needs.at.split(".") if needs is not None else []

        def part(wire: dict[str, Any]) -> Any:
            if str(wire["id"]).startswith("{"):
                return []
            value: object = None
            if place[:2] == [str(wire["id"]), wire["property"]]:
                value = id
                for inner in reversed(place[2:]):
                    value = {inner: value}
            return {"id": str(wire["id"]), "property": wire["property"], "value": value}

        names = [o.strip(".").rsplit(".", 1) for o in key.split("...")]
        outputs = [{"id": json.loads(i) if i[0] == "{" else i, "property": p} for i, p in names]
        return {
            "output": key, "outputs": outputs if key.startswith("..") else outputs[0],
            "inputs": [part(w) for w in wires["inputs"]],
            "state": [part(w) for w in wires["state"]], "changedPropIds": [],
        }  # fmt: skip


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A new world; it ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder) / "data", demo=False, jobs=False, access="proxy",
            trusted_proxies=("127.0.0.1",), proxy_secret=SECRET, secret=KEY, admins=("root",),
        )  # fmt: skip
        services = open_services(settings)
        try:
            made = World(create_app(settings, services), services)
            made.ask(Actor(OWNER), "/_dash-dependencies")  # Dash adds its own callbacks now
            with act_as(Principal(OWNER)):
                _furnish(made, Path(folder))
            for name in ("viewer by link", "forker by link"):
                for kind in ("model", "experiment"):
                    link = made.links[f"{name} {kind}"]
                    made.ask(ACTORS[name], f"/s/{made.tokens.of_link(link)}")
            yield made
        finally:
            services.close()


def _furnish(made: World, folder: Path) -> None:
    """A model, an analysis and an experiment of the owner, shared with everybody who has a role."""
    services, sharing = made.services, made.services.store.sharing
    file, net = folder / "net.onnx", builders.conv_net().SerializeToString()
    file.write_bytes(net)
    row, _ = services.store.add(file, engine.read_trusted(net, None, NAME), name=NAME)
    tree = folder / f"{NAME}.json"
    tree.write_text(json.dumps(body(model("root", metrics={"Accuracy": 0.9, "Size": 4}))), "utf-8")
    added = services.experiments.add(tree, tree.name)
    assert added is not None
    services.store.offspring.keep_file(added[0].id, FileRow("model", "root", row.sha256, NAME))
    plan = services.store.analyses.create(row.id, NAME, "")
    made.ids.update(model=row.id, experiment=added[0].id, analysis=plan.id)
    for kind in ("model", "experiment"):
        id = made.ids[kind]
        for to, role in (("group:vision", Role.VIEWER), ("user:fay", Role.FORKER),
                         ("user:ed", Role.EDITOR)):  # fmt: skip
            sharing.grant(kind, id, to, role)
        made.links[kind] = sharing.link(kind, id, Role.VIEWER, embed=True).id
        for name, role in (("viewer by link", Role.VIEWER), ("forker by link", Role.FORKER)):
            made.links[f"{name} {kind}"] = sharing.link(kind, id, role).id
    for name in ("revoked", "expired"):
        made.links[name] = sharing.link("model", row.id, Role.VIEWER, embed=True, days=1).id
    sharing.revoke(made.links["revoked"])
    expire(services, made.links["expired"])


def expire(services: Services, link_id: str) -> None:
    """Let a link have ended yesterday."""
    with services.store.sharing._database.writing() as connection:
        past = sa.update(LINKS).where(LINKS.c.id == link_id)
        connection.execute(past.values(expires="2020-01-01T00:00:00+00:00"))
