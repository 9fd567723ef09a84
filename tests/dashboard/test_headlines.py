"""Figures of the list: worked out behind the page, kept, faults said."""

from __future__ import annotations

import time

import engine
from dashboard.queries import open_services
from dashboard.queries.headlines import BARS, Headline, profile
from dashboard.urls import View
from engine.errors import EngineError


def wait(services, view=None, target="phone-npu"):
    for _ in range(400):
        listing = services.models.listing(view or View(), target, 100)
        if not listing.pending:
            return listing
        time.sleep(0.02)
    raise AssertionError("still pending")


def test_figures_arrive_and_stay(services, settings, add, monkeypatch):
    add()
    first = services.models.listing(View(), "phone-npu", 100)
    assert first.models[0].headline is None or not first.pending
    headline = wait(services).models[0].headline
    assert headline.tasks > 0
    assert headline.latency_s > 0
    services.close()
    monkeypatch.setattr(engine, "compile_model", None)  # the next process finds them kept
    again = open_services(settings)
    assert again.models.listing(View(), "phone-npu", 100).models[0].headline == headline
    again.close()


def test_one_bad_model_does_not_stop_the_others(services, add, monkeypatch, conv_net):
    add("good")
    add("odd", conv_net + b"\x08\x0a")  # the same network, other bytes
    compile_model = engine.compile_model

    def sometimes(graph, target):
        if graph.name == "odd":
            raise EngineError("this cannot be compiled")
        return compile_model(graph, target)

    monkeypatch.setattr(engine, "compile_model", sometimes)
    found = {m.row.name: m.headline for m in wait(services).models}
    assert found["odd"] == Headline(fault="this cannot be compiled.")
    assert found["good"].latency_s > 0


def test_sort_by_a_figure_puts_the_unknown_last(services, add, monkeypatch, conv_net):
    for i, name in enumerate(("a", "b", "c")):
        add(name, conv_net + b"\x08\x0a" * i)
    known = {"a": 2.0, "b": None, "c": 1.0}
    monkeypatch.setattr(
        "dashboard.queries.headlines.headline",
        lambda store, row, target: Headline(tasks=1, latency_s=known[row.name]),
    )
    for sort, order in (("latency_s", "cab"), ("-latency_s", "acb"), ("-name", "cba")):
        listing = wait(services, View(sort=sort))
        assert "".join(m.row.name for m in listing.models) == order


def test_versions_of_a_project(services, add, conv_net):
    for i, name in enumerate(("net_v1", "other", "net_v2")):
        add(name, conv_net + b"\x08\x0a" * i)
    listing = services.models.listing(View(), "phone-npu", 100)
    found = {m.row.name: (m.version, m.versions) for m in listing.models}
    assert found == {"net_v1": (1, 2), "net_v2": (2, 2), "other": (1, 1)}


def test_the_demo_is_offered_once(settings, tmp_path):
    services = open_services(settings.model_copy(update={"demo": True, "data": tmp_path / "demo"}))
    listing = wait(services)
    assert len(listing.models) >= 2
    assert all(m.row.description and not m.headline.fault for m in listing.models)
    for model in listing.models:
        services.models.remove(model.row.id)
    assert wait(services).total == 0
    services.models.add_demo()
    assert wait(services).total == len(listing.models)
    services.close()


def test_profile():
    assert profile([]) == ()
    assert profile([1.0, None, 4.0]) == (0.25, 0.0, 1.0)
    assert profile([None]) == ()
    long = profile([1.0] * 1000)
    assert len(long) == BARS
    assert max(long) == 1
