"""The sheet that explains a task: the steps sum to what the table shows."""

import pytest

import engine
from dashboard.pages.model.totals import room_sentence
from dashboard.pages.model.why import _shown, explanation
from dashboard.queries.model import ModelQueries
from dashboard.urls import View
from tests import builders
from tests.dashboard.model.test_queries import text


@pytest.fixture(scope="module")
def ask():
    model = builders.vit(blocks=1, size=32, width=32, heads=2).SerializeToString()
    compilation = engine.compile_model(engine.read_trusted(model), engine.target("ethos-u55-256"))
    return ModelQueries(lambda view: compilation)


@pytest.mark.parametrize("preset", ["", "int8"])
def test_every_row_ends_in_the_figures_of_the_table(ask, preset):
    recipe = engine.write_recipe(engine.preset(preset).recipe) if preset else ""
    view = View(model_id="m", target="ethos-u55-256", fps=30.0, recipe=recipe)
    rows = ask.resolution(view).tasks
    for row in rows.iter_rows(named=True):
        ends = {s.label: s.value for s in ask.why(view, row["task_id"]).steps if s.result}
        assert ends["Latency"] == pytest.approx(row["latency_s"])
        assert ends["Energy"] == pytest.approx(row["energy_j"])


@pytest.mark.parametrize("task", [-1, 10**9])
def test_a_row_that_is_not_there_has_no_steps(ask, task):
    assert ask.why(View(model_id="m", target="ethos-u55-256"), task).steps == ()


def test_the_sheet_names_the_task_its_place_and_its_sources(ask):
    view = View(model_id="m", target="ethos-u55-256")
    said = text(explanation(ask.why(view, 0)))
    assert "Compute time" in said
    assert "fp32" in said  # why it is not on the NPU
    assert "[D] our assumption" in said


def test_a_task_without_a_price_says_so(ask):
    found = ask.why(View(model_id="m", target="ethos-u55-256"), -1)
    assert "not priced" in text(explanation(found))


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (2e-11, "J/MAC", ("20.0", "pJ/MAC")),
        (3.072e11, "MAC/s", ("307", "GMAC/s")),
        (1.7e10, "B/s", ("17.0", "GB/s")),
        (1.5, "", ("1.50", "")),
        (0.0, "s", ("0", "µs")),
    ],
)
def test_values_carry_fitting_prefixes(value, unit, shown):
    assert _shown(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "room", "said"),
    [
        (25.2e6, 1.05e6, "over the 1.05 MB there is"),
        (1e6, 1e6, ""),
        (None, 1.0, ""),
        (1e12, float("inf"), ""),
    ],
)
def test_what_does_not_fit_is_said(value, room, said):
    assert room_sentence(value, room) == said


def test_a_microcontroller_bounds_both_and_a_pc_neither():
    assert engine.target("stm32h7").room == (1048580.0, 2097150.0)
    assert engine.target("x86-avx2").room[1] == float("inf")
