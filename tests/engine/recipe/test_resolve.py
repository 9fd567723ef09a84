"""Recipes on hand-made networks: formats, refusals, placement, conversions, totals."""

from __future__ import annotations

import polars as pl
import pytest

from engine.errors import EngineError
from engine.recipe import (
    PRICED_SCHEMA,
    Action,
    Recipe,
    Rule,
    preset,
    preset_table,
    presets,
    resolve,
)  # fmt: skip
from engine.targets import targets
from tests.engine.cost.hand_made import compilation, conv, depthwise, gemm, kernel, simple, tensors

INT8 = preset("int8").recipe
CNN = (
    conv(12544, 3, 32), depthwise(12544, 32), conv(12544, 32, 64, 1), simple("pooling", 802816),
    gemm(1, 64, 1000), simple("softmax", 5000, "Softmax", **tensors(1000, 1000)),
)  # fmt: skip


def formats(made):
    own = made.tasks.filter(pl.col("origin") == "task")
    return list(zip(own["input_format"], own["output_format"], strict=True))


def rule(selector="all", **action):
    return Rule(Action(**action), selector)


def test_the_table_has_its_columns_and_every_row_an_id():
    for id_ in ("phone-npu", "ethos-u55-256", "edge-tpu"):
        made = resolve(compilation(*CNN, target=id_), INT8)
        assert made.tasks.schema == pl.Schema(PRICED_SCHEMA)
        assert made.tasks["task_id"].to_list() == list(range(len(made.tasks)))


def test_the_baseline_keeps_the_file_and_adds_nothing():
    made = resolve(compilation(*CNN, target="raspberry-pi-5"))
    assert set(formats(made)) == {("fp32", "fp32")}
    assert (made.touched, made.reference) == (0, "")
    assert len(made.tasks) == len(CNN)


def test_a_reference_format_stands_in_for_fp32_and_is_named():
    made = resolve(compilation(*CNN, target="phone-npu"))
    assert made.reference == "fp16"
    assert set(formats(made)) == {("fp16", "fp16")}
    same = resolve(compilation(*CNN, target="phone-npu"), preset("fp16").recipe)
    assert same.totals == made.totals
    assert same.touched == 0


def test_the_last_matching_rule_wins_as_a_whole():
    c = compilation(*CNN, target="ethos-u55-256")
    made = resolve(c, Recipe((*INT8.rules, rule((2,)))))
    assert formats(made)[2] == ("fp32", "fp32")
    assert made.tasks["kernel_format"][2] == "fp32"
    assert formats(made)[4] == ("int8", "int8")


def test_int8_moves_the_network_from_the_cpu_to_the_npu():
    c = compilation(*CNN, target="ethos-u55-256")
    before, after = resolve(c), resolve(c, INT8)
    assert set(before.tasks["unit"]) == {"cpu"}
    assert before.tasks["unit_reason"][0] == "Ethos-U55 does not compute in fp32"
    assert set(after.tasks.filter(pl.col("origin") == "task")["unit"]) == {"npu"}
    assert after.totals.latency_s < before.totals.latency_s / 20


def test_conversions_stand_where_formats_meet_once_a_tensor():
    # x -> conv -> two readers that stay fp16 (softmax) and one that is int8
    tasks = (conv(64, 8, 8), simple("softmax", 512, "Softmax"), simple("softmax", 512, "Softmax"),
             conv(64, 8, 8))  # fmt: skip
    edges = [(-1, 0), (0, 1), (0, 2), (0, 3), (1, -1), (2, -1), (3, -1)]
    c = compilation(*tasks, edges=edges, target="jetson-orin-nano-25w")
    made = resolve(c, INT8)
    added = made.tasks.filter(pl.col("origin") == "conversion")
    # the input, the conv's output for both softmaxes together, the last conv's output
    assert list(zip(added["name"], added["anchor"], strict=True)) == [
        ("fp16 → int8", -1), ("int8 → fp16", 0), ("int8 → fp16", 3)]  # fmt: skip
    assert (added["latency_s"] > 0).all()
    assert made.tasks["refusal"][1] == (
        "softmax stays in fp16: in int8 it would move from GPU to Cortex-A78AE")  # fmt: skip


