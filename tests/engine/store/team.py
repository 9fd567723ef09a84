"""What everybody in a team may do, worked out from sets; nothing of the store is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.store import EVERYONE, Principal, Role


@dataclass
class Thing:
    """What should be known of a model, an analysis or an experiment.

    Args:
        body, model: what it is of.
        source: of an experiment, which it is a fork of; "" none.
    """

    kind: str
    owner: str
    body: bytes = b""
    model: str = ""
    source: str = ""
    deleted: bool = False
    authors: list[str] = field(default_factory=list)  # of the checkpoints, in order
    kept: int = 0  # of these, how many the store put there: where a fork begins
    grants: dict[str, Role] = field(default_factory=dict)


@dataclass
class Link:
    """A link to a thing, and who opened it."""

    thing: str
    role: Role
    embed: bool
    stands: bool = True
    opened: set[str] = field(default_factory=set)


class Known:
    """People, their groups, things and links: what a store should know."""

    groups: dict[str, set[str]]
    things: dict[str, Thing]
    links: dict[str, Link]

    def who(self, name: str) -> Principal:
        return Principal(name, frozenset(self.groups[name]))

    def names(self, name: str) -> set[str]:
        return {f"user:{name}", EVERYONE, *(f"group:{g}" for g in self.groups[name])}

    def granted(self, id: str, name: str) -> Role:
        held = self.things[id].grants
        return max((held[g] for g in self.names(name) if g in held), default=Role.NONE)

    def opened(self, id: str, name: str) -> Role:
        found = (x for x in self.links.values() if x.thing == id and x.stands and not x.embed)
        return max((x.role for x in found if name in x.opened), default=Role.NONE)

    def reads(self, id: str, name: str) -> bool:
        """Whether somebody reads the files: theirs, or granted; our links do not say so."""
        return self.things[id].owner == name or bool(self.granted(id, name))

    def own(self, id: str, name: str) -> Role:
        if self.things[id].owner == name:
            return Role.OWNER
        return max(self.granted(id, name), self.opened(id, name))

    def hands_on(self, model: str, sharer: str) -> bool:
        thing = self.things[model]
        named = (thing.grants.get(g, Role.NONE) for g in (f"user:{sharer}", EVERYONE))
        return thing.owner == sharer or max(named) >= Role.EDITOR

    def in_list(self, id: str, name: str) -> bool:
        """Whether an analysis reaches somebody: theirs, granted, with its model, or opened."""
        plan = self.things[id]
        same = plan.owner == self.things[plan.model].owner
        return bool(
            plan.owner == name
            or self.granted(id, name)
            or (same and self.granted(plan.model, name))
            or self.opened(id, name)
        )

    def shown_by_plans(self, model: str, name: str) -> bool:
        return any(
            p.owner != name and self.in_list(i, name) and self.hands_on(model, p.owner)
            for i, p in self.things.items()
            if p.model == model and not p.deleted
        )

    def role(self, id: str, name: str) -> Role:
        thing = self.things[id]
        if thing.deleted:
            return Role.NONE
        own = self.own(id, name)
        if thing.kind == "experiment":
            return own
        if thing.kind == "model":
            return own or (Role.VIEWER if self.shown_by_plans(id, name) else Role.NONE)
        on_model = self.own(thing.model, name)
        if thing.owner == self.things[thing.model].owner:
            own = max(own, on_model)
        if on_model or not own:
            return own
        if thing.owner == name:
            return own if self.shown_by_plans(thing.model, name) else Role.NONE
        return own if self.hands_on(thing.model, thing.owner) else Role.NONE
