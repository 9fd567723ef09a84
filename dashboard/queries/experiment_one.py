"""How one model stands: its room within each bound, and whether others beat it in the charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.components import count, significant
from dashboard.queries.experiment_answer import bounds_of
from dashboard.queries.experiment_words import recipe_words, shown
from dashboard.urls_experiment import CHARTS
from engine import experiments
from engine.experiments import Experiment


@dataclass(frozen=True, slots=True)
class Slack:
    """A bound and how a model meets it.

    Args:
        bound: in words, "Size at most 150 kB".
        room: "57.0 kB to spare", "missed by 4.10 kB", "unknown".
        met: None: nobody knows.
    """

    bound: str
    room: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model stands in one chart.

    Args:
        words: a sentence.
        better: a model that beats it, None: none does; its name follows in `better_name`.
    """

    words: str
    better: int | None
    better_name: str


def slack(experiment: Experiment, row: int, ask: Mapping[str, Any]) -> tuple[Slack, ...]:
    """The room of a model within every bound of the page.

    Raises:
        EngineError: the bounds contradict each other.
    """
    bounds = bounds_of(experiment, ask.get("where"))
    judged = experiments.feasible(experiment, bounds)
    specs = {m.name: m for m in experiment.metrics}
    told = []
    for k, b in enumerate(bounds):
        how = shown(specs[b.metric], experiment.frame[specs[b.metric].column].to_list())
        ends = [("at least", b.low), ("at most", b.high)]
        limits = " and ".join(f"{word} {how.text(v)}" for word, v in ends if v is not None)
        room = judged.slack[f"s{k}"][row]
        if room is None:
            told.append(Slack(f"{b.metric} {limits}", "unknown", None))
            continue
        size = how.text(abs(room))
        words = f"{size} to spare" if room >= 0 else f"missed by {size}"
        told.append(Slack(f"{b.metric} {limits}", words, room >= 0))
    return tuple(told)


def places(experiment: Experiment, row: int, ask: Mapping[str, Any]) -> tuple[Place, ...]:
    """Whether a model is on the front of each chart, among those that fit when it fits itself.

    Raises:
        EngineError: the bounds contradict each other.
    """
    specs = {m.column: m for m in experiment.metrics}
    bounds = bounds_of(experiment, ask.get("where"))
    passing = experiments.feasible(experiment, bounds).passing if bounds else ()
    among = passing if row in passing else None
    of = " of those that fit" if among is not None else ""
    charts, told = ask.get("charts"), []
    for pair in charts[:CHARTS] if isinstance(charts, list) else ():
        good = isinstance(pair, list) and len(pair) == 2 and all(isinstance(c, str) for c in pair)
        if not good or pair[0] not in specs or pair[1] not in specs or pair[0] == pair[1]:
            continue
        names = [specs[c].name for c in reversed(pair)]
        axes = " against ".join(names)
        if any(experiment.frame[c][row] is None for c in pair):
            told.append(Place(f"{axes}: a value is unknown.", None, ""))
            continue
        beaten = experiments.beaters(experiment, row, names, among=among)
        if not beaten:
            told.append(Place(f"{axes}: on the front, no model{of} beats it.", None, ""))
            continue
        front = experiments.pareto(experiment, names, among=among)
        near = front.models.filter(front.models["row"] == row)["distance"][0]
        first = next(r for r in front.rows if r in beaten)
        share = significant(100 * near, 2)
        words = f"{axes}: {count(len(beaten), 'model')}{of} {_beat(len(beaten))} it, "
        words += f"{share} % of the range from the front. One that beats it: "
        told.append(Place(words, first, recipe_words(experiment, first)))
    return tuple(told)


def _beat(number: int) -> str:
    return "beats" if number == 1 else "beat"
