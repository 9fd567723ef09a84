"""What the model page asks the engine: tasks, effects, totals, presets, drawing.

The only place that calls engine verbs for this page.  Everything that it returns is plain data.
Each query takes a `View`, so equal views get equal answers; resolutions are kept by their key.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

import engine
from dashboard.queries import columns, documents
from dashboard.queries.documents import recipe_of
from dashboard.queries.targets import Grade, changed, grade
from dashboard.queries.triage import Triage, triage
from dashboard.urls import View
from engine.compile.compilation import Compilation
from engine.cost import Step
from engine.insight import Group, read_own
from engine.metrics import METRICS
from engine.recipe import RuleBook, Slower, rule_book, slowed
from engine.recipe.model import Preset, Recipe, Resolution, Totals

DEFAULT_FPS = 30.0
KEPT = 64  # resolutions in memory

FIXED = ("macs", "operations", "parameters")  # metrics that no recipe changes


@dataclass(frozen=True, slots=True)
class Summary:
    """What a recipe did: tasks changed, conversions put in, tasks left alone by reason."""

    label: str
    changed: int
    conversions: int
    refused: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A preset with what it would do here."""

    preset: Preset
    totals: Totals
    summary: Summary
    tasks: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a task's figures are what they are.

    Args:
        name: the task.
        note: why it is not on the first unit, or why the preset leaves it alone; "" for neither.
        steps: the formula; () when the task is not priced.
    """

    name: str
    note: str
    steps: tuple[Step, ...]


class ModelQueries:
    """The queries of one app.

    Args:
        load: view -> compilation, which checks access and compiles once.
        own: model id -> the groups that its user named, as JSON; "" none.
    """

    def __init__(
        self, load: Callable[[View], Compilation], own: Callable[[str], str] = lambda _: ""
    ) -> None:
        self._load, self._own = load, own
        self._kept: OrderedDict[tuple[int, str], tuple[Compilation, Resolution]] = OrderedDict()
        self._joined: OrderedDict[int, tuple[Resolution, pl.DataFrame]] = OrderedDict()
        self._tokens: OrderedDict[str, tuple[Compilation, View]] = OrderedDict()
        self._grouped: OrderedDict[tuple[int, str], tuple[Compilation, tuple[Group, ...]]]
        self._grouped = OrderedDict()
        self._lock = threading.Lock()

    def compilation(self, view: View) -> Compilation:
        """The compiled model of a view."""
        return self._load(view)

    def resolution(self, view: View) -> Resolution:
        """The priced tasks under the recipe of a view.

        Raises:
            EngineError: no such model or target, or the recipe means nothing here.
        """
        return self._price(self._load(view), view.recipe)

    def baseline(self, view: View) -> Resolution:
        """The priced tasks that a view compares with: `view.against`, usually the baseline."""
        return self._price(self._load(view), view.against)

    def _price(self, compilation: Compilation, recipe: str) -> Resolution:
        key = (id(compilation), recipe)
        with self._lock:
            found = self._kept.get(key)
        if found and found[0] is compilation:
            return found[1]
        resolution = engine.resolve(compilation, recipe_of(recipe))
        with self._lock:
            self._kept[key] = (compilation, resolution)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return resolution

    def table(self, view: View, recipe: str | None = None) -> pl.DataFrame:
        """Priced tasks beside what the compiler knows of them, under a recipe or the view's."""
        compilation = self._load(view)
        resolution = self._price(compilation, view.recipe if recipe is None else recipe)
        with self._lock:
            found = self._joined.get(id(resolution))
        if found and found[0] is resolution:
            return found[1]
        frame = columns.join(compilation, resolution)
        with self._lock:
            self._joined[id(resolution)] = (resolution, frame)
            while len(self._joined) > KEPT:
                self._joined.popitem(last=False)
        return frame

    def tasks(self, view: View) -> dict[str, Any]:
        """The baseline of every task, as columns: what the table and the colours start from."""
        compilation, frame = self._load(view), self.table(view, view.against)
        wanted = dict.fromkeys((*columns.TEXTS, *FIXED, *columns.CHANGING))
        names = [c for c in wanted if c in frame.columns]
        return {
            "key": key_of(view),
            "ids": frame["task_id"].to_list(),
            "columns": columns.plain(frame, names),
            "anchors": frame["anchor"].to_list(),
            "conversions": (frame["origin"] == "conversion").to_list(),
            "inputs": _inputs(compilation),
        }

    def effects(self, view: View, held: str = "") -> dict[str, Any]:
        """What a recipe changes: ids and columns of the rows that differ, and the conversions.

        Args:
            view: what the page shows.
            held: token of the answer that the page has applied; the rows then are those that
                differ from it.  One that is not known any more counts as "".

        Returns:
            `from` and `to` are tokens; `from` is "" where the rows differ from the baseline.
            `rate` and `base_rate` are the inferences a second that memory power is for.
        """
        compilation = self._load(view)
        token = _token(view)
        with self._lock:
            known = self._tokens.get(held)
            self._tokens[token] = (compilation, view)
            while len(self._tokens) > KEPT:
                self._tokens.popitem(last=False)
        fits = known is not None and known[0] is compilation and known[1].against == view.against
        start = known[1].recipe if known and fits else view.against
        count = len(compilation.tasks)
        before, after = self.table(view, start), self.table(view)
        ids, moved = columns.changes(before.head(count), after.head(count))
        added = after.slice(count)
        base, now = self.baseline(view).totals, self.resolution(view).totals
        return {
            "key": key_of(view),
            "from": held if fits else "",
            "to": token,
            "plain": view.recipe == view.against,
            "ids": ids,
            "columns": moved,
            "rate": _rate(now, view.fps),
            "base_rate": _rate(base, view.fps),
            "added": {
                "ids": added["task_id"].to_list(),
                "anchors": added["anchor"].to_list(),
                "columns": columns.plain(
                    added,
                    [
                        c
                        for c in dict.fromkeys((*columns.TEXTS, *columns.CHANGING))
                        if c in added.columns
                    ],
                ),
            },
        }

    def totals(self, view: View) -> tuple[Totals, Totals, str]:
        """(baseline, with the recipe, format that the baseline is in when not the file's own)."""
        base, now = self.baseline(view), self.resolution(view)
        return base.totals, now.totals, base.reference

    @staticmethod
    def presets() -> tuple[tuple[str, str], ...]:
        """(id, label) of each model-wide optimization."""
        return tuple((p.id, p.label) for p in engine.presets())

    def grade(self, view: View) -> Grade:
        """What kind of number its latencies are."""
        found = grade(self._load(view))
        return changed(found) if view.recipe else found

    def room(self, view: View) -> tuple[float, float]:
        """Bytes that the target has for activations and for weights."""
        return engine.target(self._load(view).target).room

    def triage(self, view: View) -> Triage | None:
        """Where the time goes; None when nothing is priced."""
        return triage(self.table(view))

    def summary(self, view: View) -> Summary | None:
        """What the recipe did; None on the baseline."""
        if not view.recipe:
            return None
        preset, rest = documents.split(recipe_of(view.recipe))
        rules = f"{len(rest.rules)} rule{'s' if len(rest.rules) > 1 else ''}"
        label = " + ".join([*([preset.label] if preset else []), *([rules] if rest.rules else [])])
        return _summary(label, self._plain(view), self.resolution(view))

    def offers(self, view: View) -> tuple[Offer, ...]:
        """Every preset with its totals under the other rules of the view, the fastest first."""
        base, found = self._plain(view), []
        _, rest = documents.split(recipe_of(view.recipe))
        for preset in engine.presets():
            both = engine.write_recipe(Recipe(preset.recipe.rules + rest.rules))
            now = self._price(self._load(view), both)
            summary = _summary(preset.label, base, now)
            found.append(Offer(preset, now.totals, summary, base.totals.tasks))
        return tuple(sorted(found, key=_rank))

    def rules(self, view: View) -> RuleBook:
        """What each rule of the recipe did."""
        return rule_book(recipe_of(view.recipe), self._plain(view), self.resolution(view))

    def slower(self, view: View) -> Slower:
        """What the recipe of a view makes slower than the file."""
        kernels = self._load(view).tasks["kernel"]
        return slowed(kernels, self._plain(view), self.resolution(view))

    def applied(self, view: View) -> str:
        """Id of the preset that the recipe of a view begins with, or ""."""
        preset, _ = documents.split(recipe_of(view.recipe))
        return preset.id if preset else ""

    def _plain(self, view: View) -> Resolution:
        return self._price(self._load(view), "")

    def why(self, view: View, task: int) -> Explanation:
        """The formula of one row with its values; no steps when it is not priced."""
        rows = self.resolution(view).tasks
        if not 0 <= task < len(rows):
            return Explanation("", "", ())
        row = rows.row(task, named=True)
        steps = engine.why(self._load(view), recipe_of(view.recipe), task)
        note = row["refusal"] or row["unit_reason"] or ""
        own = self.table(view, "")["name"]  # conversions have no name of their own in it
        name = own[task] if row["origin"] == "task" else row["name"]
        return Explanation(name, note, steps)

    def own_groups(self, view: View) -> str:
        """The groups that the model's user named, as JSON; "" none."""
        return self._own(view.model_id)

    def groups(self, view: View) -> tuple[Group, ...]:
        """Tasks that fold together, found once."""
        compilation, text = self._load(view), self._own(view.model_id)
        key = (id(compilation), text)
        found = self._grouped.get(key)
        if found is None or found[0] is not compilation:
            own = read_own(text) if text else None
            found = self._grouped[key] = (compilation, engine.groups(compilation, own))
            while len(self._grouped) > KEPT:
                self._grouped.popitem(last=False)
        return found[1]

    def file_format(self, view: View) -> str:
        """The format of most weights of the file, "" when it has none."""
        frame = self._load(view).tasks.filter(pl.col("kernel_format") != "")
        if frame.is_empty():
            return ""
        sums = frame.group_by("kernel_format").agg(pl.col("weight_bytes").sum())
        return str(sums.sort("weight_bytes", descending=True)["kernel_format"][0])


