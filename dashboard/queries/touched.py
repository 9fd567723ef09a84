"""What a choice for some tasks does to others, and why: two resolutions, row by row.

The reason is the engine's own word for a row (`cause`), or what can be read off its columns: a
unit that it moves to, channels that it loses, memory that others leave it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from dashboard.queries.documents import recipe_of, rules_of, written
from dashboard.queries.model import ModelQueries
from dashboard.queries.options import chosen
from dashboard.urls import View
from engine.recipe import Resolution, Totals, action_words

MOST = 12  # sentences that a preview holds
SAME = 1e-9  # share of a figure under which a change is rounding
_STATE = ("input_format", "output_format", "kernel_format", "sparsity", "pattern", "palette_bits")
_BYTES = ("size_bytes", "read_bytes", "write_bytes")
_FIGURES = ("latency_s", "energy_j")
# "follows int8 from", "conv1 (task 3)"; what a task is called may hold any words
_ROOT = re.compile(
    r"(?P<what>.*? (?:from|for|with|of)) "
    r"(?P<root>an output of the model|.* \(task (?P<task>\d+)\))\Z",
    re.S,
)
# verbs of `cause` for several tasks
_PLURAL = {"follows": "follow", "writes": "write", "shares its": "share their", "keeps": "keep",
           "moves": "move", "loses": "lose", "gets": "get", "changes": "change", "is": "are",
           "no longer follows": "no longer follow", "no longer writes": "no longer write",
           "no longer shares its": "no longer share their"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a choice does beside the tasks that it is made for.

    Args:
        words: "3 tasks follow int8 from conv1 (task 3)".
        tasks: ids of those tasks; of a conversion, the tasks between which it stands.
    """

    words: str
    tasks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an option does.

    Args:
        words: the option ("int8 weights").
        before, after: the whole model.
        effects: what else it touches, the most first; more: how many sentences were left out.
    """

    words: str
    before: Totals
    after: Totals
    effects: tuple[Effect, ...]
    more: int


def preview(ask: ModelQueries, view: View, ids: object, action: object) -> Preview:
    """What an action on some tasks would do, after the recipe as it is.

    Args:
        ask: the queries.
        view: what the page shows.
        ids: tasks, as the browser sent them.
        action: JSON of the action, as the browser sent it.

    Raises:
        EngineError: no such tasks, or no action.
    """
    tasks = chosen(ids, len(ask.compilation(view).tasks))
    rules = rules_of(recipe_of(view.recipe))
    text = written([*rules, {"select": {"tasks": list(tasks)}, "action": action}])
    before, after = ask.resolution(view), ask.resolution(replace(view, recipe=text))
    names = ask.table(view)["name"].to_list()
    found = sorted(_effects(before, after, tasks, names), key=lambda e: -len(e.tasks))
    words = action_words(recipe_of(text).rules[-1].action)
    left = len(found) - MOST if len(found) > MOST + 1 else 0
    return Preview(words, before.totals, after.totals, tuple(found[: len(found) - left]), left)


def _effects(
    before: Resolution, after: Resolution, tasks: Sequence[int], names: Sequence[str]
) -> Iterator[Effect]:
    groups: dict[str, list[tuple[str, int]]] = {}  # what -> (whom it follows, task)
    for task, reason in _reasons(before.tasks, after.tasks, tasks):
        found = _ROOT.match(reason)
        what, root = (found["what"], found["root"]) if found else (reason, "")
        if found and found["task"]:
            root = f"{names[int(found['task'])]} (task {found['task']})"
        groups.setdefault(what, []).append((root, task))
    for what, rows in groups.items():
        roots = {root for root, _ in rows if root}
        of = (
            f" {next(iter(roots))}"
            if len(roots) == 1
            else f" {len(roots):,} tasks"
            if roots
            else ""
        )
        yield Effect(_sentence(len(rows), what) + of, tuple(sorted(task for _, task in rows)))
    yield from _refusals(after.tasks, tasks)
    yield from _conversions(before.tasks, after.tasks)


def _sentence(n: int, what: str) -> str:
    if n == 1:
        return f"1 task {what}"
    for one, many in _PLURAL.items():
        if what.startswith(f"{one} "):
            return f"{n:,} tasks {many}{what[len(one) :]}"
    return f"{n:,} tasks: {what}"


def _reasons(
    before: pl.DataFrame, after: pl.DataFrame, tasks: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """(task, why it changes) for all but `tasks`."""
    names = [*_STATE, "cause", "unit", "unit_reason", *_BYTES, *_FIGURES]
    old, new = (
        f.filter(pl.col("origin") == "task").select("task_id", *names) for f in (before, after)
    )
    both = pl.concat([old, new.select(pl.col(names).name.suffix("→"))], how="horizontal")
    differs = [pl.col(n).ne_missing(pl.col(f"{n}→")) for n in (*_STATE, "unit", "cause")]
    moved = [(pl.col(n) - pl.col(f"{n}→")).abs() > SAME * pl.col(n).abs() for n in _FIGURES]
    rows = both.filter(
        pl.any_horizontal(*differs, *moved).fill_null(False), ~pl.col("task_id").is_in(list(tasks))
    )
    for row in rows.iter_rows(named=True):
        for why in _why(row):
            yield row["task_id"], why


def _why(row: dict[str, Any]) -> list[str]:
    """Why one row changes; columns "x" are before, "x→" after."""
    before, after = ((row[name] or "").split("; ") for name in ("cause", "cause→"))
    new = [cause for cause in after if cause and cause not in before]
    state = any(row[n] != row[f"{n}→"] for n in _STATE)
    if new:
        return new
    if row["unit"] != row["unit→"]:
        reason = f": {row['unit_reason→']}" if row["unit_reason→"] else ""
        return [f"moves to {row['unit→'] or 'no unit'}{reason}"]
    if state:
        lost = [cause for cause in before if cause and cause not in after]
        return [f"no longer {cause}" for cause in lost] or ["changes because a neighbour does"]
    if any(row[n] != row[f"{n}→"] for n in _BYTES):
        more = sum((row[f"{n}→"] or 0) - (row[n] or 0) for n in _BYTES)
        return ["loses channels because a neighbour does" if more < 0 else "gets channels back"]
    way = "faster" if (row["latency_s→"] or 0) < (row["latency_s"] or 0) else "slower"
    return [f"is {way}: other memory serves it, or another unit hands data over"]


def _refusals(after: pl.DataFrame, tasks: Sequence[int]) -> Iterator[Effect]:
    """Chosen tasks to which the action does not apply."""
    rows = after.filter(pl.col("task_id").is_in(list(tasks)) & (pl.col("refusal") != ""))
    for (why,), group in rows.group_by("refusal", maintain_order=True):
        ids = tuple(group["task_id"].to_list())
        yield Effect(f"{len(ids):,} of these stay as they are: {why}", ids)


def _conversions(before: pl.DataFrame, after: pl.DataFrame) -> Iterator[Effect]:
    """Conversions put in and left out, by their formats."""

    def found(frame: pl.DataFrame) -> Counter[tuple[str, int, str]]:
        rows = frame.filter(pl.col("origin") == "conversion")
        return Counter(rows.select("name", "anchor", "cause").iter_rows())

    old, new = found(before), found(after)
    for sign, rows in (("put in", new - old), ("left out", old - new)):
        groups: dict[str, set[int]] = {}
        count: Counter[str] = Counter()
        for (name, anchor, cause), n in rows.items():
            reader = _ROOT.match(cause)
            ends = {anchor, int(reader["task"]) if reader and reader["task"] else -1} - {-1}
            groups.setdefault(name, set()).update(ends)
            count[name] += n
        for name, ids in groups.items():
            noun = "conversion" if count[name] == 1 else "conversions"
            yield Effect(f"{count[name]:,} {noun} {name} {sign}", tuple(sorted(ids)))
