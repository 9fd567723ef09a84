"""A line of a stage's acceptance: what was asked, the figure, the bound, the verdict.

A verdict is a comparison of figure and bound and nothing else: a note may explain a line that is
not met, and it stays not met.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

MET, NOT_MET, NOT_RUN = "MET", "NOT MET", "NOT RUN"


class NotRun(Exception):
    """What a measurement says when its input is not here."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the acceptance table.

    Args:
        id: "3b": line of the issue, and a letter when it has several bounds.
        what: what was asked.
        figure: what was measured, with its unit.
        bound: what it is held to.
        verdict: MET, NOT MET or NOT RUN.
        notes: details and explanations, one a row below the line.
    """

    id: str
    what: str
    figure: str
    bound: str
    verdict: str
    notes: tuple[str, ...] = ()


def judged(
    id: str, what: str, figure: str, bound: str, met: bool, notes: Iterable[str] = ()
) -> Line:
    """A line that was measured."""
    return Line(id, what, figure, bound, MET if met else NOT_MET, tuple(notes))


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the issue: how it is measured, and how the measurement is judged.

    The two are apart so that a test can hand `judge` a planted fault.
    """

    id: str
    what: str
    measure: Callable[[], Any]
    judge: Callable[[Any], tuple[Line, ...]]

    def run(self) -> tuple[Line, ...]:
        """Measure and judge; NOT RUN when the input is missing, NOT MET when measuring fails."""
        try:
            measured = self.measure()
        except NotRun as reason:
            return (Line(self.id, self.what, "", "", NOT_RUN, (str(reason),)),)
        except Exception as error:  # then what was asked cannot be shown
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            return (Line(self.id, self.what, "not measured", "", NOT_MET, (why,)),)
        return self.judge(measured)


def table(lines: Iterable[Line]) -> str:
    """The lines as text: one row each, notes below."""
    rows = []
    for line in lines:
        rows.append(f"{line.id:<4}{line.verdict:<9}{line.what}")
        if line.figure:
            rows.append(f"{'':13}{line.figure}   (bound: {line.bound})")
        for note in line.notes:
            rows += textwrap.wrap(note, 118, initial_indent=" " * 13, subsequent_indent=" " * 17)
    return "\n".join(rows)


def exit_status(lines: Iterable[Line]) -> int:
    """0 when nothing is NOT MET."""
    return int(any(line.verdict == NOT_MET for line in lines))
