"""Stage D, "numbers that an engineer would stake a release on": the lines that must be shown."""

from __future__ import annotations

from functools import cache

from tests.acceptance import latency
from tests.acceptance.line import Check


@cache
def _accuracy() -> latency.Accuracy:
    """Measured once for lines 1 and 3."""
    return latency.measure()


CHECKS = (
    Check("1", "sealed models: predicted and measured", _accuracy, latency.judge),
    Check("2", "quantized models", latency.quantized, latency.signs),
    Check("3", "kernels within a model", _accuracy, latency.inside),
    Check("4", "cost of a calibration", latency.calibrated, latency.cheap),
)
