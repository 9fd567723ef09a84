"""Every formula against a sum done by hand, on a target of round numbers."""

from __future__ import annotations

import pytest

from engine.recipe import Action, Recipe, Rule, resolve, why
from tests.engine.cost.hand_made import (
    TOY,
    compilation,
    conv,
    depthwise,
    gemm,
    kernel,
    simple,
    tensors,
    toy,
)  # fmt: skip

INT8 = {**tensors(40, 80, "int8"), **kernel(40, "int8")}


def row(made, at=0):
    return made.tasks.row(at, named=True)


@pytest.fixture
def target(tmp_path):
    return toy(tmp_path)


def test_compute_rounds_up_to_the_tile(target):
    # 5 rows × (3 channels × window 1) × 9 columns = 135 MACs, padded to 8 × 8 × 16 = 1024
    # 1024 / (1000 MAC/s × 0.5) = 2.048 s; decoder 27 weights / 50 = 0.54 s
    task = conv(5, 3, 9, 1) | tensors(15, 45, "int8") | kernel(27, "int8")
    got = row(resolve(compilation(task), target=target))
    assert got["unit"] == "npu"
    assert got["compute_s"] == pytest.approx(2.048)
    assert got["utilisation"] == pytest.approx(0.135 / got["latency_s"])


def test_only_channels_are_rounded_not_the_window(target):
    # 4 rows × (8 channels × 9) × 8 columns: fits the tile, 2304 MACs / 500 = 4.608 s
    # decoder: 576 weights / 50 = 11.52 s, which is longer
    task = conv(4, 8, 8, 9) | tensors(32, 32, "int8") | kernel(576, "int8")
    assert row(resolve(compilation(task), target=target))["compute_s"] == pytest.approx(11.52)


def test_depthwise_has_its_own_share_of_the_peak(target):
    # 10 rows × 9 × 4 channels = 360 MACs / (1000 × 0.125) = 2.88 s, no tile
    task = depthwise(10, 4) | tensors(40, 40, "int8") | kernel(36, "int8")
    assert row(resolve(compilation(task), target=target))["compute_s"] == pytest.approx(2.88)


def test_fused_operations_run_beside_the_products_or_after_them(target):
    # NPU: 80 outputs / 1000 = 0.08 s beside; products 4×8×8 = 256 / 500 = 0.512; decode 64/50
    fast = gemm(4, 8, 8) | tensors(32, 80, "int8") | kernel(5, "int8") | {"operations": 999}
    assert row(resolve(compilation(fast), target=target))["compute_s"] == pytest.approx(0.512)
    # CPU in fp32: 256 / 100 = 2.56 s, then 20 operations / 10 = 2 s
    slow = gemm(4, 8, 8) | {"operations": 20}
    assert row(resolve(compilation(slow), target=target))["compute_s"] == pytest.approx(4.56)


def test_elementwise_and_special_rates(target):
    plain = simple("elementwise", 50) | tensors(50, 50, "int8")
    assert row(resolve(compilation(plain), target=target))["compute_s"] == pytest.approx(0.5)
    # a sigmoid counts 4 operations, but the special rate is by output: 50 / 10
    special = simple("elementwise", 200, "Sigmoid") | tensors(50, 50, "int8")
    assert row(resolve(compilation(special), target=target))["compute_s"] == pytest.approx(5.0)


def test_memory_time_is_that_of_the_slowest_level(target):
    # near holds 120 B of activations: 120 / 100 = 1.2 s; far 40 B of weights: 40 / 10 = 4 s
    task = gemm(1, 1, 1) | INT8
    got = row(resolve(compilation(task), target=target))
    assert got["memory_s"] == pytest.approx(4.0)
    assert (got["read_bytes"], got["write_bytes"]) == (80, 80)
    # 120 B × 0.001 + 40 B × 0.02 = 0.92 J
    assert got["memory_energy_j"] == pytest.approx(0.92)


def test_activations_that_do_not_fit_live_further_out(target):
    task = simple("elementwise", 10) | tensors(600, 500, "int8")  # 1100 B > 1000 B
    assert row(resolve(compilation(task), target=target))["memory_s"] == pytest.approx(110.0)


