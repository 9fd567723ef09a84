"""The page of differences: its choice, sums, waterfall, table."""

from __future__ import annotations

import pytest

import engine
from dashboard.figures.waterfall import waterfall
from dashboard.pages.diff import layout
from dashboard.pages.diff.layout import NONE, drawn, drawn_source
from dashboard.queries.differences import compared
from dashboard.queries.sides import ANALYSIS, CHECKPOINT, offers, side, target_of
from engine.errors import EngineError
from tests import builders


@pytest.fixture
def two(add):
    return [add(f"net{n}", builders.residual_net(n).SerializeToString()) for n in (2, 4)]


@pytest.fixture
def inside(app, services):
    with app.server.test_request_context():
        yield services


@pytest.fixture
def view(inside):
    def view(model, preset="", target="phone-npu"):
        return side(inside.store, model, target, preset).view

    return view


def sides(first, second, third=(NONE, "", NONE)):
    return [*first, *second, *third]


def plain(model, target="phone-npu", preset=NONE):
    return model, target, preset


def text(part) -> str:
    children = getattr(part, "children", part)
    if isinstance(children, list | tuple):
        return " ".join(text(c) for c in children)
    return text(children) if hasattr(children, "children") else str(children or "")


def test_the_page_opens_on_the_two_newest_and_on_nothing(inside, two):
    def chosen(page):
        sides = page.children[1].children
        return [sides[k].children[1].value for k in (0, 2)]

    assert chosen(layout()) == two
    assert chosen(layout(a=two[1], b="nowhere")) == [two[1], two[1]]


def test_without_models_it_says_what_is_needed(inside):
    layout()
    body, address = drawn(*sides(plain(None), plain(None)))
    assert "Two models are needed" in text(body[0])
    assert address == ""


def test_the_choice_is_in_the_address(inside, two):
    _, address = drawn(*sides(plain(two[0]), plain(two[1], "h200", "int8")))
    assert address == f"?a={two[0]}&ta=phone-npu&b={two[1]}&tb=h200&pb=int8"


def test_bars_add_up_from_one_figure_to_the_other(inside, two, view):
    found = compared(inside.model, view(two[0]), view(two[1]))
    before, after = found.found[0].before.latency_s, found.found[0].after.latency_s
    figure = waterfall(found.modules, before, after, ("a", "b"), "light")
    bars, words = figure.data
    assert len(words.x) == len(bars.y)
    assert min(words.x) >= 0  # right of the bars, where no name of a module stands
    assert words.x[0] == pytest.approx(1e3 * before)
    first, *steps, last = figure.data[0].x
    assert first + sum(steps) == pytest.approx(last, rel=1e-3)
    assert last == pytest.approx(1e3 * after)
    assert len(set(figure.data[0].y)) == len(figure.data[0].y)


def test_conversions_are_in_the_waterfall_too(inside, two, view):
    found = compared(inside.model, view(two[0]), view(two[0], "int8"))
    total = found.found[0].after.latency_s - found.found[0].before.latency_s
    assert found.modules["change"].sum() == pytest.approx(total, rel=1e-2)


def test_the_table_pairs_both_sides_in_the_order_of_execution(inside, two, view):
    found = compared(inside.model, view(two[0]), view(two[1]))
    assert [row["b"] for row in found.rows if row["b"] is not None] == sorted(
        row["b"] for row in found.rows if row["b"] is not None
    )
    for row in found.rows:
        assert (row["kind"] == "added") == (row["from"] == "")
        assert (row["kind"] == "removed") == (row["to"] == "")
    assert len({row["key"] for row in found.rows}) == len(found.rows)


def test_a_third_side_adds_columns_and_its_own_rows(inside, two, view):
    found = compared(inside.model, view(two[0]), view(two[0], "int8"), view(two[1]))
    assert len(found.found) == 2
    more = [row for row in found.rows if row["kind_2"] == "added"]
    assert len(more) == found.found[1].counts["added"] > 0
    assert sum(row["kind_2"] is not None for row in found.rows) == len(found.rows)
    body, _ = drawn(*sides(plain(two[0]), plain(two[0], preset="int8"), plain(two[1])))
    grid = body[-1].children[-1]
    heads = [c["headerName"] for c in grid.columnDefs if "children" in c]
    assert len(heads) == 3
    assert "net4" in heads[2]


