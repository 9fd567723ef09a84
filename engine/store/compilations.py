"""Compiled models in memory: each is made once, however many pages ask at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import engine
from engine.compile import Compilation
from engine.errors import EngineError
from engine.store.models import ModelRow, Store
from engine.targets import Target

Key = tuple[str, str, tuple[tuple[str, int], ...]]


class Compilations:
    """The last few compilations by (sha256, target, bindings).  The app owns one; no global."""

    def __init__(self, store: Store, capacity: int = 16) -> None:
        self._store, self._capacity = store, capacity
        self._done: OrderedDict[Key, Compilation] = OrderedDict()
        self._locks: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(
        self,
        model_id: str,
        target_id: str,
        bindings: Mapping[str, int] | None = None,
    ) -> Compilation:
        """The model compiled for the target; the row is looked up (and may be refused) each time.

        Raises:
            EngineError: no such model or target, or the model cannot be compiled.
        """
        row = self._store.model(model_id)
        target = engine.target(target_id)
        key = (row.sha256, target.id, tuple(sorted((bindings or {}).items())))
        found = self._find(key)
        if found is not None:
            return found
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        try:
            with lock:  # one thread compiles, the others wait for its answer
                found = self._find(key)
                if found is None:
                    found = self._compiled(row, target, bindings)
                    self._keep(key, found)
        finally:  # also of a model that cannot be compiled
            with self._lock:
                self._locks.pop(key, None)
        return found

    def _compiled(
        self, row: ModelRow, target: Target, bindings: Mapping[str, int] | None
    ) -> Compilation:
        graph = self._store.graph(row, bindings)
        if not target.runtime:
            return engine.compile_model(graph, target)
        try:
            runtime = self._store.runtime_graph(row, graph)
        except EngineError as error:
            made = engine.compile_model(graph, target)
            return replace(made, note=f"Compiled by our own passes: {error.sentence}")
        return engine.compile_model(graph, target, runtime=runtime)

    def _find(self, key: Key) -> Compilation | None:
        with self._lock:
            if key in self._done:
                self._done.move_to_end(key)
            return self._done.get(key)

    def _keep(self, key: Key, compilation: Compilation) -> None:
        with self._lock:
            self._done[key] = compilation
            while len(self._done) > self._capacity:
                self._done.popitem(last=False)
