"""The app: `create_app(settings)` makes one, as often as tests like; nothing is global."""

from __future__ import annotations

import atexit
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import dash
from dash import Dash
from flask import Flask

from dashboard import (
    access,
    api,
    delivery,
    embed,
    embed_sheet,
    job_drawer,
    share_links,
    share_sheet,
    shell,
)
from dashboard.pages import PAGES
from dashboard.queries import Services, open_services
from dashboard.settings import Settings


def create_app(settings: Settings | None = None, services: Services | None = None) -> Dash:
    """Make the app.

    Args:
        settings: None takes the defaults and the environment.
        services: an opened data folder, for a caller that already has one.
    """
    settings = settings or Settings()
    assets = assets_folder()
    app = Dash(
        "dashboard",
        assets_folder=str(assets),
        use_pages=True,
        pages_folder="",
        title="Paredown",
        update_title="",
        suppress_callback_exceptions=True,
        serve_locally=True,
        include_pages_meta=False,
        health_endpoint="healthz",
        enable_mcp=False,
        on_error=shell.on_bug,
        assets_ignore=r"theme\.js",  # the head loads it, before the first paint
    )
    app.server.extensions["paredown"] = services or open_services(settings)
    delivery.install(app.server)
    app.index_string = shell.INDEX.replace("THEME", app.get_asset_url("js/theme.js"))
    for order, page in enumerate(PAGES):
        _add_page(app, page, order)
    dash.register_page(  # type: ignore[no-untyped-call]
        "not_found_404", title=shell.NOWHERE, layout=shell.not_found
    )

    def layout() -> Any:
        if embed.asked():
            return embed.layout()
        return shell.frame([*job_drawer.drawer(), *share_sheet.sheet(), *embed_sheet.sheet()])

    app.layout = layout
    job_drawer.register(app)
    share_sheet.register(app)
    embed_sheet.register(app)
    api.register(app.server, settings)
    share_links.register(app)
    embed.register(app)
    access.install(app, settings)
    return app


def wsgi() -> Flask:
    """The app for a WSGI server: `gunicorn "dashboard.app:wsgi()"`, set up by the environment."""
    settings = Settings()
    services = open_services(settings)
    atexit.register(services.close)  # and the worker with it
    server: Flask = create_app(settings, services).server
    services.tidy()
    services.jobs.active()  # what an earlier server left goes on
    return server


def _add_page(app: Dash, page: ModuleType, order: int) -> None:
    """Register a page module: `PATH`, `TITLE`, `layout(**view)`, `register(app)`."""
    where = "path_template" if "<" in page.PATH else "path"
    dash.register_page(  # type: ignore[no-untyped-call]
        page.__name__, order=order, title=page.TITLE, layout=page.layout, **{where: page.PATH}
    )
    page.register(app)


def assets_folder() -> Path:
    """The folder of styles and scripts: beside the packages, in a checkout and in a wheel."""
    for place in (Path(__file__).parents[1], *map(Path, sys.path)):
        if (place / "assets" / "tokens.css").is_file():
            return (place / "assets").resolve()
    raise FileNotFoundError("the assets folder is missing from this installation")
