"""Who may do what: one gate before every request, closed unless an endpoint is listed.

Local mode: there is one person, who owns all.  What protects that person is that other web sites
cannot use their browser to reach this server: Host allowlist (DNS rebinding), Origin and
Sec-Fetch-Site on everything that may change something, and headers that forbid framing, sniffing
and scripts that are not ours.  Stage I adds people; the gate and its table stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from flask import Response, abort, g, request
from werkzeug.exceptions import HTTPException

from dashboard.settings import Settings
from engine.store import LOCAL


class Access(StrEnum):
    """What an endpoint needs."""

    PUBLIC = "public"  # code, styles, fonts: the same for everybody
    READ = "read"
    CALLBACK = "callback"  # a Dash callback: its envelope is checked first
    WRITE = "write"


# Every endpoint of the app; a test compares it with the routes, so a new one is refused until it
# stands here.
ENDPOINTS: Mapping[str, Access] = MappingProxyType(
    {
        "_dash_assets.static": Access.PUBLIC,
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": Access.PUBLIC,
        "/_favicon.ico": Access.PUBLIC,
        "/healthz": Access.PUBLIC,
        "/": Access.READ,
        "/<path:path>": Access.READ,
        "/_dash-layout": Access.READ,
        "/_dash-dependencies": Access.READ,
        "/_dash-update-component": Access.CALLBACK,
        "api.models": Access.READ,
        "api.model": Access.READ,
        "api.targets": Access.READ,
        "api.drawing": Access.READ,
        "api.model_file": Access.READ,
        "api.blocks": Access.READ,
        "api.source": Access.READ,
        "api.source_text": Access.READ,
        "api.model_export": Access.READ,
        "api.experiments": Access.READ,
        "api.experiment": Access.READ,
        "api.experiment_file": Access.READ,
        "api.experiment_report": Access.READ,
        "api.experiment_model_file": Access.READ,
        "api.experiment_fits": Access.READ,
        "api.nothing": Access.READ,
        "api.upload": Access.WRITE,
        "api.remove": Access.WRITE,
        "api.upload_experiment": Access.WRITE,
        "api.remove_experiment": Access.WRITE,
    }
)
# Endpoints that Dash and Flask bring along and nobody needs.
REFUSED = frozenset({"static", "/_reload-hash"})
OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_DEPTH = 60  # nesting of a callback's body; ours need under 20
MAX_PARTS = 1_000_000  # values in a callback's body

HEADERS = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
)


def install(app: Dash, settings: Settings) -> None:
    """Put the gate before, and the headers after, every request of the app."""
    server = app.server
    policy: list[str] = []

    def gate() -> None:
        _check_host(settings)
        access = ENDPOINTS.get(request.endpoint or "")
        if access is None:
            abort(404, "There is nothing at this address.")
        if access is not Access.PUBLIC:
            g.principal = LOCAL
        if request.method not in SAFE_METHODS:
            _check_origin()
        if access is Access.CALLBACK and request.method == "POST":
            check_envelope(app.callback_map)

    def finish(response: Response) -> Response:
        if not policy:  # the hashes are known once all callbacks are
            policy.append(content_policy(app.csp_hashes()))
        response.headers.setdefault("Content-Security-Policy", policy[0])
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    server.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    server.before_request(gate)
    server.after_request(finish)
    server.register_error_handler(HTTPException, _plain)


def content_policy(script_hashes: Sequence[str]) -> str:
    """The Content-Security-Policy: our own files only, no eval, no plug-ins, no foreign frame.

    Inline styles are allowed because Dash and Mantine write `style` attributes.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def check_envelope(callbacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Answer 400 to a callback body that Dash itself could only crash on."""
    try:
        body = request.get_json()
    except RecursionError:
        abort(400, "The request is nested too deeply.")
    if _too_deep(body):
        abort(400, "The request is nested too deeply or too large.")
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        abort(400, "This is not a callback request.")
    callback = callbacks.get(body["output"])
    if callback is None or "callback" not in callback:  # the second kind runs in the browser
        abort(400, "There is no such callback.")
    for key in ("inputs", "state"):
        sent, wanted = body.get(key, []), callback.get(key, [])
        if not isinstance(sent, list) or len(sent) != len(wanted):
            abort(400, f"The callback expects {len(wanted)} {key}.")
        if not all(_is_dependency(part) for part in sent):
            abort(400, f"The {key} of the callback are malformed.")
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(c, str) for c in changed):
        abort(400, "The list of changed properties is malformed.")
    outputs = body.get("outputs")
    parts = outputs if isinstance(outputs, list) else [outputs]
    if not all(_is_dependency(part) for part in parts):
        abort(400, "The outputs of the callback are malformed.")


def _is_dependency(part: object) -> bool:
    if isinstance(part, list):
        return all(_is_dependency(p) for p in part if not isinstance(p, list)) and not any(
            isinstance(p, list) for p in part
        )
    return (
        isinstance(part, dict)
        and isinstance(part.get("id"), (str, dict))
        and isinstance(part.get("property"), str)
    )


def _too_deep(body: object) -> bool:
    """Whether a JSON value is nested too deeply or has too many parts; no recursion."""
    level, seen = [body], 0
    for _ in range(MAX_DEPTH):
        level = [
            child
            for part in level
            if isinstance(part, (dict, list))
            for child in (part.values() if isinstance(part, dict) else part)
        ]
        seen += len(level)
        if not level:
            return False
        if seen > MAX_PARTS:
            return True
    return True


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
