"""A test per rule: where it holds, where not, and the sentence that the user reads."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from engine.targets import RULES, failing
from engine.targets.constraints import sentence
from tests.engine.cost.hand_made import toy

LIMITS = MappingProxyType({"low": 1.0, "high": 4.0})


def columns(**more):
    return {name: np.asarray(values) for name, values in more.items()}


@pytest.mark.parametrize(
    ("rule", "tasks", "holds"),
    [
        ("rank", columns(rank=[1, 4, 5]), [True, True, False]),
        ("window", columns(window=[0, 4, 9]), [True, True, False]),
        ("batch", columns(products=[0, 2, 8]), [True, True, False]),
        ("depth", columns(depth=[0, 3, 100]), [True, True, False]),
        ("static_shape", columns(static=[True, False]), [True, False]),
        ("straight_line", columns(straight=[False, True]), [False, True]),
    ],
)
def test_rule(rule, tasks, holds):
    assert RULES[rule](tasks, LIMITS).tolist() == holds


def test_every_rule_is_a_sentence_about_the_unit(tmp_path):
    unit = toy(tmp_path).units[0]
    for name, rule in RULES.items():
        text = sentence(unit, name, LIMITS if "{low}" in (rule.__doc__ or "") else {})
        assert text.startswith("Toy NPU ")
        assert "{" not in text


def test_the_sentence_carries_the_limits(tmp_path):
    unit = toy(tmp_path).units[0]
    tasks = columns(rank=[4, 5], static=[True, True])
    (text, broken), _ = failing(unit, tasks)
    assert text == "Toy NPU takes tensors of rank 1..4"
    assert broken.tolist() == [False, True]
