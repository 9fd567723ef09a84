"""The layout: what is placed does not overlap, reads downwards, and folds instead of a hairline."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.figures.layered import BOX, LONG, place
from tests.dashboard.model import fakes
from tests.effort import tries


def pairs(compilation):
    edges = compilation.edges.filter(compilation.edges["source"] >= 0)
    edges = edges.filter(edges["target"] >= 0)
    return list(edges.select("source", "target").iter_rows())


def overlaps(placed):
    return [
        (a, b)
        for (a, (ax, ay)), (b, (bx, by)) in combinations(enumerate(placed.points), 2)
        if abs(ax - bx) < BOX[0] - 0.5 and abs(ay - by) < BOX[1]
    ]


def test_nothing_at_all_is_placed_as_nothing():
    assert place(0, []).points == ()
    assert len(place(1, []).points) == 1


def test_a_chain_is_a_straight_line_downwards():
    placed = place(6, [(i, i + 1) for i in range(5)])
    assert {round(x, 3) for x, _ in placed.points} == {round(placed.points[0][0], 3)}
    ys = [y for _, y in placed.points]
    assert ys == sorted(ys)
    assert all(route == () for route in placed.routes)


def test_a_skip_connection_leaves_the_chain_straight():
    placed = place(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)])
    xs = [x for x, _ in placed.points]
    assert max(xs) - min(xs) < BOX[0] / 4
    way = placed.routes[-1]
    assert all(abs(x - xs[1]) > BOX[0] / 2 for x, _ in way), "the curve runs beside the boxes"


def test_a_long_chain_folds_into_columns():
    placed = place(300, [(i, i + 1) for i in range(299)])
    width = max(x for x, _ in placed.points) - min(x for x, _ in placed.points)
    height = max(y for _, y in placed.points) - min(y for _, y in placed.points)
    assert 0.5 < width / height < 3
    assert not overlaps(placed)


def test_a_unet_is_drawn_as_a_u():
    c = fakes.unet()
    groups = list(c.tasks["group"].to_list())
    placed = place(len(c.tasks), pairs(c), groups=groups)
    assert placed.up == (False, True)
    cats = [i for i, n in enumerate(c.tasks["name"]) if n.endswith("cat")]
    assert all(placed.column[i] == 1 for i in cats)
    assert LONG > 1


def test_constants_are_ranked_beside_their_reader():
    placed = place(4, [(0, 1), (1, 3), (2, 3)], fed=[True, True, False, True])
    assert placed.rank[2] == placed.rank[3] - 1


def test_an_edge_against_the_order_does_not_break_the_layout():
    placed = place(3, [(0, 1), (1, 2), (2, 0)])
    assert not overlaps(placed)


NODES = st.integers(0, 39)


@settings(max_examples=tries(15, 150), deadline=None)
@given(st.lists(st.tuples(NODES, NODES), max_size=60))
def test_no_graph_makes_boxes_overlap(links):
    edges = sorted({(min(p), max(p)) for p in links if p[0] != p[1]})
    placed = place(40, edges)
    assert not overlaps(placed)
    assert len(placed.routes) == len(placed.ends) == len(edges)


@pytest.mark.parametrize("n", [10, 150])
def test_the_same_graph_is_placed_the_same_way(n):
    c = fakes.chain(n)
    assert place(n, pairs(c)) == place(n, pairs(c))
