"""Options: what is offered, that its effect is what a full resolve gives, and how fast."""

from __future__ import annotations

import time
from dataclasses import replace

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
from engine.recipe.rank import dominated
from engine.targets import targets
from tests import builders
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
    for task in range(len(BRANCHES)):
        exact(c, recipe, [task], 5, seed=task)
    exact(c, recipe, [0, 2, 8], 5)
    exact(c, recipe, [1, 2, 7], 5)


@settings(max_examples=25, deadline=None)
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
