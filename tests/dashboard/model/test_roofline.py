"""The roofline as data: roofs, labels, places, sentences; and its wire on a real model."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from dash import no_update

import engine
from dashboard.figures import roofline as figures
from dashboard.figures.roofline import figure, prefix, ridge, spread
from dashboard.pages.model import roofline
from dashboard.queries.roofline import places
from dashboard.urls import View
from engine.insight import Roofline
from engine.insight import roofline as measure
from engine.recipe import resolve
from tests.engine.cost.hand_made import compilation, conv, gemm, real, simple, tensors

TARGETS = ["phone-npu", "h200", "ethos-u55-256", "raspberry-pi-5", "edge-tpu", "stm32h7"]


def seen(target: str = "phone-npu", *tasks) -> Roofline:
    tasks = tasks or (
        conv(3136, 64, 64), gemm(1, 2048, 1000), simple("elementwise", 200704),
        simple("layout", 0, ops="Concat") | tensors(9999, 9999),
    )  # fmt: skip
    made = compilation(*tasks, target=target)
    return measure(made, resolve(made), real(target))


def words(component):
    if component is None or isinstance(component, str):
        return component or ""
    if isinstance(component, (list, tuple)):
        return " ".join(words(c) for c in component)
    return words(getattr(component, "children", ""))


@pytest.mark.parametrize("target", TARGETS)
def test_every_roof_in_use_is_drawn_where_it_is(target):
    found = seen(target)
    scale, _ = prefix(found)
    lines = [t for t in figure(found, "light").data if t.mode == "lines"]
    assert len(lines) == len(found.slopes) + len(found.ceilings)
    for slope, line in zip(found.slopes, lines, strict=False):
        assert line.y[0] / line.x[0] == pytest.approx(slope.bandwidth * scale)
        assert line.y[1] / line.x[1] == pytest.approx(slope.bandwidth * scale)
    for ceiling, line in zip(found.ceilings, lines[len(found.slopes) :], strict=True):
        assert set(line.y) == {ceiling.rate * scale}


@pytest.mark.parametrize("target", TARGETS)
def test_tasks_and_roofs_are_inside_and_labels_do_not_touch(target):
    found = seen(target)
    layout = figure(found, "dark").layout
    (x1, x2), (y1, y2) = layout.xaxis.range, layout.yaxis.range
    scale, _ = prefix(found)
    for intensity, rate in found.tasks.drop_nulls("rate").select("intensity", "rate").iter_rows():
        assert x1 < math.log10(intensity) < x2
        assert y1 < math.log10(rate * scale) < y2
    for side in ("left", "right"):
        at = sorted(a.y for a in layout.annotations[2:] if a.xanchor == side)
        gaps = [b - a for a, b in itertools.pairwise(at)]
        assert all(gap >= figures.GAP * (y2 - y1) * 0.999 for gap in gaps)
    assert layout.meta["x"] == [x1, x2], "what the page goes back to"


def test_labels_say_rate_share_and_source():
    notes = figure(seen(), "light").layout.annotations
    assert notes[0].text == "Intensity, MAC/B; without MACs op/B"
    assert notes[1].text == "Rate, GMAC/s; without MACs Gop/s"
    texts = {a.text: a.hovertext for a in notes[2:]}
    assert "NPU fp16 3 TMAC/s, 60 % of its peak" in texts
    assert "NPU without MACs 50 Gop/s" in texts
    assert "LPDDR5X 67.2 GB/s" in texts
    assert all(help.endswith("]") for help in texts.values()), "source and grade"


def test_the_ridge_is_roof_over_bandwidth():
    at, memory = ridge(seen())
    assert at == pytest.approx(3e12 / 67.2e9)
    assert memory == "LPDDR5X"
    assert ridge(seen("phone-npu", simple("elementwise", 10))) == (0.0, "")


@pytest.mark.parametrize(
    ("values", "gap", "wanted"),
    [
        ([1.0, 5.0], 1.0, [1.0, 5.0]),
        ([1.0, 1.5], 1.0, [1.0, 2.0]),
        ([1.5, 1.0, 1.2], 1.0, [3.0, 1.0, 2.0]),
        ([1.0, 1.5], -1.0, [0.5, 1.5]),
        ([], 1.0, []),
    ],
)
def test_labels_move_apart(values, gap, wanted):
    assert spread(values, gap) == pytest.approx(wanted)


def test_places_are_in_page_units():
    found = seen()
    scale, name = prefix(found)
    sent = places(found, scale)
    assert (scale, name) == (1e-9, "G")
    assert sent["ids"] == found.tasks["task_id"].to_list()
    assert sent["rate"][0] == pytest.approx(found.tasks["rate"][0] * 1e-9, rel=1e-4)
    assert sent["intensity"][3] is None
    json.dumps(sent, allow_nan=False)


def test_each_side_says_its_share_and_its_remedies_and_selects_its_tasks():
    found = seen()
    rows = roofline.gains(found)
    told = [s for s in found.sides if s.latency_s > found.latency_s * roofline.LEAST]
    for side, row in zip(told, rows, strict=True):
        text = words(row)
        assert f"{side.bound}-bound" in text
        assert "%" in text
        button = row.children[2]
        assert [int(i) for i in getattr(button, "data-ids").split(",")] == list(side.tasks)
    assert "1 task only moves data" in roofline.note(found)
    assert "MAC/B" in roofline.note(found)


def test_nothing_priced_says_so():
    found = seen("phone-npu", simple("elementwise", 4, unknown="no kernel for it"))
    assert "No task is priced" in words(roofline.gains(found))
    assert roofline.note(found) == "1 task without a price"
    figure(found, "light")


def test_it_waits_for_the_page_and_answers_for_a_model(app, add):
    id = add()
    with app.server.app_context():
        view = View(model_id=id, target="phone-npu")
        assert set(roofline.drawn(view, None).values()) == {no_update}
        assert set(roofline.drawn(View(model_id="no"), "light").values()) == {no_update}
        made = roofline.drawn(view, "dark")
        recipe = engine.write_recipe(engine.preset("int8").recipe)
        int8 = roofline.drawn(View(model_id=id, target="phone-npu", recipe=recipe), "dark")
    assert made["tasks"]["prefix"] == "G"
    assert made["plot"].figure.layout.xaxis.type == "log"
    assert made["tasks"]["ids"] == sorted(made["tasks"]["ids"])
    assert "int8" in str(int8["plot"].figure.layout.annotations)
