"""The timeline's dock: the room of the target, its controls, its wires."""

import json

import pytest

from dashboard.ids import Model
from dashboard.pages.model import timeline
from dashboard.queries.timeline import room
from dashboard.urls import View


@pytest.mark.parametrize(
    ("target", "bytes_"),
    [("stm32h7", 1_048_580), ("phone-npu", None), ("", None), (None, None), ("no such", None)],
)
def test_the_room_of_a_target(target, bytes_):
    assert room(target) == bytes_


def test_the_dock_says_that_tasks_do_not_overlap():
    assert "One task at a time" in json.dumps(timeline.body(View()), default=str)


def test_an_unknown_colour_falls_back():
    shown = json.dumps(timeline.controls(View(colour="nonsense")), default=str)
    assert "nonsense" not in shown
    assert f"{Model.LANES}-order" in shown
