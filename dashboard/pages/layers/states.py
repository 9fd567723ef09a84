"""What stands where the table is not yet: nothing chosen, nothing loaded, loading, failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import aria, count, percent
from dashboard.ids import Layers
from dashboard.queries.layers import GOING, Side
from dashboard.urls_layers import LayersView
from engine.experiments import Experiment as Found

WHAT = {"sparsity": "The zeros", "weights": "The weights", "activations": "The activations"}


def instead(view: LayersView, found: Found, sides: Sequence[Side]) -> Any:
    """What stands in the place of the table."""
    if not view.models:
        return _empty(
            "Choose a model to compare with the base",
            "Its layers will stand here beside those of the base: how many zeros, how far the "
            "weights moved, what the layers make of samples.",
        )
    bad = [s for s in sides if s.state in ("none", "failed")]
    if bad and len(bad) >= len(sides) - 1:
        why = dict.fromkeys(f"{found.models[s.row].label}: {s.words}" for s in bad)
        return _empty("These models cannot be compared", *why)
    if any(s.state in GOING for s in sides):
        return [html.Div(className="bone layers-bone") for _ in range(8)]
    words = WHAT[view.show]
    wanted = sum(s.state == "missing" for s in sides)
    return _empty(
        f"{words} of {count(wanted, 'model')} are not compared yet",
        "A job makes the files that are not there yet, from the recipe of each model, and compares "
        "them layer by layer. It goes on when you leave the page, and is done once.",
    )


def _empty(title: str, *sentences: str) -> html.Div:
    return html.Div([html.H1(title), *map(html.P, sentences)], className="empty")


def status(found: Found, sides: Sequence[Side]) -> list[Any]:
    """What is wrong, how far the job is, and the buttons that load what is missing or stop it."""
    wanted = [s for s in sides if s.state in ("missing", "failed")]
    going = [s for s in sides if s.state in GOING]
    again = any(s.state == "failed" for s in wanted)
    text = f"{'Try again' if again else 'Load'}: {count(len(wanted), 'model')}"
    return [
        *(
            html.Span(f"{found.models[side.row].label}: {side.words}",
                      className="worse layers-fault", title=side.words)
            for side in sides
            if side.state in ("none", "failed")
        ),
        *([_progress(sides)] if going else []),
        html.Button(text, id=Layers.LOAD, className="button primary", hidden=not wanted),
        html.Button("Cancel", id=Layers.CANCEL, className="button", hidden=not going),
    ]  # fmt: skip


def _progress(sides: Sequence[Side]) -> html.Div:
    """A bar for all of the job, and what it does now."""
    asked = [s for s in sides if s.state != "none"]
    share = sum(s.share for s in asked) / max(1, len(asked))
    words = next((s.words for s in sides if s.state == "running" and s.words), "waits for its turn")
    return html.Div(
        [
            html.Div(
                html.Div(style={"width": f"{100 * share:.0f}%"}), className="job-bar",
                role="progressbar",
                **aria(valuenow=f"{100 * share:.0f}", valuemin="0", valuemax="100",
                       label="Comparing layers"),
            ),
            html.Span(f"{percent(share)} · {words}", className="muted"),
        ],
        className="layers-progress",
    )  # fmt: skip
