"""Stage H, "what compression did to the model": the lines that must be shown."""

from __future__ import annotations

from tests.acceptance import (
    alarms,
    behaviors_page,
    behaviors_shots,
    layer_shots,
    layer_sizes,
    metrics,
    stories,
    story_page,
)
from tests.acceptance.line import Check

CHECKS = (
    Check("1", "the stories of the studies, on digits", stories.measure, stories.judge),
    Check("1d", "the first story by the pages", story_page.measure, story_page.judge),
    Check("1e", "findings where nothing was harmed", alarms.measure, alarms.judge),
    Check("2", "layers of two and of fifty models", layer_sizes.measure, layer_sizes.judge),
    behaviors_page.CHECK,
    Check("4", "metrics against their formulas", metrics.measure, metrics.judge),
    Check("4c", "defects of the original", metrics.run_defects, metrics.judge_defects),
    behaviors_shots.CHECK,
    layer_shots.CHECK,
)
