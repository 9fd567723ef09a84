"""What moving one bound would buy: the staircase of the best reachable quality, for each bound."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from dashboard.figures.relaxation import Stairs
from dashboard.queries.experiment_answer import bounds_of
from dashboard.queries.experiment_words import quality_of, recipe_words, shown
from engine import experiments
from engine.experiments import Experiment

MOST_CURVES = 3
MOST_STEPS = 400


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
            f"{short(recipe_words(experiment, row))}<br>{how.text(at)}, {aim.text(best)}"
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


def short(name: str) -> str:
    """The end of a long name, safe in the markup of a Plotly tooltip."""
    return html.escape(name if len(name) <= 60 else f"…{name[-59:]}")
