"""The scatter plot's axes as data, its dock, its wire."""

from __future__ import annotations

import json

import pytest
from dash import no_update

from dashboard.figures.scatter import figure
from dashboard.figures.template import template
from dashboard.figures.tokens import SCHEMES, tokens
from dashboard.ids import Model
from dashboard.pages.model import scatter
from dashboard.urls import LOGS, View
from engine.metrics import BY_ID, METRICS

MACS, LATENCY = BY_ID["macs"], BY_ID["latency_s"]


def plain(component):
    return json.dumps(component, default=lambda c: c.to_plotly_json(), ensure_ascii=False)


@pytest.mark.parametrize("log", LOGS)
def test_axes_are_logarithmic_where_asked(log):
    layout = figure(MACS, LATENCY, log, "light").layout
    assert layout.xaxis.type == ("log" if "x" in log else "linear")
    assert layout.yaxis.type == ("log" if "y" in log else "linear")


def test_titles_say_metric_and_unit_and_zeros_wait():
    x, y, zero_x, zero_y = figure(MACS, LATENCY, "xy", "light").layout.annotations
    assert (x.text, y.text) == ("MACs, M", "Latency, ms")
    assert (zero_x.text, zero_y.text) == ("0", "0")
    assert not zero_x.visible
    assert not zero_y.visible


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_template_is_made_of_tokens(scheme):
    layout = template(scheme).layout
    assert layout.xaxis.gridcolor == tokens(scheme)["soft-line"]
    assert layout.font.color == tokens(scheme)["ink"]
    assert layout.hovermode is False


def test_it_has_no_marks_of_plotly():
    assert figure(MACS, LATENCY, "", "dark").data == ()


def test_the_dock_offers_every_metric_on_both_axes():
    bar = plain(scatter.controls(View(x="energy_j", log="y")))
    assert bar.count('"value": "size_bytes"') >= 2
    assert '"aria-pressed": "false"' in bar
    assert all(m.label in bar for m in METRICS)


def test_an_unknown_metric_falls_back():
    bar = plain(scatter.controls(View(x="nonsense")))
    assert "nonsense" not in bar


def test_the_figure_comes_once_the_scheme_is_known():
    state = {"x": "energy_j", "y": "nonsense", "log": "z"}
    assert scatter.drawn(None, state) is no_update
    made = scatter.drawn("dark", state)
    assert made.id == Model.SCATTER
    assert made.figure.layout.annotations[0].text == "Energy, mJ"
    assert made.figure.layout.annotations[1].text == "Latency, ms"
    assert made.figure.layout.xaxis.type == "linear"
