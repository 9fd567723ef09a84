"""The table of a replay: what each checkpoint said, what comes out now, and with what."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components import aria, quantity
from dashboard.queries.replay import CANNOT, DIFFERS, SAME, Made, Replayed, brief, words
from dashboard.queries.saved_totals import Figures

FIGURES = (
    ("Latency", "s", "latency_s"),
    ("Mem. power", "W", "memory_power_w"),
    ("Energy", "J", "energy_j"),
    ("Size", "B", "size_bytes"),
)
VERDICTS = {SAME: "the same", DIFFERS: "differs", CANNOT: "cannot be computed"}
DIGITS = 8  # of a digest, which is whole in the tooltip


def section(found: tuple[Replayed, ...], name: str) -> list[Any]:
    """What a replay found; a fold, so that it can be put away.

    Args:
        found: the checkpoints, in the order of saving.
        name: of the analysis.
    """
    if not found:
        return []
    heads = [html.Th(""), *(html.Th(label, className="n") for label, _, _ in FIGURES)]
    table = html.Table(
        [
            html.Thead(html.Tr([*heads, html.Th("Made with")])),
            *(_checkpoint(one) for one in found),
        ],
        **aria(label=words(found)),
    )
    return [
        html.Details(
            [
                html.Summary(
                    [html.B(f"Replay of {name}"), html.Span(brief(found), className="muted")]
                ),
                html.Div(table, className="replay-table"),
            ],
            open=True,
        )
    ]


def _checkpoint(one: Replayed) -> html.Tbody:
    """Its name and verdict, what was said, and what comes out now."""
    verdict = VERDICTS.get(one.verdict, one.verdict)
    tone = {SAME: "better", DIFFERS: "worse"}.get(one.verdict, "muted")
    why = html.Span(one.why, className="muted") if one.why else None
    head = html.Tr(
        html.Th(
            [html.B(one.row.name), html.Span(verdict, className=f"badge {tone}"), why],
            colSpan=len(FIGURES) + 2, scope="rowgroup",
        ),
        className="replay-head",
    )  # fmt: skip
    units = {
        key: max(getattr(one.said, key) or 0.0, getattr(one.again, key) or 0.0)
        for _, _, key in FIGURES
    }
    rows = [_line("said", one.said, one.with_, units, None)]
    if one.verdict in (SAME, DIFFERS):
        rows.append(_line("recomputed", one.again, one.with_now, units, one.said))
    return html.Tbody([head, *rows])


def _line(
    name: str, figures: Figures, made: Made, units: dict[str, float], said: Figures | None
) -> html.Tr:
    cells = []
    for _, unit, key in FIGURES:
        value = getattr(figures, key)
        moved = said is not None and value != getattr(said, key)
        text = "–" if value is None else " ".join(quantity(value, unit, units[key]))
        whole = "unknown" if value is None else f"{value!r} {unit}"  # every digit
        cells.append(html.Td(text, className=f"n{' worse' if moved else ''}", title=whole))
    parts = (("engine", made.engine), (made.target, made.digest), ("model", made.sha256))
    told = ", ".join(f"{what or 'target'} {id[:DIGITS] or 'not kept'}" for what, id in parts)
    whole = "\n".join(f"{what or 'target'} {id or 'not kept'}" for what, id in parts)
    return html.Tr(
        [html.Th(name, scope="row"), *cells, html.Td(told, className="muted", title=whole)]
    )
