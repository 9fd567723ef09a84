"""The targets: what kind of number each gives, and how far calibrated ones are from the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import engine
from dashboard.components import count, percent
from engine.compile import Compilation
from engine.cost import Calibration
from engine.execute import Validation
from engine.targets import Target


@dataclass(frozen=True, slots=True)
class Grade:
    """What kind of number a latency is.

    Args:
        kind: "modelled" or "calibrated".
        error: the larger median |error|: of whole networks that were left out, and of real models
            in the last validation; as a share.  None: modelled.
        words: one sentence on where the number comes from.
        here: whether it was calibrated on a machine and runtime like this one.
        digits: significant digits that it can be right in.
    """

    kind: str
    error: float | None
    words: str
    here: bool = True
    digits: int = 3

    @property
    def label(self) -> str:
        """The kind with its error: "calibrated ± 4.2 %"."""
        error = f" ± {percent(self.error)}" if self.error is not None else ""
        return f"{self.kind}{error}{'' if self.here else ' elsewhere'}"


EXACT = 0.01  # share; a number with a larger error is shown with two digits
MODELLED = Grade("modelled", None, "Computed from the target's data sheet; not measured")


@dataclass(frozen=True, slots=True)
class TargetCard:
    """A target as the list shows it: with its last validation and the date of that."""

    target: Target
    grade: Grade
    calibration: Calibration | None
    validation: Validation | None
    validated: str


def cards() -> tuple[TargetCard, ...]:
    """Every target, calibrated ones first."""
    found = [_card(target) for target in engine.targets()]
    return tuple(sorted(found, key=lambda card: card.grade.kind != "calibrated"))


def grade(compilation: Compilation) -> Grade:
    """The kind of the latencies of a compiled model."""
    if compilation.kernels is None:
        return MODELLED
    made = engine.calibration(compilation.target)
    return _grade(made, _validated(compilation.target)[0]) if made else MODELLED


def changed(found: Grade) -> Grade:
    """The kind of a latency under rules: what they change follows from a data sheet."""
    if found.kind != "calibrated":
        return found
    words = f"The baseline is calibrated; what rules change is modelled from there. {found.words}"
    return replace(found, kind="modelled", error=None, words=words)


def _card(target: Target) -> TargetCard:
    made = engine.calibration(target.id)
    if made is None:
        return TargetCard(target, MODELLED, None, None, "")
    done, date = _validated(target.id)
    return TargetCard(target, _grade(made, done), made, done, date)


def _validated(target: str) -> tuple[Validation | None, str]:
    return engine.kept_validation(target) or (None, "")


def _grade(made: Calibration, done: Validation | None) -> Grade:
    """The kind of a calibrated number; a validation counts when it was on the same machine."""
    facts = made.facts
    here = facts.get("kind") == engine.machine_id()
    where = f"{facts.get('machine', 'a machine')} on {facts.get('date', 'an unknown day')}"
    beside = "" if here else ", which is not this machine"
    words = (
        f"Calibrated by kernels measured on {where}{beside}. Networks that were left out were "
        f"predicted with a median error of {percent(made.error)}"
    )
    error = made.error
    real = done.summary.get("median_error") if done else None
    if done is None or real is None or done.machine != facts.get("machine"):
        words += "; no real models were measured beside it on that machine."
    else:
        error = max(error, real)
        words += f", {count(done.summary['counted'], 'real model')} with one of {percent(real)}."
    return Grade("calibrated", error, words, here, 2 if error > EXACT else 3)
