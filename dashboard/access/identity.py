"""Who asks: in local mode the person of this machine, in proxy mode whom the proxy names.

Fails closed: a name that is not entirely as expected is nobody.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import unicodedata
from typing import NoReturn

from flask import abort, request

from dashboard.access.tokens import Tokens
from dashboard.settings import Settings
from engine.errors import EngineError
from engine.store import LOCAL, Principal

log = logging.getLogger(__name__)

PROXY_SECRET = "X-Proxy-Secret"
SOCKET = "socket"  # in `trusted_proxies`: peers without an address, on a Unix socket
SHORTEST = 32  # characters of the secret that the proxy sends
MAX_NAME = 200
MAX_GROUPS = 1_000


def check_settings(settings: Settings) -> None:
    """Check, before anything listens, that a mode has what it rests on.

    Raises:
        EngineError: it has not.
    """
    if settings.access == "local":
        return
    if not settings.trusted_proxies:
        raise EngineError(
            "proxy mode believes nobody until it is told whom", "trusted_proxies",
            expected="the addresses of the proxy", try_this='PAREDOWN_TRUSTED_PROXIES=["10.0.0.2"]',
        )  # fmt: skip
    for each in settings.trusted_proxies:
        _check_peer(each)
    for name, secret in (("proxy_secret", settings.proxy_secret), ("secret", settings.secret)):
        if len(secret.get_secret_value()) < SHORTEST:
            raise EngineError(
                "proxy mode needs a secret of its own", name,
                expected=f"at least {SHORTEST} characters",
                found="none" if not secret.get_secret_value() else "fewer",
                try_this="python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            )  # fmt: skip
    if settings.proxy_secret == settings.secret:
        raise EngineError("two secrets are the same", "proxy_secret and secret")


def _check_peer(text: str) -> None:
    if text == SOCKET:
        return
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise EngineError(
            "this is no address", "trusted_proxies", expected="such as 10.0.0.2 or 10.0.0.0/28",
            found=text[:60],
        ) from error  # fmt: skip
    if network.prefixlen == 0:
        raise EngineError("proxy mode cannot believe everybody", "trusted_proxies", found=text)


def is_local_peer() -> bool:
    """Whether the request comes from this machine: in local mode nobody else is answered."""
    return _peer_in(("127.0.0.0/8", "::1/128", SOCKET))


def person_here(settings: Settings, tokens: Tokens, token: str) -> Principal | None:
    """The person of this machine, by cookie or by token in the header; None without.

    Args:
        settings: whether a token is asked for.
        tokens: what the cookie was signed with.
        token: of this start of the server.
    """
    sent = request.authorization
    known = (
        not settings.token
        or tokens.is_pass(request.cookies.get(tokens.cookie, ""))
        or (sent is not None and sent.type == "bearer" and same(sent.token or "", token))
    )
    return Principal(LOCAL, admin=True) if known else None


def check_proxy(settings: Settings) -> None:
    """Refuse what does not come from the proxy: its address and its secret, both."""
    if not _peer_in(settings.trusted_proxies):
        _nobody(f"{request.remote_addr} is no trusted proxy")
    if not same(request.headers.get(PROXY_SECRET, ""), settings.proxy_secret.get_secret_value()):
        _nobody("the proxy's secret is missing or another")


def person_named(settings: Settings) -> Principal | None:
    """The person whom the proxy names, which `check_proxy` found to be it; None when nobody."""
    sent = request.headers.get(settings.user_header, "")
    if not sent:
        return None
    user = _name(sent)
    if user == LOCAL:
        _nobody("nobody is called local here")
    groups = [g for g in request.headers.get(settings.groups_header, "").split(",") if g.strip()]
    if len(groups) > MAX_GROUPS:
        _nobody("too many groups")
    names = frozenset(_name(g.strip(" ")) for g in groups)
    return Principal(user, names, admin=user in settings.admins)


def same(sent: str, kept: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing; "" is like none."""
    return bool(kept) and hmac.compare_digest(sent.encode("utf-8", "replace"), kept.encode())


def _name(sent: str) -> str:
    """A name from a header.

    A comma is what servers put between a header and its repetition: somebody added one.
    """
    try:
        name = sent.encode("latin-1").decode("utf-8")  # WSGI hands bytes over as Latin-1
    except UnicodeError:
        _nobody("a name is not UTF-8")
    odd = any(unicodedata.category(c)[0] in "CZ" and c != " " for c in name)
    plain = name == name.strip() == unicodedata.normalize("NFKC", name)
    if not 0 < len(name) <= MAX_NAME or odd or not plain or "," in name:
        _nobody("a name is empty, too long, repeated or has odd characters")
    return name


def _peer_in(networks: tuple[str, ...]) -> bool:
    peer = request.remote_addr or ""
    if not peer:
        return SOCKET in networks
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ipaddress.ip_network(n) for n in networks if n != SOCKET)


def _nobody(why: str) -> NoReturn:
    """Answer 401; only the log says why."""
    log.warning("refused: %s", why)
    abort(401, "Sign in first.")
