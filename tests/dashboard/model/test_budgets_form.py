"""A budget as the fields of a form: both ways, and what is wrong at which field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.queries.budget_form import FIELDS, PICKED, field_of, form_of, kinds, read_form, words
from engine.errors import EngineError
from engine.recipe import MEASURES, UNITS, USES, Budget, parse

GIVEN = {"battery": "15 Wh", "lasts": "20h", "app": "80MB", "runtime": "1.5 MB"}


def form(metric="latency", limit="34", unit="ms", use="", **bases):
    return {"metric": metric, "limit": limit, "unit": unit, "use": use, **bases}


def test_every_metric_can_be_asked_for_with_what_its_form_shows():
    for metric, kind in kinds().items():
        limit = "50" if kind["usual"] == "%" else "34"
        bases = {name: GIVEN[name] for name in kind["needs"] if name != "per_day"}
        made = read_form(form(metric, limit, kind["usual"], **bases))
        assert made.metric == metric
        assert kind["sign"] == ("at least" if MEASURES[metric].better == "higher" else "at most")
        assert set(kind["units"]) <= {u for u, (si, _) in UNITS.items() if si == made.measure.unit}
        assert read_form(form_of(made)) == made


@given(
    metric=st.sampled_from(sorted(MEASURES)),
    limit=st.floats(1e-9, 1e12),
    use=st.sampled_from(sorted(USES)),
    per_day=st.none() | st.integers(1, 10**9).map(float),
)
def test_what_is_edited_comes_back_as_it_was(metric, limit, use, per_day):
    needs = kinds()[metric]["needs"]
    shares = ("battery", "app_share", "accuracy")
    made = Budget(
        metric, min(limit, 1.0) if metric in shares else limit, use,
        per_day if "per_day" in needs else None,
        *(v if f in needs else None for f, v in (
            ("battery", 54e3), ("lasts", 72e3), ("app", 8e7), ("runtime", 1.5e6))),
    )  # fmt: skip
    again = read_form(form_of(made))
    assert again.limit == pytest.approx(made.limit, rel=1e-9)
    assert (again.metric, again.use, again.per_day) == (metric, use, made.per_day)
    assert (again.battery_j, again.runtime_bytes) == (made.battery_j, made.runtime_bytes)


def test_a_unit_typed_behind_the_number_wins():
    assert read_form(form(limit="34 µs")).limit == pytest.approx(34e-6)
    assert read_form(form(limit="2e-2", unit="s")).limit == 0.02
    assert read_form(form("size", "3", "MiB")).limit == 3 * 2**20


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        (form(metric="speed"), "limit", "choose what to limit"),
        (form(metric=None), "limit", "choose what to limit"),
        (form(limit=""), "limit", "say how much"),
        (form(limit="soon"), "limit", "is no number"),
        (form(limit="3,5"), "limit", "no such unit"),
        (form(limit="-3"), "limit", "out of range"),
        (form(limit="1e400"), "limit", "out of range"),
        (form(limit="nan"), "limit", ""),
        (form(limit="0"), "limit", "out of range"),
        (form(limit="9" * 100), "limit", "too long"),
        (form(limit=34), "limit", "say how much"),
        (form(unit="MB"), "limit", "is in a unit of something else"),
        (form(unit="x" * 10**6), "limit", ""),
        (form("accuracy", "120", "%"), "limit", "a share above the whole"),
        (form(use="sometimes"), "limit", "no such use"),
        (form("battery", "5", "%"), "battery", "is needed for this limit; expected such as 15 Wh"),
        (form("battery", "5", "%", battery="big"), "battery", "cannot be read"),
        (form("battery", "5", "%", battery="15MB"), "battery", "one of J, mJ"),
        (form("battery", "5", "%", battery="0 Wh"), "battery", "out of range"),
        (form("battery", "5", "%", battery="15Wh", per_day="often"), "per_day", "a plain number"),
        (form("battery_time", "5", "min", battery="15Wh"), "lasts", "is needed"),
        (form("app_share", "5", "%"), "app", "is needed"),
        (form("runtime_size", "5", "MB", runtime=["1"]), "runtime", "is needed"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields, field, says):
    with pytest.raises(EngineError) as caught:
        read_form(fields)
    assert field_of(caught.value) == field
    assert says in caught.value.sentence
    assert len(caught.value.sentence) < 300


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (parse("latency=34ms"), ("Latency at most 34 ms", "")),
        (parse("fps=30", "real-time"), ("Frames a second at least 30 fps", "in real time")),
        (
            parse("battery=5%", "always-on", battery_j=54e3, per_day=20.0),
            ("Battery a day at most 5 %", "always on, 20 inferences a day, battery 15 Wh"),
        ),
        (
            parse("runtime=3MB", runtime_bytes=1e6),
            ("Size with its runtime at most 3 MB", "runtime 1 MB"),
        ),
    ],
)
def test_a_budget_in_plain_words(budget, said):
    assert words(budget) == said


def test_units_and_fields_are_of_the_engine():
    assert {m.unit for m in MEASURES.values()} == set(PICKED)
    assert all(unit in UNITS for units in PICKED.values() for unit in units)
    assert set(GIVEN) | {"limit", "per_day"} == set(FIELDS)