def test_what_moves_numbers_follows_what_it_reads():
    tasks = (conv(64, 8, 8), simple("layout", 0, "Transpose", **tensors(512, 512)), conv(64, 8, 8))
    c = compilation(*tasks, target="phone-npu")
    made = resolve(c, Recipe((rule((0, 2), activations="int8", kernel="int8"),)))
    assert formats(made)[1] == ("int8", "int8")
    assert len(made.tasks) == 3 + 2  # only the model's input and output are converted


def test_a_wide_neighbour_keeps_what_moves_numbers_wide():
    tasks = (simple("normalization", 512), simple("layout", 0, "Transpose", **tensors(512, 512)),
             conv(64, 8, 8))  # fmt: skip
    made = resolve(compilation(*tasks, target="phone-npu"), INT8)
    assert formats(made) == [("fp16", "fp16"), ("fp16", "fp16"), ("int8", "int8")]


@pytest.mark.parametrize(
    ("target", "task", "action", "says"),
    [
        ("raspberry-pi-5", simple("softmax", 8), {"kernel": "int8"},
         "no kernel weights to quantize"),
        ("raspberry-pi-5", simple("softmax", 8), {"sparsity": 0.5}, "no kernel weights to prune"),
        ("raspberry-pi-5", simple("softmax", 8), {"palette_bits": 4},
         "no kernel weights to palettize"),
        ("raspberry-pi-5", gemm(1, 8, 8), {"palette_bits": 8},
         "its 64 weights are too few to gain from 256 palette entries"),
        ("raspberry-pi-5", gemm(1, 8, 8), {"activations": "fp8"},
         "stays in fp32: no unit of this target computes in fp8"),
        ("x86-avx2", gemm(1, 8, 8), {"activations": "fp16"},
         "stays in fp32: fp16 is computed as fp32 here, which saves no time"),
        ("raspberry-pi-5", simple("normalization", 8), {"activations": "int8"},
         "normalization stays in fp32: no unit of this target computes it in int8"),
        ("raspberry-pi-5", simple("elementwise", 8, **tensors(8, 8, "int64")),
         {"activations": "int8"}, "works on indices and masks, which keep their format"),
        ("raspberry-pi-5", simple("convert", 8, "Cast"), {"activations": "int8"},
         "a conversion of the file keeps its formats"),
        ("raspberry-pi-5", gemm(1, 8, 8) | tensors(8, 8, "int8"), {"activations": "fp16"},
         "is already narrower in the file: int8"),
        ("raspberry-pi-5", gemm(1, 8, 8) | kernel(64, "int4"), {"kernel": "int8"},
         "its weights are already narrower in the file: int4"),
        ("raspberry-pi-5", depthwise(4, 8), {"sparsity": 0.5, "structured": True},
         "Depthwise convolution has no output channels of its own to remove"),
        ("raspberry-pi-5", gemm(1, 8, 8), {"sparsity": 0.5, "structured": True},
         "its channels are an output of the model"),
        ("raspberry-pi-5", gemm(1, 8, 8), {"kernel": "fp8"},
         "no unit of this target takes fp8 weights with fp32 activations"),
        ("raspberry-pi-5", gemm(1, 8, 8), {"palette_bits": 5},
         "no unit of this target reads palettes of 5 bits"),
    ],
)  # fmt: skip
def test_a_refusal_says_why_and_changes_nothing(target, task, action, says):
    made = resolve(compilation(task, target=target), Recipe((rule(**action),)))
    assert made.tasks["refusal"][0] == says
    assert made.touched == 0
    assert made.totals == resolve(compilation(task, target=target)).totals


