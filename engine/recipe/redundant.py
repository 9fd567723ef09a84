"""Conversions that buy nothing: what could be left out, and what that would save."""

from __future__ import annotations

import numpy as np
import polars as pl

from engine.compile import Compilation
from engine.cost import FORMATS, Floats, Ints
from engine.recipe.choose import verdict
from engine.recipe.combine import PATTERN, Combination, Squeeze, laid_out
from engine.recipe.model import Action, Recipe
from engine.recipe.plan import Plan
from engine.recipe.prepare import REAL
from engine.recipe.refuse import NOTHING
from engine.recipe.resolve import BASELINE
from engine.recipe.resolve import plan as plan_of
from engine.recipe.variants import effects
from engine.targets import Target

REDUNDANT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,  # "there and back", "twice", "costs more than it gains"
    "task_id": pl.Int32,  # the task it is about; -1 an input of the model
    "conversions": pl.List(pl.Int32),  # rows of the table that would go
    "saving_s": pl.Float64,  # latency of the model that would be saved
    "sentence": pl.String,
}
MOST = 100  # tasks that are looked into, those with the dearest conversions first


def redundant(
    compilation: Compilation, recipe: Recipe, target: Target | None = None
) -> pl.DataFrame:
    """Conversions that could go, the largest saving first; columns `REDUNDANT_SCHEMA`.

    1. There and back: what a task reads and what it makes are both converted, and it could work in
       the format of its neighbours.  2. Twice: one tensor is converted to two formats.  3. A task
       gains less by its format than the conversions around it cost.
    Savings of 1 and 3 are those of one more rule on the task, exactly.

    Args:
        compilation: what the model was compiled to.
        recipe: the rules.
        target: hardware in place of the catalogue's.

    Raises:
        EngineError: the recipe means nothing on this compilation.
    """
    made = plan_of(compilation, recipe, target)
    if not len(made.found.anchor):
        return pl.DataFrame(schema=REDUNDANT_SCHEMA)
    latency = np.nan_to_num(made.price.figures["latency_s"])
    rows = [*_around(made, compilation, target, latency), *_twice(made, latency)]
    frame = pl.DataFrame(rows, schema=REDUNDANT_SCHEMA, orient="row")
    return frame.sort("saving_s", descending=True, maintain_order=True)


def _around(
    made: Plan, compilation: Compilation, target: Target | None, latency: Floats
) -> list[tuple[object, ...]]:
    """Tasks between conversions: could they work in another format?"""
    p, found, n = made.prepared, made.found, made.prepared.count
    e = p.edges
    used = found.of_edge >= 0
    cost = np.zeros(n + 1)
    before = np.zeros(n, np.int64)
    reads = np.flatnonzero(used & (e.target >= 0))
    np.add.at(cost, e.target[reads], latency[n + found.of_edge[reads]])
    before[e.target[reads]] = found.before[found.of_edge[reads]]
    np.add.at(cost, found.anchor, latency[n:])
    after = np.zeros(n + 1, np.int64)
    after[found.anchor] = found.after
    base = plan_of(compilation, BASELINE, target)
    gain = np.nan_to_num(base.price.figures["latency_s"][:n]) - latency[:n]
    moved = (made.choice.in_fmt != p.in_fmt) | (made.choice.out_fmt != p.out_fmt)
    back = (before > 0) & (before == after[:n])
    worth = back | (moved & (cost[:n] > gain) & (cost[:n] > 0))
    rows = np.flatnonzero(worth & (made.choice.rule >= 0) | back)
    rows = rows[np.argsort(-cost[:n][rows], kind="stable")][:MOST]
    out = []
    for task in rows.tolist():
        fmt = int(before[task]) if back[task] else int(p.in_fmt[task])
        saving = _saving(made, task, fmt)
        if saving > 0:
            kind = "there and back" if back[task] else "costs more than it gains"
            out.append(_row(made, kind, task, fmt, saving, float(gain[task])))
    return out


def _row(
    made: Plan, kind: str, task: int, fmt: int, saving: float, gain: float
) -> tuple[object, ...]:
    n, found = made.prepared.count, made.found
    into = made.found.of_edge[(made.prepared.edges.target == task) & (found.of_edge >= 0)]
    around = np.unique(np.concatenate([into, np.flatnonzero(found.anchor == task)])).tolist()
    name, other = made.prepared.columns["name"][task], FORMATS[fmt]
    now = FORMATS[int(made.choice.in_fmt[task])]
    if kind == "there and back":
        text = (f"{name} (task {task}) works in {now} between neighbours in {other}: in {other} it "
                f"would save {_time(saving)}")  # fmt: skip
    else:
        text = (
            f"{name} (task {task}) gains {_time(max(gain, 0.0))} in {now}, less than the "
            f"conversions around it cost: {other} would save {_time(saving)}"
        )
    return (kind, task, [n + c for c in around], saving, text)


def _saving(made: Plan, task: int, fmt: int) -> float:
    """Latency that the model would save if a task worked in another format; 0 if it cannot."""
    p, c = made.prepared, made.choice
    kind = int(p.kind[task])
    reads, makes, kernel = (
        FORMATS[int(f)] if w in REAL else ""
        for f, w in zip((fmt, fmt, c.kernel_fmt[task]), p.kinds[kind][1:], strict=True)
    )
    pattern = PATTERN if c.pattern[task] else "channels" if c.structured[task] else ""
    squeeze = Squeeze(float(c.sparsity[task]), pattern, int(c.palette[task]))
    option = Combination((reads, makes, kernel), squeeze)
    asked = (Action(reads or None, kernel or None), option.action)
    if option.action == NOTHING or any(verdict(p, kind, a).refusal for a in asked):
        return 0.0
    found = effects(made, np.array([task]), laid_out((option,)))
    return -float(found["model_latency_s"][0])


def _twice(made: Plan, latency: Floats) -> list[tuple[object, ...]]:
    """Tensors that are converted to more than one format."""
    found, n = made.found, made.prepared.count
    tensors, count = np.unique(found.tensor, return_counts=True)
    out: list[tuple[object, ...]] = []
    for tensor in tensors[count > 1].tolist():
        at: Ints = np.flatnonzero(found.tensor == tensor)
        task = int(found.anchor[at[0]])
        name = f"{made.prepared.columns['name'][task]} (task {task})" if task >= 0 else ""
        what = f"what {name} makes" if name else "an input of the model"
        kinds = " and ".join(f"{FORMATS[found.before[i]]} → {FORMATS[found.after[i]]}"
                             for i in at.tolist())  # fmt: skip
        saving = float(latency[n + at].min())
        text = f"{what} is converted {len(at)} times, {kinds}: one would save {_time(saving)}"
        out.append(("twice", task, [n + int(i) for i in at], saving, text))
    return out


def _time(seconds: float) -> str:
    """A time in three digits: "12.3 µs"."""
    for scale, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
