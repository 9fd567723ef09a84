"""Each line of stage H can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine import layers
from engine.behaviors import metrics as formulas
from tests.acceptance import (
    alarms,
    behaviors_page,
    behaviors_shots,
    layer_shots,
    layer_sizes,
    metrics,
    stories,
    story_page,
)
from tests.acceptance.defects import DEFECTS
from tests.acceptance.layer_sizes import Many, Pair, Seen
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.metrics import Checked
from tests.acceptance.shots import Shot
from tests.acceptance.stage_h import CHECKS
from tests.acceptance.stories import Rare, Rescue, Share, Sorted
from tests.acceptance.test_stage_a import verdicts

SIZES = Seen(Pair(161, 250, 256, 2.0, 500_000_000, 200_000_000), Many(5, 400, 9), Many(50, 420, 9))
CHECKED = {k: Checked(100, 1e-12, 10) for k in (*formulas.KINDS, *metrics.OF_LAYERS)}
CAUGHT = {d.id: True for d in DEFECTS}

PICTURES = tuple(Shot(f"picture {k}", 99, ()) for k in range(8))

WELL = Rescue(0.98, 0.5, 0.97, Share(0.97, 0.95, 1.0))
LITTLE = Rescue(0.98, 0.5, 0.51, Share(0.02, 0.0, 0.05))
STORIES = stories.Seen(
    Sorted(("norm",) * 9, 30, WELL, LITTLE), {"stem": 0.02, "down": 0.1},
    Rare("weights in 4 bits", Share(-0.02, -0.03, -0.01), "8", -0.2, Share(0.2, 0.05, 0.3)),
    {"repair_norms": WELL, "repair_layers": WELL},
)  # fmt: skip


QUICK = behaviors_page.Seen(100_000, 10, 50, (90.0,) * 3, (200.0,) * 3, (150.0,) * 3, 50_000)
QUIET = tuple(alarms.Looked(m, "quantize_half", ()) for m in "abcdef")
PLAYED = story_page.Played(0.98, 0.5, 0.97, ("a.norm.weight",) * 5,
                           "11 norms let little through.", ())  # fmt: skip


def told(**fault: object) -> stories.Seen:
    return replace(STORIES, **fault)


def norms(**fault: object) -> stories.Seen:
    return told(norms=replace(STORIES.norms, **fault))


def rare(**fault: object) -> stories.Seen:
    return told(rare=replace(STORIES.rare, **fault))


def sizes(**fault: object) -> Seen:
    return replace(SIZES, pair=replace(SIZES.pair, **fault))


PLANTED: tuple[tuple[str, Callable, object, object], ...] = (
    ("1a", stories.judge, STORIES, norms(first=())),
    ("1a", stories.judge, STORIES, norms(top=LITTLE)),
    ("1a", stories.judge, STORIES, norms(bottom=WELL)),
    ("1a", stories.judge, STORIES, norms(top=replace(WELL, harmed=0.95))),
    ("1a", stories.judge, STORIES, norms(top=replace(WELL, recovered=Share(0.9, 0.3, 1.0)))),
    ("1b", stories.judge, STORIES, rare(whole=Share(-0.05, -0.06, -0.04))),
    ("1b", stories.judge, STORIES, rare(named="7")),
    ("1b", stories.judge, STORIES, rare(named="")),
    ("1b", stories.judge, STORIES, rare(beyond=Share(0.2, -0.1, 0.3))),
    ("1c", stories.judge, STORIES, told(repaired={"repair_norms": WELL, "repair_layers": LITTLE})),
    ("1d", story_page.judge, PLAYED, replace(PLAYED, back=0.7)),
    ("1d", story_page.judge, PLAYED, replace(PLAYED, ruined=0.95)),
    ("1d", story_page.judge, PLAYED, replace(PLAYED, first=("a.norm.weight",) * 4 + ("b.weight",))),
    ("1d", story_page.judge, PLAYED, replace(PLAYED, finding="Channels fell silent")),
    ("1d", story_page.judge, PLAYED, replace(PLAYED, errors=("console: TypeError",))),
    ("1e", alarms.judge, QUIET, QUIET[1:]),
    ("1e", alarms.judge, QUIET, (*QUIET, alarms.Looked("a", "quantize_static", ("It fell.",)))),
    ("2a", layer_sizes.judge, SIZES, sizes(seconds=2.3)),
    ("2a", layer_sizes.judge, SIZES, sizes(activations=249)),
    ("2b", layer_sizes.judge, SIZES, sizes(peak=700_000_000)),
    ("2c", layer_sizes.judge, SIZES, replace(SIZES, many=Many(50, 500, 9))),
    ("2c", layer_sizes.judge, SIZES, replace(SIZES, many=Many(49, 400, 9))),
    ("4a", metrics.judge, CHECKED, {**CHECKED, "mse": Checked(100, 1e-3)}),
    ("4a", metrics.judge, CHECKED, {k: v for k, v in CHECKED.items() if k != "kl"}),
    ("4b", metrics.judge, CHECKED, {**CHECKED, "margin": Checked(100, 0, 10, 1)}),
    ("3", behaviors_page.judge, QUICK, replace(QUICK, sort=(90.0, 301.0, 310.0))),
    ("3", behaviors_page.judge, QUICK, replace(QUICK, brush=())),
    ("3", behaviors_page.judge, QUICK, replace(QUICK, drill=(10_000.0,) * 3)),
    ("3", behaviors_page.judge, QUICK, replace(QUICK, instances=99_999)),
    ("3", behaviors_page.judge, QUICK, replace(QUICK, models=9)),
    ("3", behaviors_page.judge, QUICK, replace(QUICK, errors=("a fault",))),
    ("5a", behaviors_shots.judge, PICTURES * 2, PICTURES[:5]),
    ("5a", behaviors_shots.judge, PICTURES * 2, (*PICTURES * 2, Shot("blank", 3, ()))),
    ("5b", layer_shots.judge, PICTURES, PICTURES[:5]),
    ("5b", layer_shots.judge, PICTURES, (*PICTURES, Shot("blank", 3, ()))),
    ("5b", layer_shots.judge, PICTURES, (*PICTURES, Shot("faulty", 99, ("console error",)))),
    ("4c", metrics.judge_defects, CAUGHT, {**CAUGHT, "b7": False}),
)


@pytest.mark.parametrize(("id", "judge", "sound", "fault"), PLANTED)
def test_a_planted_fault_is_not_met(id: str, judge: Callable, sound: object, fault: object):
    assert verdicts(judge(sound))[id] == MET
    assert verdicts(judge(fault))[id] == NOT_MET


def test_every_line_has_a_planted_fault():
    of_pages: set[str] = set()  # lines whose own tests plant theirs
    assert {c.id[0] for c in CHECKS} - of_pages == {id[0] for id, *_ in PLANTED}


def test_metrics_are_right_and_a_wrong_formula_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "ROUNDS", 3)
    assert set(verdicts(metrics.judge(metrics.measure())).values()) == {MET}
    nats = replace(formulas.KINDS["kl"], difference=lambda m, b, y: formulas._kl(m, b, y) * 0.693)
    monkeypatch.setitem(metrics.KINDS, "kl", nats)
    assert verdicts(metrics.judge(metrics.measure()))["4a"] == NOT_MET


def test_a_hidden_nan_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "ROUNDS", 3)
    how = formulas.KINDS["mse"]
    hidden = replace(how, difference=lambda *row: np.nan_to_num(how.difference(*row)))
    monkeypatch.setitem(metrics.KINDS, "mse", hidden)
    assert verdicts(metrics.judge(metrics.measure()))["4b"] == NOT_MET


def test_a_wrong_figure_of_layers_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "ROUNDS", 3)
    monkeypatch.setattr(layers.Sums, "sqnr_db", property(lambda s: 1.0))
    assert metrics._layers()["layers, sqnr_db"].off > metrics.CLOSE


def test_defects_name_tests_that_there_are():
    for defect in DEFECTS:
        for test in defect.tests:
            file, name = test.split("::")
            assert f"def {name}(" in (metrics.ROOT / file).read_text("utf-8"), test
