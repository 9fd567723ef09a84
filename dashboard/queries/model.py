"""What the model page asks the engine: tasks, effects, totals, presets, drawing.

The only place that calls engine verbs for this page.  Everything that it returns is plain data.
Each query takes a `View`, so equal views get equal answers; resolutions are kept by their key.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

import engine
from dashboard.figures import op_graph
from dashboard.urls import View
from engine.compile.compilation import Compilation
from engine.cost import Step
from engine.metrics import METRICS
from engine.recipe.model import Preset, Recipe, Resolution, Totals

DEFAULT_FPS = 30.0
KEPT = 64  # resolutions in memory
DIGITS = 5  # significant digits sent to the browser
FEW = 8  # values of a column that are sent as they are
FOCUS = 0.8  # share of latency that the triage strip names tasks for

TEXTS = (
    "name", "kernel", "ops", "group", "input_shape", "output_shape", "kernel_shape", "unit",
    "unit_reason", "input_format", "output_format", "kernel_format", "bound_by", "unknown",
)  # fmt: skip
FIXED = ("macs", "operations", "parameters")  # metrics that no recipe changes
PRICED = (
    "latency_s", "energy_j", "memory_energy_j", "compute_energy_j", "compute_s", "memory_s",
    "launch_s", "utilisation", "size_bytes", "read_bytes", "write_bytes", "live_bytes",
)  # fmt: skip
CHANGING = (
    "unit", "unit_reason", "input_format", "output_format", "kernel_format", "bound_by",
    "sparsity", "palette_bits", "refusal", *PRICED,
)  # fmt: skip
DERIVED = ("share", "cumulative_share", "memory_power_w")  # one change moves them in every row

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Triage:
    """Where the time goes, in three figures.

    Args:
        bound: (what bounds, share of latency), largest first.
        focus: ids of the fewest tasks that make `focus_share` of the latency.
        kernel: kernel class that takes most of the latency, and its share.
    """

    bound: tuple[tuple[str, float], ...]
    focus: tuple[int, ...]
    focus_share: float
    tasks: int
    kernel: str
    kernel_share: float


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
    """

    def __init__(self, load: Callable[[View], Compilation]) -> None:
        self._load = load
        self._kept: OrderedDict[tuple[int, str], tuple[Compilation, Resolution]] = OrderedDict()
        self._drawn: OrderedDict[tuple[int, tuple[str, ...]], Any] = OrderedDict()
        self._lock = threading.Lock()

    def compilation(self, view: View) -> Compilation:
        """The compiled model of a view."""
        return self._load(view)

    def resolution(self, view: View, preset: str = "") -> Resolution:
        """The priced tasks under a preset; "" is the baseline.

        Raises:
            EngineError: no such model, target or preset.
        """
        compilation = self._load(view)
        key = (id(compilation), preset)
        with self._lock:
            found = self._kept.get(key)
        if found and found[0] is compilation:
            return found[1]
        resolution = engine.resolve(compilation, _recipe(preset))
        with self._lock:
            self._kept[key] = (compilation, resolution)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return resolution

    def tasks(self, view: View) -> dict[str, Any]:
        """The baseline of every task, as columns: what the table and the colours start from."""
        compilation, base = self._load(view), self.resolution(view)
        frame = _joined(compilation, base)
        names = [c for c in (*TEXTS, *FIXED, *PRICED) if c in frame.columns]
        return {
            "key": key_of(view),
            "ids": frame["task_id"].to_list(),
            "columns": {name: _plain(frame[name]) for name in names},
            "anchors": frame["anchor"].to_list(),
            "conversions": (frame["origin"] == "conversion").to_list(),
            "inputs": _inputs(compilation),
        }

    def effects(self, view: View) -> dict[str, Any]:
        """What fps and preset change: ids, changed columns, and the columns that all rows share."""
        base, now = self.resolution(view), self.resolution(view, view.preset)
        compilation = self._load(view)
        before, after = _joined(compilation, base), _joined(compilation, now)
        count = len(compilation.tasks)
        changed, columns = _changes(before.head(count), after.head(count))
        added = after.slice(count)
        whole = _derived(after, now.totals, view.fps or DEFAULT_FPS)
        return {
            "key": key_of(view),
            "preset": view.preset,
            "ids": changed,
            "columns": columns,
            "whole": {name: _plain(whole[name]) for name in DERIVED},
            "baseline_power": _plain(
                _derived(before, base.totals, view.fps or DEFAULT_FPS)["memory_power_w"]
            ),
            "added": {
                "ids": added["task_id"].to_list(),
                "anchors": added["anchor"].to_list(),
                "columns": {
                    name: _plain(added[name]) for name in (*TEXTS, *PRICED) if name in added.columns
                },
            },
        }

    def totals(self, view: View) -> tuple[Totals, Totals, str]:
        """(baseline, with the preset, format that the baseline is in when not the file's own)."""
        base, now = self.resolution(view), self.resolution(view, view.preset)
        return base.totals, now.totals, base.reference

    def triage(self, view: View) -> Triage | None:
        """Where the time goes; None when nothing is priced."""
        now = self.resolution(view, view.preset)
        frame = _joined(self._load(view), now)
        frame = frame.filter(pl.col("latency_s") > 0).sort("latency_s", descending=True)
        total = float(frame["latency_s"].sum())
        if not total:
            return None
        bound = _shares(frame, "bound_by", total)
        kernels = _shares(frame, "kernel", total)
        running = frame["latency_s"].cum_sum() / total
        take = int((running < FOCUS).sum()) + 1
        return Triage(
            bound, tuple(frame["task_id"][:take].to_list()), float(running[take - 1]),
            now.totals.tasks, *kernels[0],
        )  # fmt: skip

    def summary(self, view: View) -> Summary | None:
        """What the chosen preset did; None on the baseline."""
        if not view.preset:
            return None
        return _summary(
            engine.preset(view.preset).label,
            self.resolution(view),
            self.resolution(view, view.preset),
        )

    def offers(self, view: View) -> tuple[Offer, ...]:
        """Every preset with its totals, the fastest first."""
        base = self.resolution(view)
        found = []
        for preset in engine.presets():
            now = self.resolution(view, preset.id)
            summary = _summary(preset.label, base, now)
            found.append(Offer(preset, now.totals, summary, base.totals.tasks))
        return tuple(sorted(found, key=_rank))

    def why(self, view: View, task: int) -> Explanation:
        """The formula of one row with its values; no steps when it is not priced."""
        rows = self.resolution(view, view.preset).tasks
        if not 0 <= task < len(rows):
            return Explanation("", "", ())
        row = rows.row(task, named=True) | {"name": _display(rows["name"])[task]}
        steps = engine.why(self._load(view), _recipe(view.preset), task)
        note = row["refusal"] or row["unit_reason"] or ""
        return Explanation(row["name"], note, steps)

    def drawing(self, view: View, opened: Sequence[str] = ()) -> list[op_graph.Element]:
        """Boxes, frames and edges of the compiled graph, folded where it is large."""
        compilation = self._load(view)
        key = (id(compilation), tuple(opened))
        found = self._drawn.get(key)
        if found is None or found[0] is not compilation:
            drawn = op_graph.elements(compilation.tasks, compilation.edges, opened)
            found = self._drawn[key] = (compilation, drawn)
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
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


