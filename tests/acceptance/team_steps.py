"""A team in any order, beside what sets say: the state machine, and faults that it must find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest import mock

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from engine.store import Role, roles
from tests.acceptance.line import Check, Line, judged
from tests.engine.store.test_team_in_any_order import Team

STEPS, RUN = 200, 50


def _owned(_connection: Any, _kind: str, owners: dict[str, str], who: Any) -> dict[str, Role]:
    return {id: Role.OWNER for id, owner in owners.items() if who.user and owner == who.user}


FAULTS: dict[str, Any] = {
    "links that were revoked go on": lambda: mock.patch.object(roles, "stands", sa.true),
    "an analysis that is shared does not show its model": lambda: mock.patch.object(
        roles, "_shown_by_analyses", return_value=frozenset()
    ),
    "what was granted is lost": lambda: mock.patch.object(roles, "_direct", _owned),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Walked:
    """Steps that went as they should, "" or what went wrong; fault -> whether it was found."""

    steps: int
    wrong: str
    found: tuple[tuple[str, bool], ...]


def _walk(steps: int) -> str:
    """The first thing that is not as worked out, in that many steps; "" when all is."""
    chosen = settings(
        max_examples=max(1, steps // RUN), stateful_step_count=RUN, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    try:
        run_state_machine_as_test(Team, settings=chosen)  # type: ignore[no-untyped-call]
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def measure() -> Walked:
    """200 steps as it is; up to 1,600 with each fault, of which it should not need all."""
    wrong, found = _walk(STEPS), []
    for name, planted in FAULTS.items():
        with planted():
            found.append((name, bool(_walk(8 * STEPS))))
    return Walked(STEPS, wrong, tuple(found))


def judge(walked: Walked) -> tuple[Line, ...]:
    """Nothing went wrong, and each planted fault was found."""
    missed = [name for name, seen in walked.found if not seen]
    seen = len(walked.found) - len(missed)
    return (
        judged(
            "4", "users, groups, grants, links, forks, stale saves, crashes in any order",
            f"{walked.steps} steps as worked out from sets; {seen} of {len(walked.found)} planted "
            "faults found", "200 steps, all faults",
            walked.steps >= STEPS and not walked.wrong and bool(walked.found) and not missed,
            [*([walked.wrong] if walked.wrong else []), *(f"not found: {name}" for name in missed)],
        ),
    )  # fmt: skip


CHECK = Check("4", "a team in any order", measure, judge)
