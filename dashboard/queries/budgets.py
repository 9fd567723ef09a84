"""Budgets of a model: kept, changed one at a time, and held against figures.

They hold for every analysis of the model, save one that was given budgets of its own.  A budget
has no id: `key` is a digest of what it says, so that two windows that change the same list never
take one budget for another.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import engine
from dashboard.queries.model import Offer
from engine.errors import EngineError
from engine.recipe import MAX_BUDGETS, Budget, Verdict
from engine.recipe.model import Totals
from engine.store import AnalysisRow, Store


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


@dataclass(frozen=True, slots=True)
class Held:
    """The budgets that hold on a page.

    Args:
        budgets: in the order in which they were put.
        analysis: id of the analysis that has them for itself; "" when they are the model's.
        fault: why they cannot be read; "".
    """

    budgets: tuple[Budget, ...]
    analysis: str = ""
    fault: str = ""


class Budgets:
    """The budgets of one app's models; threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writing = threading.Lock()

    def held(self, model_id: str, analysis_id: str = "") -> Held:
        """What holds for a model, or for one of its analyses; never fails."""
        own = self._own(model_id, analysis_id)
        analysis = own.id if own else ""
        try:
            return Held(self._of(model_id, own), analysis)
        except EngineError as error:
            return Held((), analysis, error.sentence)

    def of(self, model_id: str, analysis_id: str = "") -> tuple[Budget, ...]:
        """The budgets of a model, or an analysis's own.

        Raises:
            EngineError: what is kept is of a later version.
        """
        return self._of(model_id, self._own(model_id, analysis_id))

    def verdicts(
        self, held: Held, totals: Totals, target: str, fps: float,
        presets: Mapping[str, Totals] | None = None,
    ) -> tuple[Verdict, ...]:  # fmt: skip
        """Each of them against figures; with presets the sentences say how near those come."""
        if not held.budgets:
            return ()
        return engine.judge(totals, held.budgets, engine.target(target), fps, presets)

    def standings(
        self, held: Held, offers: Sequence[Offer], target: str, fps: float
    ) -> dict[str, Standing]:
        """Preset id -> how it stands with them; nothing without budgets."""
        return {
            o.preset.id: standing(self.verdicts(held, o.totals, target, fps))
            for o in offers
            if held.budgets
        }

    def add(
        self, model_id: str, made: Sequence[Budget], was: str = "", analysis_id: str = ""
    ) -> tuple[Budget, ...]:
        """Put budgets on a model, in place of one or behind the others; returns all of them.

        Args:
            model_id: the model.
            made: budgets; those that it has already are not put twice.
            was: key of the budget that they replace, or "".
            analysis_id: the analysis in use; its own budgets change when it has some.

        Raises:
            EngineError: no such model, the budget to replace is gone, or too many.
        """
        with self._writing:
            now = list(self.of(model_id, analysis_id))
            place = len(now)
            if was:
                place = _place(now, was)
                del now[place]
            return self._keep(model_id, [*now[:place], *made, *now[place:]], analysis_id)

    def remove(self, model_id: str, was: str, analysis_id: str = "") -> tuple[Budget, ...]:
        """Take one budget away; one that is gone already is no fault."""
        with self._writing:
            left = [b for b in self.of(model_id, analysis_id) if key(b) != was]
            return self._keep(model_id, left, analysis_id)

    def replace(self, model_id: str, text: str, analysis_id: str = "") -> tuple[Budget, ...]:
        """Put the budgets of a JSON text in place of all.

        Raises:
            EngineError: the text holds no budgets, or no such model.
        """
        made = engine.read_budgets(text)
        with self._writing:
            return self._keep(model_id, made, analysis_id)

    def part(self, model_id: str, analysis_id: str, apart: bool) -> None:
        """Give an analysis a copy of the model's budgets for itself, or the model's again.

        Raises:
            EngineError: no such analysis.
        """
        with self._writing:
            text = engine.write_budgets(self.of(model_id)) if apart else ""
            self._store.analyses.set_budgets(analysis_id, text)

    def _own(self, model_id: str, analysis_id: str) -> AnalysisRow | None:
        """The analysis, when it is one of the model's that has budgets of its own."""
        if not analysis_id:
            return None
        try:
            row = self._store.analyses.get(analysis_id)
        except EngineError:
            return None
        return row if row.budgets and row.model_id == model_id else None

    def _of(self, model_id: str, own: AnalysisRow | None) -> tuple[Budget, ...]:
        return read(own.budgets if own else self._store.analyses.budgets_of(model_id))

    def _keep(
        self, model_id: str, budgets: Iterable[Budget], analysis_id: str
    ) -> tuple[Budget, ...]:
        unique = tuple(dict.fromkeys(budgets))
        if len(unique) > MAX_BUDGETS:
            raise EngineError("too many budgets", expected=f"at most {MAX_BUDGETS}")
        own = self._own(model_id, analysis_id)
        text = engine.write_budgets(unique)
        if own:  # an empty list of its own is still its own
            self._store.analyses.set_budgets(own.id, text)
        else:
            self._store.analyses.set_model_budgets(model_id, text if unique else "")
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