def targets() -> list[tuple[str, str]]:
    """(id, label) of every target."""
    return [(t.id, t.label) for t in engine.targets()]


def key_of(view: View) -> str:
    """What the columns of the browser belong to; equal keys may be combined."""
    bound = ",".join(f"{n}={v}" for n, v in view.bindings)
    text = "\n".join((view.model_id, view.target, bound, view.against))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _token(view: View) -> str:
    """What the rows of a view are, short enough to travel with every question."""
    text = "\n".join((key_of(view), view.recipe))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _rate(totals: Totals, fps: float | None) -> float:
    """Inferences a second: the frame rate, or what the model reaches of it."""
    wanted = fps or DEFAULT_FPS
    return min(wanted, 1 / totals.latency_s) if totals.latency_s else wanted


def _summary(label: str, base: Resolution, now: Resolution) -> Summary:
    refused = (
        now.tasks.filter(pl.col("refusal") != "")
        .group_by("refusal")
        .len()
        .sort("len", "refusal", descending=[True, False])
    )
    conversions = int((now.tasks["origin"] == "conversion").sum())
    already = int((base.tasks["origin"] == "conversion").sum())
    return Summary(label, now.touched, conversions - already, tuple(refused.rows()))


def _rank(offer: Offer) -> tuple[float, ...]:
    t = offer.totals
    worst = float("inf")
    return (
        worst if t.latency_s is None else t.latency_s,
        worst if t.memory_energy_j is None else t.memory_energy_j,
        worst if t.size_bytes is None else t.size_bytes,
    )


def _inputs(compilation: Compilation) -> list[str]:
    graph = compilation.graph
    return [
        f"{name} {graph.tensors[name].shape or ''}"
        for name in graph.inputs
        if name in graph.tensors
    ]


def glossary() -> dict[str, dict[str, Any]]:
    """The metrics as the browser needs them: label, unit, scale, digits, how groups sum up."""
    return {
        m.id: {
            "label": m.label, "unit": m.unit, "header": m.header, "scale": m.scale,
            "digits": m.digits, "aggregate": m.aggregate, "better": m.better,
        }
        for m in METRICS
    }  # fmt: skip
