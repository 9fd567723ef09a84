"""Each part of line 3 of stage I can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.acceptance.framing import CHECK, NO_PAGE, Seen, judge
from tests.acceptance.line import MET, NOT_MET

THREE = ("table", "graph", "map")
DARK = "This view is not shown here any more."
GOOD = Seen(
    THREE, THREE, (), "lost", "kept", NO_PAGE, NO_PAGE, DARK, DARK,
    {"graph": 1_300_000, "trade": 1_900_000}, {"graph": 25_000, "trade": 21_000},
    frozenset({"trade"}), (),
)  # fmt: skip


def test_what_is_right_is_met():
    assert [line.verdict for line in judge(GOOD)] == [MET] * 5
    assert CHECK.judge is judge


@pytest.mark.parametrize(
    ("fault", "at"),
    [
        ({"selects": ("table", "graph")}, 0),
        ({"cookies": ("paredown-1",)}, 0),
        ({"errors": ("Access is denied for this document.",)}, 0),
        ({"blocked": "kept"}, 1),
        ({"open": "lost"}, 1),
        ({"page": "http://paredown.test/"}, 2),
        ({"site": "http://paredown.test/embed/x"}, 2),
        ({"dark": "24 tasks"}, 3),
        ({"again": ""}, 3),
        ({"cold": {"graph": 2_000_001}, "warm": {"graph": 1}}, 4),
        ({"cold": {"graph": 1}, "warm": {"graph": 250_001}}, 4),
        ({"plotly": frozenset({"graph"})}, 4),
    ],
)
def test_each_line_can_fail(fault, at):
    found = [line.verdict for line in judge(replace(GOOD, **fault))]
    assert found[at] == NOT_MET
    assert found[:at] + found[at + 1 :] == [MET] * 4
