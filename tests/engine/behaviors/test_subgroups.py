"""Subgroups of instances: which there are, what is said of them, and what chance makes of it."""

from __future__ import annotations

import io
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest

from engine import behaviors as bh
from engine.behaviors.intervals import paired, wilson
from engine.behaviors.matched import Side
from engine.behaviors.reading import parsed
from engine.behaviors.subgroups import _student
from engine.errors import EngineError

N = 400
Y = np.arange(N) % 4
DICE = np.random.default_rng(5)
SURENESS = np.where(np.arange(N) % 3, 0.95, 0.7)


def scored(said, sure=SURENESS):
    """Scores of four classes that say so, so surely."""
    made = np.repeat((1 - sure)[:, None] / 3, 4, axis=1)
    made[np.arange(N), said] = sure
    return made


def beside(model, base=Y, groups=None):
    one, two = (bh.outputs(None, {"scores": scored(s)}, Y.tolist(), groups=groups)
                for s in (base, model))  # fmt: skip
    return bh.matched(("base", one), [("model", two)])


def looked(given, keep=None, flagged=(), measure="correctness"):
    keep = np.ones(N, bool) if keep is None else keep
    found = bh.look(given, bh.measure_of(given, measure), keep, flagged)
    return found, {g.name: k for k, g in enumerate(found.groups)}


def test_groups_are_classes_what_a_file_names_and_what_the_base_says():
    named = [["night"] if k < 40 else [] for k in range(N)]
    found, at = looked(beside(Y, groups=named), flagged=("0", "7", "no such"))
    kinds = {g.name: g.kind for g in found.groups}
    assert [kinds[n] for n in "0123"] == ["class"] * 4
    assert (kinds["night"], found.groups[at["night"]].rows.size) == ("file", 40)
    assert found.groups[at["Flagged"]].rows.tolist() == [0, 7]
    wide = found.groups[at["Base 50% to 90% sure"]]
    assert (wide.kind, wide.rows.tolist()) == ("base", np.flatnonzero(SURENESS < 0.9).tolist())
    crossed = found.groups[at["2, base 90% sure or more"]]
    assert (Y[crossed.rows] == 2).all()
    assert (SURENESS[crossed.rows] > 0.9).all()
    assert "Hard for the base" not in at  # it gives every label
    assert len(at) == len(found.groups)


def test_a_group_too_small_has_no_figure_and_does_not_count():
    found, at = looked(beside((Y + 1) % 4), flagged=[str(k) for k in range(bh.LEAST - 1)])
    small = at["Flagged"]
    assert found.means.count[small] == bh.LEAST - 1
    assert np.isnan(found.means.difference[:, small]).all()
    assert found.count == len(found.groups) - 1
    enough, at = looked(beside((Y + 1) % 4), flagged=[str(k) for k in range(bh.LEAST)])
    assert enough.means.difference[1, at["Flagged"]] == -1


def test_bounds_leave_fewer_instances_in_the_groups():
    found, at = looked(beside(Y), np.arange(N) < 80)
    assert found.means.count[at["0"]] == 20
    assert "Base 90% sure or more" in at


def test_where_nothing_changed_but_by_chance_few_sets_have_a_group_that_seems_to_have():
    alarms = 0
    for seed in range(40):
        dice = np.random.default_rng(seed)
        base, model = (np.where(dice.random(N) < 0.2, (Y + 1) % 4, Y) for _ in range(2))
        found, _ = looked(beside(model, base))
        fair = np.array([g.name[:4] not in ("Hard", "Easy") for g in found.groups])
        alarms += bool(((found.means.low[1] > 0) | (found.means.high[1] < 0))[fair].any())
    assert alarms <= 6  # two are expected


def test_the_widening_is_that_of_student():
    for freedom, groups, exact in ((9, 1, 2.2622), (30, 50, 3.6460), (9, 50, 4.7809)):
        assert _student(np.array([freedom]), groups)[0] == pytest.approx(exact, rel=0.01)


SMALL = [(0.9, 0.0, 0.1, 0.0), (0.98, 0.0, 0.01, 0.01), (0.85, 0.05, 0.05, 0.05),
         (0.6, 0.05, 0.15, 0.2), (0.3, 0.3, 0.1, 0.3), (0.0, 0.02, 0.98, 0.0)]  # fmt: skip


