"""The list of models: what is there, what each costs, and bringing and removing files."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import engine
from dashboard.queries import budgets, intake
from dashboard.queries.budgets import Standing
from dashboard.queries.headlines import Headline, Headlines
from dashboard.queries.sharing import (
    SharedAnalysis,
    belongs,
    shared_analyses,
)
from dashboard.urls import View
from engine.errors import EngineError
from engine.store import EVERYONE, LOCAL_PERSON, ModelRow, Role, Store, act_as, clean_name

READERS = threading.Semaphore(2)  # child processes that parse files at one time
DEMO = "demo"
LIST_FPS = 30.0  # at which budgets are judged: what a model page opens with

# Column that the list can be sorted by -> its value; None sorts last in both directions.
SORTS: MappingProxyType[str, Callable[[Listed], float | str | None]] = MappingProxyType(
    {
        "name": lambda m: m.row.name.casefold(),
        "created": lambda m: m.row.created.timestamp(),
        "tasks": lambda m: m.headline.tasks or None if m.headline else None,
        "latency_s": lambda m: m.headline.latency_s if m.headline else None,
        "energy_j": lambda m: m.headline.energy_j if m.headline else None,
        "peak_bytes": lambda m: m.headline.peak_bytes if m.headline else None,
        "size_bytes": lambda m: m.headline.size_bytes if m.headline else None,
        "macs": lambda m: m.headline.macs if m.headline else None,
        "budgets": lambda m: m.budgets.rank if m.budgets else None,
    }
)
DEFAULT_SORT = "-created"


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the list.

    Args:
        version: 1 for the oldest model of its project.
        versions: models in the project.
        headline: None while it is being worked out.
        budgets: how the model, as the file is, stands with its budgets; None without any.
        role: of the one who asks.
    """

    row: ModelRow
    version: int
    versions: int
    headline: Headline | None
    budgets: Standing | None = None
    role: Role = Role.OWNER


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list shows.

    Args:
        models: the rows to draw, sorted, at most as many as asked for.
        matching: rows that the search finds.
        total: rows in all.
        pending: figures (or demo models) are still being worked out.
        budgeted: a model has budgets, so that a column of them says something.
        analyses: shared with the one who asks, of models that are not.
    """

    models: tuple[Listed, ...]
    matching: int
    total: int
    pending: bool
    budgeted: bool = False
    analyses: tuple[SharedAnalysis, ...] = ()


class ModelsQueries:
    """The queries of one app."""

    def __init__(self, store: Store, headlines: Headlines, *, demo: bool) -> None:
        self.headlines = headlines
        self._store, self._demo = store, demo

    def listing(self, view: View, target_id: str, limit: int, whose: object = "all") -> Listing:
        """The list under a view's search and sort, with the figures on a target.

        Args:
            view: search and sort.
            target_id: of the figures.
            limit: rows at most.
            whose: of `queries.sharing.WHOSE`.
        """
        if self._demo and self._store.mark(DEMO):
            self.add_demo()
        working = self.headlines.busy  # before the rows: what ends meanwhile is not in them
        every = self._store.models()
        rows = tuple(r for r in every if belongs(r.owner, whose))
        versions = _versions(every)
        words = view.search.casefold().split()
        found = [r for r in rows if all(w in f"{r.name} {r.project}".casefold() for w in words)]
        sort = view.sort if view.sort.removeprefix("-") in SORTS else DEFAULT_SORT
        by_row = sort.removeprefix("-") in ("name", "created")
        if by_row:  # only what is drawn needs figures
            found = [m.row for m in _sorted([Listed(r, 0, 0, None) for r in found], sort)][:limit]
        known = self.headlines.ask(found, target_id)
        kept = self._store.analyses.model_budgets()
        roles = self._store.sharing.roles("model")
        listed = [
            Listed(
                r,
                *versions[r.id],
                known.get(r.id),
                _standing(r, known, kept, target_id),
                roles.get(r.id, Role.VIEWER),  # of one that was taken back meanwhile
            )
            for r in found
        ]
        matching = sum(all(w in f"{r.name} {r.project}".casefold() for w in words) for r in rows)
        return Listing(
            models=tuple(listed if by_row else _sorted(listed, sort)[:limit]),
            matching=matching,
            total=len(every),
            pending=working or len(known) < len(found),
            budgeted=bool(kept),
            analyses=()
            if whose == "mine" or words
            else shared_analyses(self._store, {r.id for r in every}),
        )

    def rows(self) -> tuple[ModelRow, ...]:
        """All models, newest first."""
        return self._store.models()

    def row(self, model_id: str) -> ModelRow:
        """One model.

        Raises:
            EngineError: there is none with this id.
        """
        return self._store.model(model_id)

    def headline(self, model_id: str, target_id: str) -> Headline:
        """The figures of one model, worked out now if they are not known."""
        return self.headlines.compute(self._store.model(model_id), target_id)

    def add(
        self,
        file: Path,
        file_name: str,
        *,
        origin: str = "upload",
        wanted: Callable[[], bool] = lambda: True,
    ) -> tuple[ModelRow, bool] | None:
        """Read and keep a file; False when it was here already, None when no longer wanted.

        Args:
            file: where the bytes are; a file of `Store.blobs.incoming` is taken over.
            file_name: what the user calls it; shown, never used as a path.
            origin: "upload" or "command line".
            wanted: asked after reading, which takes longest.

        Raises:
            EngineError: the file is not a model; nothing is kept.
        """
        with READERS:
            graph = intake.read(file, clean_name(file_name)) if wanted() else None
        if graph is None or not wanted():
            return None
        return self._store.add(file, graph, name=intake.model_name(file_name), origin=origin)

    def file(self, model_id: str) -> tuple[Path, str]:
        """Where a model's file is, and its name.

        Raises:
            EngineError: no such model, or its file is gone.
        """
        row = self._store.model(model_id)
        path = self._store.blobs.path(row.sha256)
        if not path.exists():
            raise EngineError("the file of this model is gone", row.name, try_this="add it again")
        return path, row.name

    def remove(self, model_id: str) -> ModelRow:
        """Remove a model and return what it was."""
        return self._store.remove(model_id)

    def add_demo(self) -> None:
        """Put the demo models into the list, behind the page."""
        self.headlines.later("demo", self._add_demo)

    def _add_demo(self) -> None:
        try:
            from dashboard.demo import MODELS
        except ImportError:  # a build without the demo
            return
        with act_as(LOCAL_PERSON):  # nobody's in a team, and everybody's to try
            for demo in reversed(MODELS):
                row, _ = self._store.add(
                    demo.path,
                    engine.read_trusted(demo.path, None, demo.name),
                    name=demo.name,
                    origin=DEMO,
                    description=demo.description,
                )
                self._store.sharing.grant("model", row.id, EVERYONE, Role.FORKER)

    def targets(self) -> tuple[tuple[str, str], ...]:
        """(id, label) of each target, in the order of the catalogue."""
        return tuple((t.id, t.label) for t in engine.targets())


def _standing(
    row: ModelRow, known: Mapping[str, Headline], kept: Mapping[str, str], target_id: str
) -> Standing | None:
    """A model against its budgets; None without any, or while its figures are not known."""
    if row.id not in kept or row.id not in known:
        return None
    try:
        limits = budgets.read(kept[row.id])
    except EngineError as error:
        return Standing(0, 0, 1, (error.sentence,))
    totals = known[row.id].totals
    return budgets.standing(engine.judge(totals, limits, engine.target(target_id), LIST_FPS))


def _versions(rows: Sequence[ModelRow]) -> dict[str, tuple[int, int]]:
    """Model id -> (version, versions of its project); rows are newest first."""
    count = Counter(r.project for r in rows)
    seen: Counter[str] = Counter()
    found = {}
    for row in reversed(rows):
        seen[row.project] += 1
        found[row.id] = (seen[row.project], count[row.project])
    return found


def _sorted(listed: Sequence[Listed], sort: str) -> list[Listed]:
    """Sorted by a column; what has no value comes last in both directions."""
    value = SORTS[sort.removeprefix("-")]
    known = [m for m in listed if value(m) is not None]
    known.sort(key=lambda m: value(m), reverse=sort.startswith("-"))  # type: ignore[arg-type, return-value]
    return known + [m for m in listed if value(m) is None]


def target_label(target_id: str) -> str:
    """What people call a target."""
    return str(engine.target(target_id).label)


def check_target(target_id: str) -> str:
    """The id of a known target.

    Raises:
        EngineError: there is no such target.
    """
    found: str = engine.target(target_id).id
    return found
