"""Options: what is offered, that its effect is what a full resolve gives, and how fast."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.errors import EngineError
from engine.recipe import (
    OPTION_SCHEMA,
    Action,
    OfKernel,
    Recipe,
    Rule,
    action_of,
    options,
    preset,
    resolve,
)
from engine.targets import targets
from tests import builders
from tests.effort import SOAK, allowed, took, tries
from tests.engine.cost.hand_made import compilation, conv, depthwise, gemm, simple, tensors

TARGETS = [t.id for t in targets()]
TOTALS = ("latency_s", "energy_j", "memory_energy_j", "size_bytes")
BRANCHES = (
    conv(64, 16, 32), simple("activation", 2048, "Relu"), conv(64, 32, 32), depthwise(64, 32),
    simple("elementwise", 2048), simple("pooling", 2048, "MaxPool"), simple("softmax", 2048),
    simple("layout", 0, "Transpose", **tensors(2048, 2048)), gemm(64, 32, 64),
    simple("concat", 6144, "Concat", **tensors(6144, 6144)), gemm(1, 6144, 10),
)  # fmt: skip
EDGES = [(-1, 0), (0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (4, 6), (5, 7), (6, 7), (7, 8),
         (8, 9), (7, 9), (9, 10), (10, -1)]  # fmt: skip
RECIPES = (
    Recipe(),
    preset("int8").recipe,
    preset("structured50").recipe,
    Recipe((*preset("int8w").recipe.rules, Rule(Action(pattern="2:4"), OfKernel("conv")))),
)


def exact(c, recipe, tasks, sample, seed=0):
    """A sample of the options agree with full resolves."""
    frame = options(c, recipe, tasks)
    assert frame.schema == pl.Schema(OPTION_SCHEMA)
    now = resolve(c, recipe)
    rng = np.random.default_rng(seed)
    for i in sorted(rng.permutation(frame.height)[:sample].tolist()):
        row = frame.row(i, named=True)
        full = resolve(c, Recipe((*recipe.rules, Rule(action_of(row), tuple(tasks)))))
        own = full.tasks.filter(pl.col("task_id").is_in(tasks) & (pl.col("origin") == "task"))
        for name in TOTALS:
            total = full.tasks[name].sum()
            told = now.tasks[name].sum() + row[f"model_{name}"]
            assert told == pytest.approx(total, rel=1e-9, abs=1e-15), (name, row)
            assert row[name] == pytest.approx(own[name].sum(), rel=1e-9, abs=1e-18), (name, row)
        added = (full.tasks["origin"] == "conversion").sum()
        assert row["conversions"] == added - (now.tasks["origin"] == "conversion").sum()
        assert set(own["refusal"]) == {""} or len(tasks) > 1
    return frame


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("recipe", RECIPES, ids=["baseline", "int8", "channels", "mixed"])
def test_effects_are_those_of_a_full_resolve(target, recipe):
    c = compilation(*BRANCHES, edges=EDGES, target=target)
    odd = (TARGETS.index(target) + RECIPES.index(recipe)) % 2  # every day half of the tasks
    for task in range(len(BRANCHES)):
        if SOAK or task % 2 == odd:
            exact(c, recipe, [task], tries(2, 8), seed=task)
    exact(c, recipe, [0, 2, 8], tries(2, 8))
    exact(c, recipe, [1, 2, 7], tries(2, 8))


@settings(max_examples=tries(15, 100), deadline=None)
@given(st.data())
def test_effects_are_exact_on_random_nets(data):
    n = data.draw(st.integers(2, 9))
    size = st.sampled_from([4, 16, 64])
    kinds = st.one_of(
        st.builds(conv, size, size, size), st.builds(gemm, size, size, size),
        st.builds(simple, st.sampled_from(["elementwise", "softmax", "layout", "concat"]), size),
    )  # fmt: skip
    tasks = [data.draw(kinds) for _ in range(n)]
    edges = [(-1, 0), (n - 1, -1)]
    for i in range(1, n):
        for maker in data.draw(st.sets(st.integers(0, i - 1), min_size=1, max_size=3)):
            edges.append((maker, i))
    c = compilation(*tasks, edges=edges, target=data.draw(st.sampled_from(TARGETS)))
    recipe = data.draw(st.sampled_from(RECIPES))
    chosen = data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=3))
    exact(c, recipe, sorted(chosen), 4)


@pytest.mark.parametrize("target", ["phone-npu", "x86-avx2", "edge-tpu", "stm32h7"])
def test_effects_are_exact_where_weights_or_activations_stop_fitting(target):
    """Weights near the 8 MB of a cache or of pinned memory, activations near an arena."""
    wide = gemm(1, 2048, 2048)
    c = compilation(wide, wide, gemm(1, 2048, 150), conv(4096, 16, 16), target=target)
    for recipe in (Recipe(), preset("int8").recipe, preset("int8w").recipe):
        for task in range(4):
            exact(c, recipe, [task], tries(3, 12), seed=task)
    exact(c, preset("int8").recipe, [0, 1], 12)


def test_effects_are_exact_for_shared_weights():
    net = builders.Net()
    w, v = net.weight(64, 64), net.weight(64, 64)
    x = net.input("x", (1, 64))
    for i, weight in enumerate((w, v, w, v, w)):
        x = net.op("MatMul", x, weight, name=f"m{i}")
    net.output(x)
    graph = engine.read_trusted(net.model().SerializeToString())
    for at in ("phone-npu", "onnxruntime-cpu", "ethos-u55-256"):
        c = engine.compile_model(graph, engine.target(at))
        held = Recipe((Rule(Action(kernel="int8"), (2,)),))
        for recipe in (Recipe(), preset("int8").recipe, held):
            for task in range(5) if SOAK else (1, 2):
                exact(c, recipe, [task], tries(3, 12), seed=task)
            exact(c, recipe, [0, 1], tries(3, 12))


def test_many_alike_tasks_are_priced_once_and_add_up():
    block = (conv(64, 16, 16), simple("elementwise", 1024), conv(64, 16, 32, 1), conv(64, 32, 16))
    c = compilation(*block * 12, target="phone-npu")
    convs = c.tasks.filter(pl.col("kernel") == "conv")["task_id"].to_list()
    exact(c, preset("int8").recipe, convs, 8)
    exact(c, preset("structured50").recipe, convs[:30], 8)


@pytest.mark.parametrize("target", ["edge-tpu", "stm32h7", "ethos-u55-256", "h200", "phone-npu"])
def test_effects_on_a_large_selection_are_exact(target):
    """Alike rows are priced once, also among the neighbours; some selections move a partition."""
    block = (*BRANCHES[:6], conv(64, 32, 32), simple("elementwise", 2048), BRANCHES[7])
    c = compilation(*block * 6, target=target)
    rng = np.random.default_rng(0)
    for recipe in (Recipe(), preset("int8").recipe):
        chosen = sorted(rng.choice(len(c.tasks), 30, replace=False).tolist())
        if options(c, recipe, chosen).height:
            exact(c, recipe, chosen, 6)
        exact(c, recipe, [i for i in range(len(c.tasks)) if i % 9 in (0, 2)][4:], 6)


def test_every_option_is_offered_once_and_none_is_refused():
    c = compilation(*BRANCHES, edges=EDGES, target="jetson-orin-nano-25w")
    frame = options(c, Recipe(), [2])
    names = ["input_format", "output_format", "kernel_format", "sparsity", "pattern",
             "palette_bits"]  # fmt: skip
    assert frame.select(names).is_unique().all()
    assert set(frame["pattern"]) == {"", "2:4", "channels"}
    assert frame["current"].sum() == 1
    now = frame.row(by_predicate=pl.col("current"), named=True)
    assert [now[n] for n in names] == ["fp16", "fp16", "fp16", 0.0, "", 0]
    assert all(now[f"model_{n}"] == 0 for n in TOTALS)
    for row in frame[:: tries(5, 1)].iter_rows(named=True):
        made = resolve(c, Recipe((Rule(action_of(row), (2,)),))).tasks.row(2, named=True)
        assert [made[n] for n in names] == [row[n] for n in names]
        assert made["refusal"] == ""


def test_the_best_the_worst_and_the_front():
    c = compilation(*BRANCHES, edges=EDGES, target="phone-npu")
    frame = options(c, Recipe(), [2])
    for name in ("latency_s", "size_bytes"):
        best = frame.filter(pl.col("best").list.contains(name))
        assert best.height
        assert best[name].max() <= frame[name].min() * (1 + 1e-5)
    three = frame.select("latency_s", "memory_energy_j", "size_bytes").to_numpy()
    better = (three[:, None] <= three).all(axis=2) & (three[:, None] < three).any(axis=2)
    assert (frame["pareto"].to_numpy() == ~better.any(axis=0)).all()


def test_a_selection_has_what_its_tasks_have_in_common():
    c = compilation(*BRANCHES, edges=EDGES, target="phone-npu")
    one, both = options(c, Recipe(), [2]), options(c, Recipe(), [2, 6])
    keys = ["input_format", "output_format", "kernel_format"]
    softmax = options(c, Recipe(), [6])
    assert set(softmax["kernel_format"]) == {""}
    shared = set(one.select(keys[:2]).rows()) & set(softmax.select(keys[:2]).rows())
    assert set(both.select(keys[:2]).rows()) == shared
    assert set(both["kernel_format"]) == set(one["kernel_format"])


def test_nothing_to_choose_and_no_such_task():
    c = compilation(simple("convert", 8, "Cast"), conv(8, 8, 8), target="phone-npu")
    assert options(c, Recipe(), [0]).schema == pl.Schema(OPTION_SCHEMA)
    assert options(c, Recipe(), [0]).height == options(c, Recipe(), []).height == 0
    assert options(c, Recipe(), [0, 1]).height > 0
    with pytest.raises(EngineError, match="options: no such task; expected ids from 0 to 1"):
        options(c, Recipe(), [1, 9])


def test_a_task_of_ten_thousand_answers_in_milliseconds():
    c = compilation(*BRANCHES * 900, target="phone-npu")
    recipe = preset("int8").recipe
    options(c, recipe, [13])
    assert took(lambda: options(c, recipe, [13])) < allowed(0.01)  # 5 ms when quiet
    many = list(range(2000))
    options(c, recipe, many)
    assert took(lambda: options(c, recipe, many)) < allowed(0.3)


def test_options_that_move_a_partition_cost_one_more_plan_and_not_one_each():
    c = compilation(*BRANCHES * 300, target="edge-tpu")
    recipe = preset("int8").recipe
    options(c, recipe, [13])
    assert options(c, recipe, [13])["model_latency_s"].abs().max() > 0
    assert took(lambda: options(c, recipe, [13])) < allowed(0.05)
