"""Header totals and preset table as components: records in, Dash out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import badge, change, count, data, quantity, significant, span
from dashboard.ids import Model
from dashboard.pages.model.budget_marks import apart, chips, gauge
from dashboard.queries.targets import MODELLED, Grade
from engine.errors import EngineError
from engine.recipe import Verdict
from engine.recipe.model import Totals

Band = tuple[float, float] | None
BAND = (
    "From low to high: every coefficient of energy at its lowest and at its highest, by the grade "
    "of its source. A change is surer than the level: both sides rest on the same coefficients."
)
LEAST_SLOWER = 0.02  # as the sheet of rules has it
LACKS = ("the target cannot price these tasks", "")  # what is said under an unknown figure


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


def band_sentence(now: Totals, base: Totals) -> str:
    """That energy is a band, or the band of the baseline where a recipe moved it."""
    if not now.energy_band or not base.energy_band:
        return ""
    if not change(now.energy_j, base.energy_j)[0]:
        return "lowest to highest"
    number, unit = span(*base.energy_band, "J")
    return f"baseline: {number} {unit}"


def totals_row(
    base: Totals, now: Totals, reference: str, file: str, fps: float,
    room: tuple[float, float] = (math.inf, math.inf), verdicts: Sequence[Verdict] = (),
    grade: Grade = MODELLED, judged: tuple[float, int] | None = None,
) -> list[Any]:  # fmt: skip
    """The figures of the whole model.

    Args:
        base: without a recipe, or what it is compared with.
        now: with the recipe.
        reference: format of the baseline where it is not the file's own, else "".
        file: format that the file is in.
        fps: target frame rate.
        room: bytes that the target has for activations and for weights.
        verdicts: budgets against these figures; each stands in its total, or below all.
        grade: what kind of number the latency is.
        judged: accuracy of the file, 0..1, and on how many samples; None: not evaluated.
    """
    note = f"baseline: {reference} (the file is {file})" if reference and file else ""
    fits = now.latency_s is not None and now.latency_s * fps <= 1
    rate = "" if now.latency_s is None else "met" if fits else "missed"
    figures: dict[str, tuple[float | None, float | None, str]] = {
        "latency": (now.latency_s, base.latency_s, "s"),
        "power": (now.memory_power(fps), base.memory_power(fps), "W"),
        "energy": (now.energy_j, base.energy_j, "J"),
        "size": (now.size_bytes, base.size_bytes, "B"),
        "peak": (now.peak_bytes, base.peak_bytes, "B"),
    }
    notes = {
        "latency": (rate_sentence(now, fps), rate),
        "power": (note, ""),
        "energy": (band_sentence(now, base), ""),
        "size": (room_sentence(now.size_bytes, room[1]), "missed"),
        "peak": (room_sentence(now.peak_bytes, room[0]), "missed"),
    }
    names = {
        "latency": "Latency", "power": f"Memory power at {fps:g} fps",
        "energy": "Energy per inference", "size": "Model size", "peak": "Peak memory",
    }  # fmt: skip
    held, others = apart(verdicts)
    kinds = {"latency": grade, "power": MODELLED}
    made = [
        _total(
            names[id],
            _figure(now, *figure, grade.digits if id == "latency" else None,
                    now.energy_band if id == "energy" else None),
            held.get(id),
            *(LACKS if figure[0] is None else notes.get(id, ("", ""))), kind=kinds.get(id),
        )
        for id, figure in figures.items()
    ]  # fmt: skip
    accuracy, told = html.Div("not evaluated", className="total-none"), ""
    if judged:
        value = html.Span([html.B(f"{100 * judged[0]:.1f}"), html.Small("%")],
                          className="total-value")  # fmt: skip
        accuracy = html.Div(value, className="total-body")
        told = f"of the file, on {count(judged[1], 'sample')}"
    made.append(_total("Accuracy", accuracy, held.get("accuracy"), told))
    return [*made, chips(others)] if others else made


def fault(error: EngineError) -> html.Div:
    """What stands in the place of the figures when there are none."""
    return html.Div(
        [html.B("This model has no figures here."), html.Span(error.sentence)], className="fault"
    )


def _total(
    name: str, figure: html.Div, budget: Verdict | None, note: str = "", tone: str = "",
    kind: Grade | None = None,
) -> html.Div:  # fmt: skip
    title: list[Any] = [html.Span(name)]
    if kind:
        title.append(badge(kind.label, kind.words))
    parts: list[Any] = [html.Div(title, className="total-name"), figure]
    if budget:
        parts.append(gauge(budget))
    if note:
        parts.append(html.Div(note, className=f"total-note {tone}"))
    return html.Div(parts, className="total")


def _figure(
    totals: Totals, value: float | None, base: float | None, unit: str,
    digits: int | None = None, band: Band = None,
) -> html.Div:  # fmt: skip
    """Value, baseline struck, change; or its band and the change; or how many tasks lack it."""
    if value is None:
        words = f"unknown: {totals.unknown_tasks} of {count(totals.tasks, 'task')}"
        return html.Div(html.Span(words, className="total-none"), className="total-body")
    number, short = span(*band, unit) if band else quantity(value, unit, digits=digits)
    body: list[Any] = [
        html.Span([html.B(number), html.Small(short)], className="total-value", key=number,
                  title=BAND if band else "")
    ]  # fmt: skip
    moved, share = change(value, base)
    if moved and base is not None:
        before, before_unit = quantity(base, unit, digits=digits)
        struck = before if before_unit == short else f"{before} {before_unit}"
        if not band:
            body.append(html.S(struck, title=f"baseline {before} {before_unit}"))
        tone = "better" if share < 0 else "worse"
        body.append(html.Span(moved, className=f"change {tone}"))
        if unit == "s" and share > LEAST_SLOWER:
            body.append(html.Button("why slower", className="link", title="What takes longer",
                                    **data(sheet=Model.RULES_SHEET)))  # fmt: skip
    return html.Div(body, className="total-body")
