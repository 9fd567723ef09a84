"""What outlives a process: models as rows and content-addressed blobs, and a cache of bytes.

It is not a place for arithmetic: it asks the rooms before it and keeps what they answer.
Order of writing, always: blob (temp file, fsync, rename, fsync of the folder), then the row, so
that a crash leaves at most a blob that no row names, which `Store.sweep` removes.
Start reading in `models.py`; then `blobs.py`, `tables.py`, `cache.py`, `compilations.py`.
"""

from engine.store.cache import ByteCache
from engine.store.compilations import Compilations
from engine.store.limits import LOCAL, clean_name
from engine.store.models import ModelRow, Store

__all__ = ["LOCAL", "ByteCache", "Compilations", "ModelRow", "Store", "clean_name"]