def _recipe(preset: str) -> Recipe:
    return engine.preset(preset).recipe if preset else Recipe()


def key_of(view: View) -> str:
    """What the columns of the browser belong to; equal keys may be combined."""
    bound = ",".join(f"{n}={v}" for n, v in view.bindings)
    return f"{view.model_id}|{view.target}|{bound}"


def _display(names: pl.Series) -> pl.Series:
    """Names as Python writes a module path, without the prefix that all of them share.

    "m/model/layers/3/fc1" -> "layers.3.fc1"; a name of the file ("/conv/Conv") stays as it is.
    """
    paths = [n if n.startswith("/") else n.replace("/", ".") for n in names.to_list()]
    cut = ""
    while len(paths) > 1:
        head = paths[0][len(cut) :].partition(".")[0] + "."
        if not all(
            p.startswith(cut + head) and not p[len(cut + head) :][:1].isdigit() for p in paths
        ):
            break
        cut += head
    return pl.Series("name", [p.removeprefix(cut) for p in paths])


def _joined(compilation: Compilation, resolution: Resolution) -> pl.DataFrame:
    """Priced tasks beside what the compiler knows of them; conversions have only the former."""
    known = [c for c in compilation.tasks.columns if c not in resolution.tasks.columns]
    return resolution.tasks.join(
        compilation.tasks.select("task_id", *(c for c in known if c != "task_id")),
        on="task_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.when(pl.col("origin") == "conversion")
        .then(pl.lit("convert"))
        .otherwise(pl.col("kernel"))
        .alias("kernel"),
        _display(resolution.tasks["name"]),
    )


def _changes(before: pl.DataFrame, after: pl.DataFrame) -> tuple[list[int], Columns]:
    names = [c for c in CHANGING if c in before.columns]
    differs = [~before[c].eq_missing(after[c]) for c in names]
    any_differs = pl.Series([False] * len(before))
    for one in differs:
        any_differs = any_differs | one
    rows = after.filter(any_differs)
    moved = [c for c, d in zip(names, differs, strict=True) if d.any()]
    return rows["task_id"].to_list(), {c: _plain(rows[c]) for c in moved}


def _derived(frame: pl.DataFrame, totals: Totals, fps: float) -> pl.DataFrame:
    """Share, cumulative share (slowest first) and memory power of each row."""
    total = frame["latency_s"].sum() or None
    rate = min(fps, 1 / totals.latency_s) if totals.latency_s else fps
    running = pl.col("latency_s").sort(descending=True, nulls_last=True).cum_sum()
    order = pl.col("latency_s").rank("ordinal", descending=True).cast(pl.Int64) - 1
    return frame.select(
        (pl.col("latency_s") / total).alias("share"),
        (running.gather(order.fill_null(0)) / total).alias("cumulative_share"),
        (pl.col("memory_energy_j") * rate).alias("memory_power_w"),
    ).with_columns(
        pl.when(frame["latency_s"].is_null())
        .then(None)
        .otherwise(pl.col("cumulative_share"))
        .alias("cumulative_share")
    )


def _plain(series: pl.Series) -> list[Any] | dict[str, list[Any]]:
    """A column as JSON: floats at `DIGITS` significant digits, repeated words as codes."""
    if series.dtype.is_float():
        return series.round_sig_figs(DIGITS).to_list()
    if series.dtype == pl.String and len(series) > FEW and series.n_unique() < len(series) / 2:
        words = series.unique(maintain_order=True)
        codes = series.replace_strict(words, range(len(words)), return_dtype=pl.Int32)
        return {"words": words.to_list(), "codes": codes.to_list()}
    return series.to_list()


def _shares(frame: pl.DataFrame, column: str, total: float) -> tuple[tuple[str, float], ...]:
    sums = frame.group_by(column).agg(pl.col("latency_s").sum()).sort("latency_s", descending=True)
    return tuple(
        (name or "other", value / total) for name, value in sums.select(column, "latency_s").rows()
    )


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