@pytest.mark.parametrize("cells", SMALL)
def test_intervals_of_twenty_small_groups_hold_together(cells):
    """Of instances right in both, after only, before only, never: in 94 of 100 sets all hold."""
    dice, sets, missed = np.random.default_rng(11), 300, {"own": 0, "student": 0}
    for n in (10, 30):
        group, true = np.repeat(np.arange(20 * sets), n), cells[1] - cells[2]
        drawn = dice.choice(4, group.size, p=cells)
        value = np.isin(drawn, (0, 1)).astype(np.float32)
        change = np.select([drawn == 1, drawn == 2], [1, -1]).astype(np.float32)
        side = Side("model", drawn, {"correctness": value}, {"correctness": change}, {}, 0, 0)
        given = replace(beside(Y), sides=(side,))
        measure = replace(bh.measure_of(given, "correctness"), relative=False)
        z, wide = NormalDist().inv_cdf(1 - 0.05 / 40), lambda known: _student(known - 1, 20)
        found = bh.means(given, measure, np.arange(group.size), group, 20 * sets, z, wide)
        mean = found.difference[0]
        spread = (
            np.sqrt((np.bincount(group, change**2) / n - mean**2) / (n - 1)) * wide(found.known)[0]
        )
        for name, low, high in (("own", found.low[0], found.high[0]),
                                ("student", mean - spread, mean + spread)):  # fmt: skip
            holds = (low <= true + 1e-9) & (true - 1e-9 <= high)
            missed[name] = max(missed[name], int((~holds.reshape(sets, 20).all(axis=1)).sum()))
    assert missed["own"] <= 0.06 * sets, missed
    if cells[0] >= 0.9:  # what the approximation alone makes of it
        assert missed["student"] > 0.4 * sets


def test_intervals_of_shares_are_those_of_the_papers():
    low, high = wilson(np.array([81, 15, 0, 1]), np.array([263, 148, 20, 29]), 1.959964)
    assert low.round(4).tolist() == [0.2553, 0.0624, 0.0, 0.0061]  # Newcombe 1998 (872), table I
    assert high.round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]
    cells = np.array([[36, 12, 2, 0], [54, 0, 0, 0]]).T
    low, high = paired(cells[0], cells[1], cells[2], cells.sum(axis=0), 1.959964)
    assert low.round(4).tolist() == [0.0569, -0.0664]  # Newcombe 1998 (2635), table II
    assert high.round(4).tolist() == [0.3404, 0.0664]


def test_an_outcome_of_the_base_is_never_a_class_and_harm_is_named_once():
    night = np.arange(N) >= 300
    said = np.where(night & (DICE.random(N) < 0.5), (Y + 1) % 4, Y)
    asking = bh.Asking(beside(said, groups=[["night"] if n else [] for n in night]))
    assert asking.harmed(1) == {"night"}
    assert asking.groups(bh.Question("correctness")).groups == asking.groups(
        bh.Question("correctness")).groups  # fmt: skip


def test_files_name_groups_by_a_word_or_several():
    scores, labels = np.eye(3), ["a", "b", "c"]
    body = io.BytesIO()
    np.savez(body, scores=scores, labels=labels, groups=np.array([["x", "y"], ["x", ""], ["", ""]]))
    made, _ = parsed(body.getvalue(), "made.npz")
    assert list(map(list, made.classes)) == [["a", "x", "y"], ["b", "x"], ["c"]]
    body = io.BytesIO()
    pl.DataFrame({"scores": scores.tolist(), "labels": labels, "groups": ["x", None, "y"]}
                 ).write_parquet(body)  # fmt: skip
    made, _ = parsed(body.getvalue(), "made.parquet")
    assert list(map(list, made.classes)) == [["a", "x"], ["b"], ["c", "y"]]
    body = io.BytesIO()
    np.savez(body, scores=scores, groups=np.zeros(3))
    with pytest.raises(EngineError, match="is no list of words"):
        parsed(body.getvalue(), "made.npz")
    with pytest.raises(EngineError, match="differ in length"):
        bh.outputs(None, {"scores": scores}, labels, groups=[["x"]])
