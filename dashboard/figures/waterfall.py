"""From one figure to another, a bar a module: what each added or took away."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from dashboard.components import quantity
from dashboard.figures.template import template
from dashboard.figures.tokens import tokens

ROW = 26  # px a bar
LETTERS = 25  # of a label


def waterfall(
    modules: pl.DataFrame, before: float, after: float, names: tuple[str, str], scheme: str
) -> go.Figure:
    """The bars, from top to bottom; lower is better.

    Args:
        modules: columns module and change, s, which add up to after - before.
        before: figure of the first, s.
        after: of the second, s.
        names: of both.
        scheme: "light" or "dark".
    """
    colour = tokens(scheme)
    labels = [_short(name) for name in (names[0], *modules["module"].to_list(), names[1])]
    places = [str(k) for k in range(len(labels))]  # names may come twice
    change = modules["change"].to_list()
    texts = [_said(before), *(_signed(c) for c in change), _said(after)]
    figure = go.Figure(
        go.Waterfall(
            orientation="h", y=places, x=[1e3 * before, *(1e3 * c for c in change), 1e3 * after],
            measure=["absolute", *("relative" for _ in change), "total"],
            text=texts, textposition="none",
            connector={"line": {"color": colour["line"], "width": 1}},
            increasing={"marker": {"color": colour["worse"]}},
            decreasing={"marker": {"color": colour["better"]}},
            totals={"marker": {"color": colour["seq-2"]}},
        ),
        layout={"template": template(scheme)},
    )  # fmt: skip
    # beside the right end of each bar: to the left of a short one stand the names
    figure.add_scatter(
        y=places, x=_ends(before, change, after), mode="text", text=texts, cliponaxis=False,
        textposition="middle right", textfont={"color": colour["muted"]}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    figure.update_layout(
        height=ROW * len(labels) + 56, margin={"l": 190, "r": 84, "t": 8, "b": 40},
        yaxis={"autorange": "reversed", "showgrid": False, "ticks": "", "type": "category",
               "tickvals": places, "ticktext": labels},
        xaxis={"title": {"text": "Latency, ms", "font": {"color": colour["muted"], "size": 12}}},
        bargap=0.35,
    )  # fmt: skip
    return figure


def _ends(before: float, change: list[float], after: float) -> list[float]:
    """Right end of each bar, ms."""
    at, ends = before, [before]
    for step in change:
        ends.append(max(at, at + step))
        at += step
    return [1e3 * x for x in (*ends, after)]


def _short(name: str) -> str:
    """A name that fits the margin; its end tells modules apart."""
    return name if len(name) <= LETTERS else f"…{name[-LETTERS:]}"


def _said(value: float) -> str:
    return " ".join(quantity(value, "s"))


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{_said(abs(value))}"