def test_an_arena_must_hold_all_that_is_alive(tmp_path):
    text = TOY.replace('label = "Near"', 'label = "Near"\narena = true')
    task = simple("elementwise", 10) | tensors(50, 50, "int8") | {"live_bytes": 2000}
    small = task | {"live_bytes": 100}
    target = toy(tmp_path, text)
    assert row(resolve(compilation(task), target=target))["memory_s"] == pytest.approx(10.0)
    assert row(resolve(compilation(small), target=target))["memory_s"] == pytest.approx(1.0)


@pytest.mark.parametrize(("policy", "seconds"), [("cache", 60.0), ("pinned", 50.0), ("", 60.0)])
def test_weights_stay_on_chip_as_the_memory_allows(tmp_path, policy, seconds):
    # 600 B of weights, 100 B near: a cache holds all or nothing, a pinned memory 1/6
    near = f'label = "Near"\nweights = "{policy}"\nactivations = false'
    text = TOY.replace('value = 1000, unit = "B"', 'value = 100, unit = "B"')
    target = toy(tmp_path, text.replace('label = "Near"', near))
    task = gemm(1, 1, 1) | tensors(0, 0, "int8") | kernel(600, "int8")
    assert row(resolve(compilation(task), target=target))["memory_s"] == pytest.approx(seconds)


def test_weights_that_all_fit_are_read_near(tmp_path):
    near = 'label = "Near"\nweights = "cache"'
    target = toy(tmp_path, TOY.replace('label = "Near"', near))
    task = gemm(1, 1, 1) | INT8  # 120 + 40 B near: 1.6 s
    assert row(resolve(compilation(task), target=target))["memory_s"] == pytest.approx(1.6)


def test_latency_is_the_longer_side_plus_launch(target):
    got = row(resolve(compilation(gemm(1, 1, 1) | INT8), target=target))
    assert got["latency_s"] == pytest.approx(max(got["compute_s"], 4.0) + 0.25)
    assert got["bound_by"] == "memory"


def test_handing_over_to_another_unit_costs_a_hop(target):
    first = gemm(1, 1, 1) | INT8
    second = simple("softmax", 80) | tensors(80, 80, "int8")
    made = resolve(compilation(first, second), target=target)
    assert made.tasks["unit"].to_list() == ["npu", "cpu"]
    assert made.tasks["unit_reason"].to_list() == ["", "Toy NPU does not run softmax"]
    assert row(made, 1)["launch_s"] == 0.5


def test_what_no_unit_runs_is_unknown_and_so_is_the_total(target):
    made = resolve(
        compilation(simple("elementwise", 8) | tensors(8, 8, "complex64")), target=target
    )
    assert row(made)["unit"] == ""
    assert row(made)["unit_reason"] == "Toy CPU does not compute in complex64"
    assert made.totals.latency_s is None
    assert made.totals.unknown_tasks == 1


def test_energy_is_arithmetic_memory_and_static_power(target):
    # 64 MACs × 0.001 + 5 operations × 0.01 = 0.114 J; memory 0.92 J; 1 W × latency
    task = gemm(1, 8, 8) | INT8 | {"operations": 5}
    got = row(resolve(compilation(task), target=target))
    assert got["compute_energy_j"] == pytest.approx(0.114)
    assert got["energy_j"] == pytest.approx(0.114 + 0.92 + got["latency_s"])


def test_runs_multiply_what_one_inference_costs_but_not_the_size(target):
    once = row(resolve(compilation(gemm(1, 1, 1) | INT8), target=target))
    many = row(resolve(compilation(gemm(1, 1, 1) | INT8 | {"runs": 7}), target=target))
    for name in ("latency_s", "energy_j", "read_bytes"):
        assert many[name] == pytest.approx(7 * once[name])
    assert many["size_bytes"] == once["size_bytes"] == 40


