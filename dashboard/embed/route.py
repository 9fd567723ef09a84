"""The page inside a frame: its address, who may frame it, and the wires that it needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from dash import Dash
from flask import Response, jsonify, request

from dashboard.access import What, needed
from dashboard.embed.parts import asked, held, layout
from dashboard.queries import services
from dashboard.urls_embed import EMBED, THEMES, page_of, part_of
from engine.store import Verb

ROUTE = "embed.page"
DEPENDENCIES = "/_dash-dependencies"
# Suites that a part does without: a frame loads what it shows and no more.
GRID, GRAPH = "dash_ag_grid", "dash_cytoscape"
NEVER = ("dash_mantine_components", "dash/dash_table")
SUITES: Mapping[str, tuple[str, ...]] = {
    "table": (GRID,), "graph": (GRID, GRAPH), "both": (GRID, GRAPH),
}  # fmt: skip
# Scripts and styles of ours that the embeds of a page do without.
_PAGES = r"diff|jobs|models|upload|share|embed_sheet|layer\w*|behavior\w*|budgets|analyses|targets"
_MODEL = r"task_\w+|op_\w+|graph\w*|recipe|options|code|composition|scatter|roofline"
UNUSED: Mapping[str, re.Pattern[str]] = {
    "model": re.compile(rf"/assets/(js/)?({_PAGES}|experiment\w*|trade_off)\.(js|css)"),
    "experiments": re.compile(
        rf"/assets/(js/)?({_PAGES}|{_MODEL}|timeline|triage|why|experiments)\.(js|css)"
    ),
}
# What the scripts of a page write into its address is of no use in a frame.
UNWIRED = frozenset({"view.address", "experiment.address"})
ENDED = """<!DOCTYPE html>
<html lang="en" data-scheme="SCHEME">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>Paredown</title>
    <script src="ROOT/assets/js/theme.js"></script>
    <link rel="stylesheet" href="ROOT/assets/tokens.css">
    <link rel="stylesheet" href="ROOT/assets/layout.css">
    <link rel="stylesheet" href="ROOT/assets/embed.css">
  </head>
  <body>
    <main class="embed-none">
      <p><b>This view is not shown here any more.</b></p>
      <p class="muted">Its link ended, or there never was one. Ask whoever put it here.</p>
    </main>
  </body>
</html>
"""
PAGE = """<!DOCTYPE html>
<html lang="en" data-scheme="SCHEME" data-embed="PREFIX">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>Paredown</title>
    <script src="THEME"></script>
    STYLES
  </head>
  <body>
    <div id="react-entry-point"></div>
    <footer>
      CONFIG
      SCRIPTS
      RENDERER
    </footer>
  </body>
</html>
"""


def register(app: Dash) -> None:
    """Add the route, the wires of embeds, and the headers that let a site frame them.

    Before the gate is installed: what is registered first has the last word on an answer.
    """
    server = app.server
    whole = server.view_functions[DEPENDENCIES]

    def page(token: str) -> Response:
        link = held()
        services().store.usage.note(Verb.EMBED_OPENED, link.kind, link.object_id)
        return Response(_page(app, token, link.view), mimetype="text/html")

    def wires() -> Any:
        return jsonify(_wires(app)) if asked() else whole()

    server.add_url_rule(EMBED, ROUTE, page, methods=["GET"])
    server.view_functions[DEPENDENCIES] = wires
    server.after_request(_framed)


def _page(app: Dash, token: str, view: str) -> str:
    """The HTML of the page: the styles and scripts of what it shows, nothing of other sites."""
    part, unused = part_of(view), UNUSED[page_of(view)[0]]
    prefix = f"{app.config.requests_pathname_prefix}embed/{token}/"
    left_out = [*NEVER, *(s for s in (GRID, GRAPH) if s not in SUITES.get(part, ()))]
    own: Any = app  # Dash leaves what follows untyped
    config = json.dumps(own._config() | {"requests_pathname_prefix": prefix})
    scripts = own._generate_scripts_html().split("\n")
    filled = {
        "SCHEME": _scheme(),
        "PREFIX": escape(prefix),
        "THEME": app.get_asset_url("js/theme.js"),
        "STYLES": "\n".join(
            s for s in own._generate_css_dist_html().split("\n") if not unused.search(s)
        ),
        "CONFIG": f'<script id="_dash-config" type="application/json">{_inside(config)}</script>',
        "SCRIPTS": "\n".join(
            s
            for s in scripts
            if not any(f"_dash-component-suites/{n}/" in s for n in left_out)
            and not unused.search(s)
        ),
        "RENDERER": own._generate_renderer(),
    }
    text = PAGE
    for key, value in filled.items():
        text = text.replace(key, value, 1)
    return text


def _inside(text: str) -> str:
    """JSON that may stand in a script element."""
    return text.replace("<", "\\u003c")


def _scheme() -> str:
    asked_for = request.args.get("theme", "")
    return asked_for if asked_for in THEMES else THEMES[0]


def _wires(app: Dash) -> list[Any]:
    """The callbacks whose every component the embed has, and that a link may call."""
    ids = (getattr(part, "id", None) for part in _components(layout()))
    there = {_key(id) for id in ids if id}
    kept = []
    for wire in app._callback_list:
        ends = [*wire["inputs"], *wire["state"], *_outputs(wire["output"])]
        if not all(_key(end["id"]) in there or _repeats(end["id"]) for end in ends):
            continue
        function = wire.get("clientside_function")
        if function:
            if f"{function['namespace']}.{function['function_name']}" not in UNWIRED:
                kept.append(wire)
            continue
        needs = needed(wire["output"], app.callback_map.get(wire["output"], {}))
        if needs is not None and needs.what in (What.GUEST, What.VIEW):
            kept.append(wire)
    return kept


def _components(part: Any) -> Iterator[Any]:
    yield part
    yield from part._traverse()


def _key(id: Any) -> str:
    return json.dumps(id, sort_keys=True) if isinstance(id, dict) else _sorted(str(id))


def _sorted(id: str) -> str:
    """The id of a repeated part as one text, however its keys were ordered."""
    return json.dumps(json.loads(id), sort_keys=True) if id.startswith("{") else id


def _repeats(id: Any) -> bool:
    """Whether an id stands for any number of parts, none included."""
    return '["ALL"]' in str(id)


def _outputs(text: str) -> list[dict[str, str]]:
    """Ids of the outputs of a callback, from how Dash writes them in one text."""
    parts = text[2:-2].split("...") if text.startswith("..") else [text]
    return [{"id": p.rpartition(".")[0].replace("\\.", ".")} for p in parts if p and "." in p]


def _framed(response: Response) -> Response:
    """Say who may frame an embed; where nothing stands, say so inside the frame."""
    if request.endpoint != ROUTE:
        return response
    sites = ["*"]
    if response.status_code == 404:
        text = ENDED.replace("SCHEME", _scheme()).replace("ROOT", request.script_root)
        response = Response(text, 404, dict(response.headers), "text/html")
        response.content_length = len(text.encode())
    elif response.status_code == 200:
        sites = ["'self'", *held().origins]  # the sheet has a preview
    policy = response.headers.get("Content-Security-Policy", "")
    own = [p for p in policy.split("; ") if not p.startswith("frame-ancestors")]
    response.headers["Content-Security-Policy"] = "; ".join(
        [*own, f"frame-ancestors {' '.join(sites)}"]
    )
    for name in ("X-Frame-Options", "Cross-Origin-Opener-Policy"):
        response.headers.pop(name, None)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
