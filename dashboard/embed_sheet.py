"""Embedding, on the pages of models and experiments: a button in their header, and one sheet.

`assets/js/embed_sheet.js` opens it and sends what is pressed to the store `embeds--ask`; the sheet
is drawn anew with each answer (`queries/embeds.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, dcc, html
from flask import request

from dashboard import link_sheet
from dashboard.access import SIGNED_IN, tokens
from dashboard.components import aria, count, data
from dashboard.ids_embed import Embeds
from dashboard.queries import services
from dashboard.queries.embeds import ANY_SITE, DAYS, SIZES, Framing, answer, snippet
from dashboard.shell import guarded
from engine.store import LinkRow

THEMES = {"auto": "As the reader has it", "light": "Light", "dark": "Dark"}
SIZE_WORDS = {"wide": "Full width, 480 high", "tall": "Full width, 720 high",
              "small": "640 by 360"}  # fmt: skip


def button() -> html.Button:
    """The button of a header."""
    return html.Button(
        "Embed", className="button embed-open", title="Show this view in a wiki or a report",
        **data(embeds="open"), **aria(expanded="false"),
    )  # fmt: skip


def sheet() -> list[Any]:
    """What the frame of the pages holds."""
    return link_sheet.sheet(Embeds.SHEET, Embeds.BODY, Embeds.ASK, "Embed")


def asked(message: object) -> list[Any]:
    """The sheet after what was pressed."""
    ask = services()
    return body(answer(ask.store, message), hosted=ask.settings.access != "local")


def body(shown: Framing, *, hosted: bool) -> list[Any]:
    """The sheet of an object.

    Args:
        shown: the object.
        hosted: several people are served here.
    """
    if not shown.mine:
        parts: list[Any] = [html.P(f"Only the owner of {shown.name} can show it in other sites.")]
    else:
        parts = [*_made(shown, hosted), _form(shown), *_list(shown)]
    head = link_sheet.bar("Embed", shown.name, data(embeds="close"))
    return [head, html.Div(parts, className="share-parts")]


def _form(shown: Framing) -> html.Section:
    saved = {
        "analysis": "What was last saved of the analysis is shown, and each save changes it.",
        "model": "Edits that are not saved as an analysis are not shown.",
        "experiment": "Models that are added later are shown too.",
    }[shown.kind]
    ends = link_sheet.endings(DAYS)
    sites = dcc.Input(
        type="text", name="sites", placeholder="https://wiki.example.org", maxLength=600,
        autoComplete="off", className="search", debounce=False,
    )  # fmt: skip
    return html.Section(
        [
            html.P(f"A frame that anybody can read who may open the page around it, and nobody can "
                   f"change. {saved}"),
            html.Div([_select("part", "Shows", shown.parts, ""),
                      _select("theme", "Colours", THEMES, shown.theme)], className="share-line"),
            html.Div([_select("size", "Size", SIZE_WORDS, shown.size),
                      _select("days", "Ends", ends, "")], className="share-line"),
            html.Label([html.Span("Sites that may show it"), sites], className="embed-field"),
            html.Div(
                [
                    dcc.Checklist([{"label": "Any site", "value": "any"}], [], className="check"),
                    html.Span(className="spring"),
                    html.Button("Make the embed", className="button primary",
                                **data(embedact="make", default="1")),
                ],
                className="share-line",
            ),
        ],
        key=f"form {len(shown.links)}", className="share-form",
    )  # fmt: skip


def _select(name: str, label: str, words: Mapping[str, str], now: str) -> html.Label:
    chosen = link_sheet.select(name, words, now)
    return html.Label([html.Span(label), chosen], className="embed-field")


def _made(shown: Framing, hosted: bool) -> list[Any]:
    """The snippet of an embed, and how it looks."""
    if shown.fresh is None:
        return []
    path = f"{request.script_root}/embed/{tokens().of_link(shown.fresh.id)}?theme={shown.theme}"
    # a browser says by which scheme it came, which is not the proxy's; the gate knows the host
    root = request.headers.get("Origin") or request.host_url.rstrip("/")
    text = snippet(root + path, f"{shown.name}: {shown.fresh.label}", shown.size)
    near = html.P(
        "This Paredown answers on this machine only: a wiki that is open here can show the frame. "
        "For others, host Paredown for the team; the README says how.",
        className="muted",
    )
    return [
        html.Section(
            [
                html.H3("Paste this into the page"),
                html.Textarea(text, id=Embeds.TEXT, readOnly="readonly", rows=6,
                              className="embed-text", **aria(label="Snippet")),
                html.Div([html.Button("Copy", className="button primary", **data(embedact="copy")),
                          html.Span(_who(shown.fresh), className="muted")],
                         className="share-line"),
                *([] if hosted else [near]),
                html.Iframe(src=path, title="Preview", className="embed-preview",
                            height=SIZES[shown.size][1] * 2 // 3),
            ],
            key=shown.fresh.id + path,
        )
    ]  # fmt: skip


def _who(row: LinkRow) -> str:
    """Which sites may show an embed."""
    if ANY_SITE in row.origins:
        return "any site may show it"
    return f"shown by {', '.join(row.origins)}" if row.origins else "shown by this server only"


def _list(shown: Framing) -> list[Any]:
    standing = [row for row in shown.links if row.state == "stands"]
    ended = len(shown.links) - len(standing)
    if not shown.links:
        return []
    words = f"{count(ended, 'embed')} ended. " if ended else ""
    return [
        html.Section(
            [
                html.H3("Embeds of it"),
                *(_row(row) for row in standing),
                html.P(f"{words}Who reads one needs no name here.", className="muted"),
            ]
        )
    ]


def _row(row: LinkRow) -> html.Div:
    words = [_who(row), f"made {link_sheet.day(row.created)}", link_sheet.end(row)]
    act = [
        html.Button("Snippet", className="button", **data(embedact="look", link=row.id)),
        html.Button("Revoke", className="button", title="It goes dark at once, everywhere",
                    **data(embedact="revoke", link=row.id)),
    ]  # fmt: skip
    return link_sheet.link(row, words, row.view, act)


def register(app: Dash) -> None:
    """Wire the sheet."""
    app.callback(
        Output(Embeds.BODY, "children"), Input(Embeds.ASK, "data"), prevent_initial_call=True
    )(guarded(asked, SIGNED_IN))
