"""What a plan decided and costs, as the optimization table and its totals."""

from __future__ import annotations

import numpy as np
import polars as pl

from engine.cost import BOUNDS, FORMATS, Floats, Ints, energy_band
from engine.recipe.flow import FOLLOWS, WRITES
from engine.recipe.model import PRICED_SCHEMA, Totals
from engine.recipe.plan import Plan

_FIGURES = (
    "latency_s", "compute_s", "memory_s", "launch_s", "utilisation", "energy_j", "memory_energy_j",
    "compute_energy_j", "read_bytes", "write_bytes", "size_bytes", "live_bytes",
)  # fmt: skip
_PATTERNS = ("", "2:4", "channels")


def table(made: Plan) -> pl.DataFrame:
    """One row a task and conversion; columns `PRICED_SCHEMA`."""
    p, choice, found, work = made.prepared, made.choice, made.found, made.work
    n, extra = p.count, len(found.anchor)
    none = np.zeros(extra, np.int64)
    units = (*(u.id for u in p.target.units), "")
    pairs = zip(found.before.tolist(), found.after.tolist(), strict=True)
    names = pl.Series([f"{FORMATS[b]} → {FORMATS[a]}" for b, a in pairs], dtype=pl.String)
    ids = {
        "input_format": (FORMATS, np.concatenate([choice.in_fmt, found.before])),
        "output_format": (FORMATS, np.concatenate([choice.out_fmt, found.after])),
        "kernel_format": (FORMATS, work.kernel),
        "unit": (units, work.unit),
        "bound_by": ((*BOUNDS, ""), made.price.bound),
        "origin": (("task", "conversion"), np.repeat([0, 1], [n, extra])),
        "refusal": (choice.words, np.concatenate([choice.refusal, none])),
        "unit_reason": (made.placement.words, np.concatenate([made.placement.reason, none])),
        "cause": _causes(made),
        "pattern": (_PATTERNS, np.concatenate([choice.structured * 2 + choice.pattern, none])),
    }
    columns: dict[str, object] = {
        "task_id": np.arange(n + extra),
        "anchor": np.concatenate([np.arange(n), found.anchor]),
        "name": pl.concat([_names(made), names]),
        "sparsity": np.concatenate([choice.sparsity, np.zeros(extra)]),
        "palette_bits": work.palette,
        "rule": np.concatenate([choice.rule, _rules(made)]),
    }
    for name, (words, at) in ids.items():
        columns[name] = pl.Series(words, dtype=pl.String).gather(at % len(words))
    for name in _FIGURES:
        columns[name] = pl.Series(made.price.figures[name], nan_to_null=True)
    return pl.DataFrame({name: columns[name] for name in PRICED_SCHEMA}).cast(
        pl.Schema(PRICED_SCHEMA)
    )


def totals(made: Plan) -> Totals:
    """Sums and the maximum over the rows of a plan."""
    p, figures = made.prepared, made.price.figures
    runs = made.work.runs > 0
    unknown = np.isnan(figures["latency_s"]) & runs
    tasks = p.columns

    def total(values: Floats) -> float | None:
        found = float(values[runs[: len(values)]].sum())
        return None if np.isnan(found) else found

    size = float(figures["size_bytes"].sum())
    live = figures["live_bytes"]
    macs = total(tasks["macs"] * tasks["runs"])
    energy = total(figures["energy_j"])
    return Totals(
        latency_s=total(figures["latency_s"]),
        energy_j=energy,
        memory_energy_j=total(figures["memory_energy_j"]),
        memory_idle_w=sum(m.idle.value for m in p.target.memories),
        size_bytes=None if np.isnan(size) else round(size),
        peak_bytes=None if not len(live) or np.isnan(live).any() else round(float(live.max())),
        macs=None if macs is None else round(macs),
        parameters=int(np.nansum(tasks["parameters"])),
        tasks=p.count,
        unknown_tasks=int(unknown.sum()),
        energy_band=energy_band(p.target, made.price, runs) if energy is not None else None,
    )


def _names(made: Plan) -> pl.Series:
    kept = made.prepared.kept
    if "names" not in kept:
        kept["names"] = pl.Series(made.prepared.columns["name"].tolist(), dtype=pl.String)
    names: pl.Series = kept["names"]
    return names


def _rules(made: Plan) -> Ints:
    """For each conversion the rule that asked for it: the reader's, else the maker's."""
    choice, found = made.choice, made.found
    rule = np.append(choice.rule, -1)
    of_reader, of_maker = rule[found.reader], rule[found.anchor]
    moved = np.append(choice.in_fmt != made.prepared.in_fmt, False)[found.reader]
    return np.where(moved & (of_reader >= 0), of_reader, np.fmax(of_maker, of_reader))


def _causes(made: Plan) -> tuple[list[str], Ints]:
    """Why a row is as it is when no rule of its own says so: sentences, and each row's place."""
    choice, found, n = made.choice, made.found, made.prepared.count
    names = made.prepared.columns["name"]
    at, words = np.zeros(n + len(found.anchor), np.int64), [""]

    def who(task: int) -> str:
        return f"{names[task]} (task {task})" if 0 <= task < n else "an output of the model"

    def add(row: int, text: str) -> None:
        text = f"{words[at[row]]}; {text}" if at[row] else text
        at[row] = len(words)
        words.append(text)

    formats = choice.out_fmt.tolist()
    for why, verb, link in ((FOLLOWS, "follows", "from"), (WRITES, "writes", "for")):
        rows = np.flatnonzero(choice.why == why)
        for row, root in zip(rows.tolist(), choice.root[rows].tolist(), strict=True):
            add(row, f"{verb} {FORMATS[formats[row]]} {link} {who(root)}")
    for other, verb in (
        (choice.follows, "shares its weights with"), (choice.copies, "keeps a copy of weights of"),
    ):  # fmt: skip
        rows = np.flatnonzero(other >= 0)
        for row, root in zip(rows.tolist(), other[rows].tolist(), strict=True):
            add(row, f"{verb} {who(root)}")
    columns = (found.before, found.after, found.reader)
    for i, (b, a, reader) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        add(n + i, f"converts {FORMATS[b]} → {FORMATS[a]} for {who(reader)}")
    return words, at
