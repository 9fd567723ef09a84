"""A report to hand to others: the selection, the front and the budgets, as HTML or Markdown.

The HTML needs nothing but itself: style and drawing are inside, there is no script, and every text
from the file is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.experiments.budgets import Bound, feasible
from engine.experiments.cells import chart
from engine.experiments.compare import compare, rows_of
from engine.experiments.comparison import shown
from engine.experiments.model import Experiment, MetricSpec
from engine.experiments.pareto import Front, pareto
from engine.experiments.report_drawing import drawing
from engine.report import Report, Section

MAX_ROWS = 200  # of a table
_WORDS = {"higher": "higher is better", "lower": "lower is better", "": "no direction"}


def report(
    experiment: Experiment,
    ids: Sequence[str] = (),
    metrics: Sequence[str] = (),
    bounds: Sequence[Bound] = (),
) -> Report:
    """Gather a report.

    Args:
        experiment: what it is on.
        ids: the selection; none: left out.
        metrics: of the front, the first is also what the best model is chosen by; none: the first
            two primary ones.
        bounds: budgets; none: left out.

    Raises:
        EngineError: an unknown id or metric.
    """
    names = list(metrics) or _usual(experiment)
    made = [_overview(experiment)]
    if names:
        front = pareto(experiment, names)
        made.append(_front(experiment, front))
        if bounds:
            made.append(_budgets(experiment, bounds, names[0]))
    if ids:
        made.append(_selection(experiment, ids))
        if len(rows_of(experiment, ids)) > 1:
            made += _differences(experiment, ids)
    noted = [m for m in experiment.models if m.notes or m.flags]
    if noted:
        rows = tuple((m.id, ", ".join(m.flags), m.notes) for m in noted[:MAX_ROWS])
        made.append(Section("Notes and flags", (), ("Model", "Flags", "Notes"), rows))
    return Report(experiment.name or "Experiment", tuple(made))


def _usual(experiment: Experiment) -> list[str]:
    """The first metric that shall rise and the first that shall fall, else the first two."""
    shown_ = experiment.primary
    ways = [next((m.name for m in shown_ if m.direction == d), None) for d in ("higher", "lower")]
    return [w for w in ways if w] if all(ways) else [m.name for m in shown_[:2]]


def value(experiment: Experiment, row: int, spec: MetricSpec) -> str:
    """A metric's value with its unit and ± as a report shows it; "unknown" when it is."""
    return figure(experiment.frame[spec.column][row], spec, experiment.models[row].errors.get(
        spec.name, spec.error))  # fmt: skip


def figure(number: float | None, spec: MetricSpec, error: float | None = None) -> str:
    """A number of a metric in words."""
    if number is None:
        return "unknown"
    if spec.format.endswith("%"):
        text, suffix = f"{100 * number:.4g}", " %"
    else:
        text = _digits(number)
        suffix = f" {spec.unit}" if spec.unit else ""
    if error is not None:
        text += f" ± {100 * error if suffix == ' %' else error:.2g}"
    return text + suffix


def _digits(number: float) -> str:
    return f"{number:,.0f}" if 1e4 <= abs(number) < 1e15 else f"{number:.4g}"


def _overview(experiment: Experiment) -> Section:
    count, roots = len(experiment.models), len(experiment.forest.roots)
    kinds = _count(len(experiment.operations), "kind")
    text = [f"{_count(count, 'model')} from {_count(roots, 'root')}, {kinds} of operation."]
    grave = [i.sentence for i in experiment.issues if i.level != "note"]
    text += grave[:20]
    return Section("The experiment", tuple(text))


def _front(experiment: Experiment, front: Front) -> Section:
    ways = ", ".join(f"{m.name} ({_WORDS[d]}{', assumed' * (m.name in front.assumed)})"
                     for m, d in zip(front.metrics, front.directions, strict=True))  # fmt: skip
    text = [f"{_count(len(front.rows), 'model')} that no other beats in all of: {ways}."]
    if front.knee is not None:
        text.append(f"The knee of the front is {experiment.models[front.knee].id}.")
    if front.unknown:
        text.append(f"{_count(front.unknown, 'model')} left out because a value is unknown.")
    rows = tuple(
        (experiment.models[r].id, _made(experiment, r),
         *(value(experiment, r, m) for m in front.metrics))
        for r in front.rows[:MAX_ROWS]
    )  # fmt: skip
    heads = ("Model", "Made by", *(m.name for m in front.metrics))
    svg = drawing(experiment, front) if len(front.metrics) > 1 else ""
    return Section("Pareto front", tuple(text), heads, rows, svg)


def _budgets(experiment: Experiment, bounds: Sequence[Bound], goal: str) -> Section:
    found = feasible(experiment, bounds, goal)
    told = " and ".join(map(words, bounds))
    text = [f"{len(found.passing):,} of {len(experiment.models):,} models meet {told}."]
    if found.unknown:
        text.append(f"Of {len(found.unknown)} nobody knows, because a value is unknown.")
    if found.best is not None:
        text.append(f"The best of them by {goal} is {experiment.models[found.best].id}.")
    specs = {m.name: m for m in experiment.metrics}
    rows = []
    for r in found.passing[:MAX_ROWS]:
        slack = [_digits(found.slack[f"s{k}"][r]) for k in range(len(bounds))]
        cells = [f"{value(experiment, r, specs[b.metric])} (slack {s})"
                 for b, s in zip(bounds, slack, strict=True)]  # fmt: skip
        rows.append((experiment.models[r].id, *cells))
    return Section("Budgets", tuple(text), ("Model", *map(words, bounds)), tuple(rows))


def words(b: Bound) -> str:
    """A bound as people write it."""
    if b.low is not None and b.high is not None:
        return f"{_digits(b.low)} ≤ {b.metric} ≤ {_digits(b.high)}"
    if b.low is not None:
        return f"{b.metric} ≥ {_digits(b.low)}"
    return f"{b.metric} ≤ {_digits(b.high)}" if b.high is not None else b.metric


def _selection(experiment: Experiment, ids: Sequence[str]) -> Section:
    shown_ = experiment.primary[:8]
    rows = tuple(
        (experiment.models[r].id, _made(experiment, r),
         *(value(experiment, r, m) for m in shown_))
        for r in rows_of(experiment, ids)[:MAX_ROWS]
    )  # fmt: skip
    heads = ("Model", "Made by", *(m.name for m in shown_))
    return Section("Selection", (f"{_count(len(set(ids)), 'model')}.",), heads, rows)


def _differences(experiment: Experiment, ids: Sequence[str]) -> list[Section]:
    made = compare(experiment, ids)
    out = [Section("How they differ", (made.sentence,))]
    names = [v.name for v in made.variables]
    for spec in experiment.primary[:6] if names else ():
        cells = chart(experiment, made, spec).cells
        rows = []
        for cell in cells.iter_rows(named=True):
            places = (cell["x"], cell["colour"], cell["facet"])
            at = [shown(v.values[p]) for v, p in zip(made.variables, places, strict=False)]
            rows.append((*at, figure(cell["mean"], spec), str(len(cell["models"]))))
        heads = (*names[:3], spec.name, "models")
        out.append(Section(spec.name, (), heads, tuple(rows[:MAX_ROWS])))
    return out


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _made(experiment: Experiment, row: int) -> str:
    step = experiment.models[row].operation
    return step.words if step else "a root" if experiment.forest.parent[row] < 0 else "not told"
