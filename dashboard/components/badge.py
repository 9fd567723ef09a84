"""What kind of number this is, in two words beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dashboard.components.numbers import percent

if TYPE_CHECKING:
    from dashboard.queries.targets import Grade


def badge(grade: Grade) -> html.Span:
    """The kind of a number: "modelled", or "calibrated ± 4 %"."""
    text = grade.kind if grade.error is None else f"{grade.kind} ± {percent(grade.error)}"
    away = "" if grade.here else " elsewhere"
    return html.Span(text + away, className="badge", title=grade.words)
