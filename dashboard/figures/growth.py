"""How a number grew: a line of steps, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import plotly.graph_objects as go

from dashboard.figures.template import template
from dashboard.figures.tokens import tokens

MARGIN = {"l": 44, "r": 16, "t": 10, "b": 30}
SHORTEST = timedelta(days=14)  # of the time that is shown


def growth(days: Sequence[tuple[str, int]], scheme: str, today: date | None = None) -> go.Figure:
    """The line, from nothing to today.

    Args:
        days: (day as "2026-11-21", how many there were at its end), in order, at least one.
        scheme: "light" or "dark".
        today: where the line ends, UTC.
    """
    colour, end = tokens(scheme), today or datetime.now(UTC).date()
    begin = min(date.fromisoformat(days[0][0]) - timedelta(days=1), end - SHORTEST)
    most = max(n for _, n in days)
    x = [begin.isoformat(), *(day for day, _ in days), end.isoformat()]
    y = [0, *(n for _, n in days), days[-1][1]]
    figure = go.Figure(layout={"template": template(scheme), "margin": MARGIN})
    figure.add_scatter(
        x=x, y=y, mode="lines", fill="tozeroy", fillcolor=colour["accent-ground"],
        line={"shape": "hv", "color": colour["accent"], "width": 2},
        hovertemplate="%{x|%-d %b %Y}: %{y:,}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        hovermode="x", dragmode=False,
        xaxis={"type": "date", "range": [begin.isoformat(), end.isoformat()], "nticks": 5,
               "tickformat": "%-d %b\n%Y" if (end - begin).days < 90 else "%b %Y",
               "showgrid": False, "fixedrange": True},
        yaxis={"range": [0, max(1.0, 1.08 * most)], "nticks": 5, "tickformat": ",d",
               "fixedrange": True, **({"dtick": 1} if most <= 5 else {})},
    )  # fmt: skip
    return figure
