"""Where tasks lie under the roofs, and what they can gain, against sums done by hand."""

from __future__ import annotations

import polars as pl
import pytest

import engine
from engine.insight import Roofline, roofline
from engine.recipe import Action, Recipe, Rule, resolve
from tests.engine.cost.hand_made import compilation, conv, gemm, kernel, simple, tensors, toy


@pytest.fixture
def target(tmp_path):
    return toy(tmp_path)


def seen(target, *tasks) -> Roofline:
    made = compilation(*tasks)
    return roofline(made, resolve(made, target=target), target)


def row(found: Roofline, at=0):
    return found.tasks.row(at, named=True)


def test_intensity_and_rate_of_a_product(target):
    # 4 × 8 × 8 = 256 MACs; 32 + 32 B of activations and 64 B of weights: 256 / 128 = 2 MAC/B
    # products 256 / (1000 × 0.5) = 0.512 s, decoder 64 / 50 = 1.28 s; weights from Far 64 / 10 =
    # 6.4 s, which binds; launch 0.25 s: rate 256 / 6.65
    found = seen(target, gemm(4, 8, 8) | tensors(32, 32, "int8") | kernel(64, "int8"))
    got = row(found)
    assert got["kind"] == "MAC"
    assert got["intensity"] == pytest.approx(2)
    assert got["rate"] == pytest.approx(256 / 6.65)
    assert [s.bound for s in found.sides] == ["memory"]
    # half the bytes: max(1.28, 3.2) + 0.25 s, which saves 3.2 s; at most 6.4 - 1.28
    assert [(g.remedy, pytest.approx(g.saved_s)) for g in found.sides[0].gains] == [
        ("bytes", 3.2),
        ("no bytes", 5.12),
    ]
    assert (got["gain"], got["gain_s"]) == ("bytes", pytest.approx(3.2))


def test_ceilings_and_slopes_are_those_in_use(target):
    task = gemm(4, 8, 8) | tensors(32, 32, "int8") | kernel(64, "int8")
    found = seen(target, task)
    (only,) = found.ceilings
    assert (only.unit, only.kind, only.format) == ("Toy NPU", "MAC", "int8")
    assert (only.rate, only.peak) == (500, 1000), "peak × efficiency"
    assert [(s.memory, s.bandwidth) for s in found.slopes] == [("near", 100), ("far", 10)]
    assert only.memories == ("near", "far")
    assert only.source.endswith("[D]")
    cpu = seen(target, gemm(4, 8, 8))  # fp32: only the CPU, which does not reach Near
    assert [(c.unit, c.format, c.rate) for c in cpu.ceilings] == [("Toy CPU", "fp32", 100)]
    assert [s.memory for s in cpu.slopes] == ["far"]


def test_a_task_without_macs_has_its_own_ceiling(target):
    # 400 operations / 100 op/s = 4 s; 800 B in 1000 B of Near, 100 B/s: 8 s
    found = seen(target, simple("elementwise", 400) | tensors(400, 400, "int8"))
    got = row(found)
    assert got["kind"] == "op"
    assert got["intensity"] == pytest.approx(0.5)
    assert got["rate"] == pytest.approx(400 / 8.25)
    assert [(c.kind, c.format, c.rate) for c in found.ceilings] == [("op", "", 100)]


def test_an_exponential_counts_as_what_takes_as_long(target):
    # 40 outputs / 10 a second = 4 s, as long as 400 element operations
    found = seen(target, simple("elementwise", 40, ops="Exp") | tensors(40, 40, "int8"))
    assert row(found)["intensity"] == pytest.approx(400 / 80)


def test_compute_bound_gains_by_a_faster_format_and_by_less_waste(target):
    # fp32, so on the CPU: 40 × 10 × 10 = 4000 MACs / 100 = 40 s
    task = gemm(40, 10, 10) | {"input_bytes": 40, "output_bytes": 40, "weight_bytes": 40}
    found = seen(target, task | {"kernel_elements": 10, "weight_elements": 10, "parameters": 10})
    # 40 + 40 + 10 × 4 = 120 B / 10 = 12 s: compute 40 s binds
    (side,) = found.sides
    assert side.bound == "compute"
    gains = {g.remedy: g for g in side.gains}
    # the NPU has the highest peak for a gemm: int8 1000 MAC/s; 40 × 100 / 1000 = 4 s < 12 s
    assert gains["format"].format == "int8 on Toy NPU"
    assert gains["format"].saved_s == pytest.approx(40 - 12)
    assert gains["waste"].saved_s == 0, "4000 MACs at 100 MAC/s are on the roof"
    assert gains["work left out"].saved_s == pytest.approx(40 - 12)


