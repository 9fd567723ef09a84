"""Why a task's figures are what they are: the formula with its values and their sources."""

from __future__ import annotations

from itertools import groupby

from dash import html

from dashboard.components.attributes import aria
from dashboard.ids import Model
from dashboard.queries.model import Explanation
from engine.cost import Step
from engine.numbers import quantity, significant

TITLES = {
    "compute": "Compute time",
    "memory": "Memory time",
    "latency": "Latency",
    "energy": "Energy",
}
GRADES = (
    "Sources: [A] the vendor's own figure, [B] a reputable second hand, [C] worked out from "
    "these, [D] our assumption. All of it is modelled, none measured."
)
# unit of a step -> (unit whose prefixes fit, what is said after it)
SHOWN = {
    "s": ("s", ""), "J": ("J", ""), "W": ("W", ""), "B": ("B", ""),
    "B/s": ("B", "/s"), "J/B": ("J", "/B"), "J/MAC": ("J", "/MAC"),
    "MAC": ("", "MAC"), "MAC/s": ("", "MAC/s"),
}  # fmt: skip


def sheet() -> html.Aside:
    """The empty sheet over the graph."""
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Why these figures"),
                    html.Span(className="spring"),
                    html.Button("×", id=Model.WHY_CLOSE, className="icon", title="Close"),
                ],
                className="bar",
            ),
            html.Div(id=Model.WHY_STEPS, className="why"),
        ],
        id=Model.WHY,
        className="sheet",
        hidden=True,
        **aria(label="Why these figures"),
    )


def explanation(found: Explanation) -> list[html.P | html.Table]:
    """Draw the steps of a task: label, value with its unit, source; results in bold."""
    name = [html.B(found.name), html.Span(f" {found.note}", className="muted")]
    if not found.steps:
        return [html.P(name), html.P("This task is not priced, so there is no formula to show.")]
    rows = []
    for section, steps in groupby(found.steps, key=lambda step: step.section):
        rows.append(html.Tr(html.Th(TITLES.get(section, section), colSpan=3, scope="colgroup")))
        rows.extend(_row(step) for step in steps)
    return [html.P(name), html.Table(html.Tbody(rows)), html.P(GRADES, className="muted")]


def _row(step: Step) -> html.Tr:
    number, unit = _shown(step.value, step.unit)
    return html.Tr(
        [
            html.Td(step.label),
            html.Td([number, html.Small(f" {unit}")], className="n"),
            html.Td(step.source, className="muted"),
        ],
        className="result" if step.result else None,
    )


def _shown(value: float, unit: str) -> tuple[str, str]:
    """Number and unit with a prefix that fits; a unit that takes none stays as it is."""
    if unit not in SHOWN:
        return significant(value), unit
    base, after = SHOWN[unit]
    if base == "J" and 0 < abs(value) < 1e-9:
        return significant(value * 1e12), f"pJ{after}"
    digits = 3 if after else None  # of a coefficient as many as its source gives
    number, name = quantity(value, base, digits=digits)
    return number, f"{name}{after}"
