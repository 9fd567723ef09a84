"""The queries of the page as data, on an invented engine."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

import engine
from dashboard.pages.model import callbacks, presets, totals
from dashboard.queries.columns import display
from dashboard.queries.model import ModelQueries, glossary
from dashboard.urls import View
from engine.errors import EngineError
from engine.metrics import METRICS
from tests.dashboard.model import fakes

UNET = fakes.unet()
VIEW = View(model_id="m", target="phone-npu", fps=30.0)


@pytest.fixture
def ask(monkeypatch):
    monkeypatch.setattr(engine, "resolve", fakes.resolve)
    monkeypatch.setattr(engine, "presets", lambda: fakes.PRESETS)
    monkeypatch.setattr(engine, "preset", lambda id: next(p for p in fakes.PRESETS if p.id == id))
    return ModelQueries(lambda view: UNET)


def with_preset(preset):
    known = {p.id: engine.write_recipe(p.recipe) for p in fakes.PRESETS}
    return View(model_id="m", target="phone-npu", fps=30.0, recipe=known[preset])


def text(component):
    """All words of a component, in order."""
    if component is None or isinstance(component, (int, float)):
        return ""
    if isinstance(component, str):
        return component
    if isinstance(component, (list, tuple)):
        return " ".join(filter(None, map(text, component)))
    return text(getattr(component, "children", ""))


def test_tasks_are_columns_of_equal_length(ask):
    found = ask.tasks(VIEW)

    def length(column):
        return len(column) if isinstance(column, list) else column.get("n") or len(column["codes"])

    lengths = {length(c) for c in found["columns"].values()}
    assert lengths == {len(UNET.tasks)}
    kernel = found["columns"]["kernel"]
    assert [kernel["words"][i] for i in kernel["codes"]] == UNET.tasks["kernel"].to_list()
    assert found["ids"] == list(range(len(UNET.tasks)))
    assert "latency_s" in found["columns"]
    assert "kernel" in found["columns"]


def test_the_baseline_changes_nothing(ask):
    found = ask.effects(VIEW)
    assert found["ids"] == []
    assert found["added"]["ids"] == []
    assert found["plain"]
    assert (found["from"], found["rate"]) == ("", 30.0)


def test_a_preset_sends_changed_tasks_and_columns_only(ask):
    found = ask.effects(with_preset("int8"))
    convs = [i for i, k in enumerate(UNET.tasks["kernel"]) if k == "conv"]
    assert set(found["ids"]) >= set(convs)
    assert len(found["ids"]) == len(found["columns"]["latency_s"])
    assert "unit" not in found["columns"], "the unit of no task changed"
    assert len(found["added"]["ids"]) == 1
    assert found["added"]["columns"]["kernel"] == ["convert"]
    assert not found["plain"]


def test_the_frame_rate_moves_memory_power_only(ask):
    slow = ask.effects(View(model_id="m", target="phone-npu", fps=10.0))
    fast = ask.effects(VIEW)
    assert (slow["rate"], fast["rate"]) == (10.0, 30.0)
    assert ask.effects(View(model_id="m", target="phone-npu", fps=1e5))["rate"] < 1e5, "reached"


def test_an_edit_sends_what_differs_from_what_the_page_holds(ask):
    first = ask.effects(with_preset("int8"))
    again = ask.effects(with_preset("int8"), first["to"])
    assert (again["from"], again["ids"]) == (first["to"], [])
    back = ask.effects(VIEW, first["to"])
    assert set(back["ids"]) == set(first["ids"])
    assert back["plain"]
    assert ask.effects(VIEW, "gone")["from"] == "", "an answer that is not known any more"
    other = View(model_id="m", target="phone-npu", fps=30.0, against=with_preset("int8").recipe)
    assert ask.effects(other, first["to"])["from"] == "", "it compared with something else"


def test_triage_names_the_fewest_tasks_for_four_fifths(ask):
    found = ask.triage(VIEW)
    latency = ask.table(VIEW)["latency_s"]
    shares = dict(enumerate((latency / latency.sum()).to_list()))
    assert sum(shares[i] for i in found.focus) >= 0.8
    assert sum(shares[i] for i in found.focus[:-1]) < 0.8
    assert sum(s for _, s in found.bound) == pytest.approx(1)


def test_offers_are_ranked_fastest_first_and_say_why_not(ask):
    found = ask.offers(VIEW)
    assert found[0].preset.id == "int8"
    assert found[0].summary.refused == (
        ("has no weights", UNET.tasks["kernel"].to_list().count("pool") + 4),
    )
    table = presets.offer_table(found, ask.totals(VIEW)[0], "int8", 30)
    assert "Applied" in text(table)
    assert "has no weights" in text(table)


def test_totals_say_misses_and_meets(ask):
    base, now, reference = ask.totals(with_preset("int8"))
    row = text(totals.totals_row(base, now, reference, "fp32", 30.0))
    assert "meets 30 fps" in row
    assert "▼" in row
    assert "baseline: fp16 (the file is fp32)" in row
    row = text(totals.totals_row(base, base, reference, "fp32", 1e5))
    assert "misses 100000 fps: runs at" in row
    assert "▼" not in row


def test_energy_is_shown_from_low_to_high(ask):
    base, now, reference = ask.totals(with_preset("int8"))
    now, base = replace(now, energy_band=(0.4e-3, 3e-3)), replace(base, energy_band=(8e-4, 6e-3))
    row = text(totals.totals_row(base, now, reference, "fp32", 30.0))
    assert "0.40–3.0 mJ ▼" in row
    assert "baseline: 0.80–6.0 mJ" in row
    assert "lowest to highest" in text(totals.totals_row(base, base, "", "fp32", 30.0))


def test_an_unknown_task_makes_the_total_unknown(ask, monkeypatch):
    monkeypatch.setattr(
        engine, "resolve", lambda c, r=None: fakes.unknown(c, (1, 2), fakes.resolve(c))
    )
    base, now, _ = ask.totals(VIEW)
    row = text(totals.totals_row(base, now, "", "fp32", 30.0))
    assert f"unknown: 2 of {len(UNET.tasks)} tasks" in row
    assert ask.table(VIEW)["latency_s"][1] is None
    assert ask.triage(VIEW) is not None


def test_names_lose_the_prefix_that_all_share():
    import polars as pl

    def shown(*names):
        return display(pl.Series("name", names)).to_list()

    assert shown("m/a/0/x", "m/a/1/y") == ["a.0.x", "a.1.y"]
    assert shown("m/a", "b/c") == ["m.a", "b.c"]
    assert shown("/conv/Conv", "/pool/Pool") == ["/conv/Conv", "/pool/Pool"]
    assert shown("one") == ["one"]
    assert shown("m", "m/a") == ["m", "m.a"]


def test_the_browser_gets_every_metric_of_the_glossary():
    assert list(glossary()) == [m.id for m in METRICS]


@pytest.mark.parametrize("fps", [None, "x", 0, -1, float("nan"), 1e9, True, [], {}])
def test_odd_frame_rates_become_the_default(fps):
    view = callbacks.view_of("m", "t", fps, None, [None, "7", -1, 2**40, True], [{}] * 5)
    assert view.fps in (30.0, 1.0)
    assert view.bindings == ()


def test_a_fault_stands_where_the_figures_would(monkeypatch):
    class Broken:
        def totals(self, view):
            raise EngineError("this cannot be compiled")

    monkeypatch.setattr(callbacks, "services", lambda: SimpleNamespace(model=Broken()))
    found = callbacks.effects("t", 30, None, None, [], [], "m")
    assert "cannot be compiled" in text(found["totals"])
    assert found["effects"] is None


@pytest.mark.parametrize(("target", "bytes_"), [("stm32h7", 1_048_580), ("phone-npu", None)])
def test_the_room_of_the_target_goes_to_the_page(services, add, app, target, bytes_):
    with app.server.test_request_context():
        answer = callbacks.effects(target, 30, None, None, [], [], add())
    assert answer["room"] == bytes_
