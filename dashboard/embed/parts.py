"""From a link to what its frame shows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dash import html
from flask import abort, has_request_context, request

from dashboard.access import NOTHING, tokens
from dashboard.access.embedded import LINK
from dashboard.embed import experiment, model
from dashboard.embed.foot import Shown, foot
from dashboard.ids import Shell
from dashboard.queries import services
from dashboard.urls_embed import page_of, part_of, query_of, with_part
from engine.errors import EngineError
from engine.store import LinkRow

Lay = Any  # (id, query, part, root) -> Shown
PAGES: Mapping[str, Lay] = MappingProxyType({"model": model.shown, "experiments": experiment.shown})


def asked() -> bool:
    """Whether this request is of a page in a frame."""
    return has_request_context() and request.environ.get(LINK) is not None


def link_of(token: object) -> LinkRow:
    """The embed that a token leads to; answers 404 where none stands."""
    try:
        link = services().store.sharing.open(tokens().link_of(token))
    except EngineError:
        abort(404, NOTHING)
    if not link.embed or not page_of(link.view)[0]:
        abort(404, NOTHING)
    return link


def layout() -> html.Div:
    """The layout of the page in a frame that asks."""
    token = request.environ[LINK]
    link = link_of(token)
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
