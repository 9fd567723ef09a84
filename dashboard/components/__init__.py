"""Pieces that two pages use: numbers as text, chips, totals.

Numbers come from `engine.numbers`, the one place that turns SI values into what a person reads.
"""

from dashboard.components.attributes import aria, data
from dashboard.components.badge import badge
from dashboard.components.controls import choice, field, segments
from engine.numbers import change, count, percent, quantity, significant, span

__all__ = [
    "aria",
    "badge",
    "change",
    "choice",
    "count",
    "data",
    "field",
    "percent",
    "quantity",
    "segments",
    "significant",
    "span",
]
