"""Which task became which: inserted and removed layers, other exporters, recipes; and in sum."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.insight import Priced, difference, formats, match
from engine.insight.matching import _aligned, _rising
from tests import builders, large
from tests.effort import allowed, took

NPU = engine.target("phone-npu")


def compiled(proto):
    return engine.compile_model(engine.read_trusted(proto.SerializeToString()), NPU)


def priced(proto, preset=""):
    made = compiled(proto)
    rules = [engine.preset(preset).recipe] if preset else []
    return Priced(made, engine.resolve(made, *rules))


def test_a_model_and_itself_are_the_same_task_by_task():
    one = priced(builders.residual_net(4))
    found = difference(one, one)
    count = one.compilation.tasks.height
    assert found.counts == {"same": count, "changed": 0, "added": 0, "removed": 0}
    assert found.tasks["before"].to_list() == found.tasks["after"].to_list() == list(range(count))
    assert found.modules()["change"].abs().sum() == 0


@pytest.mark.parametrize(("few", "many"), [(3, 5), (6, 7), (2, 9)])
def test_blocks_that_are_put_in_or_taken_out_leave_the_others_paired(few, many):
    small, big = priced(builders.residual_net(few)), priced(builders.residual_net(many))
    more = big.compilation.tasks.height - small.compilation.tasks.height
    assert more > 0
    found = difference(small, big)
    assert found.counts["added"] == more
    assert found.counts["removed"] == 0
    back = difference(big, small)
    assert (back.counts["added"], back.counts["removed"]) == (0, more)
    gone = back.tasks.filter(pl.col("state") == "removed")
    assert gone["after"].null_count() == more


def test_pairs_keep_the_order_of_a_chain_of_equal_layers():
    small, big = compiled(builders.residual_net(3)), compiled(builders.residual_net(5))
    pairs = match(small, big).pairs
    assert [j for _, j in pairs] == sorted(j for _, j in pairs)


def test_a_recipe_changes_tasks_and_pairs_none_anew():
    plain, int8 = priced(builders.conv_net()), priced(builders.conv_net(), "int8")
    found = difference(plain, int8)
    assert found.counts["added"] == found.counts["removed"] == 0
    assert found.counts["changed"] > 0
    changed = found.tasks.filter(pl.col("state") == "changed").row(0, named=True)
    assert "kernel_format fp16 → int8" in changed["changes"]
    turned = formats(found, plain, int8)
    assert turned["tasks"].sum() == plain.compilation.tasks.height
    assert ("fp16", "int8") in set(turned.select("before", "after").iter_rows())


def test_modules_add_up_to_the_change_of_their_tasks():
    small, big = priced(builders.residual_net(3)), priced(builders.residual_net(5))
    found = difference(small, big)
    for metric in ("latency_s", "size_bytes"):
        own = [p.resolution.tasks.filter(pl.col("origin") == "task")[metric].sum()
               for p in (small, big)]  # fmt: skip
        modules = found.modules(2, metric)
        assert modules["before"].sum() == pytest.approx(own[0])
        assert modules["after"].sum() == pytest.approx(own[1])
        assert modules["added"].sum() == found.counts["added"]


def test_five_thousand_tasks_take_less_than_two_seconds_of_processor_time():
    first = engine.compile_model(engine.read(large.file(large.branched, 5000)), NPU)
    second = engine.compile_model(engine.read(large.file(large.branched, 5000)), NPU)
    assert took(lambda: match(first, second), 2) < allowed(1.0)
    assert len(match(first, second).pairs) == first.tasks.height


@given(st.permutations(range(12)))
def test_a_longest_rising_run_rises_and_none_is_longer(values):
    places = _rising(values)
    run = [values[k] for k in places]
    assert run == sorted(run)
    assert places == sorted(places)
    longest = [1] * len(values)
    for k in range(len(values)):
        longest[k] += max((longest[i] for i in range(k) if values[i] < values[k]), default=0)
    assert len(run) == max(longest)


@given(st.lists(st.integers(0, 3), max_size=7), st.lists(st.integers(0, 3), max_size=7))
def test_an_alignment_pairs_as_many_as_a_common_subsequence_has(left, right):
    pairs = _aligned(range(len(left)), range(len(right)), lambda i, j: float(left[i] == right[j]))
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            table[i + 1][j + 1] = max(table[i][j] + (a == b), table[i][j + 1], table[i + 1][j])
    assert sum(left[i] == right[j] for i, j in pairs) == table[-1][-1]
    assert pairs == sorted(pairs)
