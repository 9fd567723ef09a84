"""Guard rails on behaviors: what compression harmed, with figures, a sentence and a remedy.

A class is harmed out of proportion when it lost more than the other instances did, by more than
chance explains.  Chance: the changes are dealt anew to the instances, and the greatest loss of any
class is what one class's loss is held against (Westfall and Young, 1993), so that looking at many
classes raises no more alarms than looking at one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from engine.behaviors.matched import Matched
from engine.behaviors.metrics import Floats
from engine.compress import Figure

LEVEL = 0.05  # share of sets without harm that raise an alarm
TIMES = 1.5  # what a class lost, against what the others did, from which it is out of proportion
MOST = 3  # classes that are named
LEAST = 0.02  # points more than the others lost, below which a loss is not worth a word
DEAD = 0.1  # spread of predictions, as a share of the base's, below which a model is dead
RUINED = 0.5  # share of the base's right answers that a model keeps, below which it is ruined
LEAST_INSTANCES = 5  # of a class of which something is said
FEW = 20  # instances below which nothing is said of a model
_DRAWS, _WORK = (200, 1000), 20_000_000  # least and most draws; numbers that are dealt at most
_SEED = 0

Kind = Literal["dead", "flattened", "small", "ranges", "collapsed", "ruined", "harmed"]
OF_BEHAVIORS = ("collapsed", "ruined", "harmed")  # the others are of layers


@dataclass(frozen=True, slots=True)
class Remedy:
    """An operation that may help.

    Args:
        operation: id of one of `engine.compress.operations`.
        values: its parameters, where they are not the usual ones.
        start: "model": run it on the model; "before": run what made the model anew, on what it
            was made from, with these values besides; `operation` says which one that must be,
            "" where any will do; "behind": run it on what the operation `behind` made, and do the
            steps from there to the model again.
        words: what it does, for a button.
        why: what speaks for it, a sentence.
        then: further operations with their values, one after the other, at the end.
        behind: see `start`.
    """

    operation: str
    values: Mapping[str, Any]
    start: Literal["model", "before", "behind"]
    words: str
    why: str = ""
    then: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that compression did to a model and that it should not.

    Args:
        kind: "dead" channels, "flattened" norms, over-pruned "small" layers, "ranges" that differ
            at a sum, a "collapsed" model, one "ruined" in all classes, a class "harmed" out of
            proportion.
        where: names of tensors or nodes, or of the class, worst first; () for the whole model.
        figures: of the worst of them, with intervals where there are some (NaN where not).
        sentence: what was found, in plain words.
        remedy: None where no operation would help; second: another one, where there is one.
        each: name in `where` -> its own figure, that of `figures[0]`.
    """

    kind: Kind
    where: tuple[str, ...]
    figures: tuple[Figure, ...]
    sentence: str
    remedy: Remedy | None = None
    each: Mapping[str, float] = field(default_factory=dict)
    second: Remedy | None = None


def amount(label: str, value: float, unit: str = "", low: float = np.nan, high: float = np.nan
           ) -> Figure:  # fmt: skip
    """A figure, without an interval unless one is given."""
    return Figure(label, float(value), float(low), float(high), unit)


def findings(given: Matched, model: int = 1, most: int = MOST) -> tuple[Finding, ...]:
    """What stands out in what a model makes of instances, beside its base.

    Args:
        given: models.
        model: place of it, from 1.
        most: classes that are named.
    """
    found = _collapsed(given, model)
    if found:
        return (found,)
    return (*_ruined(given, model), *_harmed(given, model)[:most])


def unjudged(given: Matched, model: int = 1) -> str:
    """Why nothing can be found in what a model makes; "" where something could be.

    Args:
        given: models.
        model: place of it, from 1.
    """
    gains = _gains(given, model)
    known = 0 if gains is None else int((~np.isnan(gains)).sum())
    both = (given.sides[0].said >= 0) & (given.sides[model].said >= 0)
    count = max(known, int(both.sum()))
    if not count:
        return "nothing can be told without predicted classes or targets"
    few = f"nothing can be told of {count} instances, it takes {FEW}"
    return few if count < FEW else ""


def _collapsed(given: Matched, model: int) -> Finding | None:
    before, after = given.sides[0].said, given.sides[model].said
    both = (before >= 0) & (after >= 0)
    count = int(both.sum())
    if count < FEW:
        return None
    shares = [np.bincount(s[both], minlength=len(given.words)) / count for s in (before, after)]
    spread, now = (_bits(s) for s in shares)
    if not spread or now >= DEAD * spread:
        return None
    most = int(np.argmax(shares[1]))
    share, was = shares[1][most], shares[0][most]
    return Finding(
        "collapsed", (),
        (amount("Share of its commonest prediction", share, "share"),
         amount("The same of the base", was, "share"),
         amount("Spread of predictions", now, "bits"),
         amount("Spread of the base's", spread, "bits")),
        f"The model has collapsed: it says {given.words[most]!r} to {share:.0%} of {count:,} "
        f"instances; its base says that to {was:.0%}.",
    )  # fmt: skip