def test_after_the_first_unsupported_task_all_is_the_hosts():
    tasks = (conv(64, 8, 8), simple("spectral", 512), conv(64, 8, 8))
    made = resolve(compilation(*tasks, target="edge-tpu"), INT8)
    assert made.tasks["unit"].to_list()[:3] == ["tpu", "cpu", "cpu"]
    assert made.tasks["unit_reason"][2] == (
        "comes after t1, the first task that Edge TPU does not run")  # fmt: skip


def test_inputs_and_outputs_pass_the_link_of_an_accelerator():
    made = resolve(compilation(conv(64, 8, 8) | tensors(512, 512, "int8") | kernel(576, "int8"),
                               target="edge-tpu"))  # fmt: skip
    launch = made.tasks["launch_s"][0]
    assert launch == pytest.approx(0.75e-3 + (512 + 512) / 4.5e8)  # one call, there and back
    assert made.tasks["bound_by"][0] == "transfer"


def test_zeros_save_only_size_on_a_cpu():
    c = compilation(*CNN, target="onnxruntime-cpu")
    base, half = resolve(c), resolve(c, preset("sparse50").recipe)
    assert half.totals.size_bytes < base.totals.size_bytes
    assert half.totals.latency_s == base.totals.latency_s
    assert half.totals.energy_j == base.totals.energy_j
    palette = resolve(c, preset("palette4").recipe)
    assert palette.totals.size_bytes < base.totals.size_bytes
    assert palette.totals.latency_s == base.totals.latency_s


def test_palettes_save_traffic_where_they_are_decoded_in_the_run():
    tasks = (gemm(1, 4096, 4096),)
    c = compilation(*tasks, target="apple-neural-engine")
    base, small = resolve(c), resolve(c, preset("palette4").recipe)
    assert small.tasks["read_bytes"][0] < base.tasks["read_bytes"][0] / 3
    assert small.totals.latency_s < base.totals.latency_s / 2


def test_fewer_channels_cost_less_here_and_downstream():
    tasks = (conv(64, 16, 16), simple("activation", 1024, "Relu"), conv(64, 16, 16), gemm(1, 16, 9))
    c = compilation(*tasks, target="raspberry-pi-5")
    made, base = resolve(c, preset("structured50").recipe).tasks, resolve(c).tasks
    size = [a / b for a, b in zip(made["size_bytes"], base["size_bytes"], strict=True) if b]
    # the first loses outputs, the second outputs and inputs, the last inputs
    assert size == pytest.approx([0.5, 0.25, 0.5])
    assert made["write_bytes"][1] == base["write_bytes"][1] / 2
    assert made["sparsity"].to_list() == [0.5, 0.0, 0.5, 0.0]


def test_an_addition_keeps_the_channels_of_its_widest_input():
    tasks = (conv(64, 16, 16), simple("elementwise", 1024), conv(64, 16, 16))
    edges = [(-1, 0), (0, 1), (-1, 1), (1, 2), (2, -1)]
    c = compilation(*tasks, edges=edges, target="raspberry-pi-5")
    made, base = resolve(c, preset("structured50").recipe).tasks, resolve(c).tasks
    assert made["write_bytes"][1] == base["write_bytes"][1]
    assert made["size_bytes"][2] == base["size_bytes"][2]


def test_live_memory_follows_the_formats():
    c = compilation(*CNN[:5], target="raspberry-pi-5")
    base, made = resolve(c).totals, resolve(c, INT8).totals
    assert made.peak_bytes == pytest.approx(base.peak_bytes / 4)


def test_totals_are_the_sums_of_the_rows():
    made = resolve(compilation(*CNN, target="ethos-u65-512"), INT8)
    assert made.totals.latency_s == pytest.approx(made.tasks["latency_s"].sum())
    assert made.totals.energy_j == pytest.approx(made.tasks["energy_j"].sum())
    assert made.totals.size_bytes == round(made.tasks["size_bytes"].sum())
    assert made.totals.peak_bytes == round(made.tasks["live_bytes"].max())
    assert made.totals.macs == sum(t.get("macs", 0) for t in CNN)


