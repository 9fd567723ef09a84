"""The page of one experiment: columns, places, what fits, the comparison, edits from the table."""

from __future__ import annotations

import json

import pytest
from dash import no_update

from dashboard.ids import Experiment as Ids
from dashboard.pages.experiment import compare, layout
from dashboard.pages.experiment.callbacks import map_places, models, rows_of, written
from dashboard.queries import experiment as ask
from dashboard.queries.experiment_answer import answer
from dashboard.queries.experiment_compare import compared
from dashboard.queries.experiment_words import (
    cost_of,
    parameter_words,
    quality_of,
    recipe_words,
    shown,
)
from engine.errors import EngineError
from tests.engine.experiments.forests import body, generated, model, tree

TREE = body(
    model("root", metrics={"Accuracy": 0.9, "Size": 40}, tag="the base"),
    model("p5", "root", "prune", amount=0.5, metrics={"Accuracy": 0.6, "Size": 20}),
    model("p5t", "p5", "train", epochs=3, metrics={"Accuracy": 0.88, "Size": 20}),
    model("p9", "root", "prune", amount=0.9, metrics={"Accuracy": 0.2, "Size": 4}),
    model("p9t", "p9", "train", epochs=3, metrics={"Accuracy": 0.7, "Size": 4}),
    model("odd", "root", "quantize", metrics={"Accuracy": None, "Size": 10}),
)


@pytest.fixture
def key(services, tmp_path):
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(TREE))
    return services.experiments.add(file, "tree.json")[0].id


@pytest.fixture
def found():
    return tree(*TREE["models"])


def column(found, name: str) -> str:
    return next(m.column for m in found.metrics if m.name == name)


def test_metrics_are_shown_in_fitting_units(found):
    assert (quality_of(found).name, cost_of(found).name) == ("Accuracy", "Size")
    how = shown(quality_of(found), [0.9, None])
    assert (how.header, how.text(0.9), how.text(None)) == ("Accuracy, %", "90.00 %", "unknown")
    size = shown(cost_of(found), [40.0])
    assert size.text(-4.0) == "-4.00 MB"


def test_models_are_called_by_the_steps_that_made_them(found):
    names = [recipe_words(found, k) for k in range(6)]
    assert names == [
        "the base", "prune 50 %", "prune 50 % → train", "prune 90 %", "prune 90 % → train",
        "quantize",
    ]  # fmt: skip


def test_parameters_are_told_where_models_of_a_step_differ():
    found = tree(
        model("r"),
        model("a", "r", "palettize", bits=4, method="palettize"),
        model("b", "r", "palettize", bits=1, method="palettize"),
        model("c", "r", "repair", epochs=3),
    )
    names = [recipe_words(found, k) for k in range(1, 4)]
    assert names == ["palettize 4 bits", "palettize 1 bit", "repair epochs 3"]


def test_a_cost_of_a_wide_range_stands_on_a_logarithmic_axis(app, key, found):
    assert ask.about(found)["log"] == ""
    wide = tree(*(model(str(k), metrics={"Accuracy": k / 9, "Size": 4.0**k}) for k in range(6)))
    assert ask.about(wide)["log"] == "x"
    with app.server.test_request_context():
        text = json.dumps(layout(key, log="none").to_plotly_json(), default=_plain)
        assert '"log": ""' in text
        text = json.dumps(layout(key, log="xy").to_plotly_json(), default=_plain)
        assert '"log": "xy"' in text


def _plain(component):
    return component.to_plotly_json()


def test_long_names_are_compared_in_a_table_with_bars(app, services, tmp_path):
    names = ("an operation with a long name", "another one of the same kind", "prune")
    made = [model("r", metrics={"Accuracy": 0.9, "Size": 10})]
    made += [model(n[:9], "r", n, metrics={"Accuracy": 0.5, "Size": 5}) for n in names]
    file = tmp_path / "long.json"
    file.write_text(json.dumps(body(*made)))
    key = services.experiments.add(file, "long.json")[0].id
    with app.server.app_context():
        text = str(compare.comparing({"rows": [1, 2, 3]}, "light", key))
    assert "with-bars" in text
    assert "base: " in text
    assert "width': '55.6%'" in text


