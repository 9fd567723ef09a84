"""A team in any order: grants, links, groups, forks, saves, transfers, crashes; 200 steps.

A plain model beside the store says what everybody may do, worked out from sets.  After each step
the roles, the lists and the trees of the store are compared with it for everybody.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.errors import EngineError
from engine.store import EVERYONE, Meanwhile, Principal, Role, Store
from engine.store.database import Database
from tests.acting import by
from tests.effort import tries
from tests.engine.store.conftest import NET
from tests.engine.store.team import Known, Link, Thing
from tests.engine.store.team_trees import (
    GIVEN,
    GRANTEES,
    GROUPS,
    MOST,
    USERS,
    Trees,
    pick,
    rightly,
    user,
)

pytestmark = pytest.mark.long
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # here no disk is under test
ABSENT = "A" * 22
kinds = st.sampled_from(("model", "analysis", "experiment"))


class Crash(BaseException):
    """The machine goes dark."""


@contextlib.contextmanager
def dying(self: Database) -> Iterator[Any]:
    """A transaction whose end is never reached."""
    with self._writer.begin() as connection:
        yield connection
        raise Crash


class Team(Trees, Known, RuleBasedStateMachine):
    """One store, three people, two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.store = Store(self.folder / "data")
        self.old: list[Store] = []
        self.groups: dict[str, set[str]] = {u: set() for u in USERS}
        self.things: dict[str, Thing] = {}
        self.links: dict[str, Link] = {}
        for name in USERS:
            by(name, self.store.sharing.seen)

    def teardown(self) -> None:
        for store in (*self.old, self.store):
            store.close()
        shutil.rmtree(self.folder)

    # asking the store

    def of(self, kind: str, k: int) -> str | None:
        found = [i for i, t in self.things.items() if t.kind == kind]
        return found[k % len(found)] if found else None

    def ask(self, name: str, id: str, needs: Role, verb: Any, *args: Any, **more: Any) -> Any:
        """Ask for something; None when it was refused, as it should be, and in the right words."""
        has = self.role(id, name)
        if has >= needs:
            return by(self.who(name), verb, *args, **more)
        with pytest.raises(EngineError) as caught:
            by(self.who(name), verb, *args, **more)
        if has is Role.NONE:
            assert caught.value.what == f"there is no such {self.things[id].kind}"
        return None

    # the rules

    @initialize(shared=st.sampled_from(GRANTEES[1:]), role=st.sampled_from(GIVEN[1:]))
    def furnish(self, shared: str, role: Role) -> None:
        """Begin where most is possible: much is shared, with people and by a link."""
        self.upload("ana", b"one")
        self.begin("ana", 0)
        self.grant("ana", True, "model", 0, shared, role)
        self.link("ana", True, "analysis", 0, True, False)
        for name in USERS[1:]:
            self.open_link(name, 0)
        self.bring("ana", b"tree")
        self.grant("ana", True, "experiment", 0, shared, role)

    @rule(name=user, body=st.sampled_from((b"one", b"two")))
    def upload(self, name: str, body: bytes) -> None:
        file = self.folder / "net.onnx"
        file.write_bytes(body)
        same = [
            i for i, t in self.things.items()
            if (t.kind, t.owner, t.body) == ("model", name, body)
        ]  # fmt: skip
        if not same and sum(t.kind == "model" for t in self.things.values()) >= MOST:
            return
        row, new = by(self.who(name), self.store.add, file, NET)
        assert new == (not same)
        if new:
            self.things[row.id] = Thing("model", name, body=body)
        else:
            assert row.id in same

    @rule(name=user, k=pick)
    def begin(self, name: str, k: int) -> None:
        id = self.of("model", k)
        if id is None or sum(t.kind == "analysis" for t in self.things.values()) >= MOST:
            return
        made = self.ask(name, id, Role.FORKER, self.store.analyses.create, id, "plan", "r")
        if made is not None:
            self.things[made.id] = Thing("analysis", name, model=id)

    @rule(name=user, k=pick)
    def fork(self, name: str, k: int) -> None:
        id = self.of("analysis", k)
        if id is None or sum(t.kind == "analysis" for t in self.things.values()) >= MOST:
            return
        made = self.ask(name, id, Role.FORKER, self.store.analyses.fork, id, "fork")
        if made is not None:
            model = self.things[id].model
            self.things[made.id] = Thing("analysis", name, model=model, authors=[name], kept=1)
            assert made.forked_from == id

    @rule(name=user, k=pick, stale=st.integers(0, 2))
    def save(self, name: str, k: int, stale: int) -> None:
        id = self.of("analysis", k)
        if id is None:
            return
        thing, verb = self.things[id], self.store.analyses.checkpoint
        seen = max(0, len(thing.authors) - stale)
        others = any(a != name for a in thing.authors[max(seen, thing.kept) :])
        if others and self.role(id, name) >= Role.EDITOR:
            with pytest.raises(Meanwhile):
                by(self.who(name), verb, id, "point", "r", seen=seen)
            return
        if self.ask(name, id, Role.EDITOR, verb, id, "point", "r", seen=seen) is not None:
            thing.authors.append(name)

    @rule(
        name=user,
        rightly=rightly,
        kind=kinds,
        k=pick,
        to=st.sampled_from(GRANTEES),
        role=st.sampled_from(GIVEN),
    )
    def grant(self, name: str, rightly: bool, kind: str, k: int, to: str, role: Role) -> None:
        id = self.of(kind, k)
        if id is None:
            return
        name = self.things[id].owner if rightly else name
        verb = self.store.sharing.grant
        if role and to == f"user:{self.things[id].owner}":
            with pytest.raises(EngineError):
                by(self.who(name), verb, kind, id, to, role)
            return
        allowed = self.role(id, name) >= Role.OWNER
        self.ask(name, id, Role.OWNER, verb, kind, id, to, role)
        if allowed:
            self.things[id].grants.pop(to, None)
            if role:
                self.things[id].grants[to] = role

    @rule(name=user, rightly=rightly, kind=kinds, k=pick, fork=st.booleans(), embed=st.booleans())
    def link(self, name: str, rightly: bool, kind: str, k: int, fork: bool, embed: bool) -> None:
        id = self.of(kind, k)
        if id is None:
            return
        role = Role.FORKER if fork and not embed else Role.VIEWER
        name = self.things[id].owner if rightly else name
        verb = self.store.sharing.link
        made = self.ask(name, id, Role.OWNER, verb, kind, id, role, embed=embed)
        if made is not None:
            self.links[made.id] = Link(id, role, embed)

    @precondition(lambda self: self.links)
    @rule(name=user, k=pick)
    def open_link(self, name: str, k: int) -> None:
        id = list(self.links)[k % len(self.links)]
        link = self.links[id]
        if link.stands and not link.embed and link.thing in self.things:
            by(self.who(name), self.store.sharing.join, id)
            link.opened.add(name)
        else:
            with pytest.raises(EngineError, match="nothing at this address"):
                by(self.who(name), self.store.sharing.join, id)

    @precondition(lambda self: self.links)
    @rule(name=user, rightly=rightly, k=pick)
    def revoke(self, name: str, rightly: bool, k: int) -> None:
        id = list(self.links)[k % len(self.links)]
        link = self.links[id]
        if rightly and link.thing in self.things:
            name = self.things[link.thing].owner
        if link.thing in self.things and self.role(link.thing, name) is Role.OWNER:
            by(self.who(name), self.store.sharing.revoke, id)
            link.stands = False
        else:
            with pytest.raises(EngineError, match="no such link"):
                by(self.who(name), self.store.sharing.revoke, id)

    @rule(name=user, kind=kinds, k=pick)
    def leave(self, name: str, kind: str, k: int) -> None:
        id = self.of(kind, k)
        if id is None:
            return
        verb, owns = self.store.sharing.leave, self.things[id].owner == name
        if self.role(id, name) is Role.NONE or owns:
            with pytest.raises(EngineError):
                by(self.who(name), verb, kind, id)
            return
        self.things[id].grants.pop(f"user:{name}", None)
        for link in self.links.values():
            if link.thing == id:
                link.opened.discard(name)
        stays = self.role(id, name) is not Role.NONE
        with pytest.raises(EngineError) if stays else contextlib.nullcontext():
            by(self.who(name), verb, kind, id)

    @rule(name=user, rightly=rightly, kind=kinds, k=pick, to=user)
    def transfer(self, name: str, rightly: bool, kind: str, k: int, to: str) -> None:
        id = self.of(kind, k)
        if id is None:
            return
        thing, verb = self.things[id], self.store.sharing.transfer
        name = thing.owner if rightly else name
        twin = thing.kind != "analysis" and not thing.source and any(
            (t.kind, t.owner, t.body, t.source) == (thing.kind, to, thing.body, "")
            for t in self.things.values()
        )  # fmt: skip
        if self.role(id, name) is Role.OWNER and (thing.owner == to or twin):
            with pytest.raises(EngineError):
                by(self.who(name), verb, kind, id, to)
            return
        allowed = self.role(id, name) is Role.OWNER
        self.ask(name, id, Role.OWNER, verb, kind, id, to)
        if allowed:
            for held in (f"user:{thing.owner}", f"user:{to}"):
                thing.grants.pop(held, None)
            thing.grants[f"user:{thing.owner}"] = Role.EDITOR
            thing.owner = to

    @rule(name=user, rightly=rightly, k=pick, back=st.booleans())
    def delete(self, name: str, rightly: bool, k: int, back: bool) -> None:
        id = self.of("analysis", k)
        if id is None:
            return
        thing = self.things[id]
        name = thing.owner if rightly else name
        if back and thing.deleted and thing.owner == name:
            thing.deleted = False
            if self.role(id, name) is Role.NONE:  # its model may not be seen any more
                thing.deleted = True
                with pytest.raises(EngineError, match="no such analysis"):
                    by(self.who(name), self.store.analyses.restore, id)
            else:
                by(self.who(name), self.store.analyses.restore, id)
        elif self.ask(name, id, Role.OWNER, self.store.analyses.delete, id) is not None:
            thing.deleted = True

    @rule(name=user, rightly=rightly, k=pick)
    def remove(self, name: str, rightly: bool, k: int) -> None:
        id = self.of("model", k)
        if id is None or (rightly and k % 3):  # not often: everything goes with it
            return
        if self.ask(name, id, Role.OWNER, self.store.remove, id) is None:
            return
        gone = {id, *(i for i, t in self.things.items() if t.model == id)}
        self.things = {i: t for i, t in self.things.items() if i not in gone}

    @rule(name=user, group=st.sampled_from(GROUPS))
    def move(self, name: str, group: str) -> None:
        self.groups[name] ^= {group}

    @rule(name=user, kind=kinds, k=pick)
    def crash(self, name: str, kind: str, k: int) -> None:
        """The machine goes dark before a change is on the disk; then all is as it was."""
        id = self.of(kind, k)
        file = self.folder / "dark.onnx"
        file.write_bytes(b"dark")
        with mock.patch.object(Database, "writing", dying):
            with contextlib.suppress(Crash):
                by(self.who(name), self.store.add, file, NET)
            if id is not None:
                with contextlib.suppress(Crash, EngineError):
                    by(self.who(name), self.store.sharing.grant, kind, id, EVERYONE, Role.EDITOR)
                with contextlib.suppress(Crash, EngineError):
                    by(self.who(name), self.store.sharing.link, kind, id)
        self.old.append(self.store)
        self.store = Store(self.folder / "data")

    # what must hold

    @invariant()
    def roles_are_as_worked_out(self) -> None:
        for name in USERS:
            for id, thing in self.things.items():
                found = by(self.who(name), self.store.sharing.role, thing.kind, id)
                assert found is self.role(id, name), (name, thing)
            assert by(self.who(name), self.store.sharing.role, "model", ABSENT) is Role.NONE

    @invariant()
    def an_embed_shows_its_object_and_nothing_else(self) -> None:
        for id, link in self.links.items():
            for other, thing in self.things.items():
                role = by(Principal("", link=id), self.store.sharing.role, thing.kind, other)
                assert role <= Role.VIEWER
                if not (link.embed and link.stands) or (
                    other != link.thing and thing.kind != "model"
                ):
                    assert role is Role.NONE

    @invariant()
    def lists_hold_what_reaches_somebody(self) -> None:
        for name in USERS:
            models = {m.id for m in by(self.who(name), self.store.models)}
            assert models == {
                i for i, t in self.things.items()
                if t.kind == "model" and (t.owner == name or self.granted(i, name))
            }  # fmt: skip
            plans = {a.id for a in by(self.who(name), self.store.analyses.list)}
            assert plans == {
                i for i, t in self.things.items()
                if t.kind == "analysis" and self.role(i, name) and self.in_list(i, name)
            }  # fmt: skip
            trees = {e.id for e in by(self.who(name), self.store.experiments.list)}
            assert trees == {
                i for i, t in self.things.items()
                if t.kind == "experiment" and (t.owner == name or self.granted(i, name))
            }  # fmt: skip
            shared = by(self.who(name), self.store.sharing.shared_with_me)
            assert all(self.role(s.id, name) for s in shared)

    @invariant()
    def history_is_a_forest_and_versions_rise_by_one(self) -> None:
        for id, thing in self.things.items():
            name = thing.owner
            if thing.kind != "analysis" or not self.role(id, name):
                continue
            assert by(self.who(name), self.store.analyses.get, id).version == len(thing.authors)
            points = by(self.who(name), self.store.analyses.checkpoints, id)
            assert [p.author for p in points] == thing.authors
            seen: set[str | None] = {None}
            for point in points:
                assert point.parent_id in seen
                seen.add(point.id)

    @invariant()
    def every_row_has_its_bytes(self) -> None:
        for name in USERS:
            models = by(self.who(name), self.store.models)
            for row in (*models, *by(self.who(name), self.store.experiments.list)):
                assert self.store.blobs.path(row.sha256).exists()


Team.TestCase.settings = settings(
    max_examples=tries(4, 60),
    stateful_step_count=50,
    deadline=None,
    # not shrunk: with so many rules that takes minutes and helps little
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestTeam = Team.TestCase
