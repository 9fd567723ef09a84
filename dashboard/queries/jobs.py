"""Jobs as the pages ask for them, and the worker that this server keeps while there are any.

The worker is a process of its own (`paredown worker`); a thread looks after it only while jobs are
under way.  A server that is not to have one is set so (`PAREDOWN_JOBS=0`), and `paredown worker`
runs elsewhere on the same data folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
from dashboard.queries.documents import recipe_of
from dashboard.queries.offspring import sent
from dashboard.settings import Settings
from dashboard.urls import View
from engine.errors import EngineError
from engine.recipe import Resolution
from engine.store import MAX_ACTIVE, JobRow, Role, Store, acting

BEAT_S = 1.0
IDLE_S = 60.0  # that a worker without work goes on, so that the next job starts at once
GIVE_UP = 5  # workers that ended at once, one after the other
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples that arrived: digest of the file, and in words what they are."""

    digest: str
    words: str


class JobQueries:
    """What the jobs drawer and the pages ask."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._worker = _Keeper(store, settings)

    page = SHOWN

    def list(self, pages: int = 1) -> tuple[JobRow, ...]:
        """Those under way, then the others, each the newest first."""
        return self._store.jobs.list(most=pages * SHOWN)

    def of_everyone(self) -> int:
        """How many are under way, of whoever asked."""
        return self._store.jobs.active(None)

    def cancel_all(self) -> int:
        """Stop all that are under way; how many."""
        going = [j for j in self._store.jobs.list(most=MAX_ACTIVE) if j.finished is None]
        for job in going:
            self._store.jobs.cancel(job.id)
        return len(going)

    def active(self) -> int:
        """How many are under way; sees to it that someone carries them out."""
        found = self._store.jobs.active(acting().user)
        if self._store.jobs.active():
            self._worker.wake()
        return found

    def cancel(self, id: str) -> JobRow:
        """Stop one."""
        return self._store.jobs.cancel(id)

    def wake(self) -> None:
        """There may be jobs: see to it that someone carries them out."""
        self._worker.wake()

    def make(self, view: View, label: str, samples: str, measure: bool) -> tuple[JobRow, bool]:
        """Ask for the file that the recipe of a view describes.

        Args:
            view: of the model page.
            label: of the recipe, which names the new model.
            samples: digest of a file of samples, "" for none.
            measure: time both files.

        Raises:
            EngineError: there is no recipe, or no such model.
            Refused: its files are not theirs to take along.
        """
        self._store.sharing.check("model", view.model_id, Role.FORKER, files=True)
        recipe = recipe_of(view.recipe)
        if not recipe.rules:
            raise EngineError(
                "there is nothing to make", expected="a recipe with rules", found="the baseline",
                try_this="choosing a preset or optimizing some tasks first",
            )  # fmt: skip
        row = self._store.model(view.model_id)
        args = {
            "sha256": row.sha256, "name": row.name, "project": row.project,
            "recipe": engine.write_recipe(recipe), "target": view.target, "label": label,
            "bindings": dict(view.bindings), "samples": samples, "measure": measure,
        }  # fmt: skip
        title = f"Make {row.name} · {label}"
        found = self._store.jobs.add(
            "compress", title, [args], version=engine.VERSION, subject=row.id
        )
        self._worker.wake()
        return found

    def about(self, subject: str) -> tuple[JobRow, ...]:
        """The newest jobs about a model or an experiment, first."""
        return self._store.jobs.list(most=SHOWN, subject=subject)

    def accuracy(self, model_id: str) -> tuple[float, int] | None:
        """Accuracy of a model's file by its last evaluation, 0..1, and its samples; None: none."""
        for job in self.about(model_id):
            if job.kind == "evaluate" and job.state == "done" and job.units[0].result:
                result = job.units[0].result
                value = (result.get("metrics") or {}).get("Accuracy")
                return None if value is None else (float(value), int(result.get("count", 0)))
        return None

    def measure(self, view: View, base: str) -> JobRow:
        """Ask that a model is timed on this machine, by turns with another where one is named.

        Args:
            view: of the model page.
            base: id of a model of the list, "" none.

        Raises:
            EngineError: no such model.
        """
        row = self._store.model(view.model_id)
        args = {"sha256": row.sha256, "name": row.name, "bindings": dict(view.bindings),
                "base": self._store.model(base).sha256 if base else "",
                "after": last(self.about(row.id), "measure")}  # fmt: skip
        return self._asked("measure", f"Measure {row.name}", args, row.id)

    def judge(self, view: View, samples: str, base: str) -> JobRow:
        """Ask that a model is judged on samples, and beside another where one is named.

        Args:
            view: of the model page.
            samples: digest of a file of samples that was checked.
            base: id of a model of the list, "" none.

        Raises:
            EngineError: no such model, or there is nothing to judge by.
        """
        row = self._store.model(view.model_id)
        if not samples:
            raise EngineError(
                "there is nothing to judge by", expected="a file of samples",
                try_this="the button Samples…",
            )  # fmt: skip
        found = engine.read_samples(
            self._store.blobs.path(row.sha256), self._store.blobs.path(samples)
        )
        if not base and found.labels is None and found.targets is None:
            raise EngineError(
                "the samples say nothing of what is right", "data", "labels or targets",
                try_this="such a file, or a base to compare with",
            )  # fmt: skip
        root = self._store.model(base).sha256 if base else ""
        args = {"sha256": row.sha256, "root": root, "data": samples, "whole": True}
        return self._asked("evaluate", f"Evaluate {row.name}", args, row.id)

    def _asked(self, kind: str, title: str, args: dict[str, Any], subject: str) -> JobRow:
        row, _ = self._store.jobs.add(kind, title, [args], version=engine.VERSION, subject=subject)
        self._worker.wake()
        return row

    @staticmethod
    def check_samples(base: Resolution, now: Resolution, samples: str) -> None:
        """Refuse at once what would fail later.

        Args:
            base: the model without the recipe.
            now: with it.
            samples: digest of a file of samples, "" for none.

        Raises:
            EngineError: activations become integers, and there are no samples to scale them by.
        """
        before, after = (set(r.tasks["input_format"]) for r in (base, now))
        if not samples and any("int" in (name or "") for name in after - before):
            raise EngineError(
                "activations become int8, whose scale follows from samples", "the recipe",
                expected="an .npz with some inputs", found="no samples",
                try_this="the button Samples…, or rules for weights alone",
            )  # fmt: skip

    def samples(self, model_id: str, name: str, contents: str) -> Samples:
        """Keep a file of samples that fits a model, from a data URL.

        Raises:
            EngineError: it is too large, or not of this model.
        """
        data = sent(contents, name)
        model = self._store.blobs.path(self._store.model(model_id).sha256)
        with self._store.blobs.incoming() as path:
            path.write_bytes(data)
            found = engine.read_samples(model, path)
            digest = self._store.blobs.keep(path)
        return Samples(digest, f"{found.count:,} samples of {name[:60]}")

    def close(self) -> None:
        """Stop the worker of this server; what it was at waits in the rows."""
        self._worker.close()


