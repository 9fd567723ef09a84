"""A bounded cache of bytes on disk that can be deleted at any time.

diskcache unpickles what it finds (CVE-2025-69872), so a planted file would run.  Our `Disk`
refuses everything but bytes and text, and every value carries the digest of its bytes, which is
compared before anyone parses them: a truncated or changed value is a miss, not a wrong answer.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
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


class ByteCache:
    """Key (text) -> bytes, least recently used out first.  A fault of the disk is a miss."""

    def __init__(self, folder: Path, size_bytes: int = 10**9) -> None:
        self._folder, self._size = folder, size_bytes
        try:
            self._cache = self._open()
        except (sqlite3.DatabaseError, OSError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)  # a cache holds nothing that is not elsewhere
            self._cache = self._open()

    def _open(self) -> diskcache.Cache:
        return diskcache.Cache(
            str(self._folder),
            disk=BytesDisk,
            size_limit=self._size,
            eviction_policy="least-recently-used",
            sqlite_mmap_size=0,
        )

    def get(self, key: str) -> bytes | None:
        """The bytes kept under a key, or None."""
        try:
            value = self._cache.get(key)
        except (sqlite3.Error, OSError, ValueError):
            return None
        if not isinstance(value, bytes):
            return None
        digest, body = value[:_DIGEST_BYTES], value[_DIGEST_BYTES:]
        return body if hashlib.sha256(body).digest() == digest else None

    def set(self, key: str, body: bytes) -> None:
        """Keep bytes under a key, if the disk allows."""
        try:
            self._cache.set(key, hashlib.sha256(body).digest() + body)
        except (sqlite3.Error, OSError, diskcache.Timeout):
            return  # a full or read-only disk costs speed, not the answer

    def close(self) -> None:
        """Close the files of all threads that the cache knows of."""
        self._cache.close()
