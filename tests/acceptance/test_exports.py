"""Line 3 of stage G can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.acceptance import exports
from tests.acceptance.exports import Opened
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.test_stage_a import verdicts

SOUND = Opened("net", 1e-12, (), (24, 24), True, ())


@pytest.mark.parametrize(
    ("id", "fault"),
    [
        ("3a", {"off": 0.01}), ("3b", {"trace": ("event 3 lacks dur",)}),
        ("3b", {"faults": ("the report needs something else",)}), ("3c", {"explorer": (20, 24)}),
        ("3d", {"netron": None}),
    ],
)  # fmt: skip
def test_a_planted_fault_is_not_met(id: str, fault: dict):
    assert set(verdicts(exports.judge([SOUND, SOUND])).values()) == {MET}
    assert verdicts(exports.judge([SOUND, replace(SOUND, **fault)]))[id] == NOT_MET
