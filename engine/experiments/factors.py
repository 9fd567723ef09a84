"""What may tell selected models apart: everything that their histories say, as candidates.

The steps of all histories are aligned in columns as on the map, over the selected models and what
they were made from.  A column gives the presence of its operation and its parameters.  Neighbouring
columns of which each model has at most one give the kind of operation beside the parameters that
the kinds share.  Any stretch of columns gives the sequence of what was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.experiments.comparison import Kind, Variable, distinct, key, shown, variable
from engine.experiments.forest import ROOT
from engine.experiments.layout import aligned
from engine.experiments.model import Experiment, Operation, Value

MAX_WORK = 20_000  # models x columns x stretches of columns that are looked at
MAX_WIDTH = 60  # columns of which stretches are made
MAX_STEPS = 40_000  # steps of all histories together; beyond, they are not compared
MAX_CANDIDATES = 60
_COST: dict[Kind, float] = {
    "parameter": 1.0, "root": 1.2, "presence": 1.5, "operation": 1.3, "count": 1.8,
    "sequence": 2.2, "recipe": 4.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Factor:
    """A candidate: a variable and how hard it is to read."""

    variable: Variable
    cost: float


@dataclass(frozen=True, slots=True)
class Histories:
    """The steps of the selected models, side by side.

    Args:
        rows: the selected models.
        roots: row of each one's root.
        titles: operation of each column.
        steps: one for each model: column -> its operation there.
    """

    rows: tuple[int, ...]
    roots: tuple[int, ...]
    titles: tuple[str, ...]
    steps: tuple[Mapping[int, Operation], ...]

    def told(self, k: int) -> tuple[object, ...]:
        """Everything on one model; equal for two that were made the same way."""
        return self.roots[k], *(
            (c, s.name, tuple(sorted((n, type(v) is bool, v) for n, v in _clean(s).items())))
            for c, s in sorted(self.steps[k].items())
        )  # fmt: skip


def histories(experiment: Experiment, rows: Sequence[int]) -> Histories | None:
    """Align the steps of some models; None when there are too many."""
    forest = experiment.forest
    if sum(forest.depth[r] + 1 for r in rows) > MAX_STEPS:
        return None
    needed: set[int] = set()
    for row in rows:
        while row != ROOT and row not in needed:
            needed.add(row)
            row = forest.parent[row]
    order = [k for k in forest.order if k in needed]
    children = {k: [c for c in forest.children[k] if c in needed] for k in order}
    labels = {k: m.name if (m := experiment.models[k].operation) else "" for k in order}
    column, titles = aligned(children, labels, order)
    steps = []
    for row in rows:
        done, k = {}, row
        while k != ROOT:
            made = experiment.models[k].operation
            if made:
                done[column[k]] = made
            k = forest.parent[k]
        steps.append(dict(sorted(done.items())))
    return Histories(tuple(rows), tuple(forest.root[r] for r in rows), tuple(titles), tuple(steps))


def raw_variables(experiment: Experiment, found: Histories) -> list[Variable]:
    """Everything in which the models differ, one variable each: for narrowing a selection."""
    made = [*_root(experiment, found), *_columns(found)]
    return [f.variable for f in made]


def candidates(experiment: Experiment, found: Histories) -> list[Factor]:
    """All factors that vary, the easiest to read first; of two that say the same, the easier."""
    made = [*_root(experiment, found), *_columns(found), *_counts(found), *_stretches(found)]
    made += _flat(experiment, found)
    best: dict[tuple[int, ...], Factor] = {}
    for factor in sorted(made, key=lambda f: f.cost):
        best.setdefault(split(factor.variable), factor)
    return list(best.values())[:MAX_CANDIDATES]


def split(v: Variable) -> tuple[int, ...]:
    """Which models a variable puts together: group numbers in the order in which they come."""
    numbers: dict[object, int] = {}
    return tuple(numbers.setdefault(key(c), len(numbers)) for c in v.cells)


def _factor(
    name: str,
    kind: Kind,
    cells: Sequence[Value],
    order: Sequence[Value] = (),
    more: float = 0.0,
) -> list[Factor]:
    if len(distinct(cells)) < 2:
        return []
    made = variable(name, kind, cells, order)
    many = max(0, len(made.values) - 4) * (0.03 if made.numeric else 0.12)
    return [Factor(made, _COST[kind] + many + more)]


def _root(experiment: Experiment, found: Histories) -> list[Factor]:
    return _factor("root", "root", [experiment.models[r].id for r in found.roots])


def _columns(found: Histories) -> list[Factor]:
    """Presence and parameters of each column; a second column of one operation is "train 2"."""
    made, seen = [], dict[str, int]()
    for c, title in enumerate(found.titles):
        steps = [s.get(c) for s in found.steps]
        if not any(steps):
            continue
        seen[title] = seen.get(title, 0) + 1
        name = title if seen[title] == 1 else f"{title} {seen[title]}"
        made += _factor(name, "presence", [s is not None for s in steps])
        made += _parameters(steps, "" if len(found.titles) < 2 else name)
    return made


def _parameters(steps: Sequence[Operation | None], of: str, more: float = 0.0) -> list[Factor]:
    """One factor for each parameter with more than one value; absent steps have none."""
    names = dict.fromkeys(n for s in steps if s for n in s.parameters)
    made = []
    for name in names:
        cells = [_clean(s).get(name) if s else None for s in steps]
        if len(distinct([c for c in cells if c is not None])) > 1:
            made += _factor(name, "parameter", cells, more=more)
    return made


def _counts(found: Histories) -> list[Factor]:
    """How often an operation was done, where that is more than once."""
    made, done = [], [Counter(s.name for s in steps.values()) for steps in found.steps]
    for title in dict.fromkeys(found.titles):
        cells = [times[title] for times in done]
        if title and max(cells) > 1:
            made += _factor(f"times {title}", "count", cells)
    return made


def _stretches(found: Histories) -> list[Factor]:
    """Stretches of neighbouring columns: one of several operations, or a sequence of them."""
    width, made = len(found.titles), list[Factor]()
    if width > MAX_WIDTH:
        return []
    spans = [(a, b) for b in range(width, 1, -1) for a in range(b - 1)]
    spans.sort(key=lambda s: (s[1] != width) + (s[0] != 0))  # endings and beginnings matter most
    spans = spans[: max(2, MAX_WORK // (width * len(found.rows)))]
    for a, b in spans:
        inside = [[s[c] for c in range(a, b) if c in s] for s in found.steps]
        more = 0.03 * (b - a)
        if all(len(i) < 2 for i in inside):
            steps = [i[0] if i else None for i in inside]
            made += _factor(
                "operation", "operation", [s.name if s else None for s in steps], more=more
            )
            made += _parameters(steps, "", more + 0.05)
            whole: list[Value] = [_words(s) if s else None for s in steps]
            made += _factor("operation", "recipe", whole, more=more)
        else:
            done: list[Value] = [" → ".join(s.name for s in i) or None for i in inside]
            if _chain(inside):
                done = [_last(i) for i in inside]
            order = _by_length(done, inside)
            swapped = _swapped(
                inside
            )  # then their order is what differs, and nothing else tells it
            name = "order of operations" if swapped else "steps"
            made += _factor(name, "sequence", done, order, more - 1.5 * swapped)
            worded: list[Value] = [" → ".join(map(_words, i)) or None for i in inside]
            made += _factor("steps", "recipe", worded, _by_length(worded, inside), more)
    return made


def _flat(experiment: Experiment, found: Histories) -> list[Factor]:
    """The whole history in words: always tells apart what differs, and is the longest to read."""
    cells = []
    for root, steps in zip(found.roots, found.steps, strict=True):
        told = [_words(s) for _, s in sorted(steps.items())]
        head = experiment.models[root].id if len(set(found.roots)) > 1 else ""
        cells.append(" → ".join(filter(None, [head, *told])) or experiment.models[root].id)
    return _factor("recipe", "recipe", cells, more=3.0)


def _by_length(cells: Sequence[Value], inside: Sequence[Sequence[Operation]]) -> list[Value]:
    """Shorter sequences first, then by text: a chain reads in the order in which it was made."""
    length = {c: len(i) for c, i in zip(cells, inside, strict=True)}
    return sorted(length, key=lambda c: (length[c], str(c)))


def _chain(inside: Sequence[Sequence[Operation]]) -> bool:
    """Each model went on from where a shorter one stopped, so the last step tells it all."""
    names = sorted({tuple(s.name for s in i) for i in inside}, key=len)
    return all(b[: len(a)] == a and len(a) < len(b) for a, b in pairwise(names))


def _last(steps: Sequence[Operation]) -> str | None:
    """The last step, with its number when it was done before: "train 2"."""
    if not steps:
        return None
    times = sum(s.name == steps[-1].name for s in steps)
    return steps[-1].name if times == 1 else f"{steps[-1].name} {times}"


def _swapped(inside: Sequence[Sequence[Operation]]) -> bool:
    """All did the same, in different order."""
    names = {tuple(s.name for s in i) for i in inside}
    return len(names) > 1 and len({tuple(sorted(n)) for n in names}) == 1


def _clean(step: Operation) -> dict[str, Value]:
    """Parameters without rounding noise: 0.6000000000000001 is 0.6."""
    return {
        n: float(f"{v:.12g}") if isinstance(v, float) else v for n, v in step.parameters.items()
    }


def _words(step: Operation) -> str:
    told = ", ".join(shown(v) for v in _clean(step).values() if v is not None)
    return f"{step.name} {told}" if told else step.name