def test_a_model_of_one_unknown_task_has_no_totals_but_a_size():
    task = gemm(1, 8, 8) | {"unknown": "no kernel for com.acme.Foo"}
    made = resolve(compilation(task, target="h200")).totals
    assert made.latency_s is None
    assert made.memory_power(30) is None
    assert made.unknown_tasks == 1
    assert made.size_bytes == 128  # in the reference format fp16


def test_a_model_without_tasks_costs_nothing():
    made = resolve(compilation(edges=[], target="h200")).totals
    assert (made.tasks, made.latency_s, made.size_bytes) == (0, 0.0, 0)


@pytest.mark.parametrize("target", [t.id for t in targets()])
def test_every_preset_on_every_target_gives_figures(target):
    c = compilation(*CNN, target=target)
    table = preset_table(c, 30.0)
    assert table["id"].n_unique() == len(presets()) + 1
    assert table["latency_s"].is_sorted()
    assert (table["size_bytes"] > 0).all()
    for p in presets():
        tasks = resolve(c, p.recipe).tasks.select(pl.selectors.float())
        for column in tasks:
            assert column.null_count() == 0, (p.id, column.name)
            assert (column >= 0).all(), (p.id, column.name)
            assert column.is_finite().all(), (p.id, column.name)


def test_the_preset_table_counts_refusals():
    table = preset_table(compilation(*CNN, target="raspberry-pi-5"), 30.0)
    sparse = table.row(by_predicate=pl.col("id") == "sparse50", named=True)
    assert (sparse["touched"], sparse["refused"]) == (4, 2)
    assert sparse["refusal"] == "no kernel weights to prune"
    assert sparse["latency_change"] == 0
    base = table.row(by_predicate=pl.col("id") == "baseline", named=True)
    assert (base["touched"], base["size_change"]) == (0, 0)


def test_an_unknown_preset_lists_the_known_ones():
    with pytest.raises(EngineError, match="one of fp16, int8w, int8"):
        preset("int5")


def test_presets_are_of_the_three_families():
    assert {p.family for p in presets()} == {"quantization", "pruning", "palettization"}
    assert len({p.id for p in presets()}) == len(presets())
    assert all(p.effort in ("$", "$$", "$$$") and p.help.endswith(".") for p in presets())


@pytest.mark.parametrize(
    "action",
    [{"activations": "int5"}, {"kernel": "int64"}, {"sparsity": 1.0}, {"sparsity": -0.1},
     {"palette_bits": 0}, {"palette_bits": 9}],
)  # fmt: skip
def test_an_action_that_means_nothing_is_refused(action):
    with pytest.raises(EngineError):
        resolve(compilation(gemm(1, 8, 8)), Recipe((rule(**action),)))


def test_zeros_and_removed_channels_in_one_recipe_count_for_their_own_tasks():
    tasks = (conv(64, 16, 16), depthwise(64, 16), gemm(1, 16, 9))
    rules = (rule((0,), sparsity=0.5, structured=True), rule((1,), sparsity=0.5))
    made = resolve(compilation(*tasks, target="raspberry-pi-5"), Recipe(rules)).tasks
    assert made["size_bytes"][0] == 16 * 8 * 9 * 4
    assert made["size_bytes"][1] == 8 * 9 * (1 + 16) / 8  # half the channels, half of them zeros


def test_a_palette_that_a_codec_loses_changes_no_size():
    c = compilation(gemm(1, 512, 64) | tensors(512, 64, "int8") | kernel(512 * 64, "int8"),
                    target="ethos-u55-256")  # fmt: skip
    base, lost = resolve(c), resolve(c, Recipe((rule(palette_bits=6),)))
    assert lost.totals.size_bytes == base.totals.size_bytes == round(512 * 64 * 6.99 / 8)
    kept = resolve(c, preset("palette4").recipe)
    assert kept.totals.size_bytes == round(512 * 64 * 3.8 / 8)
