"""Stage E, "the experiment tree": the lines that must be shown, but the contact sheet."""

from __future__ import annotations

from tests.acceptance import experiment_faults, experiment_files, experiment_sizes
from tests.acceptance.line import Check

CHECKS = (
    Check("1", "the original's files", experiment_files.measure, experiment_files.judge),
    Check("2", "thousands of models", experiment_sizes.measure, experiment_sizes.judge),
    Check("3", "selections are drawn", experiment_files.charts, experiment_files.drawn),
    Check("4", "malformed files", experiment_faults.measure, experiment_faults.judge),
)