def test_a_long_chain_tells_its_last_steps():
    chain = [model("m0")] + [model(f"m{k}", f"m{k - 1}", "prune", amount=k) for k in range(1, 40)]
    told = recipe_words(tree(*chain), 39)
    assert told.startswith("… → prune")
    assert told.endswith("prune amount 39")


def test_columns_travel_with_their_words(app, key):
    with app.server.app_context():
        sent = models(key)
    assert sent["parent"] == [-1, 0, 1, 0, 3, 0]
    assert sent["metrics"][sent["quality"]] == [0.9, 0.6, 0.88, 0.2, 0.7, None]
    assert sent["glossary"][sent["quality"]]["unknown"] == 1
    assert sent["glossary"][sent["quality"]]["span"] == [0.2, 0.9]
    assert set(sent["names"].values()) == {"amount", "epochs"}
    json.dumps(sent)


def test_places_of_both_arrangements_and_of_a_folded_branch(app, key):
    with app.server.app_context():
        by_step = map_places({"by": "step", "collapsed": []}, key)
        folded = map_places({"by": "operation", "collapsed": [1, "x", -4, 99]}, key)
    assert by_step["titles"] == ["Base", "Step 1", "Step 2"]
    assert by_step["column"] == [0, 1, 2, 1, 2, 1]
    assert (folded["column"][2], folded["hidden"][1]) == (-1, 1)


@pytest.mark.parametrize("ask", [None, 3, "x", []])
def test_a_map_that_is_not_asked_for_is_not_sent(app, key, ask):
    with app.server.app_context():
        assert map_places(ask, key) is no_update


def test_what_fits_is_named_with_its_figures_and_what_would_help(found):
    size, accuracy = column(found, "Size"), column(found, "Accuracy")
    told = answer(found, {"where": [[size, "le", 5.0]], "charts": [[size, accuracy]]})
    assert found.models[told.best].id == "p9t"
    assert told.best_words == ("prune 90 % → train", "4.00 MB, 70.00 %")
    assert told.relax == "relax Size to 20.0 MB → 88.00 % Accuracy"
    assert found.models[told.relax_row].id == "p5t"
    assert told.fronts[0]["rows"] == [4]


def test_unknown_values_are_their_own_case(found):
    size, accuracy = column(found, "Size"), column(found, "Accuracy")
    where = [[accuracy, "ge", 0.1]]
    told = answer(found, {"where": where, "charts": [[size, size], [size, accuracy], "x"]})
    assert told.unknown == 1
    assert told.fronts[0] is None
    assert told.fronts[2] is None
    let = answer(found, {"where": where, "unknown": [accuracy], "charts": []})
    assert let.best == told.best


def test_nothing_fits_is_nothing(found):
    size, accuracy = column(found, "Size"), column(found, "Accuracy")
    told = answer(
        found, {"where": [[size, "le", 1.0], [accuracy, "ge", 0.5]], "charts": [[size, accuracy]]}
    )
    assert told.best is None
    assert told.relax == "nothing fits: relax Size to 4.00 MB → 70.00 % Accuracy"
    assert told.fronts == [{"x": size, "y": accuracy, "rows": [], "knee": None}]


@pytest.mark.parametrize(
    "where",
    [None, 3, [[]], [["m0", "ge"]], [["m0", "has", "x"]], [["nope", "ge", 1]], [[3, "ge", 1]],
     [["m0", "ge", True]], [["m0", "ge", float("nan")]], [["m0", "ge", "1"]]],
)  # fmt: skip
def test_odd_bounds_are_left_out(found, where):
    assert answer(found, {"where": where}).best is None


def test_bounds_that_contradict_get_a_sentence(found):
    with pytest.raises(EngineError, match="lower limit lies above the upper"):
        answer(found, {"where": [["m0", "ge", 0.9], ["m0", "le", 0.1]]})


def test_what_fits_is_asked_by_its_address(client, key, found):
    size, accuracy = column(found, "Size"), column(found, "Accuracy")
    address = f"/api/experiments/{key}/fits?where={size}.le.n5&chart={size}.{accuracy}"
    told = client.get(address + "&curves=1").json
    assert (told["best"], told["best_words"][1]) == (4, "4.00 MB, 70.00 %")
    assert (told["relax_row"], told["relax"].startswith("relax Size")) == (2, True)
    assert told["fronts"][0]["rows"] == [4]
    assert [one["rows"] for one in told["curves"]] == [[4, 2, 0]]
    assert client.get(address).json["curves"] == []
    assert client.get(f"/api/experiments/{'x' * 22}/fits").status_code == 404
    crossed = client.get(address + f"&where={size}.ge.n9")
    assert (crossed.status_code, "lower limit" in crossed.json["error"]) == (400, True)


