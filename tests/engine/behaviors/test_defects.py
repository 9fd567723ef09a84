"""What was wrong in the system that this one follows, and is right here."""

from __future__ import annotations

import numpy as np
import pytest

from engine import behaviors as bh

SCORES = np.random.default_rng(1).dirichlet(np.ones(3), 120)


def some(scores: np.ndarray, **more: object) -> bh.Outputs:
    return bh.outputs(None, {"scores": scores}, **more)


def test_an_instance_of_three_classes_counts_once_in_the_whole():
    labels = [0] * 4
    scores = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]])
    worse = np.array([[0.9, 0.1]] * 2 + [[0.1, 0.9]] * 2)
    member = [["a"], ["a"], ["a", "b", "c"], ["b"]]
    base, model = (some(s, labels=labels, classes=member) for s in (scores, worse))
    found = bh.ask(bh.matched(("base", base), [("model", model)]), bh.Question("correctness"))
    assert (found.summary.count, found.total) == (4, 4)
    assert found.summary.values == [0.75, 0.5]  # twice and thrice it would be 0.67 and 0.33
    assert [r.count for r in found.rows] == [3, 2, 1]


@pytest.mark.parametrize("rows", [1, 49, 50, 51, 100, 120])
def test_pages_hold_every_row_once(rows: int):
    one = some(SCORES[:rows], labels=[0] * rows)
    given = bh.matched(("base", one), [("same", one)])
    seen = []
    for page in range(-(-rows // bh.PAGE)):
        answer = bh.ask(given, bh.Question("confidence", classes=False, page=page))
        assert answer.page == page
        seen += [r.name for r in answer.rows]
    assert seen == [str(k) for k in range(rows)]


def test_without_classes_the_instances_are_there():
    one = some(SCORES)
    given = bh.matched(("base", one), [("same", one)])
    assert len(given.member) == 0
    assert bh.ask(given, bh.Question("confidence")).rows == ()
    found = bh.ask(given, bh.Question("confidence", classes=False))
    assert found.count == 120
    assert found.summary.count == 120


def test_twelve_models_stand_beside_one_base():
    models = [(f"m{k}", some(np.roll(SCORES, k, axis=1))) for k in range(12)]
    answer = bh.ask(bh.matched(("base", some(SCORES)), models), bh.Question("agreement"))
    assert len(answer.models) == 13
    shares = answer.summary.differences
    assert [s == 1 for s in shares] == [k % 3 == 0 for k in (0, *range(12))]
