"""The gate before every request, and the headers after it.

What protects a person from other web sites is here too: Host allowlist (DNS rebinding), Origin and
Sec-Fetch-Site on everything that may change something.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from dash import Dash
from flask import Response, abort, g, request
from werkzeug.exceptions import HTTPException

from dashboard.access.endpoints import ENDPOINTS, REFUSED, UPDATE
from dashboard.access.envelope import check_envelope
from dashboard.access.headers import HEADERS, content_policy
from dashboard.access.needs import What, check_callbacks, check_routes, needed
from dashboard.settings import Settings
from engine.store import LOCAL

OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Dash, settings: Settings) -> None:
    """Put the gate before, and the headers after, every request of the app.

    Raises:
        EngineError: a route or a callback says nothing of who may use it.
    """
    server = app.server
    policy: list[str] = []

    def gate() -> None:
        _check_host(settings)
        needs = ENDPOINTS.get(request.endpoint or "")
        if needs is None:
            abort(404, "There is nothing at this address.")
        if needs.what is not What.OPEN:
            g.principal = LOCAL
        if request.method not in SAFE_METHODS:
            _check_origin()
        if request.endpoint == UPDATE and request.method == "POST":
            key = check_envelope(app.callback_map)
            if needed(key, app.callback_map[key]) is None:  # it came after the start
                abort(404, "There is no such callback.")

    def finish(response: Response) -> Response:
        if not policy:  # the hashes are known once all callbacks are
            policy.append(content_policy(app.csp_hashes()))
        response.headers.setdefault("Content-Security-Policy", policy[0])
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    rules = ((r.endpoint, frozenset(r.arguments)) for r in server.url_map.iter_rules())
    check_routes(rules, ENDPOINTS, REFUSED)
    check_callbacks(app.callback_map)
    server.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    server.before_request(gate)
    server.after_request(finish)
    server.register_error_handler(HTTPException, _plain)


def _check_host(settings: Settings) -> None:
    """Refuse a Host that is not ours: a foreign name that resolves to this machine."""
    try:
        name = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    except ValueError:
        name = ""
    if name not in OWN_NAMES and name not in settings.allowed_hosts:
        abort(403, "This server does not answer to that host name.")


def _check_origin() -> None:
    """Refuse a request that another web site made the browser send.

    Browsers name the origin of every POST; programs that are not browsers send neither header
    and cannot be steered by a web site.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    ):
        abort(403, "The request comes from another web site.")


def _plain(error: HTTPException) -> tuple[dict[str, str], int] | HTTPException:
    """Errors as one JSON sentence; never a traceback, never markup."""
    if error.code is None or error.code < 400:
        return error
    return {"error": str(error.description or error.name)}, error.code
