"""Named budgets, metrics by formula, curves of relaxing, and how one model stands."""

from __future__ import annotations

import json

import pytest

from dashboard.pages.experiment import details, formula, layout
from dashboard.queries import experiment_named as names
from dashboard.queries.experiment_edits import document_of
from dashboard.queries.experiment_one import places, slack
from dashboard.queries.experiment_relax import curves
from engine.errors import EngineError
from tests.dashboard.test_experiment_page import TREE, column
from tests.engine.experiments.forests import tree


@pytest.fixture
def found():
    return tree(*TREE["models"])


@pytest.fixture
def key(services, tmp_path):
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(TREE))
    return services.experiments.add(file, "tree.json")[0].id


@pytest.fixture
def kept(services, key):
    """Write edits that a function of (edits, experiment) makes; returns the experiment then."""

    def keep(made):
        row, found = services.experiments.get(key)
        services.store.experiments.edit(row.id, made(document_of(row), found), row.version)
        return services.experiments.get(key)[1]

    return keep


WHERE = [["m1", "le", 20.0], ["m0", "ge", 0.5]]


def test_a_budget_is_the_filter_under_a_name(kept, services, key):
    found = kept(lambda edits, e: names.with_budget(edits, e, " watch  face ", WHERE))
    (one,) = names.budgets(found)
    assert one["name"] == "watch face"
    assert sorted(one["where"]) == sorted(WHERE)
    assert json.loads(services.experiments.exported(key)[1])["budgets"] == [
        {"name": "watch face", "bounds": [
            {"metric": "Size", "max": 20.0}, {"metric": "Accuracy", "min": 0.5}]},
    ]  # fmt: skip
    found = kept(lambda edits, e: names.with_budget(edits, e, "watch face", WHERE[:1]))
    assert [b["where"] for b in names.budgets(found)] == [WHERE[:1]]
    found = kept(lambda edits, e: names.without_budget(edits, e, "watch face"))
    assert names.budgets(found) == []


@pytest.mark.parametrize(
    ("name", "where", "said"),
    [("", WHERE, "needs a name"), (None, WHERE, "needs a name"), ("x" * 61, WHERE, "needs a name"),
     ("a", [], "no bound to keep"), ("a", "x", "no bound to keep"),
     ("a", [["m0", "ge", 2.0], ["m0", "le", 1.0]], "lower limit lies above")],
)  # fmt: skip
def test_what_is_no_budget_gets_a_sentence(found, name, where, said):
    with pytest.raises(EngineError, match=said):
        names.with_budget({}, found, name, where)
    with pytest.raises(EngineError, match="no budget of that name"):
        names.without_budget({}, found, name)


def test_a_metric_by_formula_is_one_like_the_others(kept, services, key):
    given = ("Worth", "[Accuracy] / Size", "higher", "1/MB")
    found = kept(lambda edits, e: names.with_formula(edits, e, *given))
    spec = next(m for m in found.metrics if m.name == "Worth")
    assert found.frame[spec.column][1] == pytest.approx(0.6 / 20)
    assert found.frame[spec.column][5] is None
    where = [[spec.column, "ge", 0.01], ["m1", "le", 20.0]]
    kept(lambda edits, e: names.with_budget(edits, e, "worthy", where))
    again = kept(lambda edits, e: names.with_formula(edits, e, "Worth", "Accuracy * 2", "", ""))
    assert again.frame[spec.column][0] == pytest.approx(1.8)
    without = kept(lambda edits, _: names.without_formula(edits, "Worth"))
    assert "Worth" not in [m.name for m in without.metrics]
    assert [b["where"] for b in names.budgets(without)] == [[["m1", "le", 20.0]]]


