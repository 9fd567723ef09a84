"""What this server signs: links that are given away, and the cookie of the person of this machine.

A link's token is its id and a signature, so that it can be shown again and cannot be guessed; the
row in the store says whether it still stands.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from flask import current_app
from itsdangerous import BadSignature, Signer, TimestampSigner

from dashboard.settings import Settings
from engine.errors import EngineError

SHORTEST = 32  # characters of a key
KEY_FILE = "secret.key"
COOKIE_S = 30 * 24 * 3600
MAX_TOKEN = 200  # characters; ours have under 100


class Tokens:
    """Signs with one key; a token for one purpose is none for another."""

    def __init__(self, key: str) -> None:
        """Take the key, of at least `SHORTEST` characters."""
        self._links = Signer(key, salt="paredown.link", digest_method=hashlib.sha256)
        self._door = TimestampSigner(key, salt="paredown.door", digest_method=hashlib.sha256)
        self._files = Signer(key, salt="paredown.file", digest_method=hashlib.sha256)
        # two servers on one machine share a browser's cookies: ports are no part of them
        self.cookie = f"paredown-{hashlib.sha256(f'name {key}'.encode()).hexdigest()[:8]}"

    def of_link(self, link_id: str) -> str:
        """The token of a link."""
        return self._links.sign(link_id).decode("ascii")

    def link_of(self, token: object) -> str:
        """The id of the link that a token is of; "" when we did not sign it."""
        if not isinstance(token, str) or len(token) > MAX_TOKEN:
            return ""
        try:
            return self._links.unsign(token).decode("ascii")
        except (BadSignature, UnicodeError):
            return ""

    def of_file(self, digest: str, user: str) -> str:
        """What the browser of a person holds of a file that they sent.

        Digests of other people's files are told here and there: alone they open nothing.
        """
        signature = self._files.get_signature(f"{user} {digest}").decode("ascii")
        return f"{digest}.{signature}"

    def file_of(self, held: object, user: str) -> str:
        """The digest of a file that this person sent; "" when we did not tell them so."""
        if not isinstance(held, str) or len(held) > MAX_TOKEN:
            return ""
        digest, _, signature = held.partition(".")
        good = self._files.verify_signature(f"{user} {digest}".encode(), signature.encode())
        return digest if good else ""

    def pass_(self) -> str:
        """What the cookie of the person of this machine holds."""
        return self._door.sign("local").decode("ascii")

    def is_pass(self, text: str) -> bool:
        """Whether a cookie is ours and not older than `COOKIE_S`."""
        try:
            return len(text) <= MAX_TOKEN and bool(self._door.unsign(text, max_age=COOKIE_S))
        except (BadSignature, UnicodeError):
            return False


def tokens() -> Tokens:
    """What the app that serves this request signs with."""
    found: Tokens = current_app.extensions["paredown.tokens"]
    return found


def key_of(settings: Settings) -> str:
    """The key that was set, or else the one in the data folder, made when there is none.

    Raises:
        EngineError: it is short, cannot be read, or others can.
    """
    given = settings.secret.get_secret_value()
    if given:
        return _checked(given, "the setting secret")
    path = settings.data / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise EngineError(
                "other users of this machine can read the key that links are signed with",
                str(path),
                try_this="removing it: a new one is made, and the links given so far end",
            )
        return _checked(path.read_text("ascii").strip(), str(path))
    except (OSError, UnicodeError) as error:
        raise EngineError("the key that links are signed with cannot be read", str(path)) from error


def _make(path: Path) -> None:
    """Write a key; of two servers that start at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{KEY_FILE}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own, path)
    except FileExistsError:
        return
    finally:
        own.unlink()


def _checked(key: str, where: str) -> str:
    if len(key) < SHORTEST:
        raise EngineError(
            "the key that links are signed with is too short", where,
            expected=f"at least {SHORTEST} characters", found=str(len(key)),
            try_this="python -c 'import secrets; print(secrets.token_urlsafe(48))'",
        )  # fmt: skip
    return key
