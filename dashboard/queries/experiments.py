"""The list of experiments: what is there, the best of each, bringing and removing files.

What a list shows of an experiment is worked out once, when its file arrives, and kept in its row.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import engine
from dashboard.queries.experiment_answer import asked, bounds_of
from dashboard.queries.experiment_edits import edited
from dashboard.queries.experiment_words import (
    quality_of,
    recipe_words,
    shown,
)
from dashboard.queries.offspring import grown
from dashboard.queries.sharing import belongs
from dashboard.urls_experiment import ExperimentView
from engine import experiments
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import (
    EVERYONE,
    LOCAL_PERSON,
    ChildRow,
    ExperimentRow,
    Role,
    Store,
    act_as,
    clean_name,
)

MAX_BYTES = 32_000_000  # of a file; what the engine reads at most
KEPT = 8  # experiments that stay parsed in memory
BARS = 24  # of the small picture in the list

DEMO_MARK = "demo experiment"  # of the store: the demo was offered

SORTS: MappingProxyType[str, Callable[[ExperimentRow], float | str]] = MappingProxyType(
    {
        "name": lambda r: r.name.casefold(),
        "models": lambda r: r.model_count,
        "created": lambda r: r.created.timestamp(),
    }
)
DEFAULT_SORT = "-created"


@dataclass(frozen=True, slots=True)
class ExperimentList:
    """What the list shows.

    Args:
        rows: to draw, sorted.
        matching: that the search finds.
        total: in all.
        roles: of the one who asks, on each row.
    """

    rows: tuple[ExperimentRow, ...]
    matching: int
    total: int
    roles: tuple[Role, ...] = ()


class ExperimentQueries:
    """The queries of one app about its experiments."""

    def __init__(self, store: Store, *, demo: bool = False) -> None:
        self._store, self._demo = store, demo
        self._parsed: OrderedDict[tuple[Any, ...], Experiment] = OrderedDict()
        self._lock = threading.Lock()

    def listing(self, search: str, sort: str, limit: int, whose: object = "all") -> ExperimentList:
        """The experiments whose name or operations hold every word, sorted."""
        if self._demo and self._store.mark(DEMO_MARK):
            self._add_demo()
        rows = self._store.experiments.list()
        words = search.casefold().split()
        found = [r for r in rows if belongs(r.owner, whose)]
        found = [r for r in found if all(w in _searched(r) for w in words)]
        key = sort.removeprefix("-") if sort.removeprefix("-") in SORTS else "created"
        down = sort.startswith("-") if sort.removeprefix("-") in SORTS else True
        found.sort(key=lambda r: SORTS[key](r), reverse=down)
        shown = tuple(found[:limit])
        may = self._store.sharing.roles("experiment")
        roles = tuple(may.get(r.id, Role.VIEWER) for r in shown)  # or taken back meanwhile
        return ExperimentList(shown, len(found), len(rows), roles)

    def add(
        self,
        file: Path,
        file_name: str,
        *,
        origin: str = "upload",
        wanted: Callable[[], bool] = lambda: True,
    ) -> tuple[ExperimentRow, bool] | None:
        """Read and keep a file; False when it was here already, None when no longer wanted.

        Raises:
            EngineError: the file is no experiment; nothing is kept.
        """
        shown_name = clean_name(file_name)
        if file.stat().st_size > MAX_BYTES:
            raise EngineError("too large", shown_name, f"at most {MAX_BYTES:,} bytes")
        body = file.read_bytes()
        name = experiment_name(file_name)
        try:
            found = engine.read_experiment(body, name)
        except EngineError as error:
            raise EngineError(
                error.what, shown_name, error.expected, error.found, error.try_this
            ) from error
        if not found.models:
            raise EngineError(
                "holds no models", shown_name, try_this="a file with a list of models"
            )
        if not wanted():
            return None
        return self._store.experiments.add(
            file,
            name=str(found.document.get("name") or name),
            model_count=len(found.models),
            summary=summary(found),
            origin=origin,
        )

    def _add_demo(self) -> None:
        """Put the experiment that ships with the product into the list, once."""
        try:
            from dashboard.demo.digits_tree import FILE
        except ImportError:  # a build without the demo
            return
        if FILE.is_file():
            with act_as(LOCAL_PERSON):  # nobody's in a team, and everybody's to look at
                added = self.add(FILE, FILE.name, origin="demo")
                if added is not None:
                    self._store.sharing.grant("experiment", added[0].id, EVERYONE, Role.FORKER)

    def get(self, experiment_id: object) -> tuple[ExperimentRow, Experiment]:
        """An experiment with what people wrote on it.

        Raises:
            EngineError: there is none with this id, or its file is gone.
        """
        row, found, _ = self.progress(experiment_id)
        return row, found

    def progress(
        self, experiment_id: object
    ) -> tuple[ExperimentRow, Experiment, tuple[ChildRow, ...]]:
        """As `get`, and what jobs make of it, with how far they are.

        Raises:
            EngineError: there is none with this id, or its file is gone.
        """
        row = self._store.experiments.get(experiment_id)
        children = self._store.offspring.list(row.id)
        return row, self._read(row, children), children

    def _read(self, row: ExperimentRow, children: tuple[ChildRow, ...]) -> Experiment:
        # the id too: what people wrote on the same file under the same name is not the same
        key = (row.id, row.sha256, row.version, row.name, tuple(c.model for c in children))
        with self._lock:
            if key in self._parsed:
                self._parsed.move_to_end(key)
                return self._parsed[key]
        read = engine.read_experiment(self._store.experiments.body(row), row.name)
        found = edited(grown(read, children), row)
        with self._lock:
            self._parsed[key] = found
            while len(self._parsed) > KEPT:
                self._parsed.popitem(last=False)
        return found

    def exported(self, experiment_id: object) -> tuple[str, str]:
        """(name, JSON) of an experiment with the notes and flags of people.

        Raises:
            EngineError: there is none with this id.
        """
        row, _, children = self.progress(experiment_id)
        made = tuple(c for c in children if c.state == "done")
        return row.name, engine.write_experiment(self._read(row, made))

    def report(self, view: ExperimentView, *, markdown: bool) -> tuple[str, str]:
        """(name, text) of a report on what a view shows: its selection, bounds and first chart.

        Raises:
            EngineError: there is no such experiment, or the bounds contradict each other.
        """
        row, found = self.get(view.experiment_id)
        names = {m.column: m.name for m in found.metrics}
        ids = [found.models[k].id for k in view.selection if k < len(found.models)]
        axes = [names[c] for pair in view.charts[:1] for c in reversed(pair) if c in names]
        bounds = bounds_of(found, asked(view)["where"])
        made = experiments.report(found, ids, axes, bounds)
        return row.name, made.markdown if markdown else made.html

    def remove(self, experiment_id: object) -> ExperimentRow:
        """Remove an experiment and return what it was."""
        return self._store.experiments.remove(experiment_id)


def experiment_name(file_name: str) -> str:
    """The name that a file suggests: its last part without the ending."""
    last = re.split(r"[/\\]", file_name)[-1]
    return re.sub(r"(?i)\.json\Z", "", last) or last


def _searched(row: ExperimentRow) -> str:
    return " ".join((row.name, *row.summary.get("operations", ()))).casefold()


def summary(experiment: Experiment) -> dict[str, Any]:
    """What a list shows of an experiment: counts, the best model, a small picture.

    The picture is the quality of the models, from the best to the worst: how many are still good.
    """
    forest = experiment.forest
    levels = Counter(issue.level for issue in experiment.issues)
    told: dict[str, Any] = {
        "roots": len(forest.roots),
        "leaves": sum(not c for c in forest.children),
        "depth": max(forest.depth, default=0),
        "operations": [o.name[:80] for o in experiment.operations[:40]],
        "issues": {level: levels[level] for level in ("error", "warning", "note")},
    }
    quality = quality_of(experiment)
    if quality is None:
        return told
    values = experiment.frame[quality.column].to_list()
    known = [(v, k) for k, v in enumerate(values) if v is not None]
    if not known:
        return told
    best = max(known)[1] if quality.direction != "lower" else min(known)[1]
    told |= {
        "metric": quality.name[:80],
        "best": recipe_words(experiment, best)[:200],
        "value": shown(quality, values).text(values[best]),
    }
    told["curve"] = _curve([v for v, _ in known], quality.direction == "lower")
    return told


def _curve(quality: Sequence[float], lower: bool) -> list[float]:
    """The quality of `BARS` models from the best to the worst, as shares of the largest."""
    ranked = sorted(quality, reverse=not lower)
    low, high = min(0.0, min(ranked)), max(ranked)
    if len(ranked) < 2 or high == low:
        return []
    picked = [ranked[round(k * (len(ranked) - 1) / (BARS - 1))] for k in range(BARS)]
    return [round((v - low) / (high - low), 3) for v in picked]


def issues_words(counts: Mapping[str, Any]) -> str:
    """Say "1 fault, 3 warnings, 2 notes"; "" when reading found nothing."""
    named = (("error", "fault"), ("warning", "warning"), ("note", "note"))
    parts = []
    for level, word in named:
        n = counts.get(level, 0)
        if isinstance(n, int) and n > 0:
            parts.append(f"{n:,} {word}{'s' if n != 1 else ''}")
    return ", ".join(parts)
