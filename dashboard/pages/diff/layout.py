"""The sides and where their difference is drawn; the address holds the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from dashboard.access import SIGNED_IN, needing
from dashboard.components import aria
from dashboard.ids import Diff
from dashboard.pages.diff import content, source
from dashboard.queries import services
from dashboard.queries.differences import compared
from dashboard.queries.sides import Side, offers, side, target_of
from dashboard.shell import guarded, header
from dashboard.urls import DIFF
from engine.errors import EngineError
from engine.insight import source_difference

NONE = "none"  # of a preset, and of the third side
SIDES = {"a": "From", "b": "To", "c": "And"}
PARTS = {"": Diff.CHOICE, "t": Diff.TARGET, "p": Diff.PRESET}  # prefix in the address -> field


def layout(**query: str) -> html.Div:
    """The page; a choice that is nowhere becomes the default."""
    found = offers(services().store)
    groups: dict[str, list[dict[str, str]]] = {}
    for offer in found:
        groups.setdefault(offer.group, []).append({"value": offer.value, "label": offer.label})
    known = [offer.value for offer in found]
    models = [value for value in known if ":" not in value]
    usual = {"a": models[1:2] or models[:1], "b": models[:1], "c": []}
    arrow = html.Span("→", className="diff-arrow", **aria(hidden="true"))
    drawn = [_side(key, groups, known, usual[key], query) for key in SIDES]
    return html.Div(
        [
            header([("Compare", "")]),
            html.Div([drawn[0], arrow, *drawn[1:]], className="bar diff-sides",
                     hidden=not known),
            html.Div(
                [
                    html.Div(content.nothing() if not known else [], id=Diff.BODY,
                             className="diff-parts"),
                    html.Div(id=Diff.SOURCE, className="diff-parts"),
                ],
                className="diff-body",
            ),
            dcc.Location(id=Diff.ADDRESS, refresh=False),
        ],
        id=Diff.PAGE,
        className="page diff-page",
    )  # fmt: skip


def _side(
    key: str, groups: Mapping[str, list[dict[str, str]]], known: Sequence[str],
    usual: Sequence[str], query: Mapping[str, str],
) -> html.Div:  # fmt: skip
    name, asked = SIDES[key], query.get(key, "")
    choice = asked if asked in known else next(iter(usual), None)
    data: list[Any] = [{"group": group, "items": items} for group, items in groups.items()]
    if key == "c":
        data.insert(0, {"value": NONE, "label": "nothing else"})
        choice = choice or NONE
    targets, presets = services().models.targets(), services().model.presets()
    target, preset = query.get(f"t{key}", ""), query.get(f"p{key}", "")
    if target not in dict(targets):
        target = target_of(services().store, choice or "")
    return html.Div(
        [
            html.Span(name, className="diff-side-name"),
            _select(Diff.CHOICE, key, "model, analysis or checkpoint", data, choice, 180),
            html.Div(
                [
                    _select(Diff.TARGET, key, "target", _data(targets), target, 142),
                    _select(Diff.PRESET, key, "optimization",
                            _data([(NONE, "as it is"), *presets]),
                            preset if preset in dict(presets) else NONE, 112),
                ],
                className="diff-side-more",
                hidden=choice == NONE,
                id=f"{Diff.CHOICE}-{key}-more",
            ),
        ],
        className="diff-side", role="group", **aria(label=name),
    )  # fmt: skip


def _data(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in pairs]


def _select(id: Diff, key: str, label: str, data: Any, value: str | None, width: int) -> dmc.Select:
    return dmc.Select(
        id=f"{id}-{key}", data=data, value=value, allowDeselect=False, searchable=True, size="xs",
        w=width, comboboxProps={"width": 290}, **aria(label=f"{SIDES[key]}: {label}"),
    )  # fmt: skip


def drawn(*sent: object) -> tuple[list[Any], str]:
    """What the page shows of its sides, and its address.

    Args:
        sent: choice, target and preset of each side in the order of `SIDES`.
    """
    chosen, sides = _sides(sent)
    if not sides:
        return content.nothing(), ""
    found = compared(services().model, *(one.view for one in sides))
    named = [key for key in SIDES if chosen[key] not in ("", NONE)]
    kept = {f: chosen[f] for key in named for f in (key, f"t{key}", f"p{key}")
            if chosen[f] not in ("", NONE)}  # fmt: skip
    return content.body(found, sides), f"?{urlencode(kept)}"


def _sides(sent: Sequence[object]) -> tuple[dict[str, str], list[Side]]:
    """What was chosen, by its key in the address, and the sides; none before there are two."""
    fields = [f"{prefix}{key}" for key in SIDES for prefix in PARTS]
    chosen = dict(zip(fields, (str(value or "") for value in sent), strict=True))
    keys = [key for key in SIDES if chosen[key] not in ("", NONE)]
    store = services().store
    return chosen, [
        side(store, chosen[key], chosen[f"t{key}"], chosen[f"p{key}"].replace(NONE, ""))
        for key in keys
        if keys[:2] == ["a", "b"]
    ]


def drawn_source(*sent: object) -> list[Any]:
    """The sources of the first two sides, where they are of different models that have some."""
    try:
        _, sides = _sides(sent)
        if len({one.view.model_id for one in sides[:2]}) < 2:
            return []
        maps = [services().code.source(one.view) for one in sides[:2]]
    except EngineError:  # the other callback says it
        return []
    return source.source(source_difference(*maps), (sides[0].name, sides[1].name))


def _own_target(choice: object) -> tuple[str, bool]:
    """An analysis comes with its target; without a third side there is none to choose."""
    text = str(choice or "")
    return target_of(services().store, text), text == NONE


def register(app: Dash) -> None:
    """Wire the choice to what it shows."""
    app.callback(
        Output(Diff.BODY, "children"), Output(Diff.ADDRESS, "search"),
        *(Input(f"{part}-{key}", "value") for key in SIDES for part in PARTS.values()),
    )(guarded(drawn, SIGNED_IN))  # fmt: skip
    app.callback(
        Output(Diff.SOURCE, "children"),
        *(Input(f"{part}-{key}", "value") for key in SIDES for part in PARTS.values()),
    )(needing(drawn_source, SIGNED_IN))  # fmt: skip
    for key in SIDES:
        app.callback(
            Output(f"{Diff.TARGET}-{key}", "value"), Output(f"{Diff.CHOICE}-{key}-more", "hidden"),
            Input(f"{Diff.CHOICE}-{key}", "value"), prevent_initial_call=True,
        )(guarded(_own_target, SIGNED_IN))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("diff", "show"), Input(Diff.BODY, "children"))


__all__ = ["DIFF", "drawn", "layout", "register"]
