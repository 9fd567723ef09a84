"""Layers of models beside a base: what is kept of them, what is asked for, how far that is.

Each model beside the base is a unit of work, named by what it is made of; its result is found
under that name by whoever asks next.  Small ones are compared at once, the rest by a job.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import engine
from dashboard.queries.offspring import Origin, origin
from dashboard.urls_layers import MOST, LayersView
from engine import layers
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.layers import Compared, Finding, Module
from engine.store import ExperimentRow, JobRow, Store, unit_digest

KIND = "layers"
QUICK_BYTES = 3_000_000  # of files that are compared while the page waits
QUICK_S = 2.5  # after which the rest waits for a job
QUICK_STEPS = 4
MOST_KEPT = 20_000  # layers in memory; 3 kB each
JOBS = 30  # newest jobs that are looked through
GOING = ("queued", "running")
Held = tuple[Compared, tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Side:
    """A model beside the base, or the base itself.

    Args:
        row: of the experiment.
        state: "ready", "missing" (nobody asked), "queued", "running", "failed", "none" (there is
            nothing to compare).
        share: 0..1 of a running one; words: what it does, or what is wrong.
        digest: names its result; args: of its unit.
        compared: its layers, once it is ready; findings: what stands out in them.
    """

    row: int
    state: str
    share: float = 0.0
    words: str = ""
    digest: str = ""
    args: Mapping[str, Any] | None = None
    compared: Compared | None = None
    findings: tuple[Finding, ...] = ()


def complete(found: Experiment, view: LayersView) -> LayersView:
    """The view with rows that are there, and a base."""
    count = len(found.models)
    rows = [m for m in view.models if m < count]
    base = view.base if view.base is not None and view.base < count else _ancestor(found, rows)
    return replace(view, base=base, models=tuple(m for m in rows if m != base)[:MOST])


def _ancestor(found: Experiment, rows: Sequence[int]) -> int:
    """The nearest model that all come from; without one the root of the first."""
    if not rows:
        return found.forest.roots[0] if found.forest.roots else 0
    lines = []
    for at in rows:
        line = [at]
        while found.forest.parent[line[-1]] >= 0:
            line.append(found.forest.parent[line[-1]])
        lines.append(line)
    shared = set(lines[0]).intersection(*lines[1:])
    near = next((k for k in lines[0] if k in shared), lines[0][-1])
    parent = found.forest.parent[near]
    return parent if [near] == list(rows) and parent >= 0 else near


class LayerQueries:
    """What the page Layers asks."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._kept: OrderedDict[str, Held] = OrderedDict()
        self._trees: OrderedDict[tuple[str, ...], dict[str, Module]] = OrderedDict()
        self._lock = threading.Lock()

    def sides(
        self, row: ExperimentRow, found: Experiment, view: LayersView, quick: bool = True
    ) -> tuple[Side, ...]:
        """The base and the models of a complete view, in this order.

        Args:
            row: of the experiment.
            found: its models.
            view: of `complete`.
            quick: compare small ones now.
        """
        assert view.base is not None
        known = self._units(row.id)
        base = origin(self._store, row, found, found.models[view.base].id)
        until = time.monotonic() + (QUICK_S if quick else 0.0)
        made = []
        for at in (view.base, *view.models):
            start = origin(self._store, row, found, found.models[at].id)
            made.append(self._side(at, view.show, base, start, known, until))
        return tuple(made)

    def _side(
        self, at: int, show: str, base: Origin, start: Origin, known: Mapping[str, Any],
        until: float,
    ) -> Side:  # fmt: skip
        if base.missing or start.missing:
            return Side(at, "none", words=start.missing or base.missing)
        args = _args(show, base, start)
        if args["what"] == "activations" and not (args["data"] or args["fit"]):
            return Side(at, "none", words="Activations need samples, and this experiment has none: "
                        "attach some where an operation is run.")  # fmt: skip
        digest = unit_digest(KIND, engine.VERSION, args)
        held, words = self._held(digest), ""
        unit = known.get(digest)
        if held is None and time.monotonic() < until and self._is_quick(args):
            try:
                held = self._opened(digest, self._run(args, digest))
            except EngineError as error:
                return Side(at, "none", words=error.sentence)
        if held is not None:
            return Side(at, "ready", 1.0, "", digest, args, *held)
        state, share = "missing", 0.0
        if unit is not None and unit.state in (*GOING, "failed"):
            state, share, words = unit.state, unit.share, unit.words
        return Side(at, state, share, words, digest, args)

    def start(self, row: ExperimentRow, found: Experiment, view: LayersView) -> JobRow | None:
        """Ask for what is missing; None when nothing is.

        Raises:
            EngineError: too many jobs are under way.
        """
        wanted = [s for s in self.sides(row, found, view, quick=False)
                  if s.state in ("missing", "failed")]  # fmt: skip
        if not wanted:
            return None
        what = "activations" if view.show == "activations" else "weights"
        title = f"Layers, {what}: {', '.join(found.models[s.row].label for s in wanted)}"
        units = [dict(s.args or {}) for s in wanted]
        return self._store.jobs.add(
            KIND, title[:200], units, version=engine.VERSION, subject=row.id
        )[0]

    def cancel(self, row: ExperimentRow) -> int:
        """Stop all that compare layers of an experiment; how many."""
        going = [j for j in self._store.jobs.list(most=JOBS, subject=row.id)
                 if j.kind == KIND and j.finished is None]  # fmt: skip
        for job in going:
            self._store.jobs.cancel(job.id)
        return len(going)

    def tree(self, sides: Sequence[Side]) -> Mapping[str, Module]:
        """The module tree of those that are ready, the base first."""
        ready = [s for s in sides if s.compared is not None]
        key = tuple(s.digest for s in ready)
        with self._lock:
            if key in self._trees:
                self._trees.move_to_end(key)
                return self._trees[key]
        found = layers.tree([s.compared for s in ready if s.compared is not None])
        with self._lock:
            self._trees[key] = found
            while len(self._trees) > 1 and sum(map(len, self._trees.values())) > MOST_KEPT:
                self._trees.popitem(last=False)
        return found

    def findings(
        self, row: ExperimentRow, found: Experiment, view: LayersView, sides: Sequence[Side]
    ) -> list[tuple[int, Finding]]:
        """(row of a model, finding): of samples where they were run, which tell more than weights.

        Args:
            row: of the experiment.
            found: its models.
            view: of `complete`.
            sides: of the view.
        """
        deep = sides
        if view.show != "activations":
            deep = self.sides(row, found, replace(view, show="activations"), quick=False)
        chosen = [b if b.state == "ready" else a for a, b in zip(sides, deep, strict=True)]
        return [(side.row, finding) for side in chosen[1:] for finding in side.findings]

    def _units(self, experiment_id: str) -> dict[str, Any]:
        """Digest -> the newest unit of a job about layers."""
        jobs = self._store.jobs.list(most=JOBS, subject=experiment_id)
        return {u.digest: u for j in sorted(jobs, key=lambda j: j.created) if j.kind == KIND
                for u in j.units}  # fmt: skip

    def _held(self, digest: str) -> Held | None:
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                return self._kept[digest]
        from engine.jobs import read_result

        found = read_result(self._folder, digest)
        return None if found is None else self._opened(digest, found)

    def _opened(self, digest: str, found: Mapping[str, Any]) -> Held | None:
        try:
            compared = layers.unpack(base64.b64decode(str(found.get("layers")), validate=True))
        except (EngineError, binascii.Error):
            return None  # as if it had never been made
        with self._lock:
            held = self._kept[digest] = compared, layers.heard(found.get("findings"))
            while len(self._kept) > 1 and self._count() > MOST_KEPT:
                self._kept.popitem(last=False)
        return held

    def _count(self) -> int:
        return sum(len(compared.layers) for compared, _ in self._kept.values())

    def _run(self, args: Mapping[str, Any], digest: str) -> Mapping[str, Any]:
        from engine.jobs import run_here

        return run_here(self._folder, KIND, args, digest)

    def _is_quick(self, args: Mapping[str, Any]) -> bool:
        """Weights of small files, made by few steps that need no data."""
        if args["what"] != "weights" or args["fit"] or args["data"]:
            return False
        sides = (args["base"], args["model"])
        sizes = [self._store.blobs.path(side["sha256"]) for side in sides]
        return all(p.exists() and p.stat().st_size < QUICK_BYTES for p in sizes) and all(
            len(side["path"]) <= QUICK_STEPS for side in sides
        )


def _args(show: str, base: Origin, start: Origin) -> dict[str, Any]:
    """Of a unit: only what decides its result, so that the same is never made twice."""
    what = "activations" if show == "activations" else "weights"
    steps = [id for one in (base, start) for id, _ in one.path]
    data = what == "activations" or any(engine.operation(s).data != "none" for s in steps)
    told = start.args()
    return {
        "what": what, "base": _made_of(base), "model": _made_of(start),
        "fit": told["fit"] if data else "", "data": told["data"] if data else "",
    }  # fmt: skip


def _made_of(start: Origin) -> dict[str, Any]:
    told = start.args()
    needs = any(engine.operation(id).base for id, _ in start.path)
    return {"sha256": told["sha256"], "path": told["path"], "root": told["root"] if needs else ""}
