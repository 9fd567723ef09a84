"""Each line of stage H can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine import layers
from engine.behaviors import metrics as formulas
from tests.acceptance import layer_sizes, metrics
from tests.acceptance.defects import DEFECTS
from tests.acceptance.layer_sizes import Many, Pair, Seen
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.metrics import Checked
from tests.acceptance.stage_h import CHECKS
from tests.acceptance.test_stage_a import verdicts

SIZES = Seen(Pair(161, 250, 256, 2.0, 500_000_000, 200_000_000), Many(5, 400, 9), Many(50, 420, 9))
CHECKED = {k: Checked(100, 1e-12, 10) for k in (*formulas.KINDS, *metrics.OF_LAYERS)}
CAUGHT = {d.id: True for d in DEFECTS}


def sizes(**fault: object) -> Seen:
    return replace(SIZES, pair=replace(SIZES.pair, **fault))


PLANTED: tuple[tuple[str, Callable, object, object], ...] = (
    ("2a", layer_sizes.judge, SIZES, sizes(seconds=2.3)),
    ("2a", layer_sizes.judge, SIZES, sizes(activations=249)),
    ("2b", layer_sizes.judge, SIZES, sizes(peak=700_000_000)),
    ("2c", layer_sizes.judge, SIZES, replace(SIZES, many=Many(50, 500, 9))),
    ("2c", layer_sizes.judge, SIZES, replace(SIZES, many=Many(49, 400, 9))),
    ("4a", metrics.judge, CHECKED, {**CHECKED, "mse": Checked(100, 1e-3)}),
    ("4a", metrics.judge, CHECKED, {k: v for k, v in CHECKED.items() if k != "kl"}),
    ("4b", metrics.judge, CHECKED, {**CHECKED, "margin": Checked(100, 0, 10, 1)}),
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
