"""The drawings of a model: all its tasks, and its blocks; made once, then kept.

The key of a drawing follows from the row of the model.  That of all tasks is kept on disk too, so
a fresh server answers at once without compiling anything.  Large graphs are placed by a child
process, because fast-sugiyama can crash or hang; when it does, numpy alone places them here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import engine
from dashboard.figures import atlas, op_graph
from dashboard.figures.atlas_child import layout_of, question
from dashboard.figures.atlas_layout import Layout, lay_out
from dashboard.queries.model import ModelQueries
from dashboard.urls import View
from engine.compile.compilation import Compilation
from engine.errors import EngineError
from engine.insight import Group
from engine.store import ByteCache, Store

log = logging.getLogger(__name__)

IN_PROCESS = 1_500  # tasks up to which the server places them itself
WALL_SECONDS = 10.0  # fifty thousand tasks take one
KEPT = 32  # drawings in memory
MOST_OPENED = 40  # blocks that one drawing holds open
CHILDREN = threading.Semaphore(2)
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the browser gets: a block of `atlas.drawing`, or elements of `op_graph` as JSON.

    Args:
        packed: its bytes, compressed by gzip.
        digest: of these bytes.
    """

    packed: bytes
    digest: str

    @classmethod
    def of(cls, plain: bytes) -> Drawing:
        """Compress what the browser gets."""
        return _drawing(gzip.compress(plain, 5, mtime=0))

    def plain(self) -> bytes:
        """The bytes themselves."""
        return gzip.decompress(self.packed)


class Drawings:
    """The drawings of one app.

    Args:
        store: rows and cache.
        model: compiled and priced models.
    """

    def __init__(self, store: Store, model: ModelQueries) -> None:
        self._store, self._model = store, model
        self._done: OrderedDict[str, Drawing] = OrderedDict()
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._last: tuple[Compilation, tuple[Group, ...], op_graph.Folding] | None = None

    def get(self, view: View, direction: str = "down") -> Drawing:
        """All tasks of a view.

        Raises:
            EngineError: no such model, target or direction, or the model cannot be compiled.
        """
        key = self._key("drawing", view, direction)
        return self._once(key, lambda: self._draw(view, direction), self._store.cache)

    def blocks(self, view: View, direction: str = "down", opened: Sequence[str] = ()) -> Drawing:
        """The tasks of a view as blocks, some of them opened; see `op_graph.elements`.

        Raises:
            EngineError: as `get`.
        """
        opened = tuple(opened[-MOST_OPENED:])
        key = f"{self._key('blocks', view, direction)}/{json.dumps(opened)}"

        def draw() -> bytes:
            found = self._folding(view).elements(opened, direction)
            return json.dumps(found, separators=(",", ":")).encode()

        return self._once(key, draw)

    def _folding(self, view: View) -> op_graph.Folding:
        made, groups = self._model.compilation(view), self._model.groups(view)
        with self._lock:
            last = self._last
        if last is None or last[0] is not made or last[1] is not groups:
            last = made, groups, op_graph.Folding(made.tasks, made.edges, groups)
            with self._lock:
                self._last = last
        return last[2]

    def _key(self, kind: str, view: View, direction: str) -> str:
        if direction not in atlas.DIRECTIONS:
            raise EngineError(
                "there is no such direction", found=repr(direction[:40]),
                try_this=f"one of {', '.join(atlas.DIRECTIONS)}",
            )  # fmt: skip
        row = self._store.model(view.model_id)
        target = engine.target(view.target).id
        bound = json.dumps(view.bindings)
        made_by = f"{atlas.VERSION}.{atlas.LAYOUT}/{engine.VERSION}"
        own = hashlib.sha256(self._model.own_groups(view).encode()).hexdigest()[:16]
        return f"{kind}/{made_by}/{row.sha256}/{target}/{direction}/{bound}/{own}"

    def _once(self, key: str, draw: Callable[[], bytes], disk: ByteCache | None = None) -> Drawing:
        found = self._find(key)
        if found is not None:
            return found
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        try:
            with lock:  # one thread draws, the others wait for its answer
                found = self._find(key)
                if found is None:
                    packed = disk.get(key) if disk else None
                    if packed is None:
                        packed = gzip.compress(draw(), 5, mtime=0)
                        if disk:
                            disk.set(key, packed)
                    found = _drawing(packed)
                self._keep(key, found)
        finally:  # also of a question that cannot be answered
            with self._lock:
                self._locks.pop(key, None)
        return found

    def _draw(self, view: View, direction: str) -> bytes:
        compilation = self._model.compilation(view)
        count = compilation.tasks.height
        priced = self._model.resolution(view).tasks  # tasks first, conversions behind them
        return atlas.drawing(
            compilation.tasks, compilation.edges, priced["latency_s"].head(count).to_numpy(),
            self._model.groups(view), direction, placed,
        )  # fmt: skip

    def _find(self, key: str) -> Drawing | None:
        with self._lock:
            if key in self._done:
                self._done.move_to_end(key)
            return self._done.get(key)

    def _keep(self, key: str, found: Drawing) -> None:
        with self._lock:
            self._done[key] = found
            while len(self._done) > KEPT:
                self._done.popitem(last=False)


def _drawing(packed: bytes) -> Drawing:
    return Drawing(packed, hashlib.sha256(packed).hexdigest()[:32])


def placed(
    source: np.ndarray, target: np.ndarray, roots: np.ndarray, block: np.ndarray, direction: str
) -> Layout:
    """Lay out a graph: a large one in a child process, by numpy alone where that fails."""
    if roots.size <= IN_PROCESS:
        return lay_out(source, target, roots, block, direction)
    try:
        with CHILDREN:
            return layout_of(_in_child(question(source, target, roots, block, direction)))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        log.warning("a layout of %d tasks failed in its process: %s", roots.size, error)
        return lay_out(source, target, roots, block, direction, hinted=0)


def _in_child(asked: bytes) -> bytes:
    environment = {
        "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PATH": os.defpath,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dashboard.figures.atlas_child"],
        input=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        timeout=WALL_SECONDS, check=True,
    )  # fmt: skip
    return done.stdout
