"""Recipes that the browser sends: hostile until read, equal when they say the same."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder

import engine
from dashboard.pages.model.rules import code, slower
from dashboard.queries import documents
from engine.errors import EngineError
from engine.recipe import Recipe, Slowed, Slower, rule_book
from tests import builders

INT8 = {"select": "all", "action": {"activations": "int8", "kernel": "int8"}}
ALONE = {"select": {"tasks": [0, 2]}, "action": {}}


def document(*rules, **changed):
    return {"pool": list(rules), "states": [[], list(range(len(rules)))], "at": 1} | changed


def test_a_document_says_which_rules_are_in_use():
    text = documents.text_of(document(INT8, ALONE))
    assert json.loads(text)["rules"] == [INT8, ALONE]
    assert documents.text_of(document(INT8, ALONE, at=0)) == ""
    assert documents.text_of(None) == documents.canonical('{"schema": 1, "rules": []}') == ""
    assert documents.text_of(documents.document_of(text)) == text
    assert documents.text_of({"pool": [ALONE, INT8], "states": [[1, 0]], "at": 0}) == text


@pytest.mark.parametrize(
    "odd",
    [
        "int8", [], {}, 7, {"pool": [], "states": [], "at": 0}, document(INT8, at=9),
        document(INT8, at=-1), document(INT8, at=True), document(INT8, states=[[5]], at=0),
        document(INT8, states=[[-1]], at=0), document(INT8, states=[["0"]], at=0),
        document(INT8, states=[7], at=0), document(INT8, pool="x"), document({"select": "all"}),
        document(INT8 | {"note": "x"}), document({"select": "all", "action": {"kernel": "int99"}}),
        document({"select": {"tasks": [1e400]}, "action": {}}),
        document({"select": {"tasks": [-1]}, "action": {}}), document(None), document([[]]),
        document(*[INT8] * 5001),
    ],
)  # fmt: skip
def test_odd_documents_get_one_sentence(odd):
    with pytest.raises(EngineError) as fault:
        documents.text_of(odd)
    assert "recipe" in str(fault.value) or "rule" in str(fault.value)
    assert "\n" not in fault.value.sentence


def test_the_token_of_the_page_is_text_or_nothing():
    assert documents.held_of({"held": "abc"}) == "abc"
    assert [documents.held_of(d) for d in (None, {}, {"held": 7}, "held", [])] == [""] * 5


@pytest.mark.parametrize("preset", [p.id for p in engine.presets()])
def test_a_recipe_is_split_into_its_preset_and_the_rest(preset):
    rules = engine.preset(preset).recipe.rules
    extra = documents.recipe_of(documents.text_of(document(ALONE))).rules
    found, rest = documents.split(Recipe(rules + extra))
    assert found is not None
    assert (found.recipe.rules, rest.rules) == (rules, extra)
    assert documents.split(Recipe(extra)) == (None, Recipe(extra))
    text = engine.write_recipe(Recipe(rules))
    assert documents.canonical(json.dumps(json.loads(text), indent=2)) == text


def test_every_rule_says_what_it_did():
    graph = engine.read(builders.residual_net().SerializeToString())
    made = engine.compile_model(graph, engine.target("phone-npu"))
    recipe = documents.recipe_of(documents.text_of(document(INT8, ALONE)))
    book = rule_book(recipe, engine.resolve(made), engine.resolve(made, recipe))
    assert [line.where for line in book.lines] == ["all tasks", "tasks 0 and 2"]
    assert [line.what for line in book.lines] == ["int8 weights and activations", "left alone"]
    assert book.lines[1].decides == 2
    assert book.lines[0].decides + sum(n for _, n in book.lines[0].refused) == len(made.tasks) - 2
    assert book.conversions >= 1


def test_the_sheet_says_what_a_recipe_makes_slower_and_each_kind_selects_its_tasks():
    found = Slower(1.6, (Slowed("softmax", "Softmax", (7, 3), 2e-3),
                         Slowed("convert", "Conversion", (1,), 1e-3)))  # fmt: skip
    text = json.dumps(slower(found), cls=PlotlyJSONEncoder)
    assert "1.6 \\u00d7 as slow as the file" in text
    assert "softmax (2 tasks)" in text
    assert '"data-ids": "7,3"' in text
    assert "2.00 ms more" in text
    assert slower(Slower(1.01, found.kinds)) == []


def test_the_sheet_has_code_for_each_task_that_can_be_copied():
    text = json.dumps(code({"torchao": "quantize_(model)", "coremltools": ""}),
                      cls=PlotlyJSONEncoder)  # fmt: skip
    assert "Code for each task: PyTorch" in text
    assert "Core ML" not in text
    assert '"data-copy": "model--rules-torchao"' in text
    assert code({}) == []
