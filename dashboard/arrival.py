"""A file that arrives as the body of a request: streamed to the disk, checked, handed on.

Its name is in X-File-Name (percent-encoded), and nothing of it is kept in memory.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from flask import Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected

from dashboard.components import quantity
from dashboard.queries import services
from engine.errors import EngineError
from engine.store import clean_name

CHUNK = 1 << 20
Answer = Response | tuple[Response, int]
# (file, name, is it still wanted) -> what the browser is told; None: not wanted any more
Take = Callable[[Path, str, Callable[[], bool]], dict[str, Any] | None]


def arrived(limit: int, usual: str, take: Take) -> Answer:
    """Take in the body of this request.

    Args:
        limit: bytes that it may have.
        usual: name of a file that has none.
        take: reads and keeps the file; its `EngineError` becomes a 400.
    """
    request.max_content_length = limit
    name = unquote(request.headers.get("X-File-Name", "")) or usual
    shown = clean_name(name)
    if request.content_encoding:
        return fault(f"{shown}: the file must be sent as it is, not compressed.", 415)
    length = request.content_length
    if length is None:
        return fault(f"{shown}: the size of the file must be said in Content-Length.", 411)
    if length > limit:
        most = " ".join(quantity(limit, "B"))
        return fault(f"{shown}: the file is too large; at most {most} can be uploaded.", 413)
    with services().store.blobs.incoming() as path:
        try:
            if _receive(path) != length:
                return fault(f"{shown}: the upload stopped half-way; send it again.", 400)
            told = take(path, name, _connected)
        except ClientDisconnected:
            return fault("The upload was cancelled.", 400)
        except EngineError as error:
            return fault(error.sentence, 400)
        except OSError as error:
            return fault(f"{shown}: it cannot be stored; {error.strerror}.", 507)
    return fault("The upload was cancelled.", 400) if told is None else jsonify(told)


def fault(sentence: str, status: int) -> Answer:
    """An answer that says what is wrong."""
    return jsonify(error=sentence), status


def _receive(path: Path) -> int:
    """Stream the body into a file; returns its size."""
    size = 0
    with path.open("xb") as file:
        while chunk := request.stream.read(CHUNK):
            size += file.write(chunk)
    return size


def _connected() -> bool:
    """Whether the browser still waits: an aborted upload must not appear in the list."""
    connection = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return True
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:  # open, and nothing to read
        return True
    except OSError:
        return False
