"""How scripts and styles reach a browser: compressed once, and kept there for good.

The addresses of our own files name the time of their last change, so that a browser that has one
never asks for it again.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from flask import Flask, Request, Response, g, request
from flask_compress import Compress

FILES = frozenset(
    {
        "_dash_assets.static",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    }
)
MOST = 400  # files
LEVEL = 6  # of zstd: a tenth smaller than at 3, in 4 ms a 100 kB answer
KEPT_S = 365 * 24 * 3600


class Compressed:
    """Compressed files by key, the longest unused dropped; "" keeps nothing."""

    def __init__(self) -> None:
        """Begin with none."""
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        """A file, or None."""
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
            return self._files.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Keep a file."""
        if key.endswith(";"):  # the algorithm, and nothing after it
            return
        with self._lock:
            self._files[key] = value
            while len(self._files) > MOST:
                self._files.popitem(last=False)


def install(server: Flask) -> None:
    """Compress what is sent; files are handed over whole, with a name to be kept under."""
    server.config.update(
        COMPRESS_ZSTD_LEVEL=LEVEL,
        COMPRESS_CACHE_BACKEND=Compressed,
        COMPRESS_CACHE_KEY=_key,
        # flask-compress leaves a streamed file open (its 1.25); `_whole` reads ours first
        COMPRESS_STREAMS=False,
    )
    Compress(server)
    server.after_request(_whole)  # what is registered last comes first


def _key(_request: Request) -> str:
    return str(g.get("file", ""))


def _whole(response: Response) -> Response:
    """Read a file that is to be sent, so that it can be compressed."""
    if request.endpoint not in FILES or response.status_code != 200:
        return response
    if (response.mimetype or "").startswith(("text/", "application/j")) and request.method == "GET":
        response.direct_passthrough = False
        source, (etag, _) = response.response, response.get_etag()
        g.file = f"{request.path} {etag} {len(response.get_data())}"
        if hasattr(source, "close"):
            source.close()
    if request.endpoint == "_dash_assets.static" and "m" in request.args:
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = KEPT_S
        response.cache_control.immutable = True
    return response
