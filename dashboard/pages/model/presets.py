"""The sheet of presets over the drawings; its table is filled once it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from dash import html

from dashboard.components import aria, change, data, quantity
from dashboard.ids import Model
from dashboard.pages.model.totals import rate_sentence
from dashboard.queries.budgets import Standing
from dashboard.queries.model import Offer
from engine.recipe.model import Totals

EFFORT = {
    "$": "post-training: minutes, no training data",
    "$$": "needs fine-tuning",
    "$$$": "needs training-aware work",
}
Figure = Callable[[Totals, float], float | None]
# heading, unit, figure of the whole model at a frame rate
FIGURES: tuple[tuple[str, str, Figure], ...] = (
    ("Latency", "s", lambda t, _: t.latency_s),
    ("Mem. power", "W", lambda t, fps: t.memory_power(fps)),
    ("Energy", "J", lambda t, _: t.energy_j),
    ("Size", "B", lambda t, _: t.size_bytes),
)


def sheet() -> html.Aside:
    """The empty sheet."""
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Optimize the whole model"),
                    html.Span(className="spring"),
                    html.Button("×", className="icon", title="Close", **data(sheet="")),
                ],
                className="bar",
            ),
            html.Div(id=Model.OFFERS, className="offers"),
        ],
        id=Model.SHEET,
        className="sheet",
        hidden=True,
        **aria(label="Presets"),
    )


def offer_table(
    offers: Sequence[Offer], base: Totals, chosen: str, fps: float,
    standings: Mapping[str, Standing] = MappingProxyType({}),
) -> html.Div:  # fmt: skip
    """Every preset with what it would do, the fastest first; a row applies.

    Args:
        offers: what each preset does.
        base: figures without one.
        chosen: id of the preset in use, or "".
        fps: target frame rate.
        standings: preset id -> how its budgets stand; none without budgets.
    """
    figures = [(name, quantity(of(base, fps) or 0.0, unit)[1]) for name, unit, of in FIGURES]
    head = [
        ("Preset", ""), *((f"{name}, {unit}", "n") for name, unit in figures),
        (f"{fps:g} fps", ""), *([("Budgets", "n")] if standings else []),
        ("Applies to", ""), ("", ""),
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
                    html.Tbody(
                        [_offer(o, base, chosen, fps, standings.get(o.preset.id)) for o in offers]
                    ),
                ]
            ),
        ]
    )


def _offer(
    offer: Offer, base: Totals, chosen: str, fps: float, standing: Standing | None
) -> html.Tr:
    now, preset = offer.totals, offer.preset
    fits = None if not now.latency_s else now.latency_s * fps <= 1
    refused = sum(n for _, n in offer.summary.refused)
    changed = offer.summary.changed
    reasons = "; ".join(f"{n:,} × {why}" for why, n in offer.summary.refused)
    applied = preset.id == chosen
    return html.Tr(
        [
            html.Td(
                [html.B(preset.label), html.Small([preset.family, _effort(preset.effort)])],
                title=preset.help, className="offer-name",
            ),
            *(_figure(of(now, fps), of(base, fps), unit) for _, unit, of in FIGURES),
            html.Td(
                "unknown" if fits is None else "met" if fits else "missed",
                className="met" if fits else "missed" if fits is False else "muted",
                title=rate_sentence(now, fps),
            ),
            *([_met(standing)] if standing else []),
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


def _met(standing: Standing) -> html.Td:
    """How many budgets it meets, in words on hover."""
    whole = standing.met + standing.missed + standing.unknown
    tone = "missed" if standing.missed else "met" if standing.met == whole else "muted"
    return html.Td(
        f"{'▲ ' if standing.missed else ''}{standing.met} of {whole}",
        className=f"n {tone}",
        title="\n".join(standing.sentences),
    )


def _effort(effort: str) -> html.Span:
    return html.Span(f" {effort}", title=EFFORT.get(effort, ""))


def _figure(value: float | None, base: float | None, unit: str) -> html.Td:
    if value is None:
        return html.Td("unknown", className="n muted")
    number, _ = quantity(value, unit, base or 0.0)
    moved, share = change(value, base)
    return html.Td(
        [
            html.Span(number),
            html.Em(moved, className="better" if share < 0 else "worse") if moved else "",
        ],
        className="n",
    )
