"""Elements of the drawing: what is whole, what folds, what opens, and how much there ever is."""

from dataclasses import replace

import polars as pl
import pytest

from dashboard.figures import op_graph
from dashboard.figures.blocks import parts, within
from dashboard.figures.layered import BOX
from dashboard.figures.tokens import STEPS, tokens
from tests.dashboard.model import fakes


def draw(compilation, opened=(), **named):
    return op_graph.elements(compilation.tasks, compilation.edges, opened, **named)


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


def test_a_graph_without_scopes_folds_into_the_copies_that_it_holds():
    """The chain reads back by four, so it is 249 blocks of four after the first task."""
    c = fakes.chain(1000)
    found = boxes(draw(c))
    assert found[0]["data"]["name"] == "conv_0"
    assert found[1]["data"]["name"].startswith("block 1–")
    assert all(len(e["data"]["tasks"]) % 4 == 0 for e in found[1:] if e["data"]["block"])
    inner = boxes(draw(c, [found[1]["data"]["block"]]))
    assert [e["data"]["name"] for e in inner[1:3]] == ["block 1", "block 2"]
    assert covered(draw(c, [found[1]["data"]["block"], inner[1]["data"]["block"]])) == list(
        range(1000)
    )


def test_a_stack_that_is_too_high_to_open_is_one_box_with_its_copies():
    c = fakes.chain(3000, 60)
    wrapped = replace(
        c, tasks=c.tasks.with_columns(pl.when(pl.col("task_id") < 6).then(pl.lit("")).otherwise(
            pl.col("group")).alias("group"))
    )  # fmt: skip
    (stack,) = (e for e in boxes(draw(wrapped)) if "stack" in e["classes"].split())
    copies = stack["data"]["copies"]
    assert len(copies) == 59
    assert sorted(i for copy in copies for i in copy) == stack["data"]["tasks"]
    assert stack["data"]["label"] == stack["data"]["name"] == "layers × 59"
    opened = draw(wrapped, [stack["data"]["block"]])
    assert covered(opened) == list(range(3000))
    assert any(e["data"].get("frame") == stack["data"]["block"] for e in opened)


def test_what_is_open_from_the_start_can_be_folded():
    c = fakes.chain(960, 24)
    (stack,) = boxes(draw(c, ["-stack:0+960"]))
    assert stack["data"]["name"] == "layers × 24"


def test_an_edge_says_what_it_carries():
    c = fakes.chain(10)
    edges = c.edges.with_columns(
        pl.lit("t").alias("tensor"), pl.lit("1×64×56×56").alias("shape"),
        pl.lit("fp32").alias("format"), pl.lit(802816).alias("bytes"),
    )  # fmt: skip
    two = edges.with_columns(pl.lit("u").alias("tensor"), pl.lit(8).alias("bytes"))
    found = op_graph.elements(c.tasks, pl.concat([edges, two]))
    data = next(e["data"] for e in found if e["classes"].startswith("edge"))
    assert (data["tensor"], data["bytes"], data["count"]) == ("1×64×56×56 fp32", 802816, 2)
    plain = next(e["data"] for e in draw(c) if e["classes"].startswith("edge"))
    assert (plain["tensor"], plain["bytes"]) == ("", None)
    assert "count" not in plain


@pytest.mark.parametrize("compilation", [fakes.unet(), fakes.chain(60), fakes.chain(1000, 24)])
def test_left_to_right_is_as_sound_as_downwards(compilation):
    found = draw(compilation, direction="right")
    assert covered(found) == list(range(len(compilation.tasks)))
    places = [(e["position"]["x"], e["position"]["y"]) for e in boxes(found)]
    for k, (x, y) in enumerate(places):
        for other, below in places[:k]:
            assert abs(x - other) >= BOX[0] or abs(y - below) >= BOX[1]
    sides = [e["data"]["out"] for e in found if e["classes"] == "edge"]
    assert sides.count(op_graph.SIDES["right"]) > len(sides) / 2


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


def test_both_schemes_have_every_colour_of_the_stylesheet():
    for scheme in ("light", "dark"):
        sheet = op_graph.stylesheet(scheme)
        assert sum(rule["selector"].startswith("node.s") for rule in sheet) >= STEPS
    assert tokens("light")["ground"] != tokens("dark")["ground"]
    assert set(tokens("light")) == set(tokens("dark"))
