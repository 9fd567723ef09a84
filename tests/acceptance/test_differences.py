"""Line 2 of stage G can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

import pytest

import engine
from tests import builders
from tests.acceptance import differences
from tests.acceptance.differences import Measured, Pairing, pairing
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.test_stage_a import verdicts

SOUND = Measured((Pairing("a → b", 24, 24, 24), Pairing("a → c", 24, 24, 24)), {"large": 1.0})


@pytest.mark.parametrize(
    ("id", "fault"),
    [
        ("2a", Measured((Pairing("a → b", 24, 24, 22),), {"large": 1.0})),
        ("2b", Measured((Pairing("a → b", 24, 22, 22),), {"large": 1.0})),
        ("2c", Measured(SOUND.pairings, {"large": 1.0, "larger": 2.5})),
    ],
)
def test_a_planted_fault_is_not_met(id: str, fault: Measured):
    assert set(verdicts(differences.judge(SOUND)).values()) == {MET}
    assert verdicts(differences.judge(fault))[id] == NOT_MET


def test_the_lists_name_each_task_once():
    for lists, width in ((differences.UNETS, 4), (differences.DIGITS, 2)):
        rows = [line.split() for line in lists.strip().splitlines()]
        assert {len(row) for row in rows} == {width}
        for column in zip(*rows, strict=True):
            assert len(set(column)) == len(column)


def test_a_pair_that_is_not_in_the_list_is_counted_as_wrong():
    made = engine.compile_model(
        engine.read_trusted(builders.conv_net().SerializeToString()), engine.target("phone-npu")
    )
    names = made.tasks["name"].to_list()
    lists = "\n".join(f"{a} {b}" for a, b in zip(names, [*names[1:], names[0]], strict=True))
    found = pairing("turned", made, made, lists, (0, 1))
    assert (found.truth, found.found, found.right) == (len(names), len(names), 0)
