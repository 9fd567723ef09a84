"""What a unit has: files named by their digest, a way to say how far it is, and when to stop."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.store import Blobs

NAMED = ("sha256", "shown")  # what a result calls the blobs that it made
Tell = Callable[[float, str], None]


class Cancelled(Exception):
    """The owner asked that this stops."""


class Place:
    """The data folder as a unit sees it.

    Args:
        folder: the data folder, shared by all that work.
        job_id: whose flag says that it is to stop.
        tell: called with (share 0..1, words).
    """

    def __init__(self, folder: Path, job_id: str = "", tell: Tell = lambda _share, _words: None):
        self._folder, self._job, self._tell = folder, job_id, tell
        self._blobs = Blobs(folder)

    def report(self, share: float, words: str = "") -> None:
        """Say how far it is.

        Raises:
            Cancelled: it is to stop.
        """
        if self.stopped():
            raise Cancelled
        self._tell(share, words)

    def stopped(self) -> bool:
        """Whether it is to stop."""
        return bool(self._job) and flag(self._folder, self._job).exists()

    def read(self, digest: str) -> bytes:
        """The bytes of a blob.

        Raises:
            EngineError: it is gone.
        """
        try:
            return self._blobs.path(digest).read_bytes()
        except OSError as error:
            raise EngineError(
                "a file that this needs is gone", try_this="adding the model again"
            ) from error

    def path(self, digest: str) -> Path:
        """Where a blob is."""
        return self._blobs.path(digest)

    def keep(self, data: bytes) -> str:
        """Keep bytes as a blob; returns their sha256.

        Raises:
            EngineError: the disk is full.
        """
        try:
            with self._blobs.incoming() as path:
                path.write_bytes(data)
                return self._blobs.keep(path)
        except OSError as error:
            raise EngineError(
                "the result cannot be kept in the data folder",
                found=error.strerror or str(error),
                try_this="free some space on its disk",
            ) from error


def flag(folder: Path, job_id: str) -> Path:
    """The file whose being there tells the units of a job to stop."""
    return folder / "stopping" / job_id


def result_path(folder: Path, digest: str) -> Path:
    """Where the result of what a digest names is, or would be."""
    return folder / "results" / digest[:2] / f"{digest[2:]}.json"


def read_result(folder: Path, digest: str) -> dict[str, Any] | None:
    """A result that was written whole and whose blobs are there; None without."""
    try:
        found = json.loads(result_path(folder, digest).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    blobs = Blobs(folder)  # what no row named for a day was swept, and is made again
    there = all(blobs.path(str(found[k])).exists() for k in NAMED if k in found)
    return found if there else None


def write_result(folder: Path, digest: str, result: Mapping[str, Any]) -> None:
    """Write a result, whole or not at all, and wait until the disk has it."""
    path = result_path(folder, digest)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    with part.open("x", encoding="utf-8") as file:
        json.dump(dict(result), file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
