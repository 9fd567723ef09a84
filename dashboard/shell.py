"""The frame of every page: brand, crumbs, tools, colour scheme, notices, and the guard.

Pages call `header` for their first row and register their callbacks through `guarded`.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html, no_update, set_props

from dashboard.access import Needs, needing, notice
from dashboard.ids import Shell
from dashboard.urls import DIFF, MODELS, TARGETS
from dashboard.urls_experiment import EXPERIMENTS
from engine.errors import EngineError

log = logging.getLogger(__name__)

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{%title%}</title>
    <script src="THEME"></script>
    {%favicon%}
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>
      {%config%}
      {%scripts%}
      {%renderer%}
    </footer>
  </body>
</html>"""

SECTIONS = (("Models", MODELS), ("Experiments", EXPERIMENTS), ("Compare", DIFF),
            ("Targets", TARGETS))  # fmt: skip
THEME = {
    "fontFamily": "var(--font)",
    "primaryColor": "blue",
    "defaultRadius": 6,
    "fontSizes": {"xs": "12px", "sm": "13px", "md": "13px", "lg": "16px", "xl": "20px"},
    "respectReducedMotion": True,
}


def frame(beside: Sequence[Any] = ()) -> dmc.MantineProvider:
    """The layout of the app: what stays while pages come and go.

    Args:
        beside: further parts that every page has.
    """
    return dmc.MantineProvider(
        [
            dmc.NotificationContainer(
                id=Shell.NOTICES, position="bottom-right", autoClose=12000, limit=4, zIndex=400
            ),
            html.Main(dash.page_container, className="app"),
            *beside,
        ],
        theme=THEME,
        defaultColorScheme="auto",
    )


def header(
    crumbs: Sequence[tuple[str, str]] = (), tools: Sequence[Any] = (), identity: Any = None
) -> html.Header:
    """The first row of a page.

    Args:
        crumbs: (text, address) from the outside in; "" for an address where one already is.  One
            of `SECTIONS` alone is a list, and the other sections stand beside it.
        tools: controls at the right.
        identity: what follows the crumbs, such as the model's version.
    """
    trail: list[Any] = []
    if len(crumbs) == 1 and crumbs[0][0] in dict(SECTIONS):
        trail = [_section(text, address, crumbs[0][0]) for text, address in SECTIONS]
        crumbs = ()
    for text, address in crumbs:
        if trail:
            trail.append(html.Span("/", className="crumb-slash", **attributes(aria_hidden="true")))
        trail.append(
            dcc.Link(text, href=address, className="crumb")
            if address
            else html.Strong(text, className="crumb crumb-here", title=text)
        )
    return html.Header(
        [
            dcc.Link(
                [html.Span(className="brand-mark"), "Paredown"], href=MODELS, className="brand"
            ),
            html.Nav([*trail, *([identity] if identity else [])], className="crumbs"),
            html.Div([*tools, scheme_toggle()], className="tools"),
        ],
        className="header",
    )


def _section(text: str, address: str, here: str) -> Any:
    if text == here:
        return html.Strong(text, className="crumb crumb-here", **attributes(aria_current="page"))
    return dcc.Link(text, href=address, className="crumb")


def attributes(**names: str) -> dict[str, Any]:
    """HTML attributes whose names hold a hyphen: `attributes(aria_live="polite")`."""
    return {name.replace("_", "-"): value for name, value in names.items()}


def scheme_toggle() -> dmc.ColorSchemeToggle:
    """Light or dark: follows the system until a person chooses, then remembers."""
    return dmc.ColorSchemeToggle(
        lightIcon=html.Span("☀", **attributes(aria_hidden="true")),
        darkIcon=html.Span("☾", **attributes(aria_hidden="true")),
        variant="subtle",
        size="md",
        className="scheme-toggle",
        attributes={"root": {"aria-label": "Switch between light and dark"}},
    )


def notify(text: str | list[Any], kind: str = "info") -> None:
    """Show a notice from inside a callback; kind is "info", "done" or "fault".

    Text may hold components, such as a button that undoes.
    """
    set_props(Shell.NOTICES, notice(text, kind))


def guarded(callback: Callable[..., Any], needs: Needs | None = None) -> Callable[..., Any]:
    """Wrap a callback so that an `EngineError` becomes a notice and changes nothing else.

    Args:
        callback: what answers.
        needs: who may call it; the start fails without, and says what to write.
    """

    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except EngineError as error:
            notify(error.sentence, "fault")
            return no_update

    return needing(run, needs) if needs is not None else run


def on_bug(error: Exception) -> None:
    """Handle what no callback expected: the log gets the traceback, the person a sentence."""
    if isinstance(error, EngineError):
        notify(error.sentence, "fault")
        return
    log.error("a callback failed", exc_info=error)
    notify("This did not work because of a fault in Paredown; the log says more.", "fault")


NOWHERE = "Nothing here · Paredown"  # title of that page


def not_found(**_query: str) -> html.Div:
    """The page for an address that leads nowhere."""
    return html.Div(
        [
            header([("Models", MODELS)]),
            html.Div(
                [
                    html.H1("There is nothing at this address"),
                    html.P("The link may be old, or the model may have been removed."),
                    dcc.Link("To the list of models", href=MODELS, className="button"),
                ],
                className="empty",
            ),
        ],
        className="page",
    )