def test_analyses_and_checkpoints_are_sides_too(inside, two):
    store, recipe = inside.store, engine.write_recipe(engine.preset("int8").recipe)
    made = store.analyses.create(two[0], "Ship", recipe, target="h200")
    point = store.analyses.checkpoint(made.id, "first", recipe)
    values = [offer.value for offer in offers(store) if offer.group == "net2"]
    assert values[:2] == [two[0], ANALYSIS + made.id]
    assert CHECKPOINT + point.id in values
    found = side(store, CHECKPOINT + point.id, "h200", "")
    assert found.view.recipe == side(store, two[0], "h200", "int8").view.recipe
    assert found.name == "net2, first"
    assert target_of(store, CHECKPOINT + point.id) == "h200"
    _, address = drawn(*sides(plain(two[0]), plain(ANALYSIS + made.id)))
    assert f"b=analysis%3A{made.id}" in address
    page = layout(a=two[0], b=ANALYSIS + made.id)
    second = page.children[1].children[2]
    assert second.children[1].value == ANALYSIS + made.id
    assert second.children[2].children[0].value == "h200"


@pytest.mark.parametrize("choice", ["analysis:", "analysis:x", "checkpoint:../x", "", "nowhere"])
def test_a_choice_that_is_nowhere_is_one_sentence(inside, two, choice):
    with pytest.raises(EngineError):
        side(inside.store, choice, "phone-npu", "")


def test_the_matrix_counts_every_paired_task(inside, two, view):
    found = compared(inside.model, view(two[0]), view(two[0], "int8"))
    assert found.formats["tasks"].sum() == len(found.rows)
    moved = found.formats.filter(found.formats["after"] == "int8")
    assert moved["before_bytes"].sum() == pytest.approx(2 * moved["after_bytes"].sum(), rel=0.1)
    body, _ = drawn(*sides(plain(two[0]), plain(two[0], preset="int8")))
    assert "int8" in text(body[1])


def test_one_top_module_is_opened_until_there_are_bars(inside, add):
    net = builders.residual_net(3)
    for node in net.graph.node:
        node.name = f"backbone/{node.name}"
    model = add("deep", net.SerializeToString())
    ask = [side(inside.store, model, "phone-npu", preset).view for preset in ("", "int8")]
    assert compared(inside.model, *ask).modules.height >= 3


def test_sources_are_beside_each_other_where_both_models_have_some(inside, add):
    def traced(blocks, call):
        net = builders.residual_net(blocks)
        for k, node in enumerate(net.graph.node):
            trace = f'File "/srv/team/net.py", line {k + 3}, in forward\n    x = self.{call}(x)\n'
            node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=trace)
        return add(f"traced{blocks}", net.SerializeToString())

    first, second = traced(2, "conv"), traced(3, "deconv<b>")
    (pane,) = drawn_source(*sides(plain(first), plain(second)))
    words = text(pane)
    assert "net.py" in words
    assert "x = self.deconv<b>(x)" in words
    assert "only lines that the exports name" in words
    assert drawn_source(*sides(plain(first), plain(first, preset="int8"))) == []
    bare = add("bare", builders.conv_net().SerializeToString())
    assert drawn_source(*sides(plain(first), plain(bare))) == []
    assert drawn_source(*sides(plain("nowhere"), plain(first))) == []


def test_long_names_are_cut_in_the_waterfall(inside, two, view):
    found = compared(inside.model, view(two[0]), view(two[1]))
    figure = waterfall(found.modules, 1.0, 2.0, ("x" * 90, "y" * 90), "light")
    assert max(map(len, figure.layout.yaxis.ticktext)) <= 26
    assert figure.layout.yaxis.ticktext[0].startswith("…")


def test_a_wrong_choice_is_a_notice_and_changes_nothing(client, app, two):
    from tests.dashboard.test_callbacks import post

    sent = sides(plain(two[0], "toaster"), plain(two[1], "h200"))
    answer = post(client, app, "diff--body", sent)
    assert "toaster" in str(answer.json["sideUpdate"])
