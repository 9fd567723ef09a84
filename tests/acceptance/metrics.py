"""Stage H, line 4: every metric against its formula, and each defect of the original a test."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine import layers
from engine.behaviors.metrics import KINDS
from engine.layers.tree import Module
from tests.acceptance.corpus import ROOT
from tests.acceptance.defects import DEFECTS
from tests.acceptance.line import Line, judged
from tests.acceptance.metric_truth import DIFFERENCES, VALUES, layer_figures

ROUNDS, ROWS = 40, 25
CLOSE = 1e-9
OF_LAYERS = tuple(f"layers, {key}" for key in layers.KEYS)


@dataclass(frozen=True, slots=True)
class Checked:
    """One metric.

    Args:
        numbers: that were compared; off: the largest relative error of them.
        unknown: rows with something that is no number; shown: of them, those that became a number
            all the same, or spoiled another row.
    """

    numbers: int
    off: float
    unknown: int = 0
    shown: int = 0


def measure() -> dict[str, Checked]:
    """Every metric of behaviors on random rows, every figure of layers on random tensors."""
    return {kind: _behaviors(kind) for kind in KINDS} | _layers()


def judge(found: Mapping[str, Checked]) -> tuple[Line, ...]:
    """Lines 4a and 4b."""
    missing = sorted({*KINDS, *OF_LAYERS} - set(found))
    worst = max(found, key=lambda k: found[k].off)
    unknown = sum(c.unknown for c in found.values())
    shown = [k for k, c in found.items() if c.shown]
    numbers = sum(c.numbers for c in found.values())
    other = "here, but not asked" if importlib.util.find_spec("scipy") else "not here"
    return (
        judged("4a", f"{len(found)} metrics against numpy and exact sums",
               f"{numbers:,} numbers, off by {found[worst].off:.1e} at most ({worst})",
               f"≤ {CLOSE:g}, all metrics", not missing and found[worst].off <= CLOSE,
               (f"scipy is {other}.", *(f"{m} was not looked at." for m in missing))),
        judged("4b", "what is no number is never shown as one",
               f"{unknown:,} such rows, wrong in {len(shown)} metrics", "0",
               unknown > 0 and not shown, shown),
    )  # fmt: skip


def _behaviors(kind: str) -> Checked:
    how, value, difference = KINDS[kind], VALUES[kind], DIFFERENCES[kind]
    dice = np.random.default_rng(sorted(KINDS).index(kind))
    numbers = unknown = shown = 0
    off = 0.0
    for _ in range(ROUNDS):
        width = int(dice.integers(2, 12))
        m, b = dice.dirichlet(np.full(width, 0.5), (2, ROWS))
        if not how.needs and kind != "kl_divergence":  # any vectors, of any size
            m, b = (a * dice.normal(size=a.shape) * 10.0 ** dice.integers(-3, 4) for a in (m, b))
        y = dice.integers(0, width, ROWS)
        pairs = [(how.difference, difference), *([(how.value, value)] if how.value else [])]
        bad = dice.random(ROWS) < 0.2
        spoiled = np.where(bad[:, None] & (np.arange(width) == dice.integers(width)), np.nan, m)
        for ours, theirs in pairs:
            truth = np.array([theirs(*row) for row in zip(m.tolist(), b.tolist(), y, strict=True)])
            made = ours(m, b, y)
            size = np.maximum(np.abs(truth), 1e-3)
            off = max(off, float((np.abs(made - truth) / size).max()))
            numbers += truth.size
            if reads_all(kind):
                again = ours(spoiled, b, y)
                unknown += int(bad.sum())
                shown += int((np.isnan(again) != bad).sum())
                shown += int((again[~bad] != made[~bad]).sum())
    if (how.value is None) != (value is None):
        off = np.inf
    return Checked(numbers, off, unknown, shown)


def reads_all(kind: str) -> bool:
    """The metric looks at every number of a row, not at those of one class."""
    return "argmax" not in kind and kind != "true_confidence"


def _layers() -> dict[str, Checked]:
    dice, found = np.random.default_rng(7), {k: Checked(0, 0.0) for k in OF_LAYERS}
    for _ in range(ROUNDS):
        n = int(dice.integers(20, 3000))
        b = dice.normal(size=n) * 10.0 ** dice.integers(-6, 6)
        x = b * dice.normal(1, 0.5, size=n)
        x[dice.random(n) < 0.3], b[dice.random(n) < 0.1] = 0, 0
        bad = dice.random(n) < 0.05
        spoiled = np.where(bad, dice.choice([np.nan, np.inf, -np.inf], n), x)
        for some, lost in ((x, 0), (spoiled, int(bad.sum()))):
            cut, edges = n // 3, layers.edges_of(b)
            sums = layers.sums(some[:cut], b[:cut], edges) + layers.sums(some[cut:], b[cut:], edges)
            module = Module("m", "", True, "weight", n, 1, (sums, sums), (sums, sums))
            for key, truth in layer_figures(some, b).items():
                made = layers.figure(module, 1, key)
                old = found[f"layers, {key}"]
                found[f"layers, {key}"] = Checked(
                    old.numbers + 1, max(old.off, abs(made - truth) / max(abs(truth), 1e-3)),
                    old.unknown + lost, old.shown + abs(sums.bad - lost))  # fmt: skip
    return found


def run_defects() -> dict[str, bool]:
    """Defect -> the tests that would catch it pass."""
    names = sorted({t for defect in DEFECTS for t in defect.tests})
    files = sorted({n.split("::")[0] for n in names if (ROOT / n.split("::")[0]).is_file()})
    wanted = " or ".join(sorted({n.split("::")[1] for n in names}))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-n", "0", "-p", "no:randomly", *files,
         "-k", wanted], cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    state = re.findall(
        r"^(PASSED|FAILED|ERROR|SKIPPED) (\S+?)(?:\[.*)?(?: - .*)?$", done.stdout, re.M
    )
    passed = {n for word, n in state if word == "PASSED"}
    passed -= {n for word, n in state if word != "PASSED"}
    return {d.id: set(d.tests) <= passed for d in DEFECTS}


def judge_defects(found: Mapping[str, bool]) -> tuple[Line, ...]:
    """Line 4c."""
    caught = sum(found.values())
    notes = [
        f"{d.id} {'caught' if found.get(d.id) else 'NOT CAUGHT'}: {d.words} "
        f"({', '.join(t.split('::')[1] for t in d.tests) or 'no test'})"
        for d in DEFECTS
    ]
    met = bool(DEFECTS) and all(found.get(d.id) and d.tests for d in DEFECTS)
    return (judged("4c", "defects of the original that a test would catch",
                   f"{caught} of {len(DEFECTS)}", "all", met, notes),)  # fmt: skip