def last(jobs: Sequence[JobRow], kind: str) -> str:
    """The newest finished job of a kind, "" none: who measures again wants a new figure."""
    return next((j.id for j in jobs if j.kind == kind and j.finished), "")


class _Keeper:
    """Keeps one worker process running while there are jobs."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()

    def wake(self) -> None:
        """There are jobs: see to it that a worker runs."""
        if not self._settings.jobs:
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="worker", daemon=True)
                self._thread.start()

    def _keep(self) -> None:
        ended = 0
        while not self._over.is_set() and self._store.jobs.active() and ended < GIVE_UP:
            if self._child is None or self._child.poll() is not None:
                ended += self._child is not None
                self._child = self._start()
            self._over.wait(BEAT_S)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        told = {
            "DATA": settings.data, "SCHEDULER": settings.scheduler, "MEMORY": settings.memory,
            "PROCESSES": settings.processes, "LEASE_S": settings.lease_s,
        }  # fmt: skip
        here = str(Path(engine.__file__).parents[1])
        roots = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
        with (settings.data / "worker.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dashboard", "worker", "--idle", str(IDLE_S)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": roots,
                     **{f"PAREDOWN_{name}": str(value) for name, value in told.items()}},
            )  # fmt: skip

    def close(self) -> None:
        self._over.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(8)
            except subprocess.TimeoutExpired:
                child.kill()
