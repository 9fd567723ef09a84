"""The targets: what kind of number each gives, and how far calibrated ones are from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import engine
from engine.compile import Compilation
from engine.cost import Calibration
from engine.execute import Validation
from engine.targets import Target


@dataclass(frozen=True, slots=True)
class Grade:
    """What kind of number a latency is.

    Args:
        kind: "modelled" or "calibrated".
        error: median |error| of whole networks that were left out, as a share; None modelled.
        words: one sentence on where the number comes from.
        here: whether it was calibrated on a machine and runtime like this one.
    """

    kind: str
    error: float | None
    words: str
    here: bool = True


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
    return _grade(made) if made else MODELLED


def _card(target: Target) -> TargetCard:
    made = engine.calibration(target.id)
    if made is None:
        return TargetCard(target, MODELLED, None, None, "")
    kept = engine.kept_validation(target.id)
    return TargetCard(target, _grade(made), made, *(kept or (None, "")))


def _grade(made: Calibration) -> Grade:
    facts = made.facts
    here = facts.get("kind") == engine.machine_id()
    where = f"{facts.get('machine', 'a machine')} on {facts.get('date', 'an unknown day')}"
    beside = "" if here else ", which is not this machine"
    words = (
        f"Calibrated by kernels measured on {where}{beside}. Networks that were left out were "
        f"predicted with a median error of {made.error:.1%}."
    )
    return Grade("calibrated", made.error, words, here)
