"""A bounded cache of bytes on disk that can be deleted at any time.

diskcache unpickles what it finds (CVE-2025-69872), so a planted file would run.  Our `Disk`
refuses everything but bytes and text, and every value carries the digest of its bytes, which is
compared before anyone parses them: a truncated or changed value is a miss, not a wrong answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import MODE_PICKLE

_DIGEST_BYTES = 32


class PickleRefused(ValueError):
    """A cache row or value that only unpickling could read."""


class BytesDisk(diskcache.Disk):
    """The disk format of diskcache without its pickle mode."""

    def put(self, key: object) -> tuple[object, bool]:
        """Encode a key: text only."""
        if not isinstance(key, str):
            raise PickleRefused("keys are text")
        return key, True

    def get(self, key: object, raw: bool) -> object:
        """Decode a key, which must not be pickled."""
        if not raw:
            raise PickleRefused("a pickled key")
        return key

    def store(self, value: object, read: bool, key: object = diskcache.UNKNOWN) -> Any:
        """Encode a value: bytes only."""
        if not isinstance(value, bytes):
            raise PickleRefused("values are bytes")
        return super().store(value, read, key)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> object:
        """Decode a value, which must not be pickled."""
        if mode == MODE_PICKLE:
            raise PickleRefused("a pickled value")
        return super().fetch(mode, filename, value, read)


_FAULTS = (sqlite3.Error, OSError, ValueError, diskcache.Timeout)
_OF_THE_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}


class ByteCache:
    """Key (text) -> bytes, least recently used out first.  A fault of the disk is a miss.

    The folder may be deleted at any time, also while this runs: it is made anew.
    """

    def __init__(self, folder: Path, size_bytes: int = 10**9) -> None:
        self._folder, self._size = folder, size_bytes
        self._lock = threading.Lock()
        self._cache: diskcache.Cache | None = None
        self._file: int | None = None
        with contextlib.suppress(*_FAULTS):  # then without one, until the disk allows
            self._present()

    def _open(self) -> diskcache.Cache:
        return diskcache.Cache(
            str(self._folder),
            disk=BytesDisk,
            size_limit=self._size,
            eviction_policy="least-recently-used",
            sqlite_mmap_size=0,
        )

    def _made(self) -> diskcache.Cache:
        """The cache of the folder, made anew when what is there cannot be one."""
        try:
            return self._open()
        except _FAULTS as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if isinstance(error, OSError | diskcache.Timeout) or code in _OF_THE_DISK:
                raise  # what is there may be whole
            shutil.rmtree(self._folder, ignore_errors=True)  # it holds nothing of its own
            return self._open()

    def _identity(self) -> int | None:
        """What tells the database file from one that took its place; None when it is gone."""
        try:
            return (self._folder / diskcache.core.DBNAME).stat().st_ino
        except OSError:
            return None

    def _present(self) -> diskcache.Cache:
        """The cache, opened again if its folder was deleted: else all would be misses for good."""
        cache, file = self._cache, self._file
        if cache is None or file is None or self._identity() != file:
            with self._lock:
                if cache is self._cache:  # no other thread was first
                    self._cache = self._made()
                    self._file = self._identity()
                cache = self._cache
        assert cache is not None
        return cache

    def get(self, key: str) -> bytes | None:
        """The bytes kept under a key, or None."""
        try:
            value = self._present().get(key)
        except _FAULTS:
            return None
        if not isinstance(value, bytes):
            return None
        digest, body = value[:_DIGEST_BYTES], value[_DIGEST_BYTES:]
        return body if hashlib.sha256(body).digest() == digest else None

    def set(self, key: str, body: bytes) -> None:
        """Keep bytes under a key, if the disk allows."""
        with contextlib.suppress(*_FAULTS):  # a full or read-only disk costs speed, not the answer
            self._present().set(key, hashlib.sha256(body).digest() + body)

    def close(self) -> None:
        """Close the files of all threads that the cache knows of."""
        if self._cache is not None:
            self._cache.close()