def test_stored_bytes_of_each_form(target):
    # 4096 fp32 weights of 64 × 64; everything on the CPU
    task = compilation(gemm(4, 64, 64))

    def size(**action):
        return row(resolve(task, Recipe((Rule(Action(**action)),)), target))["size_bytes"]

    assert size() == 16384
    assert size(kernel="int8") == 4096 + 64 * 4  # a scale of fp32 for each column
    assert size(kernel="int4") == 2048 + 4096 / 32 * 2  # an fp16 scale for each 32
    assert size(palette_bits=4) == 2048 + 16 * 4  # 16 entries of fp32
    assert size(sparsity=0.5) == 4096 * (1 + 0.5 * 32) / 8  # a bit mask
    bridged = 1 - 0.99**255  # some entries lie further apart than 8 bits can say
    assert size(sparsity=0.99) == pytest.approx(4096 * 0.01 * 40 / 8 / bridged)
    assert size(sparsity=0.5, palette_bits=4) == 4096 * (1 + 0.5 * 4) / 8 + 64


def test_weights_widened_at_load_do_not_save_traffic_and_others_do(target):
    cpu = compilation(gemm(4, 64, 64))
    npu = compilation(gemm(4, 64, 64) | tensors(256, 256, "int8") | kernel(4096, "int8"))
    palette = Recipe((Rule(Action(palette_bits=4)),))
    base, small = resolve(cpu, target=target), resolve(cpu, palette, target)
    assert row(base)["read_bytes"] == row(small)["read_bytes"] == 1024 + 16384
    assert row(base)["latency_s"] == row(small)["latency_s"]
    assert row(resolve(npu, palette, target))["read_bytes"] == 256 + 2048 + 16


def test_an_embedding_reads_the_rows_it_picks(target):
    table = simple("gather", 0, "Gather") | tensors(4, 256) | kernel(100_000)
    assert row(resolve(compilation(table), target=target))["read_bytes"] == 16 + 256 * 4


def test_unknown_sizes_stay_unknown(target):
    task = gemm(4, 8, 8) | {"input_bytes": None, "live_bytes": None}
    made = resolve(compilation(task, simple("elementwise", 8)), target=target)
    assert row(made)["latency_s"] is None
    assert row(made)["compute_s"] is not None
    assert made.totals.latency_s is None
    assert made.totals.energy_j is None


def test_a_branch_not_taken_does_not_spoil_the_total(target):
    dead = gemm(4, 8, 8) | {"runs": 0, "unknown": "no kernel for com.acme.Foo"}
    made = resolve(compilation(dead, simple("elementwise", 8)), target=target)
    assert made.totals.latency_s is not None
    assert made.totals.unknown_tasks == 0


def test_why_ends_in_what_the_table_shows(target):
    made = compilation(gemm(1, 8, 8) | INT8, simple("softmax", 80) | tensors(80, 80, "int8"))
    shown = resolve(made, target=target).tasks
    for at in (0, 1):
        steps = why(made, Recipe(), at, target)
        value = {(s.section, s.label): s.value for s in steps}
        results = {s.section: s.value for s in steps if s.result}
        assert results["compute"] == shown["compute_s"][at]
        assert results["memory"] == shown["memory_s"][at]
        assert results["latency"] == shown["latency_s"][at]
        parts = [v for (section, label), v in value.items()
                 if section == "latency" and label != "Latency"]  # fmt: skip
        assert sum(parts) == pytest.approx(results["latency"])
        times = [v for (_, label), v in value.items() if label.startswith("Time in")]
        assert max(times) == pytest.approx(results["memory"])
        energy = [value["energy", name] for name in
                  ("Compute energy", "Memory energy", "Static power × latency")]  # fmt: skip
        assert sum(energy) == pytest.approx(results["energy"])
        assert all(s.source for s in steps)


def test_why_explains_the_products(target):
    steps = {s.label: s.value for s in why(compilation(gemm(1, 8, 8) | INT8), Recipe(), 0, target)}
    macs, times, rate = (steps[k] for k in ("Multiply-accumulates",
                         "Rounded up to the unit's tile, times", "Rate reached"))  # fmt: skip
    assert macs * times / rate == pytest.approx(steps["Products"])
    assert steps["Compute time"] == max(
        steps["Products"], steps["Weight decoder"], steps["Other operations"]
    )
