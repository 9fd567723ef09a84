"""Rules as people say them."""

import pytest

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
    action_words,
    selector_words,
)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action(), "left alone"),
        (Action("int8", "int8"), "int8 weights and activations"),
        (Action("int8", "int4"), "int4 weights, int8 activations"),
        (Action(kernel="int4"), "int4 weights"),
        (Action(input="int8"), "int8 input"),
        (Action(input="int8", output="fp16"), "int8 input, fp16 output"),
        (Action(sparsity=0.5), "50 % sparse"),
        (Action(sparsity=0.25, structured=True), "25 % channels removed"),
        (Action(pattern="2:4"), "2:4 sparse"),
        (Action(kernel="int8", palette_bits=4), "int8 weights, 4-bit palette"),
    ],
)
def test_actions(action, words):
    assert action_words(action) == words


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("all", "all tasks"),
        ((), "no task"),
        ((7,), "task 7"),
        ((3, 5, 7), "tasks 3, 5 and 7"),
        (tuple(range(2000)), "2,000 tasks"),
        (OfKernel("conv"), "every conv"),
        (ByName("*attn*"), "name *attn*"),
        (InModule(""), "module (none)"),
        (ByMetric("latency_s", "ge", 0.001), "latency ≥ 1 ms"),
        (InGroup("layers × 24", (1, 2)), "layers × 24 (2 tasks)"),
        (Dynamic(), "products of two activations"),
        (
            AllOf((OfKernel("gemm"), AnyOf((ByName("a"), ByName("b"))))),
            "every gemm and (name a or name b)",
        ),
        (Not(AllOf((Dynamic(), ByName("x")))), "not (products of two activations and name x)"),
    ],
)
def test_selectors(selector, words):
    assert selector_words(selector) == words
