"""Each line about the experiment pages can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.acceptance import experiment_page as lines
from tests.acceptance.experiment_page import SCENES, Brushed
from tests.acceptance.line import MET, NOT_MET
from tests.acceptance.shots import Shot

GOOD = Brushed(6000, (90.0,) * 12, (3000,) * 12, ())
SHEET = tuple(Shot(scene.name, 200, ()) for scene in SCENES)


def test_a_quick_brush_is_met():
    assert [line.verdict for line in lines.at_once(GOOD)] == [MET]


@pytest.mark.parametrize(
    "fault",
    [
        {"brush": (90.0,) * 8 + (900.0,) * 4},
        {"shown": (3000,) * 11 + (6000,)},
        {"shown": (0,) * 12},
        {"errors": ("console: boom",)},
    ],
)
def test_a_brush_that_is_slow_or_does_nothing_is_not_met(fault):
    assert [line.verdict for line in lines.at_once(replace(GOOD, **fault))] == [NOT_MET]


def test_a_whole_sheet_is_met():
    assert [line.verdict for line in lines.pictured(SHEET)] == [MET]


@pytest.mark.parametrize(
    "found",
    [
        SHEET[1:],
        (*SHEET[1:], Shot(SHEET[0].name, 3, ())),
        (*SHEET[1:], Shot(SHEET[0].name, 200, ("HTTP 500",))),
        tuple(Shot("operation", 200, ()) for _ in SCENES),
    ],
)
def test_a_sheet_with_a_hole_is_not_met(found):
    assert [line.verdict for line in lines.pictured(found)] == [NOT_MET]


def test_the_invented_family_has_what_the_pictures_show():
    made = lines.family()
    assert len(made["models"]) == 25
    assert {m.get("operation", {}).get("name") for m in made["models"]} >= {"prune", "repair"}
