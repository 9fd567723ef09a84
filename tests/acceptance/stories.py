"""Stage H, line 1: what people found in the studies, found again on digits with real numbers.

Norms: a light pruning that takes norms along ruins the model; sorted by change, the norms lead,
and restoring what leads helps.  Rare: accuracy stands while a class of few examples pays.  Rescue:
repair gives a pruned model back what it lost.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import engine
from dashboard.demo import MODELS
from dashboard.demo.digits_data import RARE, fit_arrays, judged_arrays
from engine import behaviors, layers
from engine.compress import Samples, samples
from tests.acceptance.line import Line, judged

LOSS = 0.10  # of accuracy, from which there is something to recover
BACK, CONTROL = 0.8, 0.5  # share of the loss that restoring the first layers, the last ones, gives
STANDS, PAYS = 0.03, 0.10  # of accuracy: what the whole, and what a rare class, lost
RESCUED = 0.9
DRAWS = 2000
NORMS = {"amount": 0.1, "scope": "local", "include_norms": True}


@dataclass(frozen=True, slots=True)
class Share:
    """A share, with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """In percent."""
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True, slots=True)
class Rescue:
    """A model that lost accuracy and got some of it back.

    Args:
        base, harmed, back: accuracies; recovered: share of the loss.
    """

    base: float
    harmed: float
    back: float
    recovered: Share


@dataclass(frozen=True, slots=True)
class Sorted:
    """Layers by change.

    Args:
        first: roles of the rows that lead, down to the first that is no norm; rows: of all.
        top, bottom: when as many rows from the top, or from the bottom, are restored.
    """

    first: tuple[str, ...]
    rows: int
    top: Rescue
    bottom: Rescue


@dataclass(frozen=True, slots=True)
class Rare:
    """A class that pays.

    Args:
        model: what was done; whole: change of accuracy; named: class that the findings name
            first, "" none; change: of that class; beyond: what it lost beyond the others.
    """

    model: str
    whole: Share
    named: str
    change: float
    beyond: Share


@dataclass(frozen=True, slots=True)
class Seen:
    """The three stories; alone: what restoring one layer gives of a model pruned layer by layer."""

    norms: Sorted
    alone: Mapping[str, float]
    rare: Rare
    repaired: Mapping[str, Rescue]


def measure() -> Seen:
    """Play them."""
    base = gzip.decompress(MODELS[0].path.read_bytes())
    fit, test = samples(base, fit_arrays()), samples(base, judged_arrays())
    before = behaviors.run_outputs(base, test)
    ruined = engine.run_operation(base, "prune", NORMS).model
    local = engine.run_operation(base, "prune", {"amount": 0.3, "scope": "local"}).model
    pruned = engine.run_operation(base, "prune", {"amount": 0.7}).model
    w4 = engine.run_operation(base, "quantize_weights", {"bits": "4"}).model
    repaired = {
        how: _rescue(before, pruned, engine.run_operation(pruned, how, {}, fit, base).model, test)
        for how in ("repair_norms", "repair_layers")
    }
    return Seen(
        _sorted(base, ruined, before, test), _alone(base, local, before, test),
        _rare("weights in 4 bits", w4, before, test), repaired,
    )  # fmt: skip


def judge(seen: Seen) -> tuple[Line, ...]:
    """Lines 1a to 1c."""
    norms, rare, top = seen.norms, seen.rare, seen.norms.top
    best = max(seen.alone, key=lambda n: seen.alone[n])
    place = list(seen.alone).index(best) + 1
    said = "rare in training" if rare.named in map(str, RARE) else "not rare in training"
    refit = seen.repaired["repair_layers"]
    loss = top.base - top.harmed
    return (
        judged("1a", "layers sorted by change lead to the culprit, and restoring it helps",
               f"{_percent(top.harmed)} of {_percent(top.base)}; the first {len(norms.first)} of "
               f"{norms.rows} rows are norms; with them restored {_percent(top.back)}: "
               f"{top.recovered} of the loss",
               f"norms lead, ≥ {BACK:.0%} of a loss ≥ {100 * LOSS:g} points, the interval above "
               f"{CONTROL:.0%}",
               bool(norms.first) and loss >= LOSS and top.recovered.value >= BACK
               and top.recovered.low > CONTROL > norms.bottom.recovered.value,
               (f"10 % of each tensor pruned, norms included. As many rows from the bottom of the "
                f"list give {norms.bottom.recovered} of the loss back.",
                f"It is no law: of a model pruned by 30 % layer by layer, the one layer that gives "
                f"most back alone, {best} ({100 * seen.alone[best]:+.1f} points), stands at place "
                f"{place} of {len(seen.alone)}; the first gives "
                f"{100 * next(iter(seen.alone.values())):+.1f} points.")),
        judged("1b", "a rare class pays while accuracy stands",
               f"all {_points(rare.whole)}, class {rare.named or 'none'} "
               f"{100 * rare.change:+.1f}, {_points(rare.beyond)} beyond the others",
               f"all ≥ −{100 * STANDS:g}, a rare class named that lost ≥ {100 * PAYS:g}, its "
               "interval above 0",
               rare.whole.value >= -STANDS and rare.named in map(str, RARE)
               and rare.change <= -PAYS and rare.beyond.low > 0,
               (f"{rare.model.capitalize()}. The class is {said}; the interval allows for ten "
                "classes looked at.",)),
        judged("1c", "repair rescues a pruned model",
               f"{_percent(refit.harmed)} of {_percent(refit.base)}; refitted "
               f"{_percent(refit.back)}: {refit.recovered} of the loss",
               f"≥ {RESCUED:.0%} of a loss ≥ {100 * LOSS:g} points, the interval above {BACK:.0%}",
               refit.base - refit.harmed >= LOSS and refit.recovered.value >= RESCUED
               and refit.recovered.low > BACK,
               ("70 % of the weights pruned. Norms measured anew: "
                f"{_percent(seen.repaired['repair_norms'].back)}, "
                f"{seen.repaired['repair_norms'].recovered} of the loss.",)),
    )  # fmt: skip


