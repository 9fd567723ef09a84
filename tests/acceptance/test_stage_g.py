"""Each line of stage G can fail: a planted fault turns it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest

import dashboard.demo
import engine
from engine import formats
from tests.acceptance import code_lines, code_shots
from tests.acceptance.code_lines import Found, Seen
from tests.acceptance.line import MET, NOT_MET, NOT_RUN
from tests.acceptance.shots import Shot

UNET = Path(dashboard.demo.__file__).with_name("unet.zip")
ROWS = [row for row in code_lines.TRUTH if row[0] == "unet_v1"]


def rows(n, wrong=0, said=0):
    """Rows of which some are wrong, and some of these said."""
    return tuple(
        Found(f"t{i}", "a.py:1", "a.py:2" if i < wrong else "a.py:1", i < said) for i in range(n)
    )


GOOD = Seen(rows(40, 5, 4), rows(40, 1), rows(40), rows(24), rows(24), (("net", 3, 3),))


def verdicts(seen):
    return [line.verdict for line in code_lines.judge(seen)]


def test_right_lines_meet_the_bounds():
    assert verdicts(GOOD) == [MET] * 5


@pytest.mark.parametrize(
    ("fault", "at"),
    [
        ({"traced": rows(40, 7, 7)}, 0),
        ({"traced": rows(40, 2)}, 0),
        ({"traced": rows(39)}, 0),
        ({"placed": (("net", 2, 3),)}, 0),
        ({"with_sources": rows(40, 3)}, 1),
        ({"mapped": rows(40, 1)}, 2),
        ({"scripted": rows(24, 1)}, 3),
        ({"scripted_lines": rows(24, 1)}, 4),
    ],
)
def test_each_line_can_fail(fault, at):
    found = verdicts(replace(GOOD, **fault))
    assert found[at] == NOT_MET
    assert found[:at] + found[at + 1 :] == [MET] * 4


def test_without_sources_their_line_is_not_run():
    assert verdicts(replace(GOOD, with_sources=()))[1] == NOT_RUN


def test_forty_tasks_are_checked_by_hand_and_each_once():
    assert len({row[:2] for row in code_lines.TRUTH}) == len(code_lines.TRUTH) == 40
    assert len(code_lines.SCRIPTED) == 24


@pytest.fixture(scope="module")
def made():
    return engine.compile_model(engine.read_trusted(UNET), engine.target(code_lines.TARGET))


def test_what_is_looked_up_is_right_for_the_demo(made):
    found = code_lines.looked_up(made, engine.source_of(made, UNET), ROWS)
    assert code_lines.share(found) == 1


def test_a_line_that_is_off_by_one_is_seen(made):
    model = onnx.load_from_string(formats.load(UNET).data)
    for node in model.graph.node:
        for entry in node.metadata_props:
            entry.value = entry.value.replace("line 18", "line 17")
    found = code_lines.looked_up(made, engine.source_of(made, model.SerializeToString()), ROWS)
    assert code_lines.share(found) == 6 / 8


def test_stripped_models_have_no_line_but_the_maps(made):
    bare = code_lines.stripped(UNET)
    assert code_lines.share(code_lines.looked_up(made, engine.source_of(made, bare), ROWS)) == 0
    told = engine.source_of(made, bare, told=code_lines.map_of(made, ROWS))
    assert code_lines.share(code_lines.looked_up(made, told, ROWS)) == 1
    moved = [(*row[:3], row[3] + 1) for row in ROWS]
    told = engine.source_of(made, bare, told=code_lines.map_of(made, moved))
    assert code_lines.share(code_lines.looked_up(made, told, ROWS)) == 0


def test_a_blank_picture_or_an_error_is_seen():
    good = tuple(Shot(f"s{k}", 90, ()) for k in range(12))
    assert [line.verdict for line in code_shots.judge(good)] == [MET]
    for bad in (Shot("blank", 3, ()), Shot("broken", 90, ("console: TypeError",))):
        assert [line.verdict for line in code_shots.judge((*good, bad))] == [NOT_MET]
    assert [line.verdict for line in code_shots.judge(good[:4])] == [NOT_MET]
