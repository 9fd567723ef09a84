"""Lines 1 and 3 of stage E: the original's files, what was recorded of them, natural selections."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine import experiments
from engine.experiments import Comparison, Experiment, compare, layout, pareto
from tests.acceptance.corpus import shared
from tests.acceptance.line import Line, NotRun, judged
from tests.engine.experiments import golden
from tests.engine.experiments.forests import generated

_CIFAR = "Base, Train, Prune, Train, Quantize, Prune, Train, Prune, Train, Prune, Train, Calibrate"
# columns by operation, columns by step, rows, models on the front of size and accuracy
FILES: dict[str, tuple[str, int, int, int | None]] = {
    "celeba_models.json": ("train, iterative magnitude prune", 2, 7, 5),
    "imagenet_models_userstudy_tutorial.json": (
        "train, quantize, magnitude prune, train, calibrate", 3, 3, None),
    golden.STUDY: ("train, quantize, magnitude prune, gradient prune, train, calibrate", 3, 13, 2),
    golden.CIFAR: (_CIFAR, 10, 36, 8),
}  # fmt: skip
DIRECT = 0.99  # of natural selections
_Ids = Callable[[Experiment], Sequence[str]]
# file, name, selection, raw variables (distinct values), variables of the chart; () no chart
RECORDED: tuple[tuple[str, str, _Ids, tuple[int, ...], tuple[int, ...]], ...] = (
    (golden.STUDY, "three prunes and their retrained",
     lambda _: golden.MAGNITUDE + golden.RETRAINED, (3, 2), (3, 2)),
    (golden.STUDY, "nine magnitude models", lambda _: golden.NINE, (3, 2, 2), (3, 3)),
    (golden.STUDY, "those and the root", lambda _: [*golden.NINE, golden.ROOT], (2, 4, 2, 2),
     (4, 3)),
    (golden.STUDY, "two kinds of prune", lambda _: golden.MAGNITUDE + golden.GRADIENT, (6,), (6,)),
    (golden.CIFAR, "nine first prunes", golden.first_prunes, (3, 3), (3, 3)),
    (golden.CIFAR, "the deepest chain", golden.deepest, (2,) * 9, (10,)),
    (golden.CIFAR, "descendants of one prune", lambda e: golden.below(e, golden.MAG70),
     (2, 2, 2, 3, 2, 2), ()),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """What one file gave: columns, steps, rows, front, and whether it came back equal."""

    name: str
    columns: str
    steps: int
    rows: int
    front: int
    back: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One recorded comparison as it is now, and what the default makes of it."""

    what: str
    raw: tuple[int, ...]
    chart: tuple[int, ...]
    wanted: tuple[tuple[int, ...], tuple[int, ...]]
    now: str


@dataclass(frozen=True, slots=True)
class Charts:
    """Views of natural selections, and of random ones by their size."""

    natural: Counter[str]
    picks: dict[int, Counter[str]]


def read(name: str) -> Experiment:
    path = shared() / "data" / "experiments" / name
    if not path.is_file():
        raise NotRun(f"{name} is not in the shared folder.")
    return experiments.loads(path.read_bytes(), name)


def measure() -> tuple[tuple[File, ...], tuple[Compared, ...]]:
    found = {name: read(name) for name in FILES}
    files = []
    for name, e in found.items():
        made = layout(e)
        raw = (shared() / "data" / "experiments" / name).read_bytes()
        files.append(File(
            name, ", ".join(c.title for c in made.columns), len(layout(e, "step").columns),
            made.lanes, len(pareto(e, ("Model Size", "Top-1 Accuracy")).rows),
            _canonical(experiments.dumps(e)) == _canonical(raw),
        ))  # fmt: skip
    compared = []
    for name, what, ids, *wanted in RECORDED:
        e = found[name]
        then, now = (compare(e, ids(e), compat=c) for c in (True, False))
        chart = _sizes(then.variables) if then.view != "none" else ()
        compared.append(Compared(what, _sizes(then.raw), chart, tuple(wanted), _words(now)))
    return tuple(files), tuple(compared)


def judge(seen: tuple[tuple[File, ...], tuple[Compared, ...]]) -> tuple[Line, ...]:
    files, compared = seen
    laid = sum(FILES[f.name][:3] == (f.columns, f.steps, f.rows) for f in files)
    fronts = [f for f in files if FILES[f.name][3] is not None]
    right = sum(FILES[f.name][3] == f.front for f in fronts)
    same = [c for c in compared if (c.raw, c.chart) == c.wanted]
    changed = [f"{c.what}: published {_shape(c.chart)}; default {c.now}" for c in compared]
    back = sum(f.back for f in files)
    return (
        judged("1a", "columns and rows of the map", f"{laid} of {len(files)} files equal",
               "all four", laid == len(files) == 4),
        judged("1b", "Pareto fronts", f"{right} of {len(fronts)} equal", "all three",
               right == len(fronts) == 3),
        judged("1c", "comparisons as published", f"{len(same)} of {len(compared)} equal",
               f"all {len(RECORDED)}", len(same) == len(RECORDED), changed),
        judged("1d", "round trip", f"{back} of {len(files)} equal after canonical JSON", "all four",
               back == len(files) == 4),
    )  # fmt: skip


def charts() -> Charts:
    natural: Counter[str] = Counter()
    picks: dict[int, Counter[str]] = {8: Counter(), 16: Counter()}
    made = [experiments.loads(json.dumps(generated(300, seed))) for seed in range(3)]
    for e in [*(read(name) for name in FILES), *made]:
        ids, draw = [m.id for m in e.models], random.Random(7)
        if e not in made:
            for selection in golden.natural(e):
                natural[compare(e, selection).view] += 1
        for size in picks:
            for _ in range(40 if len(ids) >= size else 0):
                found = compare(e, draw.sample(ids, size))
                picks[size][found.view if found.sentence else ""] += 1
    return Charts(natural, picks)


def drawn(seen: Charts) -> tuple[Line, ...]:
    total = seen.natural.total()
    direct = sum(seen.natural[v] for v in ("bars", "grouped", "replicates"))
    views = ("bars", "grouped", "replicates", "multiples", "table")
    bound = f"at least {DIRECT:.0%} (the original: 98.1 %)"
    met = total > 100 and direct >= DIRECT * total
    figure = f"{direct} of {total}, {direct / max(total, 1):.1%}"
    lines = [judged("3a", "natural selections chart directly", figure, bound, met)]
    for size, found in seen.picks.items():
        told = sum(found[v] for v in views)
        lines.append(judged(
            f"3{'b' if size == 8 else 'c'}", f"random picks of {size}",
            ", ".join(f"{n} {v or 'blank'}" for v, n in found.most_common()),
            "a chart or a stated fallback each", told == found.total() > 100,
        ))  # fmt: skip
    return tuple(lines)


def _canonical(data: bytes | str) -> str:
    return json.dumps(json.loads(data), sort_keys=True)


def _sizes(variables: Sequence[experiments.Variable]) -> tuple[int, ...]:
    return tuple(len(v.values) for v in variables)


def _shape(sizes: tuple[int, ...]) -> str:
    return " × ".join(map(str, sizes)) or "no chart"


def _words(made: Comparison) -> str:
    names = " × ".join(f"{v.name} ({len(v.values)})" for v in made.variables)
    return f"{made.view}, {names or made.sentence}"
