"""The layout of the list of targets."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.components import badge, percent, quantity, significant
from dashboard.figures.identity import identity
from dashboard.figures.tokens import SCHEMES
from dashboard.ids import Targets
from dashboard.queries import targets as queries
from dashboard.queries.usage import may_look
from dashboard.shell import header
from dashboard.urls import USAGE

SIZE = {"width": "440px", "height": "400px"}  # of the scatter, as in targets.css
SHARES = (("within_5", "5 %"), ("within_10", "10 %"), ("within_20", "20 %"))


def layout(**_: str) -> html.Div:
    """The page."""
    cards = queries.cards()
    return html.Div(
        [
            header([("Targets", "")]),
            html.Div(
                [
                    *(_calibrated(c) for c in cards if c.calibration),
                    _list(cards),
                    *(
                        [
                            dcc.Link(
                                "Usage of this server", href=USAGE, className="link targets-foot"
                            )
                        ]
                        if may_look()
                        else []
                    ),
                ],
                className="pane targets-pane",
            ),
        ],
        id=Targets.PAGE,
        className="page targets-page",
    )


def _list(cards: tuple[queries.TargetCard, ...]) -> html.Table:
    head = html.Tr([html.Th("Target"), html.Th("What it is"), html.Th("Latency is")])
    rows = [
        html.Tr(
            [
                html.Td([html.B(c.target.label), html.Code(c.target.id)], className="target-name"),
                html.Td(c.target.summary),
                html.Td(badge(c.grade.label, c.grade.words)),
            ]
        )
        for c in cards
    ]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="targets-table")


def _calibrated(card: queries.TargetCard) -> html.Section:
    """The card of a calibrated target: how it was made, how far it is from the truth."""
    facts = card.calibration.facts if card.calibration else {}
    minutes = f", in {facts['minutes']:.0f} min" if facts.get("minutes", 0) >= 0.5 else ""
    made = [
        ("Machine", facts.get("machine", "not told")),
        ("Runtime", facts.get("runtime", "not told")),
        ("Calibrated", facts.get("date", "not told")),
        ("From", f"{facts.get('networks', 0):,} random networks, {facts.get('kernels', 0):,} "
                 f"kernels{minutes}"),
        ("Networks left out", _errors(facts)),
    ]  # fmt: skip
    away = html.P(
        "Calibrated on another machine than this one. `paredown calibrate` makes one for this "
        "machine; `paredown measure` tells how much slower or faster it is.",
        className="targets-note",
    )
    return html.Section(
        [
            html.Div(
                [html.H2(card.target.label), badge(card.grade.label, card.grade.words)],
                className="targets-head",
            ),
            *([] if card.grade.here else [away]),
            html.Div([_facts(made), *_told(card)], className="targets-facts"),
            *_evidence(card),
        ],
        className="targets-card",
    )


def _facts(told: list[tuple[str, Any]]) -> html.Dl:
    return html.Dl([part for name, text in told for part in (html.Dt(name), html.Dd(text))])


def _told(card: queries.TargetCard) -> list[Any]:
    """What the last validation said, or how to make one."""
    done = card.validation
    if done is None or not done.models.height:
        return [html.P("Not validated with real models yet: `paredown validate MODEL…` does it, "
                       "and its figures come here.", className="targets-note")]  # fmt: skip
    summary = done.summary
    small = summary.get("small") or {}
    told = [
        ("Validated", f"{card.validated}, on {done.machine}, {done.runtime}"),
        ("Models of 0.5 ms and more", _errors(summary)),
        ("Smaller models", _errors(small) if small.get("counted") else "none"),
        ("Ranking within a model", _ranks(summary)),
        ("Best that kernels can do", f"{_share(summary.get('ceiling'))}: sum of measured kernels"),
        ("Two constants alone", f"{_share(summary.get('roofline'))}: peak rate and bandwidth"),
        ("Truth moved meanwhile", f"{_share(summary.get('floor'))} between rounds, median"),
    ]
    return [_facts(told)]


def _evidence(card: queries.TargetCard) -> list[Any]:
    """Predicted against measured, as a scatter and model by model; the worst model first."""
    done = card.validation
    if done is None or not done.models.height:
        return []
    rows = sorted(done.models.iter_rows(named=True), key=lambda row: -abs(row["error"] or 0))
    plots = [
        dcc.Graph(
            figure=identity(done.models, scheme),
            style=SIZE,
            config={"displayModeBar": False},
            className=f"only-{scheme}",
        )
        for scheme in SCHEMES
    ]
    title = "Predicted against measured; the bands are ± 10 % and ± 20 %"
    return [
        html.Div(
            [
                html.Div(plots, className="targets-plot", title=title),
                html.Div(_table(rows), className="targets-models", tabIndex=0),
            ],
            className="targets-evidence",
        ),
    ]


def _table(rows: list[dict[str, Any]]) -> html.Table:
    heads = ("Model", "Predicted, ms", "Measured, ms", "Error", "Most of the error")
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(h, className="number" if 0 < k < 4 else "")
                                for k, h in enumerate(heads)])),
            html.Tbody([_row(row) for row in rows]),
        ],
        className="targets-table",
    )  # fmt: skip


def _row(row: dict[str, Any]) -> html.Tr:
    if row["fault"]:
        return html.Tr([html.Td(row["model"]), html.Td(row["fault"], colSpan=4)])
    error = row["error"]
    words = "?" if error is None else f"{'+' if error > 0 else '−'}{percent(abs(error))}"
    worst = ""
    if row["worst"] and row["worst_s"] is not None:
        number, unit = quantity(abs(row["worst_s"]), "s")
        worst = f"{row['worst']} {'+' if row['worst_s'] > 0 else '−'}{number} {unit}"
    return html.Tr(
        [
            html.Td(row["model"], title=row["model"]),
            html.Td(_ms(row["predicted_s"]), className="number"),
            html.Td(_ms(row["measured_s"]), className="number"),
            html.Td(words, className="number"),
            html.Td(worst, className="muted"),
        ]
    )


def _errors(found: Any) -> str:
    """The figures of a set of errors as one line."""
    if not found.get("counted"):
        return "not known"
    shares = ", ".join(f"{_share(found.get(key), 0)} within {name}" for key, name in SHARES)
    return f"{found['counted']:,}: median error {_share(found.get('median_error'))}; {shares}"


def _ranks(found: Any) -> str:
    rank, top = found.get("median_rank"), found.get("median_top")
    if rank is None:
        return "not known"
    return f"correlation {rank:.2f}, {_share(top, 0)} of the ten slowest kernels, medians"


def _share(value: float | None, places: int = 1) -> str:
    return "?" if value is None else f"{100 * value:.{places}f} %"


def _ms(value: float | None) -> str:
    return "?" if value is None else significant(1e3 * value)