@pytest.mark.parametrize(
    ("given", "said"),
    [(("Size", "1", "", ""), "there is a metric of that name"),
     (("", "Accuracy", "", ""), "needs a name"), (("A", "", "", ""), "formula"),
     (("A", "__import__('os')", "", ""), "formula"), (("A", "Nope + 1", "", ""), "Nope"),
     (("A", "1 / 0", "", ""), "gives no model a value"), ((None, 3, [], {}), "needs a name")],
)  # fmt: skip
def test_what_is_no_formula_gets_a_sentence(found, given, said):
    with pytest.raises(EngineError, match=said) as fault:
        names.with_formula({}, found, *given)
    assert fault.value.sentence.endswith(".")


def test_no_more_metrics_than_fit(found):
    edits = {"formulas": [[f"f{k}", "1", "", ""] for k in range(names.MAX_FORMULAS)]}
    with pytest.raises(EngineError, match="no more metrics fit"):
        names.with_formula(edits, found, "one more", "Accuracy", "", "")
    with pytest.raises(EngineError, match="no such metric"):
        names.without_formula(edits, "nope")


@pytest.mark.parametrize(
    "edits", [{"formulas": 3, "budgets": {}}, {"formulas": [3, [], ["a"], ["Size", "1", "", ""]]}]
)
def test_edits_that_no_longer_fit_change_nothing(found, edits):
    assert names.applied(found, edits).metrics == found.metrics


def test_curves_of_relaxing_say_where_the_bound_is(found):
    size, accuracy = column(found, "Size"), column(found, "Accuracy")
    ask = {"where": [[size, "le", 5.0], [accuracy, "ge", 0.5]]}
    (one,) = curves(found, ask)
    assert (one.x_title, one.y_title) == ("Size at most, MB", "Best Accuracy, %")
    assert (one.limit, one.upper) == (5.0, True)
    assert one.at == (4.0, 20.0, 40.0)
    assert one.best == pytest.approx((70.0, 88.0, 90.0))
    assert one.rows == (4, 2, 0)
    assert one.texts[1].endswith("20.0 MB, 88.00 %")


def test_a_lower_bound_is_a_curve_too(found):
    seen = curves(found, {"where": [[column(found, "Size"), "ge", 30.0]]})
    assert [one.upper for one in seen] == [False]
    assert seen[0].at[0] == 40.0


def test_one_model_has_room_and_a_place(found):
    size, accuracy = column(found, "Size"), column(found, "Accuracy")
    ask = {"where": [[size, "le", 20.0], [accuracy, "ge", 0.7]], "charts": [[size, accuracy]]}
    by_id = {m.id: m.row for m in found.models}
    assert [(s.bound, s.room, s.met) for s in slack(found, by_id["p9"], ask)] == [
        ("Size at most 20.0 MB", "16.0 MB to spare", True),
        ("Accuracy at least 70.00 %", "missed by 50.00 %", False),
    ]
    assert slack(found, by_id["odd"], ask)[1].met is None
    (place,) = places(found, by_id["p5"], {"charts": [[size, accuracy]]})
    assert "2 models beat it" in place.words
    assert found.models[place.better].id == "p5t"
    (front,) = places(found, by_id["p5t"], ask)
    assert "on the front, no model of those that fit beats it" in front.words
    (unknown,) = places(found, by_id["odd"], ask)
    assert "unknown" in unknown.words
    assert places(found, 0, {"charts": [[size, size], "x", [size], ["nope", size]]}) == ()
    text = str(details.of_one(found, by_id["p5"], ask))
    assert "missed by" in text
    assert "data-ids" in text


def test_what_each_step_did_tells_how_far_it_reaches(found):
    text = str(details.of_none(found))
    assert "Better in 2 of 2" in text
    assert " to " in text


def test_the_page_offers_what_has_a_name(app, services, key, kept):
    kept(lambda edits, e: names.with_budget(edits, e, "watch face", WHERE))
    kept(lambda edits, e: names.with_formula(edits, e, "Worth", "Accuracy / Size", "", ""))
    with app.server.test_request_context():
        text = str(layout(key))
    assert "Filter by the budget watch face" in text
    assert "Remove the metric Worth" in text
    assert formula.EXAMPLE in text
