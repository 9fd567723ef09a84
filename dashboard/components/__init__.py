"""Pieces that two pages use: numbers as text, chips, totals.

Start reading at `numbers.py`, the one place that turns SI values into what a person reads.
"""

from dashboard.components.attributes import aria, data
from dashboard.components.badge import badge
from dashboard.components.controls import choice, field
from dashboard.components.numbers import change, count, percent, quantity, significant

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
    "significant",
]
