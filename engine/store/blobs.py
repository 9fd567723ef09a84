"""Files named by the sha256 of their bytes: kept once, never changed, checked when in doubt."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import EngineError

CHUNK = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Blobs:
    """A folder of blobs, `ab/cdef…`, beside a folder of files that are still arriving."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "blobs"
        self._incoming = folder / "incoming"
        for place in (self._folder, self._incoming):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """A path for a file that arrives; whatever is still there at the end is removed."""
        path = self._incoming / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        """Where the blob with this sha256 is, or would be."""
        if not _DIGEST.match(digest):
            raise EngineError("this is not a sha256 digest", found=repr(digest[:80]))
        return self._folder / digest[:2] / digest[2:]

    def keep(self, source: Path) -> str:
        """Keep the bytes of a file and return their sha256.

        A file of `incoming` is renamed into its place, any other is copied first.
        """
        if source.parent != self._incoming:
            with self.incoming() as copy:
                _copy(source, copy)
                return self.keep(copy)
        digest = digest_of(source)
        place = self.path(digest)
        if not place.exists():
            place.parent.mkdir(exist_ok=True, mode=0o700)
            with source.open("rb") as file:
                os.fsync(file.fileno())
            source.chmod(0o600)
            source.rename(place)  # atomic: two writers of equal bytes leave one whole blob
            for folder in (place.parent, self._folder):
                _sync_folder(folder)
        return digest

    def remove(self, digest: str) -> None:
        """Forget a blob; nothing happens if it is not there."""
        self.path(digest).unlink(missing_ok=True)

    def sweep(self, named: frozenset[str], older_than_s: float = 86400.0) -> int:
        """Remove old blobs that no row names and old arrivals; return how many."""
        limit, removed = time.time() - older_than_s, 0
        kept = {self.path(digest) for digest in named}
        for path in (*self._folder.glob("??/*"), *self._incoming.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                if path not in kept and path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
        return removed


def digest_of(path: Path) -> str:
    """The sha256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("xb") as write:
        while chunk := read.read(CHUNK):
            write.write(chunk)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut (POSIX: fsync of the directory)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
