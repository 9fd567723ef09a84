"""The sheet "Optimize": its queries and callbacks, with whatever a browser may post."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from dash import no_update

import engine
from dashboard.figures import option_table
from dashboard.pages.model import options as page
from dashboard.pages.model.callbacks import view_of
from dashboard.queries.documents import document_of, text_of
from dashboard.queries.model import ModelQueries
from dashboard.queries.options import chosen, offered
from dashboard.queries.touched import preview
from dashboard.shell import guarded
from dashboard.urls import View
from engine.errors import EngineError
from tests import builders
from tests.dashboard.model.test_queries import text

SCRIPT = Path(__file__).parents[3] / "assets" / "js" / "options.js"
VIEW = View(model_id="m", target="phone-npu", fps=30.0)
INT8 = {"input": "int8", "output": "int8", "kernel": "int8"}
GELU = {"select": {"tasks": [1]}, "action": INT8}
WRONG = ["7", 7, None, {}, [-1], [10**9], ["0"], [True], [0.5], [[0]], [1e400], [None], [0, "x"],
         ["<script>"], [2**70], list(range(200_001))]  # fmt: skip


@pytest.fixture(scope="module")
def compilation():
    model = builders.vit(blocks=2, size=32, width=32, heads=2).SerializeToString()
    return engine.compile_model(engine.read_trusted(model), engine.target("phone-npu"))


@pytest.fixture(scope="module")
def ask(compilation):
    return ModelQueries(lambda view: compilation)


@pytest.fixture
def served(ask, monkeypatch):
    """The callbacks, with the queries of this file behind them."""
    monkeypatch.setattr(page, "services", lambda: SimpleNamespace(model=ask))

    def settings(recipe=None):
        return view_of("m", "phone-npu", 30, recipe)

    return settings


def of_kind(compilation, kernel):
    return compilation.tasks.filter(pl.col("kernel") == kernel)["task_id"].to_list()


def rows_of(found):
    """Columns as the browser reads them, as one record an option."""

    def plain(column):
        if isinstance(column, dict):
            return (
                [column["words"][k] for k in column["codes"]]
                if "words" in column
                else [column["all"]] * column["n"]
            )
        return column

    columns = {name: plain(values) for name, values in found.columns.items()}
    assert {len(values) for values in columns.values()} == {found.count}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_every_option_says_what_applying_it_gives(ask, compilation):
    task = of_kind(compilation, "gemm")[0]
    found = offered(ask, VIEW, [task])
    rows = rows_of(found)
    assert found.count == len(rows) > 100
    (now,) = (row for row in rows if row["current"])
    assert [now[f"model_{name}"] for name in option_table.FIGURES] == [0] * 4
    for name in option_table.FIGURES:
        assert now[name] == pytest.approx(found.own[name], rel=1e-4)
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        rule = {"select": {"tasks": [task]}, "action": row["action"]}
        document = {"pool": [rule], "states": [[0]], "at": 0}
        view = replace(VIEW, recipe=text_of(document))
        after, before = ask.resolution(view).totals, ask.resolution(VIEW).totals
        assert after.latency_s - before.latency_s == pytest.approx(row["model_latency_s"], rel=1e-3)
        power = after.memory_power(30) - before.memory_power(30)
        assert power == pytest.approx(row["model_memory_power_w"], rel=1e-3, abs=1e-12)
        own = ask.table(view).filter(pl.col("task_id") == task)["memory_energy_j"][0]
        rate = min(30, 1 / after.latency_s)
        assert own * rate == pytest.approx(row["memory_power_w"], rel=1e-3)
    json.dumps(found.columns, allow_nan=False)


def test_power_falls_with_the_rate_that_the_model_reaches(ask, compilation):
    task = of_kind(compilation, "gemm")[0]
    fast = replace(VIEW, fps=1e6)  # more than it reaches: then power follows the latency
    rows = rows_of(offered(ask, fast, [task]))
    total = ask.resolution(fast).totals.latency_s
    for row in rows[::40]:
        rule = {"select": {"tasks": [task]}, "action": row["action"]}
        view = replace(fast, recipe=text_of({"pool": [rule], "states": [[0]], "at": 0}))
        power = ask.resolution(view).totals.memory_power(1e6)
        now = ask.resolution(fast).totals.memory_power(1e6)
        assert power - now == pytest.approx(row["model_memory_power_w"], rel=1e-2, abs=1e-9)
    assert total > 1e-6


@pytest.mark.parametrize("ids", WRONG, ids=lambda ids: repr(ids)[:20])
def test_odd_tasks_get_one_sentence(ids):
    with pytest.raises(EngineError) as fault:
        chosen(ids, 12)
    assert fault.value.where == "options"
    assert len(fault.value.sentence) < 200


def test_tasks_are_told_once_and_in_order():
    assert chosen([3, 1, 3], 4) == (1, 3)
    assert chosen([], 4) == ()


def test_the_sheet_names_the_task_and_what_it_is(ask, compilation, served):
    task = of_kind(compilation, "gemm")[0]
    found = page.options({"tasks": [task], "turn": 4}, served())
    assert found["rows"]["turn"] == 4
    assert found["rows"]["count"] > 100
    assert text(found["title"]) == ask.table(VIEW)["name"][task]
    assert "Weights  fp16" in text(found["now"])
    assert "stays in fp16: int4 is computed as int8" in text(found["withheld"])
    many = page.options({"tasks": list(range(len(compilation.tasks))), "turn": 5}, served())
    assert text(many["title"]) == f"Optimize {len(compilation.tasks)} tasks"
    assert "gemm (" in text(many["now"])
    assert "data-ids" in str(many["withheld"])


def test_without_tasks_it_says_what_to_do(served):
    for nothing in (None, [], 7, {}, {"tasks": []}, {"turn": "x"}):
        found = page.options(nothing, served())
        assert found["rows"]["count"] == 0
        assert "Select tasks" in text(found["now"])


def test_a_task_without_a_choice_says_why(served, ask, compilation):
    norm = of_kind(compilation, "normalization")[:1]
    said = text(page.options({"tasks": norm, "turn": 1}, served())["now"])
    assert "Nothing can be chosen for it" in said
    assert "normalization stays in fp16: no unit of this target computes it in int8" in said


def test_what_else_a_choice_touches_is_told_with_its_cause(ask, compilation):
    found = preview(ask, VIEW, [0], INT8)
    said = {effect.words: effect.tasks for effect in found.effects}
    assert found.words == "int8 weights and activations"
    assert found.after.size_bytes < found.before.size_bytes
    follows = next(words for words in said if "follows int8 from" in words)
    name = ask.table(VIEW)["name"][0]
    assert follows == f"1 task follows int8 from {name} (task 0)"
    assert said["1 conversion fp16 → int8 put in"] == (0,)
    edges = compilation.edges
    after = edges.filter(pl.col("source") == 0)["target"].to_list()
    assert set(said[follows]) <= set(after)


def test_effects_are_those_of_the_rows(ask, compilation):
    gemms = of_kind(compilation, "gemm")
    found = preview(ask, VIEW, gemms, INT8)
    rule = {"select": {"tasks": gemms}, "action": INT8}
    view = replace(VIEW, recipe=text_of({"pool": [rule], "states": [[0]], "at": 0}))
    before, after = ask.resolution(VIEW).tasks, ask.resolution(view).tasks
    told = {t for e in found.effects if "conversion" not in e.words for t in e.tasks}
    count = len(compilation.tasks)
    old, new = before.head(count), after.head(count)
    moved = [(new[n] != old[n]) for n in ("input_format", "output_format", "latency_s")]
    differ = set(new.filter(moved[0] | moved[1] | moved[2])["task_id"]) - set(gemms)
    assert differ == told
    added = sum(int(e.words.split()[0]) for e in found.effects if e.words.endswith("put in"))
    assert added == len(after) - len(before) > 0


def test_what_follows_from_giving_up_a_choice_is_told(ask):
    text_ = text_of({"pool": [{"select": {"tasks": [0]}, "action": INT8}], "states": [[0]],
                     "at": 0})  # fmt: skip
    found = preview(ask, replace(VIEW, recipe=text_), [0], {})
    said = " | ".join(effect.words for effect in found.effects)
    assert "no longer follows int8 from" in said
    assert "1 conversion fp16 → int8 left out" in said


def test_lost_channels_and_refusals_are_told(ask, compilation):
    gemms = of_kind(compilation, "gemm")
    half = {"sparsity": 0.5, "structured": True}
    found = preview(ask, VIEW, [0], half)
    assert any(
        e.words.endswith("tasks lose channels because a neighbour does") for e in found.effects
    )
    norm = of_kind(compilation, "normalization")[0]
    stays = preview(ask, VIEW, [gemms[0], norm], INT8)
    assert any(
        e.words.startswith("1 of these stay as they are: normalization") for e in stays.effects
    )


def test_the_preview_links_to_the_tasks(served):
    drawn = page.effects({"tasks": [0], "action": INT8}, served())
    assert "Whole model: latency" in text(drawn)
    assert "put in   Select" in text(drawn)
    none = page.effects({"tasks": [2], "action": {"input": "fp16"}}, served())
    assert "No other task changes" in text(none)


@pytest.mark.parametrize("pick", [None, 7, "x", [], {}, {"action": {}}, {"tasks": [0]}])
def test_without_an_option_there_is_no_preview(pick, served):
    assert page.effects(pick, served()) == []


@pytest.mark.parametrize("action", [
    "int8", 7, ["int8"], {"kernel": "int99"}, {"kernel": 8}, {"sparsity": 1e400}, {"x": 1},
    {"sparsity": True}, {"palette_bits": 99}, {"kernel": "<script>"}, {"pattern": "9" * 99},
])  # fmt: skip
def test_odd_actions_get_one_sentence(action, served, monkeypatch):
    told = []
    monkeypatch.setattr("dashboard.shell.notify", lambda words, kind: told.append(words))
    got = guarded(page.effects)({"tasks": [0], "action": action}, served())
    assert got is no_update
    assert len(told) == 1
    assert "\n" not in told[0]


@pytest.mark.parametrize("ids", WRONG[4:], ids=lambda ids: repr(ids)[:20])
def test_posted_tasks_that_are_none_become_a_notice(ids, served, monkeypatch):
    told = []
    monkeypatch.setattr("dashboard.shell.notify", lambda words, kind: told.append(words))
    for call, posted in ((page.options, {"tasks": ids, "turn": 1}),
                         (page.effects, {"tasks": ids, "action": INT8})):  # fmt: skip
        assert guarded(call)(posted, served()) is no_update
    assert len(told) == 2


def test_options_are_those_under_the_recipe(served):
    document = document_of(text_of({"pool": [GELU], "states": [[0]], "at": 0}))
    found = page.options({"tasks": [1], "turn": 1}, served(document))
    assert "int8" in text(found["now"])
    with pytest.raises(EngineError):
        page.options({"tasks": [1], "turn": 1}, served({"pool": 7}))


def test_columns_name_functions_that_the_script_has():
    columns = option_table.columns()
    leaves = [leaf for c in columns for leaf in c.get("children", [c])]
    assert len({leaf["field"] for leaf in leaves}) == len(leaves)
    named = {text.split("(")[0] for text in _functions([*columns, option_table.GRID])}
    script = SCRIPT.read_text(encoding="utf-8")
    assert all(name.startswith("themeQuartz") or f"cells.{name}" in script for name in named)


def _functions(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "function":
                yield inner
            else:
                yield from _functions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _functions(inner)
