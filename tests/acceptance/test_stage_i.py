"""Each line of stage I can fail: a planted fault turns it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.access import gate
from tests.acceptance import attacks_sent, permissions, team_steps, two_people
from tests.acceptance.attacks import ATTACKS
from tests.acceptance.attacks_sent import Replayed
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.permissions import Case, Measured
from tests.acceptance.team import ACTORS, world
from tests.acceptance.team_steps import Walked

RIGHT = Case("stranger", "GET api.model", False, False, 404, False)
GOOD = Measured((RIGHT,), (("GET api.model", True),), (("GET api.model", False),), 1, 0)
FEW = {name: ACTORS[name] for name in ("anonymous", "stranger", "viewer by link", "embed")}


def verdicts(found):
    return [line.verdict for line in permissions.judge(found)]


def test_what_is_right_is_met():
    assert verdicts(GOOD) == [MET] * 3


@pytest.mark.parametrize(
    ("fault", "at"),
    [
        ({"cases": ()}, 0),
        ({"cases": (replace(RIGHT, reached=True),)}, 0),
        ({"cases": (replace(RIGHT, should=True),)}, 0),
        ({"cases": (replace(RIGHT, status=500),)}, 0),
        ({"cases": (replace(RIGHT, told=True),)}, 0),
        ({"same": (("x", False),)}, 1),
        ({"same": ()}, 1),
        ({"leaks": (("x", True),)}, 2),
        ({"leaks": ()}, 2),
    ],
)
def test_each_line_can_fail(fault, at):
    found = verdicts(replace(GOOD, **fault))
    assert found[at] == NOT_MET
    assert found[:at] + found[at + 1 :] == [MET] * 2


def test_the_matrix_of_a_few_is_right_and_sees_a_gate_that_stands_open(monkeypatch):
    with world() as made:
        assert [c for c in permissions.matrix(made, FEW) if not c.right] == []
        monkeypatch.setattr(gate, "allow", lambda *_: None)
        wrong = [c for c in permissions.matrix(made, FEW) if not c.right]
    assert {c.actor for c in wrong} == {"stranger", "viewer by link", "embed"}
    assert len(wrong) > 100


@pytest.fixture(scope="module")
def team():
    """A world for attacks that leave it as it was."""
    with world() as made:
        yield made


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.id)
def test_attacks_are_held_off(attack, team):
    if attack.id != "A7":  # which gives the model away
        assert attack.held(team)
        return
    with world() as own:
        assert attack.held(own)


@pytest.mark.soak
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.id)
def test_attacks_get_through_without_their_guard(attack):
    with world() as made, attack.without(made):
        assert not attack.held(made)


@pytest.mark.parametrize(
    ("held", "through"), [(("A2",), ("A2", "A3")), (("A2", "A3"), ("A3",)), ((), ())]
)
def test_the_line_of_attacks_can_fail(held, through):
    good = Replayed(("A2", "A3"), ("A2", "A3"), ("A2", "A3"))
    assert attacks_sent.judge(good)[0].verdict == MET
    found = replace(good, held=held, through=through)
    assert attacks_sent.judge(found)[0].verdict == NOT_MET
    assert attacks_sent.judge(replace(good, ids=()))[0].verdict == NOT_MET


def test_every_id_of_the_catalogue_is_there_once():
    ran = [a.id for a in ATTACKS]
    told = [*ran, *attacks_sent.A_NOT_HERE, *attacks_sent.NOT_HERE]
    wanted = {*(f"A{n}" for n in range(1, 18)), *(f"I{n}" for n in range(1, 10)),
              *(f"J{n}" for n in range(1, 13))}  # fmt: skip
    assert sorted(told) == sorted(wanted)


@pytest.mark.parametrize(
    "fault", [{"steps": 199}, {"wrong": "a role"}, {"found": (("x", False),)}, {"found": ()}]
)
def test_the_line_of_steps_can_fail(fault):
    good = Walked(200, "", (("x", True),))
    assert team_steps.judge(good)[0].verdict == MET
    assert team_steps.judge(replace(good, **fault))[0].verdict == NOT_MET


PLAYED = two_people.Flow([("a step", True)] * two_people.STEPS, [Path("x.png")] * 8)


def test_the_flow_of_two_people_is_met():
    assert two_people.judge(PLAYED)[0].verdict == MET


@pytest.mark.parametrize(
    "fault",
    [
        {"steps": [*PLAYED.steps[:-1], ("leave", False)]},
        {"steps": PLAYED.steps[:-1]},
        {"shots": PLAYED.shots[1:]},
        {"errors": ["console: boom"]},
    ],
)
def test_the_flow_of_two_people_can_fail(fault):
    assert two_people.judge(replace(PLAYED, **fault))[0].verdict == NOT_MET
