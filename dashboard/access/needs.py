"""What a route or a callback needs: declared beside it, checked at the start, asked by the gate.

Nothing is allowed because nobody thought of it: what declares nothing stops the start, and what
slips in later is refused.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from dashboard.ids import Experiment, Experiments, Model, Models
from engine.errors import EngineError
from engine.store import Role

KINDS = ("model", "analysis", "experiment")
Called = TypeVar("Called", bound=Callable[..., Any])


class What(StrEnum):
    """What is needed, the least first."""

    OPEN = "open"  # nothing: code, styles, fonts, whether the server lives
    GUEST = "guest"  # a person, or a link; touches nothing that is kept
    SIGNED_IN = "signed-in"  # a person; what they see of it, the store decides object by object
    VIEW = "view"
    FORK = "fork"
    EDIT = "edit"
    OWN = "own"
    ADMIN = "admin"


ROLES: Mapping[What, Role] = {
    What.VIEW: Role.VIEWER,
    What.FORK: Role.FORKER,
    What.EDIT: Role.EDITOR,
    What.OWN: Role.OWNER,
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What is needed, and on which object.

    Args:
        what: the permission.
        kind: of the object, of `KINDS`; "" without one.
        at: where its id is: an argument of the route, or "component.property" of the callback,
            followed by ".key" for what is inside a dict.
        optional: whether there may be none; then a person who is signed in is enough.
        files: whether the object's files or source lines are read, which a link may withhold.
    """

    what: What
    kind: str = ""
    at: str = ""
    optional: bool = False
    files: bool = False

    def __post_init__(self) -> None:
        """Check that a role is on an object and nothing else is."""
        if (self.what in ROLES) != bool(self.kind and self.at):
            raise ValueError(f"{self.what} with the object {self.kind!r} at {self.at!r}")
        if self.kind and self.kind not in KINDS:
            raise ValueError(f"there is no kind {self.kind!r}")


OPEN = Needs(What.OPEN)
GUEST = Needs(What.GUEST)
SIGNED_IN = Needs(What.SIGNED_IN)
ADMIN = Needs(What.ADMIN)
VIEW_MODEL = Needs(What.VIEW, "model", f"{Model.MODEL}.data")
FORK_MODEL = Needs(What.FORK, "model", f"{Model.MODEL}.data")
MAKE_MODEL = Needs(What.FORK, "model", f"{Model.MODEL}.data", files=True)  # another file of it
EDIT_MODEL = Needs(What.EDIT, "model", f"{Model.MODEL}.data")
VIEW_EXPERIMENT = Needs(What.VIEW, "experiment", f"{Experiment.KEY}.data")
FORK_EXPERIMENT = Needs(What.FORK, "experiment", f"{Experiment.KEY}.data")
EDIT_EXPERIMENT = Needs(What.EDIT, "experiment", f"{Experiment.KEY}.data")
REMOVE_MODEL = Needs(What.OWN, "model", f"{Models.REMOVING}.data", optional=True)
REMOVE_EXPERIMENT = Needs(What.OWN, "experiment", f"{Experiments.REMOVING}.data", optional=True)

# Callbacks that Dash brings along, by the beginning of their key: the pages themselves ask the
# store for what their address names.
BROUGHT: Mapping[str, Needs] = {"_pages_": GUEST, ".._pages_": GUEST}


def needing(callback: Called, needs: Needs) -> Called:
    """A callback with what it needs; `shell.guarded` does the same for those it wraps."""
    callback.needs = needs  # type: ignore[attr-defined]
    return callback


def needed(key: str, wires: Mapping[str, Any]) -> Needs | None:
    """What a callback of `app.callback_map` declares; None when it declares nothing."""
    found = getattr(wires.get("callback"), "needs", None)
    if isinstance(found, Needs):
        return found
    return next((needs for begin, needs in BROUGHT.items() if key.startswith(begin)), None)


def place(needs: Needs) -> tuple[str, str, tuple[str, ...]]:
    """Where a callback holds the id: (component, property, keys inside)."""
    component, property, *inside = needs.at.split(".")
    return component, property, tuple(inside)


def check_callbacks(callbacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that every callback of the server says what it needs, and where its object is.

    Raises:
        EngineError: one does not; the sentence says what to write.
    """
    for key, wires in callbacks.items():
        if "callback" not in wires:  # it runs in the browser
            continue
        needs = needed(key, wires)
        if needs is None:
            raise EngineError(
                "a callback says nothing of who may call it",
                _name(wires["callback"]),
                expected="what it needs, of dashboard.access",
                found=f"none, for {key[:80]}",
                try_this="guarded(the callback, VIEW_MODEL), or EDIT_MODEL, VIEW_EXPERIMENT, "
                "SIGNED_IN for lists, GUEST for what touches nothing that is kept",
            )
        if needs.kind:
            component, property, _ = place(needs)
            sent = [*wires["inputs"], *wires["state"]]
            # not twice either: one would be looked at and the other used
            if [(str(w["id"]), w["property"]) for w in sent].count((component, property)) != 1:
                raise EngineError(
                    "a callback does not take the object that its permission is about",
                    _name(wires["callback"]),
                    expected=f"{component}.{property} among its inputs and states",
                    found=json.dumps([f"{w['id']}.{w['property']}" for w in sent])[:200],
                )


def check_routes(
    rules: Iterable[tuple[str, frozenset[str]]], known: Mapping[str, Needs], refused: frozenset[str]
) -> None:
    """Check that every route says what it needs.

    Args:
        rules: (endpoint, names of its arguments) of each.
        known: what each endpoint needs.
        refused: endpoints that nobody reaches.

    Raises:
        EngineError: one does not, or its object is none of its arguments.
    """
    for endpoint, arguments in rules:
        if endpoint in refused:
            continue
        needs = known.get(endpoint)
        if needs is None:
            raise EngineError(
                "a route says nothing of who may ask it",
                endpoint,
                expected="a line in ENDPOINTS of dashboard/access/endpoints.py",
                try_this='"blueprint.view": Needs(What.VIEW, "model", "model_id")',
            )
        if needs.kind and needs.at not in arguments:
            raise EngineError(
                "a route does not take the object that its permission is about",
                endpoint,
                expected=needs.at,
                found=", ".join(sorted(arguments)),
            )


def _name(callback: Any) -> str:
    """Module and name of the function that somebody wrote."""
    inner = inspect.unwrap(callback)
    inner = getattr(inner, "func", inner)  # a partial
    return f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', inner)}"
