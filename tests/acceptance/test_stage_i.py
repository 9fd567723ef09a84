"""Each line of stage I can fail: a planted fault turns it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.access import gate
from tests.acceptance import permissions
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.permissions import Case, Measured
from tests.acceptance.team import ACTORS, world

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
