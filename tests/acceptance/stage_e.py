"""Stage E, "the experiment tree": the lines that must be shown."""

from __future__ import annotations

from tests.acceptance import (
    experiment_faults,
    experiment_files,
    experiment_page,
    experiment_sizes,
)
from tests.acceptance.line import Check

CHECKS = (
    Check("1", "the original's files", experiment_files.measure, experiment_files.judge),
    Check("2", "thousands of models", experiment_sizes.measure, experiment_sizes.judge),
    Check("2e", "brush to all views", experiment_page.measure, experiment_page.at_once),
    Check("3", "selections are drawn", experiment_files.charts, experiment_files.drawn),
    Check("4", "malformed files", experiment_faults.measure, experiment_faults.judge),
    Check("5", "contact sheet", experiment_page.sheet, experiment_page.pictured),
)
