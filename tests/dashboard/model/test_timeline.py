"""The timeline's dock: its words, its controls."""

import json

from dashboard.ids import Model
from dashboard.pages.model import timeline
from dashboard.urls import View


def test_the_dock_says_that_tasks_do_not_overlap():
    assert "One task at a time" in json.dumps(timeline.body(View()), default=str)


def test_lanes_or_order():
    assert f"{Model.LANES}-order" in json.dumps(timeline.controls(View()), default=str)
