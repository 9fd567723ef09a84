"""Energy from low to high: the ends of each coefficient, by hand."""

from __future__ import annotations

import pytest

import engine
from engine.errors import EngineError
from engine.recipe import Recipe, resolve, why
from engine.targets import SPREAD
from tests.engine.cost.hand_made import TOY, compilation, gemm, simple, tensors, toy
from tests.engine.cost.test_price import INT8

# 64 MACs × 0.001 J + 5 operations × 0.01 J; memory: 120 B near × 0.001 + 40 B far × 0.02 = 0.92 J
TASK = gemm(1, 8, 8) | INT8 | {"operations": 5}
GRADED = (
    TOY.replace('0.001, unit = "J/MAC", assumption', '0.001, unit = "J/MAC", grade = "A", source')
    .replace('0.02, unit = "J/B", assumption', '0.02, unit = "J/B", grade = "B", source')
    .replace('value = 1, unit = "W"', 'value = 1, unit = "W", range = [0.5, 1.25]')
)  # fmt: skip


def band(made):
    return made.totals.energy_band


def test_assumptions_may_be_off_threefold(tmp_path):
    made = resolve(compilation(TASK), target=toy(tmp_path))
    whole = made.totals.energy_j
    assert whole == pytest.approx(0.114 + 0.92 + made.totals.latency_s)
    assert band(made) == pytest.approx((whole / 3, whole * 3))


def test_each_coefficient_moves_by_its_own_grade_or_range(tmp_path):
    made = resolve(compilation(TASK), target=toy(tmp_path, GRADED))
    latency = made.totals.latency_s
    low = 0.064 / 1.25 + 0.05 / 3 + 0.12 / 3 + 0.8 / 2 + 0.5 * latency
    high = 0.064 * 1.25 + 0.05 * 3 + 0.12 * 3 + 0.8 * 2 + 1.25 * latency
    assert band(made) == pytest.approx((low, high))


def test_tasks_add_up_and_copies_between_units_count(tmp_path):
    link = (
        'link_bandwidth = { value = 10, unit = "B/s", assumption = "toy" }\n'
        'link_energy = { value = 0.1, unit = "J/B", grade = "B", source = "toy" }\n[units.npu]'
    )
    target = toy(tmp_path, GRADED.replace("[units.npu]", link, 1))
    second = simple("softmax", 80) | tensors(80, 80, "int8")
    made = resolve(compilation(TASK, second), target=target)
    latency = made.totals.latency_s
    # softmax on the CPU: 80 operations × 0.1 J, 160 B far; copies of 40 B in and 80 B between
    assert made.totals.energy_j == pytest.approx(0.114 + 8 + 0.12 + 0.8 + 3.2 + 12 + latency)
    low = 0.064 / 1.25 + 8.05 / 3 + 0.12 / 3 + 16 / 2 + 0.5 * latency
    high = 0.064 * 1.25 + 8.05 * 3 + 0.12 * 3 + 16 * 2 + 1.25 * latency
    assert band(made) == pytest.approx((low, high))


def test_what_is_not_priced_has_no_band(tmp_path):
    task = simple("elementwise", 8) | tensors(8, 8, "complex64")
    assert band(resolve(compilation(task), target=toy(tmp_path))) is None


def test_a_range_that_does_not_hold_its_value_is_refused(tmp_path):
    text = TOY.replace('value = 1, unit = "W"', 'value = 1, unit = "W", range = [2, 3]')
    with pytest.raises(EngineError, match="range"):
        toy(tmp_path, text)


@pytest.mark.parametrize("target", [t.id for t in engine.targets()])
def test_every_band_of_the_catalogue_holds_its_value(target):
    for place, figure in engine.target(target).figures():
        assert figure.grade in SPREAD
        assert figure.low <= figure.value <= figure.high, place


def test_the_steps_of_a_task_end_in_its_own_band(tmp_path):
    made = resolve(compilation(TASK), target=toy(tmp_path, GRADED))
    steps = why(compilation(TASK), Recipe(), 0, toy(tmp_path, GRADED))
    ends = {s.label: s.value for s in steps if s.section == "energy"}
    assert (ends["At the lowest"], ends["At the highest"]) == pytest.approx(band(made))
