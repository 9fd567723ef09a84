"""What moving one bound would buy: the staircase of the best reachable quality, for each bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.queries.experiment_answer import bounds_of
from dashboard.queries.experiment_words import quality_of, recipe_words, shown
from engine import experiments
from engine.experiments import Experiment

MOST_CURVES = 3
MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Stairs:
    """The steps of one bound, in page units, the tightest first.

    Args:
        x_title: of the bound; y_title: of the quality.
        upper: the bound is an upper one.
        limit: where it is now.
        at: limits from which the best is another one; best: that value, `rows` the models.
        texts: what a tooltip says of each step.
    """

    x_title: str
    y_title: str
    upper: bool
    limit: float
    at: tuple[float, ...]
    best: tuple[float, ...]
    rows: tuple[int, ...]
    texts: tuple[str, ...]


def curves(experiment: Experiment, ask: Mapping[str, Any]) -> tuple[Stairs, ...]:
    """A curve for each bound that is not on the quality itself, at most `MOST_CURVES`.

    Args:
        experiment: of the page.
        ask: {"where": [[column, side, value] …]}, from the browser.

    Raises:
        EngineError: the bounds contradict each other.
    """
    bounds, goal = bounds_of(experiment, ask.get("where")), quality_of(experiment)
    if goal is None:
        return ()
    aim = shown(goal, experiment.frame[goal.column].to_list())
    specs = {m.name: m for m in experiment.metrics}
    found = []
    for k, b in enumerate(bounds):
        if b.metric == goal.name:
            continue
        spec = specs[b.metric]
        steps = experiments.relaxation(experiment, bounds, k, goal.name).rows()[:MOST_STEPS]
        limit = b.high if b.high is not None else b.low
        if limit is None or not steps:
            continue
        how = shown(spec, experiment.frame[spec.column].to_list())
        side = "at most" if b.high is not None else "at least"
        texts = [
            f"{recipe_words(experiment, row)}: {how.text(at)}, {aim.text(best)}"
            for at, best, row in steps
        ]
        found.append(
            Stairs(
                x_title=f"{spec.name} {side}" + (f", {how.unit}" if how.unit else ""),
                y_title=f"Best {aim.header}",
                upper=b.high is not None,
                limit=limit * how.scale,
                at=tuple(at * how.scale for at, _, _ in steps),
                best=tuple(best * aim.scale for _, best, _ in steps),
                rows=tuple(row for _, _, row in steps),
                texts=tuple(texts),
            )
        )
    return tuple(found[:MOST_CURVES])
