"""What the Code dock asks: the lines that tasks come from, and the text of a file, as JSON.

Asked for when the dock is first seen: the file of the model is read once more, in the child.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import engine
from dashboard.figures import highlight
from dashboard.queries.documents import recipe_of
from dashboard.queries.drawings import Drawing
from dashboard.queries.model import ModelQueries
from dashboard.urls import View, ranges
from engine.compile import Compilation
from engine.errors import EngineError
from engine.insight import SourceMap
from engine.store import Role, Store

KEPT = 8  # maps in memory
MOST_EDITS = 300  # edited tasks that the sheet writes out


class CodeQueries:
    """The source of one app's models.

    Args:
        store: rows and cache.
        model: compiled models.
        root: a folder of this machine with sources, None without.
    """

    def __init__(self, store: Store, model: ModelQueries, root: Path | None = None) -> None:
        self._store, self._model, self._root = store, model, root
        self._kept: OrderedDict[int, tuple[Compilation, SourceMap]] = OrderedDict()
        self._lock = threading.Lock()

    def source(self, view: View) -> SourceMap:
        """The lines of a view's tasks.

        Raises:
            EngineError: no such model or target, or the model's own map of lines is none.
            Refused: the source is not shared with the one who asks.
        """
        self._store.sharing.check("model", view.model_id, Role.VIEWER, files=True)
        made = self._model.compilation(view)
        with self._lock:
            found = self._kept.get(id(made))
        if found is None or found[0] is not made:
            trace = self._store.trace(self._store.model(view.model_id))
            found = made, engine.source_of(made, trace, self._root)
            with self._lock:
                self._kept[id(made)] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return found[1]

    def edits(self, view: View, tool: str) -> str:
        """The recipe of a view as code for each task, under the lines that tasks come from.

        Raises:
            EngineError: no such model or target, or a recipe that means nothing here.
        """
        made = engine.task_code(self._model.compilation(view), recipe_of(view.recipe), tool)
        try:
            source = self.source(view)
            at = {part.task: source.of_task(part.task) for part in made.tasks[:MOST_EDITS]}
        except EngineError:  # its own map of lines is none: then without lines
            at = {}
        lines = {t: f"{found[0][0].place}: {found[0][0].text}" for t, found in at.items() if found}
        return made.text(lines, MOST_EDITS) if made.tasks else ""

    def lines(self, view: View) -> Drawing:
        """Files, lines with the tasks of each role as ranges, and modules where there is no line.

        Raises:
            EngineError: as `source`.
        """
        found = self.source(view)
        tasks = self._model.compilation(view).tasks
        files = sorted({line.file for line in found.lines} | set(found.texts))
        number = {path: i for i, path in enumerate(files)}
        library = {line.file: line.library for line in found.lines}
        roles: dict[int, dict[str, list[int]]] = {}
        for task, line, role in found.links.select("task_id", "line", "role").iter_rows():
            roles.setdefault(line, {}).setdefault(role, []).append(task)
        body = {
            "files": [
                {
                    "path": path, "library": library.get(path, ""), "text": path in found.texts,
                    "stale": found.stale.get(path, 0), "link": _link(found.places.get(path)),
                }
                for path in files
            ],
            "lines": [
                [number[line.file], line.line, line.text, line.function,
                 *(_ranges(roles.get(i, {}).get(role, ())) for role in ("line", "fused", "call"))]
                for i, line in enumerate(found.lines)
            ],
            "merged": _ranges(found.merged),
            "modules": [] if found.lines else _modules(zip(*tasks.select("task_id", "group"),
                                                           strict=True)),
            "notes": list(found.notes),
        }  # fmt: skip
        return Drawing.of(json.dumps(body, separators=(",", ":")).encode())

    def text(self, view: View, file: str) -> Drawing:
        """A file of the model's source, see `highlight.rows`.

        Raises:
            EngineError: the model has no such file; paths are looked up, never opened.
        """
        text = self.source(view).texts.get(file)
        if text is None:
            raise EngineError("the model came without this file", found=repr(file[:120]))
        return Drawing.of(json.dumps(highlight.rows(text), separators=(",", ":")).encode())


def _ranges(tasks: Iterable[int]) -> str:
    return ranges(tuple(sorted(tasks)))


def _link(place: Path | None) -> str:
    """Where an editor on this machine opens a file."""
    return f"vscode://file/{quote(str(place).lstrip('/'))}" if place else ""


def _modules(tasks: Iterable[tuple[int, str]]) -> list[list[Any]]:
    """[name, depth, tasks inside] of every module, each before what it holds."""
    inside: dict[tuple[str, ...], list[int]] = {}
    for task, group in tasks:
        parts = tuple(group.split("/")) if group else ()
        for depth in range(1, len(parts) + 1):
            inside.setdefault(parts[:depth], []).append(task)
    first = {path: ids[0] for path, ids in inside.items()}
    order = sorted(inside, key=lambda p: [(first[p[: i + 1]], p[i]) for i in range(len(p))])
    return [[path[-1], len(path) - 1, _ranges(inside[path])] for path in order]
