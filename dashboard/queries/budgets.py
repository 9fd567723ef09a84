"""Budgets of a model: kept, changed one at a time, and held against figures.

A budget has no id of its own: `key` is a digest of what it says, so that two windows that change
the same list never take one budget for another.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import engine
from engine.errors import EngineError
from engine.recipe import MAX_BUDGETS, Budget, Verdict
from engine.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model stands with its budgets.

    Args:
        met, missed, unknown: how many.
        sentences: one for each, the missed first; or why they cannot be read.
    """

    met: int
    missed: int
    unknown: int
    sentences: tuple[str, ...]

    @property
    def rank(self) -> float:
        """By which a list is sorted: the more that is missed the higher, then what is unknown."""
        return self.missed * (MAX_BUDGETS + 1) ** 2 + self.unknown * (MAX_BUDGETS + 1) - self.met


class Budgets:
    """The budgets of one app's models; threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writing = threading.Lock()

    def of(self, model_id: str) -> tuple[Budget, ...]:
        """The budgets of a model.

        Raises:
            EngineError: what is kept is of a later version.
        """
        return read(self._store.analyses.model_budgets().get(model_id, ""))

    def add(self, model_id: str, made: Sequence[Budget], was: str = "") -> tuple[Budget, ...]:
        """Put budgets on a model, in place of one or behind the others; returns all of them.

        Args:
            model_id: the model.
            made: budgets; those that it has already are not put twice.
            was: key of the budget that they replace, or "".

        Raises:
            EngineError: no such model, the budget to replace is gone, or too many.
        """
        with self._writing:
            now = list(self.of(model_id))
            place = len(now)
            if was:
                place = _place(now, was)
                del now[place]
            return self._keep(model_id, [*now[:place], *made, *now[place:]])

    def remove(self, model_id: str, was: str) -> tuple[Budget, ...]:
        """Take one budget away; one that is gone already is no fault."""
        with self._writing:
            return self._keep(model_id, [b for b in self.of(model_id) if key(b) != was])

    def replace(self, model_id: str, text: str) -> tuple[Budget, ...]:
        """Put the budgets of a JSON text in place of all.

        Raises:
            EngineError: the text holds no budgets, or no such model.
        """
        made = engine.read_budgets(text)
        with self._writing:
            return self._keep(model_id, made)

    def _keep(self, model_id: str, budgets: Iterable[Budget]) -> tuple[Budget, ...]:
        unique = tuple(dict.fromkeys(budgets))
        if len(unique) > MAX_BUDGETS:
            raise EngineError("too many budgets", expected=f"at most {MAX_BUDGETS} on a model")
        text = engine.write_budgets(unique) if unique else ""
        self._store.analyses.set_model_budgets(model_id, text)
        return unique


def standing(verdicts: Sequence[Verdict]) -> Standing:
    """Count verdicts."""
    ordered = sorted(verdicts, key=lambda v: {False: 0, None: 1, True: 2}[v.met])
    count = [v.met for v in verdicts]
    return Standing(
        count.count(True), count.count(False), count.count(None), tuple(v.sentence for v in ordered)
    )


@functools.lru_cache(maxsize=1024)
def read(text: str) -> tuple[Budget, ...]:
    """The budgets of a kept text; "" holds none.

    Raises:
        EngineError: it was written by a later version.
    """
    return engine.read_budgets(text) if text else ()


def key(budget: Budget) -> str:
    """What a page calls a budget: the same budget has the same key."""
    return hashlib.sha256(engine.write_budgets((budget,)).encode()).hexdigest()[:16]


def _place(budgets: Sequence[Budget], was: str) -> int:
    for place, budget in enumerate(budgets):
        if key(budget) == was:
            return place
    raise EngineError(
        "this budget is no longer there", try_this="adding it anew; another window changed the list"
    )
