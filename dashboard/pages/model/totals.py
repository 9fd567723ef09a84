"""Header totals and preset table as components: records in, Dash out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import change, count, data, quantity, significant
from dashboard.queries.model import Offer
from engine.errors import EngineError
from engine.recipe.model import Totals

EFFORT = {
    "$": "post-training: minutes, no training data",
    "$$": "needs fine-tuning",
    "$$$": "needs training-aware work",
}


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


def offer_table(offers: Sequence[Offer], base: Totals, chosen: str, fps: float) -> html.Div:
    """Every preset with what it would do, the fastest first; a row applies."""
    head = [
        ("Preset", ""), ("Latency", "n"), ("Mem. power", "n"), ("Energy", "n"), ("Size", "n"),
        (f"{fps:g} fps", ""), ("Effort", ""), ("Applies to", ""), ("", ""),
    ]  # fmt: skip
    return html.Div(
        [
            html.P(
                "Modelled effect on this model and target, the fastest first. "
                "Effort: $ post-training, $$ fine-tuning, $$$ training-aware.",
                className="muted",
            ),
            html.Table(
                [
                    html.Thead(html.Tr([html.Th(t, className=c) for t, c in head])),
                    html.Tbody([_offer(o, base, chosen, fps) for o in offers]),
                ]
            ),
        ]
    )


def _offer(offer: Offer, base: Totals, chosen: str, fps: float) -> html.Tr:
    now, preset = offer.totals, offer.preset
    fits = None if not now.latency_s else now.latency_s * fps <= 1
    refused = sum(n for _, n in offer.summary.refused)
    changed = offer.summary.changed
    reasons = "; ".join(f"{n} × {why}" for why, n in offer.summary.refused)
    applied = preset.id == chosen
    return html.Tr(
        [
            html.Td(
                [html.B(preset.label), html.Small(preset.family)],
                title=preset.help, className="offer-name",
            ),
            _figure(now.latency_s, base.latency_s, "s"),
            _figure(now.memory_power(fps), base.memory_power(fps), "W"),
            _figure(now.energy_j, base.energy_j, "J"),
            _figure(now.size_bytes, base.size_bytes, "B"),
            html.Td(
                "unknown" if fits is None else "met" if fits else "missed",
                className="met" if fits else "missed" if fits is False else "muted",
                title=rate_sentence(now, fps),
            ),
            html.Td(preset.effort, title=EFFORT.get(preset.effort, ""), className="effort"),
            html.Td(
                [
                    f"{offer.tasks - refused:,} of {offer.tasks:,}",
                    *(html.Small(f"{n:,} × {why}") for why, n in offer.summary.refused[:1]),
                ],
                title=reasons, className="applies",
            ),
            html.Td(
                html.Button(
                    "Applied" if applied else "Apply",
                    className="button" + (" on" if applied else ""),
                    disabled=not changed,
                    title="" if changed else "It changes no task here",
                    **data(preset=preset.id),
                )
            ),
        ],
        className="applied" if applied else "",
    )  # fmt: skip


def _figure(value: float | None, base: float | None, unit: str) -> html.Td:
    if value is None:
        return html.Td("unknown", className="n muted")
    number, short = quantity(value, unit)
    moved, share = change(value, base)
    return html.Td(
        [
            html.Span([number, html.Small(short)]),
            html.Em(moved, className="better" if share < 0 else "worse") if moved else "",
        ],
        className="n",
    )
