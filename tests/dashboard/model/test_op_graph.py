"""Elements of the drawing: what is whole, what folds, what opens, and how much there ever is."""

import pytest

from dashboard.figures import op_graph
from dashboard.figures.blocks import folded, framed, parts, within
from dashboard.figures.tokens import STEPS, tokens
from tests.dashboard.model import fakes


def draw(compilation, opened=()):
    return op_graph.elements(compilation.tasks, compilation.edges, opened)


def boxes(elements):
    return [e for e in elements if "box" in e.get("classes", "").split()]


def covered(elements):
    return sorted(i for e in boxes(elements) for i in e["data"]["tasks"])


@pytest.mark.parametrize(
    "compilation",
    [fakes.unet(), fakes.chain(10), fakes.chain(1000), fakes.chain(1000, 24), fakes.chain(3000)],
    ids=["unet", "ten", "flat", "scoped", "large"],
)
def test_every_task_is_in_exactly_one_box_and_the_drawing_stays_small(compilation):
    found = draw(compilation)
    assert covered(found) == list(range(len(compilation.tasks)))
    assert 0 < len(found) <= op_graph.MOST_ELEMENTS
    ids = [e["data"]["id"] for e in found]
    assert len(ids) == len(set(ids))


def test_a_small_graph_is_whole_and_framed_by_scope():
    found = draw(fakes.unet())
    assert not any(e["data"].get("block") for e in boxes(found))
    titles = {e["data"]["label"] for e in found if e["classes"] == "title"}
    assert {"stem", "down.0", "up.3"} <= titles


def test_a_large_graph_folds_by_scope_and_opens():
    c = fakes.chain(1000, 24)
    closed = boxes(draw(c))
    assert len(closed) == 24
    assert closed[3]["data"]["name"] == "layers.3"
    opened = draw(c, ["layers.3"])
    assert len(boxes(opened)) > 24
    assert covered(opened) == list(range(1000))
    assert {e["data"]["id"] for e in closed} - {e["data"]["id"] for e in boxes(opened)} == {
        "blayers.3"
    }


def test_a_graph_without_scopes_folds_into_runs_that_open():
    c = fakes.chain(1000)
    first = boxes(draw(c))[0]["data"]
    assert first["name"] == "tasks 0–24"
    assert len(boxes(draw(c, [first["block"]]))) == 40 - 1 + 25


def test_opening_everything_never_passes_the_limit():
    c = fakes.chain(5000, 50)
    every = [e["data"]["block"] for e in boxes(draw(c))]
    found = draw(c, every)
    assert len(found) <= op_graph.MOST_ELEMENTS
    assert covered(found) == list(range(5000))


@pytest.mark.parametrize("junk", [["nope"], ["layers.3#9-1"], [""], ["layers.0", "layers.0"]])
def test_an_unknown_block_is_ignored(junk):
    assert covered(draw(fakes.chain(1000, 24), junk)) == list(range(1000))


def test_a_skip_connection_is_marked_and_routed():
    edges = [e for e in draw(fakes.unet()) if e["classes"].startswith("edge")]
    skips = [e for e in edges if "skip" in e["classes"]]
    assert len(skips) == 4
    assert all("routed" in e["classes"] and e["data"]["weights"] for e in skips)


@pytest.mark.parametrize(
    ("name", "frame", "label"),
    [
        ("up/2/conv/norm1", "up.2", "conv.norm1"),
        ("up/2/up", "up.2", "up"),
        ("stem/conv", "", "stem.conv"),
        ("a/b/c/d/conv", "a", "d.conv"),
        ("elsewhere/conv", "up.2", "conv"),
        ("/layer/Conv", "", "layer.Conv"),
    ],
)
def test_a_label_that_many_share_says_where_it_is(name, frame, label):
    assert within(name, frame) == label


def test_scopes_join_numbers_to_names():
    assert parts("model/layers/3/attn") == ("model", "layers.3", "attn")
    assert parts("") == ()


def test_blocks_are_stable_and_in_order():
    names = [f"n{i}" for i in range(700)]
    assert folded(names, [""] * 700) == folded(names, [""] * 700)
    assert [b.tasks for b in framed(names[:5], [""] * 5)] == [(i,) for i in range(5)]


def test_both_schemes_have_every_colour_of_the_stylesheet():
    for scheme in ("light", "dark"):
        sheet = op_graph.stylesheet(scheme)
        assert sum(rule["selector"].startswith("node.s") for rule in sheet) >= STEPS
    assert tokens("light")["ground"] != tokens("dark")["ground"]
    assert set(tokens("light")) == set(tokens("dark"))
