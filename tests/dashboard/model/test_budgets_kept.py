"""Budgets of a model: kept one by one, read without trust, counted in the list of models."""

from __future__ import annotations

import threading

import pytest

import engine
from dashboard.queries.budgets import Budgets, key, standing
from dashboard.urls import View
from engine.errors import EngineError
from engine.recipe import Budget, Totals, parse
from tests.dashboard.test_callbacks import listing as asked
from tests.dashboard.test_headlines import wait

FAST, SMALL = parse("latency<=34ms"), parse("size<=2.5MB")
NONE = '{"schema": 9, "budgets": []}'  # of a version to come


@pytest.fixture
def kept(services):
    return Budgets(services.store)


def test_budgets_are_added_changed_and_removed(kept, add, conv_net):
    model, other = add(), add("other", conv_net + b"\x08\x0a")
    assert kept.of(model) == ()
    assert kept.add(model, [FAST, SMALL]) == (FAST, SMALL)
    slow = parse("latency<=50ms")
    assert kept.add(model, [slow], key(FAST)) == (slow, SMALL)  # in its place
    assert kept.add(model, [SMALL]) == (slow, SMALL)  # not twice
    assert kept.remove(model, key(slow)) == kept.remove(model, key(slow)) == (SMALL,)
    assert kept.of(model) == (SMALL,)
    assert kept.of(other) == ()


def test_they_go_as_json_to_another_model(kept, add, conv_net):
    one, two = add(), add("other", conv_net + b"\x08\x0a")
    text = engine.write_budgets(kept.add(one, [FAST, parse("battery<=5%", battery_j=5e4)]))
    assert kept.replace(two, text) == kept.of(one)
    with pytest.raises(EngineError, match="is not JSON"):
        kept.replace(two, "nope")
    assert kept.of(two) == kept.of(one)  # a bad text changes nothing
    assert kept.replace(two, '{"schema": 1, "budgets": []}') == ()
    assert kept._store.analyses.model_budgets().keys() == {one}


def test_what_is_gone_or_too_much_is_refused(kept, add):
    model = add()
    with pytest.raises(EngineError, match="no longer there"):
        kept.add(model, [FAST], key(SMALL))
    with pytest.raises(EngineError, match="too many budgets"):
        kept.add(model, [Budget("latency", i + 1.0) for i in range(65)])
    with pytest.raises(EngineError, match="no such model"):
        kept.add("gone", [FAST])
    assert kept.of(model) == ()


def test_two_windows_lose_nothing(kept, add):
    model = add()
    made = [Budget("latency", float(i)) for i in range(1, 21)]
    threads = [threading.Thread(target=kept.add, args=(model, [b])) for b in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(kept.of(model)) == set(made)


def test_a_standing_ranks_what_is_missed_before_what_is_unknown():
    totals = Totals(0.02, 0.5, None, 0.0, 2_000_000, 300_000, 1, 1, 1, 0)
    target = engine.target("phone-npu")

    def rank(*texts):
        return standing(engine.judge(totals, [parse(t) for t in texts], target, 30.0)).rank

    missed, unknown, met = "latency<=1ms", "accuracy>=50%", "latency<=1s"
    order = [
        (missed, missed),
        (missed, met),
        (unknown, unknown),
        (unknown,),
        (met,),
        (met, "fps=1"),
    ]
    assert sorted(order, key=lambda texts: -rank(*texts)) == order


def test_the_list_counts_them(services, app, client, add, conv_net):
    with_budgets, _, broken = (
        add("a"),
        add("b", conv_net + b"\x08\x0a"),
        add("c", conv_net + b"\x08\x0a\x08\x0a"),
    )
    assert "Budgets" not in asked(client, app).text  # nobody has any
    limits = [parse(t) for t in ("latency<=1ns", "size<=1GB", "accuracy>=75%")]
    Budgets(services.store).add(with_budgets, limits)
    services.store.analyses.set_model_budgets(broken, NONE)
    found = {m.row.name: m.budgets for m in wait(services).models}
    one = found["a"]
    assert (one.met, one.missed, one.unknown) == (1, 1, 1)
    assert one.sentences[0].startswith("Latency: ")
    assert ", over by " in one.sentences[0]
    assert found["b"] is None
    assert "newer than this version" in found["c"].sentences[0]
    drawn = asked(client, app, sort="-budgets").text
    assert "1 missed, 1 met, 1 not known" in drawn
    for sort, order in (("-budgets", "acb"), ("budgets", "cab")):
        assert "".join(m.row.name for m in wait(services, View(sort=sort)).models) == order


def test_memory_power_is_known_in_the_list(services, add):
    model = add()
    Budgets(services.store).add(model, [parse("memory_power<=1W"), parse("fps>=1")])
    found = wait(services).models[0].budgets
    assert found.unknown == 0
    view = View(model_id=model, target="phone-npu", fps=30.0)
    headline = wait(services).models[0].headline
    assert headline.totals == services.model.totals(view)[0]
