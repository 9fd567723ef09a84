"""What is known of the selected layer: its bars in large, its figures, where to go from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard.components import aria, count, percent
from dashboard.figures import layer_bars
from dashboard.ids import Layers, repeated
from dashboard.pages.layers.table import zeros
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.layer_rows import QUANTILES, about, figure, quantiles
from dashboard.queries.layers import Side
from dashboard.urls_behaviors import to_behaviors
from dashboard.urls_layers import LayersView
from engine.experiments import Experiment as Found
from engine.layers import KEYS, Module, Sums

TALL = 84  # px of the bars
SHOWN = 200  # tensors without a counterpart


def nothing() -> list[Any]:
    """No layer is selected."""
    return [html.P("Select a layer to see its bars in large, its figures, and the way to its task, "
                   "its line of code and the behaviors of these models.",
                   className="muted layers-hint")]  # fmt: skip


def details(view: LayersView, found: Found, ready: Sequence[Side], module: Module) -> list[Any]:
    """The pane of one row."""
    every = module.sums if view.bins == "layer" and module.leaf else module.whole
    top = layer_bars.scale(every)
    return [
        html.Div([html.H2(module.name), html.P(about(module), className="muted")],
                 className="layers-title"),
        html.Div(_ways(view, ready, module), className="run-tools"),
        *(_section(view, found, side.row, every[k], k == 0, top) for k, side in enumerate(ready)),
        _figures(found, ready, module),
        _quantiles(found, ready, module),
    ]  # fmt: skip


def _ways(view: LayersView, ready: Sequence[Side], module: Module) -> list[Any]:
    """To the task, its line of code, and what the models make of data."""
    base = view.base or 0
    behaviors = to_behaviors(view.experiment_id, (base, *(s.row for s in ready[1:])), base)
    return [
        html.Button("Task", className="button", id=repeated(Layers.TASK, "graph"),
                    title="The task that reads this, selected on the page of the base"),
        html.Button("Line of code", className="button", id=repeated(Layers.TASK, "code"),
                    title="The line of the source that this comes from"),
        dcc.Link("Behaviors", className="button",
                 href=behaviors,
                 title="What these models make of data, beside the base"),
    ]  # fmt: skip


def _section(
    view: LayersView, found: Found, row: int, sums: Sums | None, base: bool, top: float
) -> html.Section:
    name: list[Any] = [recipe_words(found, row)]
    if base:
        name += [" ", html.Span("base", className="badge")]
    return html.Section([html.H3(name), *_one(view, sums, base, top)], className="layers-one")


def _one(view: LayersView, sums: Sums | None, base: bool, top: float) -> list[Any]:
    if sums is None:
        return [html.P("This model has no such tensor.", className="muted")]
    if not sums.sound:
        return [html.P("Every number is NaN or infinite.", className="worse")]
    if view.show == "sparsity":
        return [zeros(sums, base)]
    told = layer_bars.stacks(sums, base, top)
    ends = [layer_bars.words(k, sums) for k in (1, len(sums.edges) - 1)]
    columns = [
        html.Div(
            [html.I(className=kind, style={"height": f"{share:.2f}%"}, title=words)
             for kind, share, words in column.parts],
            className="layers-column" + (" edge" if column.edge else "")
            + (" outside" if column.edge and column.parts else "")
            + (" cut" if column.cut else ""),
        )
        for column in told
    ]  # fmt: skip
    return [
        html.Div(columns, className="layers-large", style={"height": TALL}, role="img",
                 **aria(label=f"{count(sums.sound, 'number')} by value")),
        html.Div([html.Span(ends[0].split(" to ")[0]), html.Span(ends[1].split(" to ")[-1])],
                 className="legend-ends layers-ends"),
    ]  # fmt: skip


def _figures(found: Found, ready: Sequence[Side], module: Module) -> html.Table:
    heads = [html.Th(found.models[s.row].label, className="n", scope="col") for s in ready]
    lines = []
    for key, words in KEYS.items():
        cells = []
        for k in range(len(ready)):
            text, why = ("", "") if k == 0 and key not in ("sparsity", "change") else (
                figure(module, k, key))  # fmt: skip
            cells.append(html.Td(text, className="n figure", title=why or None))
        name = "Mean size; of a model, of its change" if key == "change" else words
        lines.append(html.Tr([html.Th(name, scope="row"), *cells]))
    sampled = [] if module.sampled >= 1 else [
        html.Caption(f"Of {percent(module.sampled)} of its numbers, evenly spaced")]  # fmt: skip
    return html.Table(
        [*sampled, html.Thead(html.Tr([html.Th("Figure"), *heads])), html.Tbody(lines)],
        className="compare-table",
    )


def _quantiles(found: Found, ready: Sequence[Side], module: Module) -> html.Table:
    lines = []
    for k, side in enumerate(ready):
        name = html.Th(found.models[side.row].label, scope="row")
        cells = [html.Td(v.replace("-", "−"), className="n figure")
                 for v in quantiles(module.sums[k])]  # fmt: skip
        lines.append(html.Tr([name, *cells]))
    heads = [html.Th(q, className="n", scope="col") for q in QUANTILES]
    return html.Table(
        [html.Thead(html.Tr([html.Th("Values below which lie"), *heads])), html.Tbody(lines)],
        className="compare-table",
    )


def unmatched(told: Sequence[tuple[str, list[str]]]) -> list[Any]:
    """Tensors without a counterpart, and what could not be read, of each model."""
    return [
        html.Details(
            [
                html.Summary(f"{label}: {count(len(lines), 'tensor')} not compared",
                             className="link"),
                html.Ul([html.Li(line) for line in lines[:SHOWN]]),
                *([html.P(f"and {len(lines) - SHOWN:,} more", className="muted")]
                  if len(lines) > SHOWN else []),
            ]
        )
        for label, lines in told
    ]  # fmt: skip
