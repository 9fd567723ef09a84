"""What holds for every network and recipe (hypothesis), and how fast the answer comes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recipe import Action, Recipe, Rule, presets, resolve
from engine.targets import targets
from tests.effort import allowed, took, tries
from tests.engine.cost.hand_made import compilation, conv, depthwise, gemm, kernel, simple, tensors

TARGETS = st.sampled_from([t.id for t in targets()])
SIZE = st.sampled_from([1, 3, 8, 30, 64, 200])
FIGURES = ("latency_s", "energy_j", "memory_energy_j", "size_bytes", "read_bytes", "live_bytes")
TASK = st.one_of(
    st.builds(conv, SIZE, SIZE, SIZE, st.sampled_from([1, 9])),
    st.builds(depthwise, SIZE, SIZE),
    st.builds(gemm, SIZE, SIZE, SIZE),
    st.builds(simple, st.sampled_from(["elementwise", "softmax", "layout", "normalization",
                                       "convert", "search"]), SIZE),
)  # fmt: skip
ACTION = st.builds(
    Action,
    activations=st.sampled_from([None, "fp16", "int8", "int16"]),
    kernel=st.sampled_from([None, "fp16", "int8", "int4"]),
    sparsity=st.sampled_from([None, 0.5, 0.9]),
    structured=st.booleans(),
    palette_bits=st.sampled_from([None, 2, 4, 8]),
)
SELECTOR = st.one_of(st.just("all"), st.tuples(st.integers(0, 5), st.integers(0, 5)))
RECIPE = st.builds(Recipe, st.lists(st.builds(Rule, ACTION, SELECTOR), max_size=3).map(tuple))


def within(recipe, count):
    """The recipe with its task ids folded into those of a model."""
    return Recipe(tuple(
        rule if rule.selector == "all" else replace(rule, selector=tuple(
            id_ % count for id_ in rule.selector))
        for rule in recipe.rules
    ))  # fmt: skip


@settings(max_examples=tries(20, 300), deadline=None)
@given(st.lists(TASK, min_size=1, max_size=6), RECIPE, TARGETS)
def test_figures_are_finite_add_up_and_ids_are_unique(tasks, recipe, target):
    made = resolve(compilation(*tasks, target=target), within(recipe, len(tasks)))
    frame = made.tasks
    assert frame["task_id"].n_unique() == len(frame)
    for name in FIGURES:
        assert frame[name].is_finite().all(), name
        assert (frame[name] >= 0).all(), name
    assert (frame["utilisation"] <= 1).all()
    assert (frame["latency_s"] >= frame["compute_s"]).all()
    assert made.totals.latency_s == pytest.approx(frame["latency_s"].sum())
    assert made.totals.memory_energy_j == pytest.approx(frame["memory_energy_j"].sum())
    parts = frame["compute_energy_j"] + frame["memory_energy_j"]
    assert (frame["energy_j"] >= parts * 0.999999).all()
    assert 0 <= made.touched <= len(tasks)


@settings(max_examples=tries(20, 300), deadline=None)
@given(SIZE, SIZE, SIZE, st.integers(1, 5), st.sampled_from(["fp32", "int8"]), TARGETS)
def test_more_macs_are_never_faster(rows, cin, cout, factor, fmt, target):
    def latency(columns):
        task = gemm(rows, cin, columns) | tensors(rows * cin, rows * columns, fmt)
        task |= kernel(cin * columns, fmt)
        return resolve(compilation(task, target=target)).totals.latency_s

    assert latency(cout * factor) >= latency(cout) * (1 - 1e-12)


@settings(max_examples=tries(15, 150), deadline=None)
@given(st.lists(TASK, min_size=1, max_size=5), TARGETS)
def test_narrower_formats_never_take_more_bytes(tasks, target):
    c = compilation(*tasks, target=target)
    base = resolve(c).tasks
    for fmt in ("fp16", "int8"):
        made = resolve(c, Recipe((Rule(Action(fmt)),))).tasks.head(len(base))
        for name in ("read_bytes", "write_bytes", "live_bytes"):
            assert (made[name] <= base[name]).all(), (fmt, name)


@settings(max_examples=tries(15, 100), deadline=None)
@given(st.integers(64, 4096), st.integers(64, 512), TARGETS)
def test_every_weight_preset_shrinks_a_large_kernel(cin, cout, target):
    c = compilation(gemm(1, cin, cout), gemm(1, cout, 4), target=target)
    base = resolve(c).tasks["size_bytes"][0]
    for p in presets():
        size = resolve(c, p.recipe).tasks["size_bytes"][0]
        assert size <= base, p.id
        changed = resolve(c, p.recipe).touched
        assert size < base or changed == 0, p.id


@settings(max_examples=tries(15, 100), deadline=None)
@given(st.lists(TASK, min_size=1, max_size=5), RECIPE, TARGETS)
def test_clearing_every_task_gives_the_baseline_back(tasks, recipe, target):
    c = compilation(*tasks, target=target)
    cleared = resolve(c, Recipe((*within(recipe, len(tasks)).rules, Rule(Action()))))
    assert cleared.totals == resolve(c).totals
    assert cleared.tasks.drop("rule").equals(resolve(c).tasks.drop("rule"))


def test_ten_thousand_tasks_answer_in_fifty_milliseconds():
    blocks = (conv(3136, 64, 64), simple("layout", 0), gemm(128, 384, 384), simple("softmax", 9),
              simple("normalization", 99))  # fmt: skip
    c = compilation(*blocks * 2000, target="phone-npu")
    resolve(c)
    for recipe in (Recipe(), presets()[2].recipe):
        assert took(partial(resolve, c, recipe), 5) < allowed(0.05)
