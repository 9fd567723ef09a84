"""Budgets: as text, as JSON, judged, and what fits as one of them moves."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.errors import EngineError
from engine.recipe import (
    MEASURES,
    USES,
    Budget,
    Totals,
    dump_budgets,
    fitting,
    judge,
    load_budgets,
    parse,
    relaxation,
)
from engine.targets import target
from tests.acceptance.recipes import BAD_BUDGET_FILES, BAD_BUDGETS

T = Totals(0.02, 0.5, 0.1, 0.01, 2_000_000, 300_000, 10**9, 10**6, 10, 0)
PI = target("raspberry-pi-5")  # 12 W for long
NPU = target("phone-npu")  # publishes none


def verdict(text, use="", totals=T, at=PI, fps=30.0, presets=None, **base):
    return judge(totals, [parse(text, use, **base)], at, fps, presets)[0]


@pytest.mark.parametrize(
    ("text", "metric", "limit"),
    [
        ("latency=34ms", "latency", 0.034),
        ("Latency <= 34 ms", "latency", 0.034),
        ("latency=0.034", "latency", 0.034),
        ("latency≤250µs", "latency", 250e-6),
        ("size<=2.5MB", "size", 2.5e6),
        ("size=2MiB", "size", 2 * 2**20),
        ("fps=30", "fps", 30),
        ("fps>=60fps", "fps", 60),
        ("memory-power=35mW", "memory_power", 0.035),
        ("power=2W", "power", 2),
        ("energy=1.5mJ", "energy", 1.5e-3),
        ("energy_day=2Wh", "energy_day", 7200),
        ("heat=80%", "heat", 0.8),
        ("peak=512kB", "peak", 512e3),
    ],
)
def test_a_budget_is_read_as_people_write_it(text, metric, limit):
    found = parse(text)
    assert (found.metric, found.limit) == (metric, pytest.approx(limit))


@pytest.mark.parametrize(("text", "says"), BAD_BUDGETS, ids=[t[:30] for t, _ in BAD_BUDGETS])
def test_a_bad_budget_gets_a_sentence(text, says):
    with pytest.raises(EngineError) as caught:
        parse(text)
    assert says in caught.value.sentence


@pytest.mark.parametrize(
    ("text", "says"), BAD_BUDGET_FILES, ids=[t[:30] for _, t in BAD_BUDGET_FILES]
)
def test_a_bad_file_of_budgets_gets_a_sentence(text, says):
    with pytest.raises(EngineError) as caught:
        load_budgets(text)
    assert says in caught.value.sentence


def test_budgets_come_back_from_their_text():
    made = (
        parse("latency=34ms", "real-time"),
        parse("battery=5%", "always-on", battery_j=54_000.0),
        parse("app_share=2%", app_bytes=8e7),
        parse("energy_day=2J", per_day=10.0),
    )
    assert load_budgets(dump_budgets(made)) == made


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [
        ("latency=34ms", {}, 0.02),
        ("fps=30", {}, 50),
        ("power=20W", {}, 0.5 * 30),
        ("memory_power=1W", {}, 0.1 * 30 + 0.01),
        ("energy=1J", {}, 0.5),
        ("energy_day=1J", {"per_day": 10.0}, 5),
        ("battery=50%", {"per_day": 10.0, "battery_j": 50.0}, 0.1),
        ("battery_time=1h", {"per_day": 10.0, "battery_j": 50.0, "lasts_s": 3600.0}, 360),
        ("heat=90%", {}, 15 / 12),
        ("peak=1MB", {}, 300_000),
        ("size=1MB", {}, 2_000_000),
        ("app_share=50%", {"app_bytes": 6e6}, 0.25),
    ],
)
def test_each_figure_by_hand(text, base, value):
    found = verdict(text, **base)
    assert found.value == pytest.approx(value)
    assert found.met == ((found.slack or 0) >= 0)


def test_a_use_sets_the_inferences_a_day_and_says_that_it_is_assumed():
    days = {use: verdict("energy_day=1J", use) for use in USES}
    assert days["one-time"].value == 0.5
    assert days["user-invoked"].value == 50
    assert days["background"].value == 500
    assert days["real-time"].value == pytest.approx(0.5 * 30 * 3600)
    assert days["always-on"].value == pytest.approx(0.5 * 30 * 86_400)
    assert all(v.assumed for v in days.values())
    assert not verdict("energy_day=1J", per_day=3.0).assumed
    assert not verdict("latency=1s").assumed
    assert verdict("battery=1%", "overnight", battery_j=9.0).value == 0


def test_a_rate_never_exceeds_what_the_latency_allows():
    assert verdict("power=20W", fps=1000.0).value == pytest.approx(0.5 / 0.02)


def test_heat_is_an_assumption_and_unknown_without_a_published_power():
    found = verdict("heat=90%")
    assert (found.assumed, found.met) == (True, False)
    blank = verdict("heat=90%", at=NPU)
    assert (blank.value, blank.met) == (None, None)
    assert "no sustained power is published for Phone NPU" in blank.sentence


def test_the_gap_stands_in_words_with_the_nearest_preset():
    faster = {"int8": replace(T, latency_s=0.0155), "sparse": replace(T, latency_s=0.019)}
    found = verdict("latency=15ms", presets=faster)
    assert found.sentence == (
        "Latency: 20 ms, over by 5 ms (33 %); the best preset, int8, reaches 15.5 ms.")  # fmt: skip
    assert verdict("fps=100").sentence == (
        "Frames a second: 50 a second, short of the limit by 50 a second (50 %).")  # fmt: skip
    assert verdict("size=2.5MB").sentence == "Size: 2 MB, within the limit by 500 kB (20 %)."


def test_an_unknown_total_is_neither_met_nor_missed():
    blank = replace(T, latency_s=None, energy_j=None, size_bytes=None, peak_bytes=None)
    for metric in MEASURES:
        base = {"battery_j": 1.0, "lasts_s": 1.0, "app_bytes": 1.0}
        found = judge(blank, [Budget(metric, 0.5, **base)], PI, 30.0)[0]
        assert found.met is None, metric
        assert found.sentence.endswith("stand in the way.")


def test_what_fits_and_from_which_limit_on():
    candidates = {"base": T, "int8": replace(T, latency_s=0.01, size_bytes=500_000),
                  "sparse": replace(T, size_bytes=900_000)}  # fmt: skip
    budgets = (parse("size=1MB"), parse("latency=15ms"))
    assert fitting(candidates, budgets, PI) == ("int8",)
    assert relaxation(candidates, budgets, budgets[1], PI) == ((0.01, "int8"), (0.02, "sparse"))
    assert relaxation(candidates, (), parse("fps=1"), PI)[0] == (100.0, "int8")
    assert not math.isnan(relaxation(candidates, (), parse("size=1MB"), PI)[0][0])
