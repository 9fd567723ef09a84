"""A comparison of models as a figure: bars, grouped bars, lines over a numeric axis, facets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.components import significant
from dashboard.figures.template import template
from dashboard.figures.tokens import tokens
from engine.experiments import Chart, Comparison, Variable, shown

MARGIN = {"l": 46, "r": 10, "t": 34, "b": 38}
RAMP = ("seq-1", "seq-2", "seq-4", "seq-5")  # colours of ordered values
LINES = 3  # numeric values from which an axis is a scale


def colours(variable: Variable | None) -> tuple[str, ...]:
    """Names of the tokens of a variable's values: steps of one ramp in order, else categories."""
    count = len(variable.values) if variable else 1
    if count <= 1:
        return ("seq-4",)
    if count == 2:
        return ("seq-2", "seq-4")
    if count <= len(RAMP) and variable is not None and variable.numeric:
        return RAMP[-count:]
    return tuple(f"cat-{k % 8}" for k in range(count))


def scaled(comparison: Comparison) -> bool:
    """The first variable is an axis of numbers, not of names."""
    first = comparison.variables[0] if comparison.variables else None
    if first is None or not first.numeric or None in first.values:
        return False
    return len(first.values) >= LINES


def words(variable: Variable) -> list[str]:
    """The values of a variable on an axis."""
    return ["none" if v is None else shown(v) for v in variable.values]


def figure(chart: Chart, scale: float, header: str, scheme: str) -> go.Figure:
    """One metric of a comparison.

    Args:
        chart: cells of the comparison.
        scale: page value = value x scale.
        header: name of the metric with its unit.
        scheme: "light" or "dark".
    """
    token = tokens(scheme)
    variables = chart.comparison.variables
    facets = words(variables[2]) if len(variables) > 2 else [""]
    tones = colours(variables[1] if len(variables) > 1 else None)
    count, lines = len(tones), scaled(chart.comparison)
    traces = [
        _trace(chart, scale, token[tones[colour]], token["muted"], colour, facet, count, lines)
        for facet in range(len(facets))
        for colour in range(count)
    ]
    made = go.Figure(data=traces, layout=_layout(chart, scale, header, scheme, facets, lines))
    if chart.reference is not None:
        made.add_hline(
            y=chart.reference * scale, line={"color": token["muted"], "width": 1, "dash": "dot"}
        )
        made.add_annotation(
            text=f"┈ base {significant(chart.reference * scale)}", xref="paper", x=1,
            xanchor="right", yref="paper", y=1, yanchor="bottom", yshift=6,
        )  # fmt: skip
    return made


def _trace(
    chart: Chart,
    scale: float,
    tone: str,
    quiet: str,
    colour: int,
    facet: int,
    count: int,
    scaled: bool,
) -> Any:
    variables = chart.comparison.variables
    rows = [
        r
        for r in chart.cells.iter_rows(named=True)
        if r["colour"] == colour and r["facet"] == facet and r["mean"] is not None
    ]
    names: Sequence[Any] = [""]
    if variables:
        names = variables[0].values if scaled else words(variables[0])
    values = [r["mean"] * scale for r in rows]
    spread: dict[str, Any] | None = None
    if any(r["low"] is not None for r in rows):
        spread = {
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 3,
            "color": quiet,
            "array": [((r["high"] or r["mean"]) - r["mean"]) * scale for r in rows],
            "arrayminus": [(r["mean"] - (r["low"] or r["mean"])) * scale for r in rows],
        }  # fmt: skip
    common: dict[str, Any] = {
        "x": [names[r["x"]] for r in rows],
        "y": values,
        "customdata": [r["models"] for r in rows],
        "error_y": spread,
        "hovertemplate": "%{x}: %{y:.4~r}<extra></extra>",
        "xaxis": "x" if not facet else f"x{facet + 1}",
    }
    if scaled:
        mark = {"color": tone, "size": 7}
        line = {"color": tone, "width": 2}
        return go.Scatter(**common, mode="lines+markers", marker=mark, line=line)
    few = len(rows) * count <= 12
    return go.Bar(
        **common, marker={"color": tone}, texttemplate="%{y:.3~r}" if few else None,
        textposition="outside", cliponaxis=False, textangle=0, textfont={"size": 12},
    )  # fmt: skip


def _layout(
    chart: Chart, scale: float, header: str, scheme: str, facets: Sequence[str], scaled: bool
) -> dict[str, Any]:
    variables = chart.comparison.variables
    token = tokens(scheme)
    low, high = (chart.low or 0.0) * scale, (chart.high or 0.0) * scale
    pad = (high - low or abs(high) or 1.0) * 0.12
    floor, top = (low - pad if low < 0 else 0.0), max(high, 0.0)
    # bars begin at 0, and their values stand above them
    span = [low - pad, high + pad] if scaled else [floor, top + 0.16 * (top - floor or 1.0)]
    layout: dict[str, Any] = {
        "template": template(scheme),
        "margin": MARGIN,
        "bargap": 0.28,
        "bargroupgap": 0.06,
        "uniformtext": {"minsize": 12, "mode": "hide"},
        "hovermode": "closest",
        "dragmode": False,
        "yaxis": {"range": span, "nticks": 5, "fixedrange": True},
        "annotations": [
            {
                "text": header, "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left",
                "yanchor": "bottom", "xshift": -38, "yshift": 6,
                "font": {"color": token["ink"], "size": 12},
            }
        ],
    }  # fmt: skip
    name = variables[0].name if variables else ""
    gap = 0.03
    wide = (1 - gap * (len(facets) - 1)) / len(facets)
    for k, facet in enumerate(facets):
        axis: dict[str, Any] = {
            "domain": [k * (wide + gap), k * (wide + gap) + wide],
            "fixedrange": True,
            "title": {"text": name if k == 0 else "", "standoff": 4, "font": {"size": 12}},
        }
        if scaled:
            axis["nticks"] = 6
            axis["tickvals"] = list(variables[0].values) if len(variables[0].values) <= 8 else None
        else:
            axis |= {"type": "category", "categoryorder": "array"}
            axis["categoryarray"] = words(variables[0]) if variables else [""]
        layout["xaxis" if k == 0 else f"xaxis{k + 1}"] = axis
        if facet:
            layout["annotations"].append(
                {
                    "text": f"{variables[2].name} {facet}", "xref": "paper", "yref": "paper",
                    "x": k * (wide + gap) + wide / 2, "y": 1, "xanchor": "center",
                    "yanchor": "top",
                }
            )  # fmt: skip
    return layout
