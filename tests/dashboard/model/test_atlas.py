"""The block of all tasks: every task has its place, every edge its way, at any size."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

import engine
from dashboard.figures import atlas, atlas_order, op_graph
from dashboard.figures.atlas_bands import NONE, blocks
from dashboard.figures.atlas_format import pack, unpack
from dashboard.figures.atlas_layout import lay_out
from engine.insight import Group
from tests import builders

ACROSS = {"down": ("x", "y", 112, 26), "right": ("y", "x", 26, 112)}


def frames(count, pairs, roots=(0,)):
    """Tasks and edges of a made-up compilation, without what only pricing needs."""
    rows = [(-1, r) for r in roots] + sorted(pairs)
    tasks = pl.DataFrame({
        "task_id": range(count), "name": [f"t{i}" for i in range(count)], "group": [""] * count,
    })  # fmt: skip
    edges = pl.DataFrame(rows, schema={"source": pl.Int32, "target": pl.Int32}, orient="row")
    fixed = {"tensor": "t", "shape": "1×8", "format": "fp32", "elements": 8, "bytes": 32}
    return tasks, edges.with_columns(pl.lit(v).alias(k) for k, v in fixed.items())


def chain(count):
    return frames(count, [(i, i + 1) for i in range(count - 1)])


def branchy(count, seed=0):
    """Forks of up to five branches that join, most with an edge around them."""
    random = np.random.default_rng(seed)
    pairs, joins, fork, free = set(), [0], 0, 1
    while free < count - 40:
        ends = [fork] if random.random() < 0.6 else []
        for _ in range(random.integers(1, 6)):
            last = fork
            for _ in range(random.integers(1, 7)):
                pairs.add((last, free))
                last, free = free, free + 1
            ends.append(last)
        if random.random() < 0.1:
            ends.append(int(random.choice(joins)))
        pairs |= {(end, free) for end in ends}
        joins.append(fork := free)
        free += 1
    return frames(free, pairs)


def wild(count, seed=0):
    """No structure at all: edges in both directions of the numbering, lonely tasks, inputs."""
    random = np.random.default_rng(seed)
    ends = random.integers(0, count, (2 * count, 2)).tolist()
    return frames(count, {(a, b) for a, b in ends if a != b}, random.integers(0, count, 5))


def tangled():
    """A chain with an edge from each task to one a few behind, and some crossing branches."""
    random = np.random.default_rng(3)
    tasks, edges = branchy(700, 3)
    pairs = set(edges.filter(pl.col("source") >= 0).select("source", "target").rows())
    for a in random.integers(0, tasks.height - 12, 40).tolist():
        pairs.add((a, a + int(random.integers(2, 12))))
    return frames(tasks.height, pairs)


def star(count):
    return frames(count, [(0, i) for i in range(1, count)])


def fan(count):
    """One task feeds many, which feed one."""
    inner = range(1, count - 1)
    return frames(count, [*((0, i) for i in inner), *((i, count - 1) for i in inner)])


def lonely(count):
    return frames(count, [], range(count))


GRAPHS = {
    "chain": chain(3000),
    "branches": branchy(1500),
    "wild": wild(900),
    "star": star(1500),
    "fan": fan(1200),
    "lonely": lonely(1000),
    "small": chain(5),
    "one": lonely(1),
    "none": lonely(0),
}


def drawn(graph, direction="down", **how):
    return atlas.unpack(atlas.drawing(*graph, groups=(), direction=direction, **how))


@pytest.fixture(scope="module", params=[(n, d) for n in GRAPHS for d in ACROSS], ids="-".join)
def made(request):
    name, direction = request.param
    return GRAPHS[name], direction, *drawn(GRAPHS[name], direction)


def test_lengths_agree_with_the_header(made):
    (tasks, _), direction, header, arrays = made
    n, m, k = header["tasks"], header["edges"], len(header["bands"])
    assert (header["version"], header["direction"], header["box"]) == (1, direction, [112, 26])
    assert n == tasks.height
    of_tasks, of_edges = ("x", "y", "latency", "band"), ("source", "target", "kind", "ends")
    assert {arrays[a].size for a in of_tasks} == {n}
    assert {arrays[a].size for a in (*of_edges, "tensor", "bytes")} == {m}
    assert arrays["bend_at"].size == m + 1
    assert arrays["bend_at"][0] == 0
    assert (np.diff(arrays["bend_at"].astype(int)) >= 0).all()
    assert arrays["bend_at"][-1] == arrays["bend_x"].size == arrays["bend_y"].size
    assert arrays["band_box"].size == 4 * k
    assert set(arrays) == set(atlas.ARRAYS)
    assert all(offset % 4 == 0 for _, _, offset in header["arrays"].values())


def test_everything_is_somewhere(made):
    *_, header, arrays = made
    x0, y0, x1, y1 = header["extent"]
    for name, low, high in (("x", x0, x1), ("y", y0, y1)):
        for places in (arrays[name], arrays[f"bend_{name}"]):
            assert np.isfinite(places).all()
            assert ((places >= low) & (places <= high)).all()
    assert (arrays["kind"] <= 2).all()
    assert (arrays["ends"] < 16).all()


def test_edges_are_complete(made):
    (_, edges), _, header, arrays = made
    wanted = {(a, b) for a, b in edges.select("source", "target").rows() if min(a, b) >= 0}
    found = list(zip(arrays["source"].tolist(), arrays["target"].tolist(), strict=True))
    assert sorted(wanted) == sorted(found)
    assert {header["tensors"][i] for i in arrays["tensor"]} <= {"1×8 fp32"}
    assert (arrays["bytes"] == 32).all()


def test_no_two_boxes_overlap(made):
    *_, direction, _, arrays = made
    across, along, width, length = ACROSS[direction]
    u, v = arrays[across].astype(float), arrays[along].astype(float)
    order = np.lexsort((u, v))
    for shift in range(1, 40):  # the next in place are close, if any
        near = np.abs(v[order][shift:] - v[order][:-shift]) < length
        apart = np.abs(u[order][shift:] - u[order][:-shift]) >= width
        assert apart[near].all()


def test_what_feeds_stands_above_in_a_column(made):
    (tasks, edges), direction, header, _ = made
    if header["tasks"] + header["edges"] <= 600:
        return
    inner = edges.filter(pl.col("source") >= 0)
    source, target = inner["source"].to_numpy(), inner["target"].to_numpy()
    none = np.full(tasks.height, -1)
    found = lay_out(source, target, none < -1, none, direction)
    along = found.y if direction == "down" else found.x
    upper, lower = np.minimum(source, target), np.maximum(source, target)
    together = found.column[upper] == found.column[lower]
    assert (found.row[upper] < found.row[lower]).all()
    assert (along[upper] < along[lower])[together].all()
    assert (found.column[upper] <= found.column[lower]).all()


@pytest.mark.parametrize("count", [3000, 20_000])
@pytest.mark.parametrize("direction", ["down", "right"])
def test_a_chain_is_columns_of_straight_lines(count, direction):
    header, arrays = drawn(chain(count), direction)
    x0, y0, x1, y1 = header["extent"]
    assert 0.5 < (x1 - x0) / (y1 - y0) < 2
    across = arrays[ACROSS[direction][0]]
    assert np.unique(across).size >= 3
    assert (np.diff(across) != 0).mean() < 0.05


def test_a_drawing_is_mostly_straight_and_not_too_thin():
    header, arrays = drawn(branchy(5000))
    x0, y0, x1, y1 = header["extent"]
    assert 0.7 < (x1 - x0) / (y1 - y0) < 2
    assert header["tasks"] * 112 * 26 > 0.1 * (x1 - x0) * (y1 - y0)
    plain = arrays["kind"] == 0
    aside = np.abs(arrays["x"][arrays["source"]] - arrays["x"][arrays["target"]])[plain]
    assert (aside < 1).mean() > 0.7


@pytest.mark.parametrize("name", ["branches", "fan"])
def test_ways_do_not_run_through_boxes(name):
    header, arrays = drawn(GRAPHS[name])
    x, y = arrays["x"], arrays["y"]
    hits = steps = 0
    for e in range(header["edges"]):
        points = slice(arrays["bend_at"][e], arrays["bend_at"][e + 1])
        way = list(zip(arrays["bend_x"][points], arrays["bend_y"][points], strict=True))
        for (ax, ay), (bx, by) in pairwise(way):
            if ax == bx:
                low, high = sorted((ay, by))
                inside = (np.abs(x - ax) < 56) & (y - 13 < high) & (y + 13 > low)
                hits, steps = hits + inside.any(), steps + 1
    assert steps > 300
    assert hits == 0


@pytest.mark.parametrize("direction", ["down", "right"])
def test_where_blocks_draws_all_the_places_are_the_same(direction):
    graph = engine.read_trusted(builders.vit(blocks=2).SerializeToString(), None, "vit")
    made = engine.compile_model(graph, engine.target("phone-npu"))
    _, arrays = atlas.unpack(atlas.drawing(made.tasks, made.edges, direction=direction))
    drawn = op_graph.elements(made.tasks, made.edges, direction=direction)
    boxes = [e for e in drawn if "box" in e["classes"]]
    at = {e["data"]["tasks"][0]: (e["position"]["x"], e["position"]["y"]) for e in boxes}
    assert len(at) == made.tasks.height
    for i, (x, y) in at.items():
        assert (arrays["x"][i], arrays["y"][i]) == pytest.approx((x, y), abs=0.06)


def test_numpy_alone_draws_the_same_shape(monkeypatch):
    header, arrays = drawn(tangled())
    monkeypatch.setitem(sys.modules, "fast_sugiyama", None)
    alone, places = drawn(tangled())
    assert (alone["tasks"], alone["edges"]) == (header["tasks"], header["edges"])
    assert {n: a.size for n, a in places.items() if "bend" not in n} == {
        n: a.size for n, a in arrays.items() if "bend" not in n
    }
    assert np.isfinite(places["x"]).all()


def test_fast_sugiyama_is_asked_where_edges_are_tangled(monkeypatch):
    asked = []
    hint = atlas_order.hint
    monkeypatch.setattr(atlas_order, "hint", lambda net: asked.append(1) or hint(net))
    drawn(branchy(1500))
    drawn(wild(600))  # hopeless
    assert asked == []
    drawn(tangled())
    assert asked == [1]


def test_bands_hold_their_tasks_and_fill_the_drawing():
    header, arrays = drawn(branchy(3000))
    boxes = arrays["band_box"].reshape(-1, 4)
    band = arrays["band"]
    assert 10 <= len(header["bands"]) <= 120
    assert all(0 < len(label) <= 40 for label in header["bands"])
    assert (band != NONE).all()
    mine = boxes[band]
    inside = (mine[:, 0] <= arrays["x"]) & (arrays["x"] <= mine[:, 2])
    inside &= (mine[:, 1] <= arrays["y"] + 13) & (arrays["y"] - 13 <= mine[:, 3])
    assert inside.all()
    x0, y0, x1, y1 = header["extent"]
    area = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum()
    assert area > 0.5 * (x1 - x0) * (y1 - y0)


def group(id, tasks, parent="", pattern=""):
    return Group(id, id.rsplit("/", 1)[-1], tuple(tasks), parent, "scope", pattern)


def test_copies_are_opened_together_or_not_at_all():
    layers = [group(f"stack/{k}", range(20 * k, 20 * k + 20), "stack", "layer") for k in range(12)]
    halves = [
        group(f"{g.id}/{h}", g.tasks[10 * h : 10 * h + 10], g.id) for g in layers for h in (0, 1)
    ]
    found = blocks([group("stack", range(240)), *layers, *halves], 240)
    assert [label for label, _ in found] == [str(k) for k in range(12)]
    assert blocks([group("a", range(3))], 240) == []


def test_what_holds_too_many_parts_is_cut_into_runs_of_them():
    parts = [group(f"stage/block {k}", range(4 * k, 4 * k + 4), "stage", "b") for k in range(200)]
    found = blocks([group("stage", range(800)), *parts], 800)
    assert [label for label, _ in found][:2] == [
        "stage · block 0–4",
        "stage · block 5–9",
    ]
    assert np.array_equal(np.concatenate([tasks for _, tasks in found]), np.arange(800))
    many = blocks([group(f"g{k}", [2 * k, 2 * k + 1]) for k in range(200)], 400)
    assert len(many) <= 80
    assert sum(tasks.size for _, tasks in many) == 400


def test_crossings_are_counted():
    net = atlas_order.Net(
        np.array([0, 0, 1, 1]), np.zeros(4, int), np.array([0, 0, 1, 1]), np.full(4, 10.0),
        np.array([0, 1]), np.array([3, 2]), np.ones(2), 4,
    )  # fmt: skip
    assert atlas_order.crossings(net, np.array([0, 1, 2, 3])) == 1
    assert atlas_order.crossings(net, np.array([0, 1, 3, 2])) == 0


@pytest.mark.parametrize("body", [b"", b"abc", b"\xff\xff\xff\xff{}", pack({}, {})[:5]])
def test_nonsense_is_not_unpacked(body):
    with pytest.raises(ValueError, match="block"):
        unpack(body)