def _ruined(given: Matched, model: int) -> tuple[Finding, ...]:
    """Most of what the base got right is lost, whichever class it is of."""
    kind = "correctness"
    if kind not in {m.id for m in given.measures}:
        return ()
    after, change = (s[kind] for s in (given.sides[model].values, given.sides[model].differences))
    known = ~(np.isnan(after) | np.isnan(change))
    count = int(known.sum())
    if count < FEW:
        return ()
    now = float(after[known].mean())
    was = now - float(change[known].mean())
    if now >= RUINED * was:
        return ()
    return (
        Finding(
            "ruined", (),
            (amount("Share of right answers", now, "share"),
             amount("The same of the base", was, "share")),
            f"The model has lost most of what it knew: {now:.1%} of {count:,} instances are right; "
            f"of its base {was:.1%} are.",
        ),
    )  # fmt: skip


def _bits(shares: Floats) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log2(some)).sum())


def _gains(given: Matched, model: int) -> Floats | None:
    """How much better each instance became, [instances]; None where nothing says what is right."""
    known = {m.id: m for m in given.measures}
    if "correctness" in known:
        return given.sides[model].differences["correctness"].astype(np.float64)
    if "error_difference" in known:
        return -given.sides[model].differences["error_difference"].astype(np.float64)
    return None


def _harmed(given: Matched, model: int) -> tuple[Finding, ...]:
    gains = _gains(given, model)
    if gains is None:
        return ()
    good = np.flatnonzero(~np.isnan(gains))
    there = ~np.isnan(gains[given.member])
    groups, of = np.unique(given.of[there], return_inverse=True)
    place = np.cumsum(~np.isnan(gains)) - 1
    member, d = place[given.member[there]], gains[good]
    total, size = len(d), np.bincount(of, minlength=len(groups))
    looked = np.flatnonzero((size > 0) & (size < total))
    if total < FEW or not len(looked) or not d.any():
        return ()
    scale = np.sqrt(1 / size[looked] + 1 / (total - size[looked]))

    def lost(some: Floats) -> Floats:
        """How much more each group lost than the others, [groups looked at]."""
        inside = np.bincount(of, some[member], len(groups))[looked]
        outside = some.sum() - inside
        return outside / (total - size[looked]) - inside / size[looked]

    more = lost(d)
    z = NormalDist().inv_cdf(1 - LEVEL / 2 / len(looked))
    points = "correctness" in given.sides[model].differences
    found, bound = [], None
    for k in np.argsort(-more / scale, kind="stable").tolist():
        mine = np.zeros(total, bool)
        mine[member[of == looked[k]]] = True
        change = float(d[mine].mean())
        low, high = _interval(d, mine, z)
        little = size[looked[k]] < LEAST_INSTANCES or (points and more[k] < LEAST)
        if little or not low > 0 or -change < TIMES * -float(d[~mine].mean()):
            continue
        if bound is None:  # the draws take the most time, and few models need them
            bound = _chance(lambda some: float((lost(some) / scale).max()), d)
        if more[k] / scale[k] > bound:
            found.append(
                _harm(given.words[int(groups[looked[k]])], int(size[looked[k]]), change,
                      float(d.mean()), (float(more[k]), low, high), points, len(looked))
            )  # fmt: skip
    return tuple(found)


def _chance(greatest: Callable[[Floats], float], d: Floats) -> float:
    """What the greatest loss of a group, as `greatest` reckons it, exceeds by chance in 5 %."""
    random = np.random.default_rng(_SEED)
    draws = int(np.clip(_WORK // len(d), *_DRAWS))
    seen = sorted(greatest(random.permutation(d)) for _ in range(draws))
    return seen[int(np.ceil((1 - LEVEL) * draws)) - 1]


def _interval(d: Floats, mine: Any, z: float) -> tuple[float, float]:
    """Interval of how much more a group lost, by the spread of both parts (Welch)."""
    inside, outside = d[mine], d[~mine]
    spread = [np.var(s, ddof=1) / len(s) if len(s) > 1 else np.nan for s in (inside, outside)]
    half = z * float(np.sqrt(sum(spread)))
    more = float(outside.mean() - inside.mean())
    return more - half, more + half


def _harm(
    name: str, count: int, change: float, whole: float, more: tuple[float, float, float],
    points: bool, looked: int,
) -> Finding:  # fmt: skip
    unit, scale = ("points", 100) if points else ("", 1)
    word = " points" if points else ""
    value, low, high = more

    def said(x: float) -> str:
        return f"{abs(scale * x):.3g}{word}"

    moved = "lost" if whole < 0 else "gained"
    what = "correctness" if points else "accuracy of its numbers"
    return Finding(
        "harmed", (name,),
        (amount("Lost beyond the others", value, unit, low, high),
         amount("Change of the class", change, unit),
         amount("Change of all instances", whole, unit)),
        f"Class {name!r} pays: its {count:,} instances lost {said(change)} of {what}, all "
        f"instances together {moved} {said(whole)}. That is {said(value)} more than the others "
        f"lost, {scale * low:.3g} to {scale * high:.3g} with {looked} classes looked at.",
        each={name: value},
    )  # fmt: skip
