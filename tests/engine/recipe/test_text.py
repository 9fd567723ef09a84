"""Recipes as JSON, and what each selector selects."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.recipe import (
    Action,
    AllOf,
    AnyOf,
    ByMetric,
    ByName,
    Dynamic,
    InGroup,
    InModule,
    Not,
    OfKernel,
    Recipe,
    Rule,
    dumps,
    loads,
    resolve,
)
from tests.acceptance.recipes import BAD_RECIPES
from tests.effort import tries
from tests.engine.cost.hand_made import compilation, conv, gemm, simple

IDS = st.lists(st.integers(0, 99), max_size=4).map(tuple)
LEAF = st.one_of(
    st.just("all"), IDS, st.builds(InGroup, st.text(min_size=1, max_size=9), IDS),
    st.builds(OfKernel, st.sampled_from(["conv", "gemm"])), st.just(Dynamic()),
    st.builds(ByName, st.text(min_size=1, max_size=9)), st.builds(InModule, st.text(max_size=9)),
    st.builds(ByMetric, st.sampled_from(["latency_s", "macs"]), st.sampled_from(["gt", "le"]),
              st.floats(allow_nan=False, allow_infinity=False)),
)  # fmt: skip
SELECTOR = st.recursive(
    LEAF,
    lambda s: st.one_of(
        st.builds(Not, s),
        st.lists(s, min_size=1, max_size=3).map(tuple).flatmap(
            lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)])),
    ),
    max_leaves=6,
)  # fmt: skip
FORMAT = st.sampled_from([None, "int8", "fp16"])
ACTION = st.one_of(
    st.builds(Action, FORMAT, FORMAT, st.sampled_from([None, 0.5]), input=FORMAT, output=FORMAT,
              palette_bits=st.sampled_from([None, 4])),
    st.just(Action(sparsity=0.5, structured=True)), st.just(Action(pattern="2:4")),
)  # fmt: skip
NET = (
    conv(64, 8, 8, name="stem.conv", group="stem"), simple("elementwise", 64, name="stem.add"),
    gemm(1, 64, 10, name="head.fc", group="head/fc"), simple("matmul", 9, "MatMul", name="qk"),
    simple("softmax", 9, "Softmax", name="soft", unknown="no kernel"),
)  # fmt: skip


@settings(max_examples=tries(50, 500), deadline=None)
@given(st.lists(st.builds(Rule, ACTION, SELECTOR), max_size=4).map(tuple))
def test_a_recipe_comes_back_from_its_text(rules):
    recipe = Recipe(rules)
    assert loads(dumps(recipe)) == recipe
    assert json.loads(dumps(recipe))["schema"] == 1


@pytest.mark.parametrize(("text", "says"), BAD_RECIPES, ids=[s[:40] for _, s in BAD_RECIPES])
def test_a_bad_recipe_gets_a_sentence_that_says_where(text, says):
    c = compilation(*NET, target="raspberry-pi-5")
    with pytest.raises(EngineError) as caught:
        resolve(c, loads(text))
    assert says in caught.value.sentence
    assert len(caught.value.sentence) < 600


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ("all", [0, 1, 2, 3, 4]),
        ((1, 3), [1, 3]),
        ((), []),
        (InGroup("two", (0, 2)), [0, 2]),
        (OfKernel("conv"), [0]),
        (ByName("stem.*"), [0, 1]),
        (ByName("?k"), [3]),
        (InModule("head*"), [2]),
        (InModule(""), [1, 3, 4]),
        (Dynamic(), [3]),
        (ByMetric("macs", "gt", 1000), [0]),
        (ByMetric("macs", "eq", 0), [1, 3, 4]),
        (ByMetric("latency_s", "ge", 0), [0, 1, 2, 3]),  # 4 is not priced
        (ByMetric("share", "gt", 0), [0, 1, 2, 3]),
        (ByMetric("cumulative_share", "le", 1.1), [0, 1, 2, 3]),
        (ByMetric("memory_power_w", "lt", 0), []),
        (ByMetric("utilisation", "ge", 0), [0, 1, 2, 3]),
        (Not(ByName("stem.*")), [2, 3, 4]),
        (AllOf((ByName("stem.*"), Not(OfKernel("conv")))), [1]),
        (AnyOf((OfKernel("conv"), Dynamic())), [0, 3]),
    ],
)  # fmt: skip
def test_a_selector_selects(selector, ids):
    c = compilation(*NET, target="raspberry-pi-5")
    made = resolve(c, Recipe((Rule(Action(kernel="int8"), selector),)))
    own = made.tasks.head(5)
    assert own.filter(own["rule"] == 0)["task_id"].to_list() == ids
