"""The two sides and where their difference is drawn; the address holds the choice."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from dashboard.components import aria
from dashboard.ids import Diff
from dashboard.pages.diff import content
from dashboard.queries import default_target, services
from dashboard.queries.differences import compared, preset_view
from dashboard.shell import guarded, header
from dashboard.urls import DIFF

NONE = "none"  # of a preset
FIELDS = ("a", "ta", "pa", "b", "tb", "pb")  # of the address: model, target, preset of each side


def layout(**query: str) -> html.Div:
    """The page; a choice that is nowhere becomes the default."""
    ask = services().models
    models = [(row.id, _cut(row.name)) for row in ask.rows()]
    return html.Div(
        [
            header([("Compare", "")]),
            html.Div(
                [
                    _side("From", Diff.MODEL_A, Diff.TARGET_A, Diff.PRESET_A, models,
                          query.get("a", ""), query.get("ta", ""), query.get("pa", ""), 1),
                    html.Span("→", className="diff-arrow", **aria(hidden="true")),
                    _side("To", Diff.MODEL_B, Diff.TARGET_B, Diff.PRESET_B, models,
                          query.get("b", ""), query.get("tb", ""), query.get("pb", ""), 0),
                ],
                className="bar diff-sides",
            ),
            html.Div(id=Diff.BODY, className="diff-body"),
            dcc.Location(id=Diff.ADDRESS, refresh=False),
        ],
        id=Diff.PAGE,
        className="page diff-page",
    )  # fmt: skip


def _side(
    name: str, model_id: Diff, target_id: Diff, preset_id: Diff, models: list[tuple[str, str]],
    model: str, target: str, preset: str, fallback: int,
) -> html.Div:  # fmt: skip
    known = [id for id, _ in models]
    chosen = model if model in known else (known[min(fallback, len(known) - 1)] if known else None)
    targets, presets = services().models.targets(), services().model.presets()
    return html.Div(
        [
            html.Span(name, className="diff-side-name"),
            _select(model_id, f"{name}: model", models, chosen, 190),
            _select(target_id, f"{name}: target", targets,
                    target if target in dict(targets) else default_target(), 160),
            _select(preset_id, f"{name}: optimization", [(NONE, "as the file is"), *presets],
                    preset if preset in dict(presets) else NONE, 150),
        ],
        className="diff-side", role="group", **aria(label=name),
    )  # fmt: skip


def _cut(name: str) -> str:
    """A name that fits the field: its beginning and its end, where versions are told apart."""
    return name if len(name) <= 19 else f"{name[:9]}…{name[-8:]}"


def _select(id: Diff, label: str, data: Any, value: str | None, width: int) -> dmc.Select:
    return dmc.Select(
        id=id, data=[{"value": v, "label": n} for v, n in data], value=value, allowDeselect=False,
        searchable=True, size="xs", w=width, comboboxProps={"width": 280}, **aria(label=label),
    )  # fmt: skip


def drawn(
    a: object, ta: object, pa: object, b: object, tb: object, pb: object
) -> tuple[list[Any], str]:
    """What the page shows of two sides, and its address."""
    chosen = dict(zip(FIELDS, (str(v or "") for v in (a, ta, pa, b, tb, pb)), strict=True))
    if not chosen["a"] or not chosen["b"]:
        return content.nothing(), ""
    ask = services()
    views = [
        preset_view(chosen[m], chosen[t], "" if chosen[p] == NONE else chosen[p])
        for m, t, p in (FIELDS[:3], FIELDS[3:])
    ]
    names = tuple(_cut(ask.models.row(view.model_id).name) for view in views)
    found = compared(ask.model, *views)
    kept = {k: v for k, v in chosen.items() if v and v != NONE}
    return content.body(found, (names[0], names[1])), f"?{urlencode(kept)}"


def register(app: Dash) -> None:
    """Wire the choice to what it shows."""
    app.callback(
        Output(Diff.BODY, "children"), Output(Diff.ADDRESS, "search"),
        Input(Diff.MODEL_A, "value"), Input(Diff.TARGET_A, "value"), Input(Diff.PRESET_A, "value"),
        Input(Diff.MODEL_B, "value"), Input(Diff.TARGET_B, "value"), Input(Diff.PRESET_B, "value"),
    )(guarded(drawn))  # fmt: skip


__all__ = ["DIFF", "drawn", "layout", "register"]
