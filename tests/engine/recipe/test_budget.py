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
    gap,
    judge,
    load_budgets,
    parse,
    parse_all,
    relaxation,
    shown,
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
        ("runtime_size=3MB", {"runtime_bytes": 5e5}, 2.5e6),
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
        "Latency: 20 ms, over by 5 ms (33 %): needs −25 %; the best preset, int8, gives −22 % "
        "(15.5 ms), not enough.")  # fmt: skip
    faster["half"] = replace(T, latency_s=0.01)
    assert verdict("latency=15ms", presets=faster).sentence.endswith(
        "half, gives −50 % (10 ms), enough."
    )
    slower = {"sparse": replace(T, latency_s=0.021)}
    assert verdict("latency=15ms", presets=slower).sentence.endswith(
        "; no preset does better than this."
    )
    assert verdict("fps=100").sentence == (
        "Frames a second: 50 fps, short of the limit by 50 fps (50 %): needs +100 %.")  # fmt: skip
    assert verdict("size=2.5MB").sentence == "Size: 2 MB, within the limit by 500 kB (20 %)."


def test_an_unknown_total_is_neither_met_nor_missed():
    blank = replace(T, latency_s=None, energy_j=None, size_bytes=None, peak_bytes=None)
    for metric in MEASURES:
        base = {"battery_j": 1.0, "lasts_s": 1.0, "app_bytes": 1.0, "runtime_bytes": 1.0}
        found = judge(blank, [Budget(metric, 0.5, **base)], PI, 30.0)[0]
        assert found.met is None, metric
        ending = "not evaluated." if metric == "accuracy" else "stand in the way."
        assert found.sentence.endswith(ending)


def test_accuracy_is_not_evaluated_whatever_else_is_known():
    found = verdict("accuracy>=75%")
    assert (found.value, found.met, found.sentence) == (None, None, "Accuracy is not evaluated.")
    assert gap(found) == "not evaluated, limit 75 %"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("latency<=34ms", "41 % under 34 ms"),
        ("latency<=18.7ms", "7 % over 18.7 ms"),
        ("latency<=20ms", "at the limit of 20 ms"),
        ("latency<=19.999ms", "just beyond 20 ms"),
        ("fps>=40", "25 % above 40 fps"),
        ("fps>=100", "50 % short of 100 fps"),
        ("size<=2.04MB", "2 % under 2.04 MB"),
        ("latency<=1ms", "20 times 1 ms"),
        ("fps>=2", "25 times 2 fps"),
    ],
)
def test_the_gap_in_a_few_words(text, words):
    assert gap(verdict(text)) == words


def test_a_figure_has_no_exponent():
    figures = {1234.0: "1.23 kW", 1e-9: "0.001 µW", 5e13: "50,000 GW", 0.0: "0 W", 20.5: "20.5 W"}
    assert {v: shown(v, Budget("power", 1.0)) for v in figures} == figures


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("latency<=34ms size<=2.5MB", ("latency=34ms", "size=2.5MB")),
        ("latency <= 34 ms, size ≤ 2.5 MB;", ("latency=34ms", "size=2.5MB")),
        ("--budget latency=34ms --budget memory-power=1W", ("latency=34ms", "memory_power=1W")),
        ("fps>=30\npeak=1MB", ("fps=30", "peak=1MB")),
    ],
)
def test_budgets_in_one_line(line, made):
    assert parse_all(line) == tuple(map(parse, made))


def test_a_line_takes_the_flags_of_the_command_line():
    found = parse_all("latency<=34ms battery<=5% --battery 15Wh --use always-on --per-day=20")
    assert found == (
        parse("latency=34ms", "always-on"),
        parse("battery=5%", "always-on", battery_j=54_000.0, per_day=20.0),
    )
    assert parse_all("runtime<=3MB --runtime 1MB")[0].runtime_bytes == 1e6


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "cannot be read"),
        ("  ,; ", "cannot be read"),
        ("latency<=34ms nonsense", "cannot be read"),
        ("latency<=34ms speed=3", "no such figure to limit"),
        ("latency<=34ms --colour red", "no such flag"),
        ("latency<=34ms --per-day many", "--per-day: cannot be read; expected a plain number"),
        ("battery<=5%", "cannot be judged without its base"),
        ("battery<=5% --battery 15kg", "--battery: cannot be read"),
        ("latency<=34ms --use sometimes", "no such use"),
        ("fps=1 " * 65, "too many"),
        ("x" * 5000, "too long"),
        ("--budget " * 400, "cannot be read"),
    ],
)
def test_a_bad_line_gets_a_sentence(line, says):
    with pytest.raises(EngineError) as caught:
        parse_all(line)
    assert says in caught.value.sentence


def test_what_fits_and_from_which_limit_on():
    candidates = {"base": T, "int8": replace(T, latency_s=0.01, size_bytes=500_000),
                  "sparse": replace(T, size_bytes=900_000)}  # fmt: skip
    budgets = (parse("size=1MB"), parse("latency=15ms"))
    assert fitting(candidates, budgets, PI) == ("int8",)
    assert relaxation(candidates, budgets, budgets[1], PI) == ((0.01, "int8"), (0.02, "sparse"))
    assert relaxation(candidates, (), parse("fps=1"), PI)[0] == (100.0, "int8")
    assert not math.isnan(relaxation(candidates, (), parse("size=1MB"), PI)[0][0])
