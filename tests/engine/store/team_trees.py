"""What a team does with experiments: brings them, forks them, removes them; and who is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from engine.store import EVERYONE, FileRow, Role, Store
from tests.acting import by
from tests.engine.store.team import Thing

USERS, GROUPS = ("ana", "bob", "cy"), ("vision", "audio")
GRANTEES = (*(f"user:{u}" for u in USERS), *(f"group:{g}" for g in GROUPS), EVERYONE)
GIVEN = (Role.NONE, Role.VIEWER, Role.FORKER, Role.EDITOR)
MOST = 6  # objects of a kind: more make no new case, only a slower test

user = st.sampled_from(USERS)
pick = st.integers(0, 999)  # of whatever there is
rightly = st.sampled_from((True, True, False))  # mostly by the owner, or little would happen


class Trees:
    """Rules of a state machine that has a store, and knows what should be in it."""

    folder: Path
    store: Store
    things: dict[str, Thing]
    of: Any
    ask: Any
    who: Any
    reads: Any

    @rule(name=user, body=st.sampled_from((b"tree", b"wood")))
    def bring(self, name: str, body: bytes) -> None:
        """An experiment with a model that a job made, one that is under way, and files."""
        file = self.folder / "tree.json"
        file.write_bytes(body)
        same = [
            i for i, t in self.things.items()
            if (t.kind, t.owner, t.body, t.source) == ("experiment", name, body, "")
        ]  # fmt: skip
        if not same and sum(t.kind == "experiment" for t in self.things.values()) >= MOST:
            return
        held, more = self.store.experiments, {"name": "tree", "model_count": 1, "summary": {}}
        row, new = by(self.who(name), lambda: held.add(file, **more))
        assert new == (not same)
        if not new:
            assert row.id in same
            return
        self.things[row.id] = Thing("experiment", name, body=body)
        offspring = self.store.offspring
        by(self.who(name), offspring.ask, row.id, [{"id": "made"}, {"id": "waits"}], "job")
        offspring.land(row.id, {}, {"metrics": {}}, FileRow("model", "made", row.sha256, "a file"))

    @rule(name=user, k=pick)
    def copy(self, name: str, k: int) -> None:
        id = self.of("experiment", k)
        if id is None or sum(t.kind == "experiment" for t in self.things.values()) >= MOST:
            return
        source, reads = self.things[id], self.reads(id, name)
        made = self.ask(name, id, Role.FORKER, self.store.experiments.fork, id)
        if made is None:
            return
        self.things[made.id] = Thing("experiment", name, body=source.body, source=id)
        told = (made.owner, made.forked_from, made.forked_owner, made.version, made.model_count)
        assert told == (name, id, source.owner, 1, 2)
        assert [c.model for c in self.store.offspring.list(made.id)] == ["made"]
        kept = bool(self.store.offspring.files(id)) and reads
        assert bool(self.store.offspring.files(made.id)) == kept

    @rule(name=user, rightly=rightly, k=pick)
    def clear(self, name: str, rightly: bool, k: int) -> None:
        """An experiment goes; what was forked from it stays, with its name."""
        id = self.of("experiment", k)
        if id is None or (rightly and k % 2):
            return
        name = self.things[id].owner if rightly else name
        if self.ask(name, id, Role.OWNER, self.store.experiments.remove, id) is not None:
            del self.things[id]
