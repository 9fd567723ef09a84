"""How selected models differ: the smallest set of variables that tells them apart, never a blank.

Two ways.  `compat`: the published algorithm, odd results included (`compat_search.py`,
`compat_merge.py`).  The default looks for the cheapest one or two factors (`factors.py`) that put
models made differently into different cells; then three, as small multiples; then a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from engine.errors import EngineError
from engine.experiments import compat_merge
from engine.experiments.comparison import Comparison, Variable, View
from engine.experiments.compat_search import Search
from engine.experiments.factors import (
    Factor,
    Histories,
    candidates,
    histories,
    raw_variables,
    split,
)
from engine.experiments.forest import ROOT
from engine.experiments.model import Experiment

COMPAT_MOST = 16  # models
MAX_RAW = 100  # variables that the published algorithm joins; the rest is left out
MAX_COLOURS = 8
MAX_CELLS = 10_000  # models x columns of the map that are compared at all
MAX_COLUMNS = 400
MAX_FACETS = 6
MAX_FLAT = 8  # bars with a whole recipe below each
MAX_BARS = 60  # bars of one chart that can still be told apart
MAX_CHECKS = 120_000  # cells looked at while pairs and triples are tried, about 0.05 s
MAX_TRIPLES = 36  # factors of which triples are tried


def compare(experiment: Experiment, ids: Sequence[str], compat: bool = False) -> Comparison:
    """Explain how models differ.

    Args:
        experiment: what they are part of.
        ids: two or more of its models; order and repetition do not matter.
        compat: use the published algorithm (2 to 16 models).

    Raises:
        EngineError: an unknown id, fewer than two models, or more than `compat` takes.
    """
    rows = rows_of(experiment, ids)
    if len(rows) < 2:
        raise EngineError("needs at least two models", "compare", found=f"{len(rows)}")
    base = nearest_base(experiment, rows)
    if compat:
        if len(rows) > COMPAT_MOST:
            raise EngineError(
                "takes fewer models", "compare as published", f"2 to {COMPAT_MOST}", f"{len(rows)}",
                "compare without it",
            )  # fmt: skip
        return _published(experiment, rows, base)
    found = histories(experiment, rows)
    width = len(found.titles) if found else 0
    if found is None or width > MAX_COLUMNS or len(rows) * width > MAX_CELLS:
        text = "Too many models and steps for a chart; a table with one row a model."
        return Comparison(tuple(rows), (), (), "table", text, base, True, True)
    return _explained(experiment, found, base)


def rows_of(experiment: Experiment, ids: Sequence[str]) -> list[int]:
    """Rows of models by id, in the order of the experiment, each once.

    Raises:
        EngineError: there is no such model.
    """
    for id in ids:
        if id not in experiment.rows:
            raise EngineError("no such model", "selection", found=repr(id[:80]))
    return sorted({experiment.rows[i] for i in ids})


def nearest_base(experiment: Experiment, rows: Sequence[int]) -> int:
    """The nearest model that all are made from or that is one of them; -1: there is none.

    `Forest.order` visits whole branches, so the first and the last of the models in it decide.
    """
    forest, chosen = experiment.forest, set(rows)
    visited = [k for k in forest.order if k in chosen]
    a, b = visited[0], visited[-1]
    if forest.root[a] != forest.root[b]:
        return ROOT
    while a != b:
        if forest.depth[a] >= forest.depth[b]:
            a = forest.parent[a]
        else:
            b = forest.parent[b]
    return a


def _published(experiment: Experiment, rows: Sequence[int], base: int) -> Comparison:
    search = Search(experiment, rows)
    raw = search.variables()
    cut = search.bounded or len(raw) > MAX_RAW
    raw = raw[:MAX_RAW]
    made = raw if len(raw) == MAX_RAW else compat_merge.simplified(raw, len(rows))
    view: View = "bars" if len(made) == 1 else "grouped" if len(made) == 2 else "none"
    text = {
        0: "Nothing tells these models apart, so nothing is drawn.",
        1: f"By {made[0].name}." if made else "",
        2: f"By {made[0].name} and {made[1].name}." if len(made) > 1 else "",
    }.get(len(made), "These models cannot be compared in one chart; narrow the selection.")
    cells = set(zip(*(split(v) for v in made), strict=True))
    return Comparison(
        tuple(rows), tuple(made), tuple(raw), view, text, base,
        len(cells) == len(rows), cut,
    )  # fmt: skip


def _explained(experiment: Experiment, found: Histories, base: int) -> Comparison:
    told = [found.told(k) for k in range(len(found.rows))]
    kinds = len(set(told))
    raw = tuple(raw_variables(experiment, found))

    def answer(variables: Sequence[Variable], view: View, text: str, cut: bool) -> Comparison:
        return Comparison(found.rows, tuple(variables), raw, view, text, base, True, cut)

    if kinds == 1:
        text = f"All {len(told)} were made the same way: replicates, with their spread."
        return answer((), "replicates", text, False)
    twins = (
        "" if kinds == len(told) else " Models made the same way share a bar, with their spread."
    )
    factors = candidates(experiment, found)
    chosen, cut = _cheapest(factors, kinds)
    if chosen and len(chosen) < 3:
        names = " and ".join(v.name for v in chosen)
        return answer(chosen, "bars" if len(chosen) == 1 else "grouped", f"By {names}.{twins}", cut)
    if chosen:
        names = ", ".join(v.name for v in chosen)
        text = f"Three things differ: {names}. One small chart for each {chosen[2].name}.{twins}"
        return answer(chosen, "multiples", text, cut)
    flat = [f.variable for f in factors if len(f.variable.values) == kinds]
    if flat and kinds <= MAX_FLAT:
        text = f"They differ in too much for two axes: one bar for each recipe.{twins}"
        return answer(flat[:1], "bars", text, cut)
    text = "They differ in more than three things: a table with what differs, one row a model."
    return answer(flat[:1], "table", text, cut)


def _cheapest(factors: Sequence[Factor], kinds: int) -> tuple[tuple[Variable, ...], bool]:
    """The one, two or three variables that are easiest to read together; () when none does.

    The price of a chart: its variables' own, 2 x the share of its cells that stay empty, and
    steps for more bars or colours than can be told apart.  Whether the search was cut short
    comes along.
    """
    splits = {id(f): split(f.variable) for f in factors}
    best: tuple[float, tuple[Variable, ...]] = 1e9, ()
    left, cut = MAX_CHECKS, False
    for size in (1, 2, 3):
        if best[1] and size == 3:
            break
        able = factors[:MAX_TRIPLES] if size == 3 else factors
        groups = sorted(combinations(able, size), key=lambda g: sum(f.cost for f in g))
        for group in groups:
            own = sum(f.cost for f in group) + (size - 1) * 0.5
            if own >= best[0]:
                break
            if left <= 0:
                cut = True
                break
            left -= len(splits[id(group[0])]) * size
            cells = len(set(zip(*(splits[id(f)] for f in group), strict=True)))
            if cells < kinds:
                continue
            drawn = _placed([f.variable for f in group])
            cost = own + _price(drawn, cells)
            if drawn and cost < best[0]:
                best = cost, drawn
    return best[1], cut


def _placed(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """Which goes on the x axis, which on colour, which on facets; () when they do not fit.

    Numbers with the most values go on the axis; what has the fewest values splits the facets.
    """
    if any(v.kind == "recipe" and len(v.values) > MAX_FLAT for v in variables):
        return ()
    if len(variables) == 1:
        return tuple(variables)
    wide = sorted(variables, key=lambda v: (not v.numeric, -len(v.values)))
    if len(wide[0].values) < 3:
        wide.sort(key=lambda v: -len(v.values))
    if len(wide) == 3:
        wide[1:] = sorted(wide[1:], key=lambda v: -len(v.values))
    if len(wide[1].values) > MAX_COLOURS:
        if len(wide) == 2 and len(wide[0].values) <= MAX_COLOURS:
            wide.reverse()
        else:
            return ()
    if len(wide) == 3 and len(wide[2].values) > MAX_FACETS:
        return ()
    bars = len(wide[0].values) * len(wide[1].values)
    return tuple(wide) if bars <= MAX_BARS else ()


def _price(drawn: Sequence[Variable], cells: int) -> float:
    room = 1
    for v in drawn:
        room *= len(v.values)
    return 2.0 * (1 - cells / max(room, 1)) if len(drawn) > 1 else 0.0
