"""Stage F, "compress for real": the lines that must be shown."""

from __future__ import annotations

from functools import cache

from tests.acceptance import compressing, compressing_more, compressing_text, jobs, signs
from tests.acceptance.line import Check


@cache
def _tree() -> compressing.Tree:
    """Grown once for lines 1 and 2."""
    return compressing.measure()


CHECKS = (
    Check("1", "orderings on digits", _tree, compressing.orderings),
    Check("1t", "orderings on text direction", compressing_text.measure, compressing_text.judge),
    Check(
        "1m", "orderings on two further models", compressing_more.measure, compressing_more.judge
    ),
    Check("2", "packed files", _tree, compressing.packed),
    Check("3", "predicted size", compressing.shipped, compressing.predicted),
    Check("3b", "sign of the latency", signs.measure, signs.judge),
    Check("4", "pitfalls", compressing.pitfalls, compressing.named),
    Check("5", "jobs while processes are killed", jobs.measure, jobs.judge),
)