def test_rounding_to_the_tile_is_waste(target):
    # 5 × 3 × 9 = 135 MACs, padded 1024 / 500 = 2.048 s; on the roof 135 / 500 = 0.27 s
    # bytes: 15 + 45 in Near 0.6 s, weights 27 / 10 = 2.7 s: make them few, so that compute binds
    task = conv(5, 3, 9, 1) | tensors(15, 45, "int8") | kernel(2, "int8")
    (side,) = seen(target, task).sides
    gains = {g.remedy: g.saved_s for g in side.gains}
    assert gains["waste"] == pytest.approx(2.048 - 0.6), "no further than its memory time"
    assert gains["format"] == 0, "int8 is the fastest there is"


def test_launch_binds_small_tasks(target):
    found = seen(target, simple("elementwise", 1) | tensors(1, 1, "int8"))
    (side,) = found.sides
    assert (side.bound, side.gains[0].saved_s) == ("launch", pytest.approx(0.25))
    assert row(found)["gain"] == "launch"


def test_what_only_moves_data_has_no_place(target):
    found = seen(target, simple("layout", 0, ops="Concat") | tensors(40, 40, "int8"))
    assert row(found)["kind"] == ""
    assert row(found)["intensity"] is None
    assert found.moving == (0,)
    assert found.ceilings == ()


def test_unknown_tasks_are_counted_not_drawn(target):
    found = seen(target, simple("elementwise", 40, unknown="no kernel for it"))
    assert (found.unknown, found.sides, found.latency_s) == (1, (), 0)
    assert row(found)["gain"] == ""
    assert row(found)["rate"] is None


def test_no_tasks(target):
    made = compilation(edges=[])
    found = roofline(made, resolve(made, Recipe(), target), target)
    assert (len(found.tasks), found.sides, found.ceilings) == (0, (), ())


@pytest.mark.parametrize("target_id", ["phone-npu", "h200", "ethos-u55-256", "raspberry-pi-5"])
@pytest.mark.parametrize("recipe", [Recipe(), Recipe((Rule(Action("int8", "int8")),))])
def test_it_agrees_with_the_priced_tasks(target_id, recipe, tmp_path):
    """Work is the MACs of the file, sides add up to the latency, nothing is over its roof."""
    target = engine.target(target_id)
    made = compilation(
        conv(3136, 64, 64), simple("elementwise", 200704), simple("softmax", 1000, ops="Softmax"),
        gemm(1, 2048, 1000), simple("layout", 0, ops="Transpose") | tensors(99, 99),
        conv(196, 256, 256), target=target_id,
    )  # fmt: skip
    priced = resolve(made, recipe)
    found = roofline(made, priced, target)
    both = priced.tasks.join(found.tasks, on="task_id").join(
        made.tasks.select("task_id", "macs", "runs"), on="task_id"
    )
    macs = both.filter(pl.col("macs") > 0)
    assert (macs["rate"] * macs["latency_s"]).to_list() == pytest.approx(
        (macs["macs"] * macs["runs"]).to_list()
    )
    assert sum(s.latency_s for s in found.sides) == pytest.approx(priced.totals.latency_s)
    assert sorted(i for s in found.sides for i in s.tasks) == priced.tasks["task_id"].to_list()
    highest = {
        k: max((c.rate for c in found.ceilings if c.kind == k), default=0) for k in ("MAC", "op")
    }
    for kind, rate in found.tasks.drop_nulls("rate").select("kind", "rate").iter_rows():
        assert rate <= highest[kind] * (1 + 1e-9)
    bandwidth = sum(s.bandwidth for s in found.slopes)
    drawn = found.tasks.drop_nulls("rate")
    assert (drawn["rate"] <= drawn["intensity"] * bandwidth * (1 + 1e-9)).all()
    saved = sum(s.gains[-1].saved_s for s in found.sides)
    assert 0 < saved <= found.latency_s
