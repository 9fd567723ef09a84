"""Formats on hand-made networks: every rule of propagation, and the words for it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.recipe import Action, OfKernel, Recipe, Rule, dumps, loads, redundant, resolve
from engine.recipe.prepare import prepare
from engine.targets import target, targets
from tests import builders
from tests.effort import tries
from tests.engine.cost.hand_made import compilation, conv, depthwise, gemm, simple, tensors

INT8 = Action("int8", "int8")
MOVE = simple("layout", 0, "Transpose", **tensors(512, 512))
RELU = simple("activation", 512, "Relu")
C = conv(64, 8, 8)
NORM = simple("normalization", 512)


def made(tasks, edges, *rules, at="phone-npu"):
    return resolve(compilation(*tasks, edges=edges, target=at), Recipe(rules)).tasks


def formats(frame):
    own = frame.filter(pl.col("origin") == "task")
    return list(zip(own["input_format"], own["output_format"], strict=True))


def added(frame):
    own = frame.filter(pl.col("origin") == "conversion")
    return list(zip(own["name"], own["anchor"], own["cause"], own["rule"], strict=True))


def chain(n):
    return [(i - 1, i) for i in range(n)] + [(n - 1, -1)]


def test_a_carrier_follows_what_it_reads_and_says_whom():
    frame = made((C, MOVE, RELU, C), chain(4), Rule(INT8, (0,)))
    assert formats(frame)[1:3] == [("int8", "int8")] * 2
    assert frame["cause"].to_list()[:4] == ["", "follows int8 from t0 (task 0)",
                                            "follows int8 from t0 (task 0)", ""]  # fmt: skip
    assert frame["rule"].to_list()[:4] == [0, 0, 0, -1]
    assert added(frame) == [
        ("fp16 → int8", -1, "converts fp16 → int8 for t0 (task 0)", 0),
        ("int8 → fp16", 2, "converts int8 → fp16 for t3 (task 3)", 0),
    ]


def test_an_open_maker_writes_what_its_reader_wants_through_carriers():
    frame = made((C, MOVE, C), chain(3), Rule(Action(input="int8", kernel="int8"), (2,)))
    assert formats(frame) == [("fp16", "int8"), ("int8", "int8"), ("int8", "fp16")]
    assert frame["cause"][0] == "writes int8 for t2 (task 2)"
    assert frame["cause"][1] == "follows int8 from t0 (task 0)"
    assert frame["rule"].to_list() == [0, 0, 0]  # and no conversion at all


def test_a_maker_that_a_rule_holds_keeps_its_output_and_a_conversion_appears():
    frame = made((C, C), chain(2), Rule(Action(), (0,)), Rule(INT8, (1,)))
    assert formats(frame)[0] == ("fp16", "fp16")
    assert [a[0] for a in added(frame)] == ["fp16 → int8", "int8 → fp16"]


def test_a_maker_whose_unit_cannot_write_the_format_keeps_its_output():
    frame = made((NORM, C), chain(2), Rule(INT8, (1,)))
    assert formats(frame)[0] == ("fp16", "fp16")
    assert added(frame)[0][0] == "fp16 → int8"


def test_readers_that_differ_leave_the_maker_alone_and_share_one_conversion():
    edges = [(-1, 0), (0, 1), (0, 2), (0, 3), (1, -1), (2, -1), (3, -1)]
    frame = made((C, C, C, C), edges, Rule(INT8, (1, 2)))
    assert formats(frame)[0] == ("fp16", "fp16")
    assert added(frame)[0] == ("fp16 → int8", 0, "converts fp16 → int8 for t1 (task 1)", 0)
    assert [a[1] for a in added(frame)] == [0, 1, 2]


def test_an_output_of_the_model_keeps_the_format_of_the_file():
    edges = [(-1, 0), (0, 1), (0, -1), (1, -1)]
    frame = made((C, C), edges, Rule(INT8, (1,)))
    assert formats(frame)[0] == ("fp16", "fp16")  # one reader is the model's output
    assert added(frame)[-1] == ("int8 → fp16", 1, "converts int8 → fp16 for an output of the model",
                                0)  # fmt: skip


def test_a_residual_addition_takes_one_format_the_free_side_changes():
    add = simple("elementwise", 512)
    edges = [(-1, 0), (0, 1), (0, 2), (1, 2), (2, -1)]
    frame = made((NORM, C, add), edges, Rule(INT8, (2,)))
    # the conv is open and writes int8; the norm cannot, so its other way is converted
    assert formats(frame) == [("fp16", "fp16"), ("fp16", "int8"), ("int8", "int8")]
    assert [(a[0], a[1]) for a in added(frame)] == [("fp16 → int8", 0), ("int8 → fp16", 2)]


def test_a_concat_of_two_formats_takes_what_its_reader_wants_or_the_widest():
    join = simple("concat", 0, "Concat", **tensors(1024, 1024))
    edges = [(-1, 0), (-1, 1), (0, 2), (1, 2), (2, 3), (3, -1)]
    wide = made((C, NORM, join, NORM), edges, Rule(INT8, (0,)))
    assert formats(wide)[2] == ("fp16", "fp16")
    narrow = made((C, NORM, join, conv(64, 16, 8)), edges, Rule(INT8, (0, 3)))
    assert formats(narrow)[2] == ("int8", "int8")
    assert narrow["cause"][2] == "follows int8 from t0 (task 0)"


def test_a_carrier_picked_by_hand_keeps_what_the_rule_says():
    frame = made((C, MOVE, C), chain(3), Rule(INT8, "all"), Rule(Action("fp16"), (1,)))
    assert formats(frame)[1] == ("fp16", "fp16")
    assert len(added(frame)) == 4


def test_a_carrier_of_the_models_input_takes_what_its_reader_wants():
    frame = made((MOVE, C), chain(2), Rule(INT8, (1,)))
    assert formats(frame)[0] == ("int8", "int8")
    assert frame["cause"][0] == "follows int8 from t1 (task 1)"


def tied(kernel=64):
    """Two linear layers with one weight."""
    net = builders.Net()
    w = net.weight(kernel, kernel)
    x = net.op("MatMul", net.input("x", (1, kernel)), w, name="one")
    x = net.op("Relu", x)
    net.output(net.op("MatMul", x, w, name="two"))
    graph = engine.read_trusted(net.model().SerializeToString())
    return engine.compile_model(graph, target("raspberry-pi-5"))


def test_shared_weights_follow_one_choice():
    c = tied()
    one, two = c.tasks.filter(pl.col("kernel") == "gemm")["task_id"].to_list()
    frame = resolve(c, Recipe((Rule(Action(kernel="int8"), (one,)),))).tasks
    assert frame["kernel_format"][two] == "int8"
    assert frame["cause"][two] == "shares its weights with one (task 0)"
    assert frame["size_bytes"].to_list()[two] == 0


def test_shared_weights_that_differ_are_copied_and_the_copy_costs():
    c = tied()
    one, two = c.tasks.filter(pl.col("kernel") == "gemm")["task_id"].to_list()
    rules = (Rule(Action(kernel="int8"), (one,)), Rule(Action(), (two,)))
    frame = resolve(c, Recipe(rules)).tasks
    assert frame["kernel_format"].to_list() == ["int8", "fp32"] if one == 0 else True
    assert frame["cause"][two] == "keeps a copy of weights of one (task 0)"
    assert frame["size_bytes"][two] == 64 * 64 * 4


def test_two_zeros_in_four_count_where_a_unit_skips_them():
    c = compilation(conv(4096, 64, 64), gemm(1, 6, 64), depthwise(64, 64),
                    target="jetson-orin-nano-25w")  # fmt: skip
    half = resolve(c, Recipe((Rule(Action(pattern="2:4")),))).tasks
    base = resolve(c).tasks
    assert half["compute_s"][0] == pytest.approx(base["compute_s"][0] / 2, rel=0.2)
    assert half["size_bytes"][0] == 64 * 64 * 9 * (16 / 2 + 1) / 8
    assert half["pattern"].to_list() == ["2:4", "", ""]
    assert half["refusal"].to_list()[1:] == [
        "its input channels are no multiple of 4",
        "Depthwise convolution is not computed by 2:4 weights",
    ]
    none = resolve(compilation(C, target="phone-npu"), Recipe((Rule(Action(pattern="2:4")),))).tasks
    assert none["refusal"][0] == "no unit of this target gains from 2:4 weights"


def test_redundant_conversions_are_pointed_out_with_what_they_save():
    c = compilation(C, C, C, edges=chain(3), target="phone-npu")
    recipe = Recipe((Rule(INT8), Rule(Action("fp16"), (1,))))
    found = redundant(c, recipe)
    first = found.row(0, named=True)
    assert (first["kind"], first["task_id"]) == ("there and back", 1)
    assert "t1 (task 1) works in fp16 between neighbours in int8" in first["sentence"]
    better = Recipe((Rule(INT8), Rule(Action("int8"), (1,))))
    saved = resolve(c, recipe).totals.latency_s - resolve(c, better).totals.latency_s
    assert first["saving_s"] == pytest.approx(saved)
    lonely = redundant(c, Recipe((Rule(INT8, (1,)),)))
    assert lonely["kind"].to_list() == ["costs more than it gains"]
    edges = [(-1, 0), (0, 1), (0, 2), (1, -1), (2, -1)]
    c = compilation(NORM, C, C, edges=edges, target="phone-npu")
    twice = redundant(c, Recipe((Rule(INT8, (1,)), Rule(Action("int16"), (2,)))))
    assert "twice" in twice["kind"].to_list()
    assert redundant(c, Recipe()).height == 0


SIZE = st.sampled_from([4, 8, 64])
TASK = st.one_of(
    st.builds(conv, SIZE, SIZE, SIZE), st.builds(gemm, SIZE, SIZE, SIZE),
    st.builds(simple, st.sampled_from(["elementwise", "softmax", "layout", "concat", "gather",
                                       "normalization"]), SIZE),
    st.builds(simple, st.just("activation"), SIZE, st.just("Relu")),
)  # fmt: skip
CHOICE = st.sampled_from([None, "fp16", "int8", "int16"])
ACTION = st.builds(Action, CHOICE, CHOICE, input=CHOICE, output=CHOICE,
                   palette_bits=st.sampled_from([None, 4]))  # fmt: skip


@st.composite
def nets(draw):
    n = draw(st.integers(1, 9))
    edges = [(-1, 0), (n - 1, -1)]
    for i in range(1, n):
        makers = draw(st.sets(st.integers(-1, i - 1), min_size=1, max_size=3))
        edges += [(maker, i) for maker in makers]
    tasks = [draw(TASK) for _ in range(n)]
    where = draw(st.sampled_from([t.id for t in targets()]))
    c = compilation(*tasks, edges=edges, target=where)
    ids = st.sets(st.integers(0, n - 1), max_size=3).map(lambda s: tuple(sorted(s)))
    selector = st.one_of(st.just("all"), ids, st.just(OfKernel("conv")))
    rules = draw(st.lists(st.builds(Rule, ACTION, selector), max_size=4))
    return c, Recipe(tuple(rules))


@settings(max_examples=tries(25, 300), deadline=None)
@given(nets())
def test_a_replayed_recipe_gives_identical_totals_and_an_undone_rule_the_former(net):
    c, recipe = net
    now = resolve(c, recipe)
    assert resolve(c, loads(dumps(recipe))).tasks.equals(now.tasks)
    longer = Recipe((*recipe.rules, Rule(INT8)))
    resolve(c, longer)
    undone = resolve(c, Recipe(longer.rules[:-1]))
    assert undone.totals == now.totals
    for name in ("latency_s", "energy_j", "memory_energy_j"):
        assert getattr(now.totals, name) == pytest.approx(now.tasks[name].sum(), rel=1e-12)


@settings(max_examples=tries(25, 300), deadline=None)
@given(nets(), st.permutations(range(9)))
def test_equal_rules_give_the_same_in_any_order_and_twice_over(net, order):
    c, _ = net
    rules = [Rule(Action("int8"), (i,)) for i in range(min(len(c.tasks), 9))]
    one = resolve(c, Recipe(tuple(rules)))
    other = resolve(c, Recipe(tuple(rules[i] for i in order if i < len(rules))))
    again = resolve(c, Recipe((*rules, *rules)))
    assert one.totals == other.totals == again.totals
    assert one.tasks.drop("rule").equals(other.tasks.drop("rule"))


@settings(max_examples=tries(25, 300), deadline=None)
@given(nets())
def test_no_two_connected_tasks_disagree_without_a_conversion(net):
    c, recipe = net
    frame = resolve(c, recipe).tasks
    own, e = frame.head(len(c.tasks)), prepare(c, target(c.target)).edges
    bridges = {
        (a, b, after)
        for a, b, after in zip(*(frame.tail(len(frame) - len(own))[n] for n in
                                 ("anchor", "input_format", "output_format")), strict=True)
    }  # fmt: skip
    reads, makes = own["input_format"].to_list(), own["output_format"].to_list()
    for s, t, f, g in zip(e.source, e.target, e.follows_source, e.follows_target, strict=True):
        if s >= 0 and t >= 0 and f and g and makes[s] != reads[t]:
            assert (s, makes[s], reads[t]) in bridges
    assert np.all(np.array(frame["cause"].to_list()[len(own) :]) != "")
