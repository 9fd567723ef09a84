"""Each line of stage D can fail: a planted fault turns it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from engine.execute import VALIDATED_SCHEMA, Validation
from engine.execute.validating import agreement, summarize
from tests.acceptance import latency, truth
from tests.acceptance.latency import Accuracy, Pair
from tests.acceptance.line import MET, NOT_MET, NOT_RUN
from tests.acceptance.truth import Truth


def validation(errors, rank=0.97, top=0.9, measured=1e-2):
    rows = [
        dict.fromkeys(VALIDATED_SCHEMA)
        | {"model": f"m{i}", "measured_s": measured, "predicted_s": measured * (1 + e), "error": e,
           "floor": 0.01, "kernels_s": measured, "roofline_s": measured / 2, "rank": rank,
           "top": top, "worst": "conv", "worst_s": e * measured, "fault": ""}
        for i, e in enumerate(errors)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=VALIDATED_SCHEMA)
    return Validation(frame, summarize(frame), "a machine", "a runtime")


def accuracy(errors, **more):
    seen = validation(errors, **more)
    return Accuracy(seen, None, 0.0, (TRUTH, again()))


TRUTH = Truth(1e9, 0.5, "a machine", {"a": (0.010, 1.0), "b": (0.020, 1.0), "c": (0.030, 1.0)})


def again(hours=1.5, slower=1.02, scale=1.0):
    models = {name: (slower * s, scale) for name, (s, _) in TRUTH.models.items()}
    return replace(TRUTH, when=TRUTH.when + 3600 * hours, models=models)


GOOD = [0.01, -0.02, 0.03, 0.04, -0.05, 0.02, 0.01, 0.0, 0.03, -0.01, 0.06, 0.02]


def verdicts(lines):
    return [line.verdict for line in lines]


def test_near_predictions_meet_the_bounds():
    assert verdicts(latency.judge(accuracy(GOOD))) == [MET] * 4
    assert verdicts(latency.inside(accuracy(GOOD))) == [MET] * 2


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([0.07] * 12, [NOT_MET, MET, MET]),
        ([0.01] * 10 + [0.15, -0.15], [MET, NOT_MET, MET]),
        ([0.01] * 11 + [0.3], [MET, MET, NOT_MET]),
        (GOOD[:6], [NOT_MET] * 3),
    ],
)
def test_far_predictions_or_few_models_do_not(errors, expected):
    assert verdicts(latency.judge(accuracy(errors)))[:3] == expected


def test_models_that_are_too_small_are_counted_apart():
    assert verdicts(latency.judge(accuracy(GOOD, measured=1e-4)))[:3] == [NOT_MET] * 3


@pytest.mark.parametrize(
    ("now", "verdict", "figure"),
    [
        (again(), MET, "2.0% after 1.5 h"),
        (again(slower=1.21, scale=1.1), NOT_MET, "10.0% after 1.5 h"),
        (again(slower=1.21, scale=1.2), MET, "0.8% after 1.5 h"),
        (again(hours=0.9), NOT_RUN, ""),
    ],
)
def test_the_truth_is_asked_again_after_an_hour(now, verdict, figure):
    line = truth.judge(TRUTH, now)
    assert (line.verdict, line.figure) == (verdict, figure)


def test_without_a_truth_of_an_hour_ago_the_models_are_measured_twice():
    seen = accuracy(GOOD)
    notes = latency.judge(replace(seen, again=seen.first, minutes=3.0))[0].notes
    assert "floor: the same models measured again after 3 min differ by 0.0% (median)" in notes
    assert not any(note.startswith("floor") for note in latency.judge(seen)[0].notes)


def test_the_first_truth_of_a_machine_stays(tmp_path):
    path = tmp_path / "truth.json"
    path.write_text("broken", "utf-8")
    assert truth.first(TRUTH, path) == TRUTH
    assert truth.first(again(), path).when == TRUTH.when
    assert dict(truth.first(again(), path).models) == dict(TRUTH.models)
    elsewhere = replace(again(), machine="another")
    assert truth.first(elsewhere, path) == elsewhere


def test_a_wrong_order_of_kernels_is_seen():
    assert verdicts(latency.inside(accuracy(GOOD, rank=0.9))) == [NOT_MET, MET]
    assert verdicts(latency.inside(accuracy(GOOD, top=0.5))) == [MET, NOT_MET]


def test_a_wrong_sign_of_int8_is_seen():
    right = Pair("m", "static", (2e-3, 1e-3), (2e-3, 1.1e-3))
    wrong = Pair("m", "static", (1e-3, 2e-3), (2.4e-3, 2.2e-3))
    same = Pair("m", "static", (1e-3, 1.01e-3), (1.01e-3, 1e-3))
    fault = Pair("m", "static", (1.0, 1.0), (1.0, 1.0), "it cannot be run")
    assert verdicts(latency.signs((right, same))) == [MET, MET]
    assert verdicts(latency.signs((right, fault))) == [NOT_MET, MET]
    assert verdicts(latency.signs((right, wrong)))[1] == NOT_MET


def test_a_dear_or_drifting_calibration_is_seen():
    good = {"minutes": 8.0, "bytes": 900_000, "drift": 0.02, "kernels": 40_000}
    assert verdicts(latency.cheap(good)) == [MET] * 3
    bad = {"minutes": 12.0, "bytes": 2_000_000, "drift": 0.2, "kernels": 40_000}
    assert verdicts(latency.cheap(bad)) == [NOT_MET] * 3


def test_agreement_is_that_of_ranks():
    import numpy as np

    assert agreement(np.array([1.0, 2, 3, 4]), np.array([10.0, 20, 30, 40]))[0] == pytest.approx(1)
    assert agreement(np.array([4.0, 3, 2, 1]), np.array([1.0, 2, 3, 4]))[0] == pytest.approx(-1)


def test_kernels_alike_tie_for_a_place_at_the_top():
    import numpy as np

    truth = np.concatenate([np.full(20, 1.0) + 1e-3 * np.arange(20), np.full(20, 0.1)])
    assert agreement(truth[::-1][np.r_[20:40, 0:20]], truth)[1] == 1
    assert agreement(truth[::-1], truth)[1] == 0
