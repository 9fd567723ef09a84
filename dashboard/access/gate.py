"""The gate before every request, and the headers after it.

What protects a person from other web sites is here too: Host allowlist (DNS rebinding), Origin and
Sec-Fetch-Site on everything that may change something.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask, Response, abort, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from dashboard.access.door import ASKED, locked, opened
from dashboard.access.embedded import LINK, Embedded
from dashboard.access.endpoints import ENDPOINTS, JOIN, PAGES, REFUSED, UPDATE
from dashboard.access.envelope import check_envelope
from dashboard.access.headers import HEADERS, content_policy
from dashboard.access.identity import (
    check_proxy,
    check_settings,
    is_local_peer,
    person_here,
    person_named,
)
from dashboard.access.needs import (
    OPEN,
    ROLES,
    Needs,
    What,
    check_callbacks,
    check_routes,
    needed,
    place,
)
from dashboard.access.refusal import NOTHING, refuse
from dashboard.access.tokens import Tokens, key_of
from dashboard.settings import Settings
from engine.errors import EngineError
from engine.store import LOCAL, Principal, Refused, Store, act_as

OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EMBEDS = "embed."  # endpoints whose path holds the token of an embed
SEEN_S = 600.0  # how often it is noted that somebody is here


def install(app: Dash, settings: Settings) -> None:
    """Put the gate before, and the headers after, every request of the app.

    Raises:
        EngineError: a route or a callback says nothing of who may use it, or the mode has not what
            it rests on.
    """
    check_settings(settings)
    server = app.server
    signing = Tokens(key_of(settings))
    token = secrets.token_urlsafe(24) if settings.access == "local" and settings.token else ""
    policy: list[str] = []

    def gate() -> AnyResponse | None:
        _check_host(settings)
        endpoint = request.endpoint or ""
        needs = ENDPOINTS.get(endpoint)
        if needs is None:
            abort(404, NOTHING)
        if request.method not in SAFE_METHODS:
            _check_origin()
        if needs.what is What.OPEN:
            return None
        who = _who(settings, signing, token)
        if who is None:
            if endpoint not in {*PAGES, JOIN} or settings.access != "local":
                abort(401, "Sign in first." if not token else "The token of the start is needed.")
            return opened(signing, token) or locked()
        _begin(who)
        if endpoint in PAGES and ASKED in request.args and token:
            cleaned = opened(signing, token)  # a second time
            if cleaned is not None:
                return cleaned
        allow(needs, (request.view_args or {}).get(needs.at))
        if endpoint == UPDATE and request.method == "POST":
            key = check_envelope(app.callback_map)
            own = needed(key, app.callback_map[key])
            if own is None:  # it came after the start
                abort(404, "There is no such callback.")
            allow(own, sent_id(own, request.get_json()) if own.kind else None)
        return None

    def finish(response: Response) -> Response:
        if not policy:  # the hashes are known once all callbacks are
            policy.append(content_policy(app.csp_hashes()))
        response.headers.setdefault("Content-Security-Policy", policy[0])
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if ENDPOINTS.get(request.endpoint or "") != OPEN and not response.cache_control.no_store:
            response.cache_control.private = True  # nothing that one person sees is another's
            response.cache_control.no_cache = True
        return response

    rules = ((r.endpoint, frozenset(r.arguments)) for r in server.url_map.iter_rules())
    check_routes(rules, ENDPOINTS, REFUSED)
    check_callbacks(app.callback_map)
    server.extensions["paredown.tokens"] = signing
    server.extensions["paredown.start"] = token
    server.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    server.before_request(gate)
    server.after_request(finish)
    server.teardown_request(_end)
    server.register_error_handler(HTTPException, _plain)
    server.register_error_handler(DependencyException, _unknown_code)
    server.wsgi_app = Embedded(server.wsgi_app)


def start_token(server: Flask) -> str:
    """The token that the printed address holds; "" when none is asked for."""
    return str(server.extensions["paredown.start"])


def _who(settings: Settings, signing: Tokens, token: str) -> Principal | None:
    """Who asks: the holder of a link, or a person; None when nobody."""
    if settings.access == "local":
        if not is_local_peer():
            abort(403, "In local mode only this machine is answered.")
    else:
        check_proxy(settings)
    sent = request.environ.get(LINK)
    if (request.endpoint or "").startswith(EMBEDS):
        sent = (request.view_args or {}).get("token")
    if sent is not None:  # a link is all that an embedded page has, whoever looks at it
        return _holder(signing, sent)
    if settings.access == "local":
        return person_here(settings, signing, token)
    return person_named(settings)


def _holder(signing: Tokens, sent: object) -> Principal:
    """Whoever holds the token of an embed that stands; nothing is there for all others."""
    try:
        link = _store().sharing.open(signing.link_of(sent))
    except EngineError:
        abort(404, NOTHING)
    if not link.embed:  # a share link is opened under one's name
        abort(404, NOTHING)
    g.link = link
    return Principal("", link=link.id)


def _begin(who: Principal) -> None:
    """Let somebody act until the end of the request."""
    g.principal = who
    g.acting = act_as(who)
    g.acting.__enter__()
    if who.user and who.user != LOCAL:
        seen: dict[str, float] = current_app.extensions.setdefault("paredown.seen", {})
        now = time.monotonic()
        if now - seen.get(who.user, -SEEN_S) >= SEEN_S:
            seen[who.user] = now
            with contextlib.suppress(EngineError):  # on a full disk people can read all the same
                _store().sharing.seen()


def _end(_error: BaseException | None) -> None:
    acting = g.pop("acting", None)
    if acting is not None:
        acting.__exit__(None, None, None)


def _store() -> Store:
    """The store of the app; the rooms of the queries come later than this one."""
    found: Store = current_app.extensions["paredown"].store
    return found


def allow(needs: Needs, id: object) -> None:
    """Refuse what the one who asks may not do.

    Args:
        needs: what was declared.
        id: of the object, as it was sent.
    """
    who: Principal = g.principal
    if needs.what in (What.OPEN, What.GUEST):
        return
    if needs.what is What.ADMIN:
        if not who.admin:
            refuse(NOTHING, 404)
        return
    if not who.user and needs.what is not What.VIEW:
        refuse("A link shows what it shows and no more.", 403)
    if not needs.kind or (needs.optional and id in (None, "")):
        return
    try:
        _store().sharing.check(needs.kind, id, ROLES[needs.what], files=needs.files)
    except Refused as error:
        refuse(error.sentence, 403)
    except EngineError as error:  # not there, or as if it were not
        refuse(error.sentence, 404)


def sent_id(needs: Needs, body: Mapping[str, Any]) -> object:
    """The id of the object of a callback, as the browser sent it."""
    component, property, inside = place(needs)
    for part in (*body.get("inputs", ()), *body.get("state", ())):
        if isinstance(part, dict) and part["id"] == component and part["property"] == property:
            value = part.get("value")
            for key in inside:
                value = value.get(key) if isinstance(value, dict) else None
            return value
    return None


def _check_host(settings: Settings) -> None:
    """Refuse a Host that is not ours: a foreign name that resolves to this machine."""
    try:
        name = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    except ValueError:
        name = ""
    if name not in OWN_NAMES and name not in {h.lower() for h in settings.allowed_hosts}:
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


def _unknown_code(_error: DependencyException) -> tuple[dict[str, str], int]:
    """Scripts that Dash does not know: anybody may ask for them, and Dash only crashes."""
    return {"error": NOTHING}, 404


def _plain(error: HTTPException) -> tuple[dict[str, str], int] | HTTPException:
    """Errors as one JSON sentence; never a traceback, never markup."""
    if error.code is None or error.code < 400:
        return error
    return {"error": str(error.description or error.name)}, error.code