def test_one_model_shows_its_changes_and_several_how_they_differ(app, key):
    with app.server.app_context():
        one = str(compare.comparing({"rows": [2]}, "light", key))
        assert "from the base" in one
        assert "from the root" in one
        several = compare.comparing({"rows": [1, 2, 3, 4]}, "light", key)
        text = str(several)
        assert "epochs" in text or "train" in text
        assert text.count("Graph(") >= 2
        none = str(compare.comparing({"rows": []}, "dark", key))
        assert "what each step did" in none
        assert "prune" in none


def test_keeping_some_values_narrows_the_comparison(app, key, found):
    told = compared(found, [1, 2, 3, 4], {})
    names = [name for name, _ in told.refine]
    amount = names.index("amount")
    narrowed = compared(found, [1, 2, 3, 4], {str(amount): [0], "99": [0], "0x": "y"})
    assert narrowed.rows == (1, 2)
    assert narrowed.narrowed
    assert not told.narrowed
    with app.server.app_context():
        text = str(
            compare.comparing({"rows": [1, 2, 3, 4], "keep": {str(amount): [0]}}, "light", key)
        )
    assert "Select only these" in text


@pytest.mark.parametrize("rows", [None, "x", [True, None, "a", -1, 99], [[1]]])
def test_odd_selections_are_no_selection(app, key, rows):
    with app.server.app_context():
        assert "Select models" in str(compare.comparing({"rows": rows}, "light", key))
    assert rows_of([True, None, "a", -1, 2]) == [2]


def test_a_random_handful_of_many_always_shows_something(app, services, tmp_path):
    file = tmp_path / "many.json"
    file.write_text(json.dumps(generated(300, 4)))
    key = services.experiments.add(file, "many.json")[0].id
    with app.server.app_context():
        for start in range(0, 300, 37):
            rows = list(range(start, min(300, start + 16), 2))
            assert len(str(compare.comparing({"rows": rows}, "light", key))) > 400


def test_notes_and_flags_written_in_the_table_are_kept(app, services, key):
    with app.server.app_context():
        cells = [{"colId": "notes", "value": "looks odd", "data": {"model": "p5"}}]
        assert written(cells, key) == [{"row": 1, "notes": "looks odd", "flags": ""}]
        cells = [{"colId": "flags", "value": "a, b", "data": {"model": "p5"}}]
        assert written(cells, key) == [{"row": 1, "notes": "looks odd", "flags": "a, b"}]
        for odd in (None, [None], [{"colId": "name", "value": "x", "data": {"model": "p5"}}]):
            written(odd, key)
        with pytest.raises(EngineError, match="no such model"):
            written([{"colId": "notes", "value": "x", "data": {"model": "none"}}], key)
    assert services.store.experiments.get(key).version == 3
    with app.server.app_context():
        assert models(key)["notes"][1] == "looks odd"


def test_the_page_begins_as_its_address_says(app, key, found):
    with app.server.test_request_context():
        made = layout(key, sel="1-2.99", where="m0.ge.n0.5", colour="m1", dock="table", by="step")
        text = json.dumps(made.to_plotly_json(), default=lambda o: o.to_plotly_json())
        assert '"selected": [1, 2]' in text
        assert '"where": [["m0", "ge", 0.5]]' in text
        assert '"dock": "table"' in text
        assert Ids.PAGE in text
        assert "There is nothing at this address" in str(layout("x" * 22))


def test_a_note_on_what_reading_found_is_in_the_header(app, services, tmp_path):
    file = tmp_path / "odd.json"
    file.write_text(json.dumps(body(model("a"), model("b", "nowhere", "prune"), model("a"))))
    key = services.experiments.add(file, "odd.json")[0].id
    with app.server.test_request_context():
        text = str(layout(key))
    assert "nowhere" in text or "base" in text
    assert len(ask.parameters(services.experiments.get(key)[1])) == 0


def test_a_flag_is_told_by_its_name_and_only_where_it_is_set():
    assert parameter_words("prune", "include_norms", True) == "include norms"
    assert parameter_words("prune", "include_norms", False) == ""
