"""The report of an analysis: what it costs, what was chosen, why, and where the time goes now."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from engine.export.subject import Subject
from engine.insight import Priced, difference
from engine.numbers import change, count, percent, quantity, span
from engine.recipe import RuleBook, Totals, rule_book
from engine.report import Report, Section, bars
from engine.targets import target as target_of

MAX_ROWS = 40  # of a table
ENERGY = "Energy of an inference"
MET = {True: "met", False: "missed", None: "unknown"}
Of = Callable[[Totals, float], float | None]
FIGURES: tuple[tuple[str, str, Of], ...] = (
    ("Latency", "s", lambda t, _: t.latency_s),
    (ENERGY, "J", lambda t, _: t.energy_j),
    ("Memory power", "W", lambda t, fps: t.memory_power(fps)),
    ("Model size", "B", lambda t, _: t.size_bytes),
    ("Peak memory", "B", lambda t, _: t.peak_bytes),
    ("MACs", "", lambda t, _: t.macs),
    ("Parameters", "", lambda t, _: t.parameters),
)


def report(subject: Subject) -> Report:
    """Gather the report; every figure with what it was before."""
    book = rule_book(subject.recipe, subject.before, subject.after)
    title = f"{subject.name}: {subject.title}" if subject.title else subject.name
    made = [_overview(subject), _totals(subject)]
    if subject.verdicts:
        rows = tuple((v.sentence, MET[v.met] + (", an assumption" if v.assumed else ""))
                     for v in subject.verdicts)  # fmt: skip
        made.append(Section("Budgets", (), ("Budget", ""), rows))
    if subject.recipe.rules:
        made += [_rules(book), *_causes(subject)]
    made += [_modules(subject), _tasks(subject)]
    return Report(title, tuple(made))


def _overview(subject: Subject) -> Section:
    target, now = target_of(subject.compilation.target), subject.after
    kind = now.kind + (f", median error {percent(now.error)}" if now.error else "")
    text = [f"{count(subject.compilation.tasks.height, 'task')} on {target.label} at "
            f"{subject.fps:g} inferences a second at the most; latencies are {kind}."]  # fmt: skip
    if subject.before.reference:
        text.append(f"The baseline is the file in {subject.before.reference}.")
    if now.totals.unknown_tasks:
        text.append(f"{count(now.totals.unknown_tasks, 'task')} cannot be priced: what depends on "
                    "them is unknown.")  # fmt: skip
    if subject.compilation.note:
        text.append(subject.compilation.note)
    text.append(f"Paredown {subject.compilation.engine}, target {target.id}.")
    return Section("The model", tuple(text))


def _totals(subject: Subject) -> Section:
    rows = []
    for name, unit, of in FIGURES:
        before, after = (of(r.totals, subject.fps) for r in (subject.before, subject.after))
        told = [_said(before, unit), _said(after, unit)]
        bands = [r.totals.energy_band for r in (subject.before, subject.after)]
        if name == ENERGY:  # from low to high, as the grades of its coefficients allow
            told = [" ".join(span(*b, unit)) if b else t for b, t in zip(bands, told, strict=True)]
        rows.append((name, *told, change(after, before)[0]))
    return Section("Totals", (), ("", "Baseline", "Now", "Change"), tuple(rows))


def _rules(book: RuleBook) -> Section:
    rows = []
    for k, line in enumerate(book.lines):
        left = "; ".join(f"{n:,} × {why}" for why, n in line.refused)
        rows.append((f"{k + 1}. {line.what}", line.where, f"{line.decides:,}", left))
    text = (
        "In order; for each task the last rule that names it decides.",
        f"{count(book.followers, 'more task')} changed with a neighbour, "
        f"{count(book.conversions, 'conversion')} put in.",
    )
    return Section("Rules", text, ("Rule", "Where", "Tasks", "Not eligible"), tuple(rows))


def _causes(subject: Subject) -> list[Section]:
    """What changed without a rule of its own, by the reason."""
    found = (
        subject.after.tasks.filter(pl.col("cause") != "")
        .group_by("cause")
        .agg(pl.len().alias("tasks"), pl.col("latency_s").sum())
        .sort("latency_s", "cause", descending=[True, False])
    )
    rows = tuple((cause, f"{n:,}", _said(time, "s")) for cause, n, time in found.iter_rows())
    heads = ("Why", "Rows", "Latency")
    return [Section("What followed from the rules", (), heads, rows[:MAX_ROWS])] if rows else []


def _modules(subject: Subject) -> Section:
    sides = (Priced(subject.compilation, r) for r in (subject.before, subject.after))
    found = difference(*sides).split().sort("after", "module", descending=[True, False])
    whole = sum(found["after"].to_list()) or 1.0
    rows = [
        (name, _said(before, "s"), _said(after, "s"), change(after, before)[0],
         percent(after / whole))
        for name, before, after in found.select("module", "before", "after").iter_rows()
    ]  # fmt: skip
    shown = found.head(16)
    drawn = bars(shown["module"].to_list(), shown["before"].to_list(), shown["after"].to_list())
    text = (f"The {MAX_ROWS} slowest of {len(rows):,}.",) if len(rows) > MAX_ROWS else ()
    heads = ("Module", "Baseline", "Now", "Change", "Share")
    return Section("By module", text, heads, tuple(rows[:MAX_ROWS]), drawn)


def _tasks(subject: Subject) -> Section:
    before = dict(subject.before.tasks.select("task_id", "latency_s").head(
        subject.compilation.tasks.height).iter_rows())  # fmt: skip
    whole = subject.after.totals.latency_s
    slow = subject.after.tasks.sort("latency_s", "task_id", descending=[True, False],
                                    nulls_last=True)  # fmt: skip
    rows = []
    for row in slow.head(MAX_ROWS).iter_rows(named=True):
        time, was = row["latency_s"], before.get(row["task_id"])
        formats = " → ".join(dict.fromkeys(f for f in (row["input_format"], row["output_format"])))
        weights = f", weights {row['kernel_format']}" if row["kernel_format"] else ""
        why = row["cause"] or row["refusal"] or row["unit_reason"]
        rows.append((row["name"], row["unit"], formats + weights, row["bound_by"] or "",
                     _said(was, "s") if row["origin"] == "task" else "put in", _said(time, "s"),
                     percent(time / whole) if time is not None and whole else "", why))  # fmt: skip
    heads = ("Task", "Unit", "Formats", "Bound by", "Baseline", "Now", "Share", "Why")
    text = (f"The slowest {len(rows)} of {slow.height:,} rows.",) if slow.height > len(rows) else ()
    return Section("Slowest tasks", text, heads, tuple(rows))


def _said(value: float | None, unit: str) -> str:
    return "unknown" if value is None else " ".join(quantity(value, unit)).strip()
