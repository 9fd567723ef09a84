"""`paredown serve`: one process, threads, no log lines but ours."""

from __future__ import annotations

import errno
import os
import socket
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from dashboard.access import start_token
from dashboard.app import create_app
from dashboard.queries import Services, open_services
from dashboard.settings import Settings
from engine.errors import EngineError

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class _QuietHandler(WSGIRequestHandler):
    """Prints nothing for a request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a person reads this terminal."""

    def version_string(self) -> str:
        """Our name instead of the versions of the libraries."""
        return "paredown"


def serve(models: Sequence[str], given: Mapping[str, Any], open_browser: bool) -> int:
    """Add the models, serve until interrupted; returns the exit status.

    Raises:
        EngineError: a setting, a model, the data folder or the port is not usable.
    """
    settings = _settings(given)
    if settings.access == "local" and settings.host not in LOCAL_HOSTS:
        raise EngineError(
            "in local mode Paredown listens on this machine only",
            where="--host",
            expected="127.0.0.1",
            found=settings.host,
            try_this="access = proxy, behind a proxy that knows people",
        )
    if settings.source_root and not settings.source_root.is_dir():
        raise EngineError("no such folder", "--source-root", found=str(settings.source_root))
    services = open_services(settings)
    try:
        for model in models:
            _add(services, Path(model))
        server = listen(settings, services)
        services.tidy()
        services.jobs.active()  # what an earlier server left goes on
        url = f"http://{_in_address(settings.host)}:{server.port}/"
        token = start_token(cast(Flask, server.app))
        url += f"?token={token}" if token else ""
        sys.stderr.write(f"Paredown is at {url} (stop with Ctrl-C)\n")
        sys.stderr.flush()
        if open_browser and _has_screen():
            webbrowser.open(url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stderr.write("\n")
        finally:
            server.server_close()
    finally:
        services.close()
    return 0


def listen(settings: Settings, services: Services | None = None) -> BaseWSGIServer:
    """A server that listens but does not answer yet: `serve_forever` does, `port` says where.

    Raises:
        EngineError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        door = socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise EngineError(
            "the port is taken" if taken else "the address cannot be used",
            where=f"{settings.host}:{settings.port}",
            found="" if taken else str(error.strerror),
            try_this="--port 0, which takes a free one",
        ) from error
    with door:  # the server works on a copy
        app = create_app(settings, services)
        return make_server(
            settings.host,
            settings.port,
            app.server,
            threaded=True,
            request_handler=_QuietHandler,
            fd=door.fileno(),
        )


def _has_screen() -> bool:
    """Whether a browser can open: without a screen it would be one in this terminal."""
    return sys.platform in ("win32", "darwin") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _settings(given: Mapping[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except ValueError as error:
        raise EngineError("a setting is not usable", found=_first_line(error)) from error


def _first_line(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    first = errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _add(services: Services, file: Path) -> None:
    """Add a file of the command line."""
    added = services.models.add(file, file.name, origin="command line")
    if added is not None:
        row, new = added
        sys.stderr.write(f"{row.name}: {'added' if new else 'already here'}\n")


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
