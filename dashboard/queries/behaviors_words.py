"""Figures of behaviors as people read them: shares in percent, changes with a mark and a word."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboard.components import percent, significant
from engine.behaviors import Measure

SHARES = {"correctness", "error_rate", "true_confidence", "confidence", "margin", "calibration",
          "agreement"}  # fmt: skip
TURNS = {"correctness": ("now right", "now wrong"), "error_rate": ("now wrong", "now right")}
UNKNOWN = "not known"
SAME = 5e-7
LOPSIDED = 0.1  # of an interval by which its halves may differ and be told as one
NO_ENDS = (math.nan, math.nan)
SAME_SHARE = 5e-4  # what a tenth of a percent does not show
KINDS = {"labels": "Against the labels", "scores": "Of the predictions", "": "Of the outputs"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in the column of a model.

    Args:
        text: the figure; more: what stands small beside it.
        tone: "better", "worse", "muted" or "".
        value: that the bar shows; None: none.
        title: the whole of it in a sentence.
    """

    text: str
    more: str = ""
    tone: str = ""
    value: float | None = None
    title: str = ""


def value_text(measure: Measure, value: float) -> str:
    """A value; what is no number says so."""
    if math.isnan(value):
        return UNKNOWN
    if measure.kind in SHARES:
        return f"{'−' if value < 0 else ''}{abs(value) * 100:.1f} %"
    return f"{'−' if value < 0 else ''}{significant(abs(value))}"


def change_text(
    measure: Measure, change: float, group: bool, ends: tuple[float, float] = NO_ENDS
) -> str:
    """A change with its mark and its interval.

    Args:
        measure: what changed.
        change: by how much.
        group: of a class or the whole set, not of one instance.
        ends: of the 95 % interval; NaN none.
    """
    if math.isnan(change):
        return UNKNOWN
    if not group and measure.kind in TURNS:
        return "same" if not change else TURNS[measure.kind][change < 0]
    if _same(measure, change):
        return "same"
    size = abs(change)
    near, far = sorted(math.copysign(1, change) * end for end in ends)
    if measure.relative and group:
        return f"{_mark(change)} {_percents(size)}{_reach(size, near, far, _percents)} %"
    if measure.kind in SHARES:
        return f"{_mark(change)} {_points(size)}{_reach(size, near, far, _points)} points"
    return f"{_mark(change)} {significant(size)}{_reach(size, near, far, _plain)}"


def _mark(change: float) -> str:
    return "▲" if change > 0 else "▼"


def _reach(size: float, near: float, far: float, said: Callable[[float], str]) -> str:
    """An interval around a change: ± where it reaches about as far to both sides, else its ends."""
    if math.isnan(near) or far - near < SAME:
        return ""
    if abs((far - size) - (size - near)) <= LOPSIDED * (far - near):
        return f" ± {said(max(far - size, size - near))}"
    ends = [f"{'−' if v < 0 else ''}{said(abs(v))}" for v in (near, far)]
    return f" ({(' to ' if near < 0 else '–').join(ends)})"


def _points(value: float) -> str:
    return f"{value * 100:.1f}"


def _percents(value: float) -> str:
    return percent(value).removesuffix(" %")


def _plain(value: float) -> str:
    return significant(value, 2)


def tone_of(measure: Measure, change: float, low: float, high: float) -> str:
    """Better or worse, where the measure has a direction and chance does not explain it.

    Overconfidence, which calibration adds up, has none: of one instance less is underconfidence,
    and of a group its error has no interval.
    """
    better = "" if measure.how.bins else measure.how.better
    if not better or math.isnan(change) or _same(measure, change):
        return "" if not math.isnan(change) else "muted"
    if not math.isnan(low) and low <= 0 <= high:
        return ""
    return "better" if (change > 0) == (better == "higher") else "worse"


def cell(
    measure: Measure,
    relative: bool,
    figures: Sequence[float],
    base: bool,
    group: bool,
    why: str,
    together: int = 1,
) -> Cell:
    """The cell of a model.

    Args:
        measure: what is compared.
        relative: the change is the figure, not the value.
        figures: value, difference, low and high of its interval.
        base: of the base itself.
        group: of a class or the whole set.
        why: what is not known is not; a sentence.
        together: groups that the interval holds for at once.
    """
    value, change, low, high = figures
    compares = measure.how.value is None
    if compares:
        if base:
            return Cell("base", tone="muted", title="All others are compared with it")
        text = value_text(measure, change)
        said = why if text == UNKNOWN else _interval(measure, low, high, group, together)
        return Cell(text, "", "muted" if text == UNKNOWN else "", _sound(change), said)
    plain = value_text(measure, value)
    if base:
        title = why if plain == UNKNOWN else "The base"
        return Cell(plain, "", "muted" if plain == UNKNOWN or relative else "",
                    None if relative else _sound(value), title)  # fmt: skip
    moved, tone = (
        change_text(measure, change, group, (low, high)),
        tone_of(measure, change, low, high),
    )
    title = why if UNKNOWN in (plain, moved) else _interval(measure, low, high, group, together)
    if relative:
        return Cell(moved, plain, tone, _sound(change), title)
    return Cell(plain, moved, tone, _sound(value), title)


def _same(measure: Measure, change: float) -> bool:
    """A change that no digit would show."""
    return abs(change) < (SAME_SHARE if measure.kind in SHARES else SAME)


def _sound(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval(measure: Measure, low: float, high: float, group: bool, together: int) -> str:
    if math.isnan(low):
        return ""
    ends = " to ".join(change_text(measure, v, group) for v in (low, high))
    chance = "; chance may explain it" if low <= 0 <= high else ""
    held = f", for all {together:,} groups together" if together > 1 else ""
    return f"95 % interval of the change{held}: {ends}{chance}"
