"""Requests of an embedded page carry their capability in the path, so that none needs a cookie."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BEFORE = "/embed/"
LINK = "paredown.link"  # in the environment of a request: the token; no header can set it
OURS = ("_dash-", "api/")  # what an embedded page asks for besides itself and the assets


class Embedded:
    """Takes /embed/TOKEN off the front of what an embedded page asks for."""

    def __init__(self, app: WSGIApplication) -> None:
        """Stand before an app."""
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Hand the request on; the page itself, /embed/TOKEN, keeps its path."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(BEFORE):
            token, _, rest = path.removeprefix(BEFORE).partition("/")
            if token and rest.startswith(OURS):
                environ = {**environ, LINK: token, "PATH_INFO": f"/{rest}"}
        return self._app(environ, start)
