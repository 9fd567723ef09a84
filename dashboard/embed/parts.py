"""From a link to what its frame shows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dash import html
from flask import abort, g, has_request_context, request

from dashboard.access import NOTHING
from dashboard.access.embedded import LINK
from dashboard.embed import experiment, model
from dashboard.embed.foot import Shown, foot
from dashboard.ids import Shell
from dashboard.urls_embed import page_of, part_of, query_of, with_part
from engine.errors import EngineError
from engine.store import LinkRow

Lay = Any  # (id, query, part, root) -> Shown
PAGES: Mapping[str, Lay] = MappingProxyType({"model": model.shown, "experiments": experiment.shown})


def asked() -> bool:
    """Whether this request is of a page in a frame."""
    # Dash asks for a layout before the gate has looked at the first request
    return has_request_context() and LINK in request.environ and "link" in g


def held() -> LinkRow:
    """The embed under whose name this request is made; the gate has found that it stands."""
    link: LinkRow = g.link
    if not page_of(link.view)[0]:
        abort(404, NOTHING)
    return link


def layout() -> html.Div:
    """The layout of the page in a frame that asks."""
    token, link = request.environ[LINK], held()
    page, id = page_of(link.view)
    part = part_of(link.view)
    root = f"{request.script_root}/embed/{token}"
    try:
        shown: Shown = PAGES[page](id, query_of(link.view), part, root)
    except EngineError as error:
        return html.Div(html.P(error.sentence), className="embed-none", role="alert")
    return html.Div(
        [
            html.Div(shown.body, className=f"embed-part embed-{part}"),
            foot(shown, request.script_root + with_part(link.view, "")),
            html.Div(id=Shell.NOTICES, hidden=True),  # where callbacks tell of faults
        ],
        className="embed",
    )
