"""Header totals and preset table as components: records in, Dash out."""

from __future__ import annotations

import math
from typing import Any

from dash import html

from dashboard.components import change, count, quantity, significant
from engine.errors import EngineError
from engine.recipe.model import Totals


def rate_sentence(totals: Totals, fps: float) -> str:
    """Whether the frame rate is met, and the rate that is reached."""
    if not totals.latency_s:
        return ""
    able = 1 / totals.latency_s
    if able < fps:
        return f"misses {fps:g} fps: runs at {significant(able)}"
    return f"meets {fps:g} fps: could run at {significant(able)}"


def room_sentence(value: float | None, room: float) -> str:
    """That a figure is more than the target has room for; "" when it fits or is unknown."""
    if value is None or value <= room:
        return ""
    number, unit = quantity(room, "B")
    return f"over the {number} {unit} there is"


def totals_row(
    base: Totals, now: Totals, reference: str, file: str, fps: float,
    room: tuple[float, float] = (math.inf, math.inf),
) -> list[Any]:  # fmt: skip
    """The figures of the whole model.

    Args:
        base: without a recipe.
        now: with the chosen preset.
        reference: format of the baseline where it is not the file's own, else "".
        file: format that the file is in.
        fps: target frame rate.
        room: bytes that the target has for activations and for weights.
    """
    note = f"baseline: {reference} (the file is {file})" if reference and file else ""
    fits = now.latency_s is not None and now.latency_s * fps <= 1
    power = f"Memory power at {fps:g} fps"
    return [
        _total("Latency", now, now.latency_s, base.latency_s, "s", rate_sentence(now, fps),
               "" if now.latency_s is None else "met" if fits else "missed", True),
        _total(power, now, now.memory_power(fps), base.memory_power(fps), "W", note, "", True),
        _total("Energy per inference", now, now.energy_j, base.energy_j, "J"),
        _total("Model size", now, now.size_bytes, base.size_bytes, "B",
               room_sentence(now.size_bytes, room[1]), "missed"),
        _total("Peak memory", now, now.peak_bytes, base.peak_bytes, "B",
               room_sentence(now.peak_bytes, room[0]), "missed"),
        html.Div(
            [html.Div("Accuracy", className="total-name"),
             html.Div("not evaluated", className="total-none")],
            className="total",
        ),
    ]  # fmt: skip


def fault(error: EngineError) -> html.Div:
    """What stands in the place of the figures when there are none."""
    return html.Div(
        [html.B("This model has no figures here."), html.Span(error.sentence)], className="fault"
    )


def _total(
    name: str,
    totals: Totals,
    value: float | None,
    base: float | None,
    unit: str,
    note: str = "",
    tone: str = "",
    badge: bool = False,
) -> html.Div:
    title: list[Any] = [html.Span(name)]
    if badge:
        title.append(
            html.Span(
                "modelled", className="badge",
                title="Computed from the target's data sheet; not measured",
            )
        )  # fmt: skip
    if value is None:
        words = f"unknown: {totals.unknown_tasks} of {count(totals.tasks, 'task')}"
        body: list[Any] = [html.Span(words, className="total-none")]
        note, tone = "the target cannot price these tasks", ""
    else:
        number, short = quantity(value, unit)
        body = [html.Span([html.B(number), html.Small(short)], className="total-value", key=number)]
        moved, share = change(value, base)
        if moved and base is not None:
            before, before_unit = quantity(base, unit)
            struck = before if before_unit == short else f"{before} {before_unit}"
            body += [
                html.S(struck, title=f"baseline {before} {before_unit}"),
                html.Span(moved, className=f"change {'better' if share < 0 else 'worse'}"),
            ]
    parts: list[Any] = [
        html.Div(title, className="total-name"),
        html.Div(body, className="total-body"),
    ]
    if note:
        parts.append(html.Div(note, className=f"total-note {tone}"))
    return html.Div(parts, className="total")