def _sorted(base: bytes, model: bytes, before: behaviors.Outputs, test: Samples) -> Sorted:
    """Sort by change, restore what leads, and for comparison what comes last."""
    modules = layers.tree([layers.compare_weights(base, m) for m in (base, model)])
    rows = [m for m in layers.shown(modules, by=1, key="relative", order="down", whole=True).rows
            if m.leaf and layers.figure(m, 1, "relative") > 0]  # fmt: skip
    lead = next((k for k, m in enumerate(rows) if m.role != "norm"), len(rows))
    restored = [
        _restored(model, base, [m.name for m in some])
        for some in (rows[:lead] or rows[:1], rows[-max(lead, 1) :])
    ]
    top, bottom = (_rescue(before, model, m, test) for m in restored)
    return Sorted(tuple(m.role for m in rows[:lead]), len(rows), top, bottom)


def _restored(model: bytes, base: bytes, names: Sequence[str]) -> bytes:
    values = {"role": "all", "only": tuple(names)}
    return engine.run_operation(model, "restore", values, None, base).model


def _alone(base: bytes, model: bytes, before: behaviors.Outputs, test: Samples) -> dict[str, float]:
    """Layers in the order of their change -> points that restoring one alone gives."""
    modules = layers.tree([layers.compare_weights(base, m) for m in (base, model)])
    rows = layers.shown(modules, by=1, key="relative", order="down", whole=True).rows
    names = [m.name for m in rows if m.leaf and layers.figure(m, 1, "relative") > 0]
    now = _right(before, model, test)[1].mean()
    return {
        n: float(_right(before, _restored(model, base, [n]), test)[1].mean() - now) for n in names
    }


def _right(
    before: behaviors.Outputs, model: bytes, test: Samples
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Which instances base and model call right."""
    after = behaviors.run_outputs(model, test)
    given = behaviors.matched(("base", before), [("model", after)])
    one, two = (s.values["correctness"].astype(np.float64) for s in given.sides)
    return one, two


def _rescue(before: behaviors.Outputs, harmed: bytes, back: bytes, test: Samples) -> Rescue:
    """Accuracies, and the share of the loss with an interval over draws of instances."""
    base, ill = _right(before, harmed, test)
    well = _right(before, back, test)[1]
    dice = np.random.default_rng(0)
    rows = [base, ill, well]
    seen = []
    for _ in range(DRAWS):
        at = dice.integers(0, len(base), len(base))
        b, i, w = (r[at].mean() for r in rows)
        seen.append((w - i) / (b - i) if b != i else np.nan)
    b, i, w = (float(r.mean()) for r in rows)
    low, high = np.nanquantile(seen, (0.025, 0.975))
    value = (w - i) / (b - i) if b != i else np.nan
    return Rescue(b, i, w, Share(value, float(low), float(high)))


def _rare(what: str, model: bytes, before: behaviors.Outputs, test: Samples) -> Rare:
    """The class that the findings name first."""
    after = behaviors.run_outputs(model, test)
    given = behaviors.matched(("base", before), [("model", after)])
    answer = behaviors.ask(given, behaviors.Question("correctness", relative=True))
    scale = answer.summary.values[0]  # what is shown is a share of the base's
    whole = Share(*(float(v[1] * scale) for v in (
        answer.summary.differences, answer.summary.low, answer.summary.high)))  # fmt: skip
    found = [f for f in behaviors.findings(given) if f.kind == "harmed"]
    if not found:
        return Rare(what, whole, "", 0.0, Share(0, 0, 0))
    lost, change = found[0].figures[:2]
    beyond = Share(lost.value, lost.low, lost.high)
    return Rare(what, whole, found[0].where[0], change.value, beyond)


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _points(share: Share) -> str:
    return f"{100 * share.value:+.1f} points ({100 * share.low:.1f} to {100 * share.high:.1f})"
