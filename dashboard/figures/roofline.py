"""The roofs of a target: ceilings, slopes and ridges.  `assets/js/marks.js` draws the tasks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from dashboard.components import percent
from dashboard.figures.template import template, titles
from dashboard.figures.tokens import tokens
from engine.insight import Ceiling, Roofline

PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
GAP = 0.058  # of the height of the plot: two labels closer than this touch
# labels stand in the corner between their line and the edge: over ceilings, under slopes
OVER = MappingProxyType({"xanchor": "right", "yanchor": "bottom", "xshift": -2, "yshift": 5})
UNDER = MappingProxyType({"xanchor": "left", "yanchor": "top", "xshift": 22, "yshift": 4})
FEW = 4  # ceilings with a label; more are lines only


def prefix(found: Roofline) -> tuple[float, str]:
    """(scale, prefix) of the rates: page value = rate x scale; the highest roof is 10 to 10,000."""
    most = max((c.rate for c in found.ceilings), default=1.0)
    for size, name in PREFIXES:
        if most >= 10 * size:
            return 1 / size, name
    return 1.0, ""


def figure(found: Roofline, scheme: str) -> go.Figure:
    """Rate against intensity, both logarithmic, with every roof that some task is under.

    Args:
        found: the roofs, and the places of the tasks, to which the ranges fit.
        scheme: "light" or "dark".
    """
    scale, name = prefix(found)
    colour = tokens(scheme)
    (x1, x2), (y1, y2) = reach = _reach(found, scale)
    lines, notes = [], []
    tall = y2 - y1
    slopes = [(s, s.bandwidth * scale) for s in found.slopes]
    tops = {m: max(c.rate * scale for c in found.ceilings if m in c.memories)
            for m in {m for c in found.ceilings for m in c.memories}}  # fmt: skip
    for slope, steep in slopes:
        end = min(10**x2, tops.get(slope.memory, 10**y2) / steep)
        lines.append(_line([10**x1, end], [10**x1 * steep, end * steep], colour["faint"], 1.5))
    starts = [math.log10(steep) + x1 for _, steep in slopes]
    for (slope, _), at in zip(slopes, spread(starts, -GAP * tall), strict=True):
        notes.append(
            _note(f"{slope.label} {_rate(slope.bandwidth, 'B/s')}", x1, at, slope.source, UNDER)
        )
    steepest = {s.memory: steep for s, steep in slopes}
    for ceiling in found.ceilings:
        top = ceiling.rate * scale
        first = min(top / max(steepest[m] for m in ceiling.memories), 10**x2)
        wide, dash = (2.0, "solid") if ceiling.kind == "MAC" else (1.5, "dot")
        lines.append(_line([first, 10**x2], [top, top], colour["muted"], wide, dash))
    named = found.ceilings[:FEW]
    tops_at = [math.log10(c.rate * scale) for c in named]
    for ceiling, at in zip(named, spread(tops_at, GAP * tall), strict=True):
        notes.append(_note(_label(ceiling), x2, at, ceiling.source, OVER))
    ridges = list(_ridges(found, scale, reach))
    lines.append(_dots(ridges, colour["muted"], colour["surface"]))
    notes = [{**note, "bgcolor": colour["surface"]} for note in notes]  # lines end at labels
    other = any(c.kind == "op" for c in found.ceilings)
    across = "Intensity, MAC/B" + "; without MACs op/B" * other
    up = f"Rate, {name}MAC/s" + f"; without MACs {name}op/s" * other
    return go.Figure(
        data=lines,
        layout={
            "template": template(scheme),
            "xaxis": {"type": "log", "range": [x1, x2], "nticks": 5},
            "yaxis": {"type": "log", "range": [y1, y2], "nticks": 5},
            "annotations": [*titles(across, up), *notes],
            "dragmode": "zoom",
            "meta": {"x": [x1, x2], "y": [y1, y2]},  # what "show all" goes back to
        },
    )


def ridge(found: Roofline) -> tuple[float, str]:
    """MAC/B from which arithmetic binds, and not the memory that is named; (0, "") without MACs.

    It is the ridge of the busiest unit and format with the furthest memory that the unit reaches.
    """
    for ceiling in found.ceilings:
        if ceiling.kind == "MAC":
            slope = [s for s in found.slopes if s.memory in ceiling.memories][-1]
            return ceiling.rate / slope.bandwidth, slope.label
    return 0.0, ""


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Positions near the values, in their order, none closer to another than the gap.

    Those that are too close move up; with a negative gap they move down.
    """
    side = 1 if gap > 0 else -1
    order = sorted(range(len(values)), key=lambda k: side * values[k])
    found = list(values)
    for before, k in pairwise(order):
        found[k] = side * max(side * found[k], side * found[before] + abs(gap))
    return found


def _reach(found: Roofline, scale: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of both axes as powers of ten: all tasks, all ridges, all slopes from the left."""
    drawn = found.tasks.drop_nulls("rate")
    steep = [s.bandwidth * scale for s in found.slopes] or [1.0]
    tops = [c.rate * scale for c in found.ceilings] or [1.0]
    ridges = [top / s for top in tops for s in steep]
    across = [*drawn["intensity"].to_list(), *ridges] or [1.0]
    x1, x2 = math.log10(min(across)) - 0.3, math.log10(max(across)) + 0.9
    low = min([*(drawn["rate"] * scale).to_list(), min(steep) * 10**x1])
    return (x1, x2), (math.log10(low) - 0.35, math.log10(max(tops)) + 0.45)


def _ridges(
    found: Roofline, scale: float, reach: tuple[tuple[float, float], tuple[float, float]]
) -> Iterable[tuple[float, float]]:
    steep = {s.memory: s.bandwidth * scale for s in found.slopes}
    for ceiling in found.ceilings:
        top = ceiling.rate * scale
        for memory in ceiling.memories:
            if reach[0][0] <= math.log10(top / steep[memory]) <= reach[0][1]:
                yield top / steep[memory], top


def _label(ceiling: Ceiling) -> str:
    if ceiling.kind == "op":
        return f"{ceiling.unit} without MACs {_rate(ceiling.rate, 'op/s')}"
    share = percent(ceiling.rate / ceiling.peak)
    rate = _rate(ceiling.rate, "MAC/s")
    return f"{ceiling.unit} {ceiling.format} {rate}" + (
        f", {share} of its peak" if ceiling.rate < ceiling.peak else ""
    )


def _rate(value: float, unit: str) -> str:
    size, name = next((p for p in PREFIXES if value >= p[0] * 0.9995), (1.0, ""))
    return f"{value / size:.3g} {name}{unit}"


def _line(
    x: list[float], y: list[float], colour: str, width: float, dash: str = "solid"
) -> go.Scatter:
    line = {"color": colour, "width": width, "dash": dash}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _dots(points: Sequence[tuple[float, float]], colour: str, inside: str) -> go.Scatter:
    marker = {"size": 6, "color": inside, "line": {"color": colour, "width": 1.5}}
    x, y = [p[0] for p in points], [p[1] for p in points]
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="skip")


def _note(text: str, x: float, y: float, help: str, place: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "hovertext": help, "borderpad": 0, **place}
