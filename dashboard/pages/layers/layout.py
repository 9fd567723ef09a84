"""The layout of the page Layers: models, what is shown of them, table, details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components import aria, choice, data, field
from dashboard.figures.layer_bars import RANGES
from dashboard.ids import Experiment, Layers, repeated
from dashboard.queries import services
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.layer_rows import SHORT, key_of
from dashboard.queries.layers import complete
from dashboard.shell import header, not_found
from dashboard.urls_experiment import EXPERIMENTS, ExperimentView
from dashboard.urls_experiment import build as experiment_address
from dashboard.urls_layers import MOST, LayersView, from_query, left_out
from engine.errors import EngineError
from engine.experiments import Experiment as Found
from engine.store import ExperimentRow

SHOWS = {"sparsity": "Sparsity", "weights": "Weight changes", "activations": "Activations"}
BINS = {"layer": "each layer", "all": "all layers"}
POLL_MS = 700
NAMED = 5  # models that a sentence names
KEYS = (
    "Layers. Up and down move between rows, right unfolds a module or goes into it, left folds it "
    "or goes to the one around it, Enter selects."
)


def layout(experiment_id: str = "", **query: str) -> html.Div:
    """The page at an address; an experiment that is not there gets a sentence and the way back."""
    view = from_query(experiment_id, query)
    try:
        row, found = services().experiments.get(view.experiment_id)
    except EngineError:
        return not_found()
    return page(complete(found, view), row, found, _left_out(query, found))


def _left_out(query: Mapping[str, str], found: Found) -> list[str]:
    """Sentences on models that the address names and the page does not show."""
    gone, more = left_out(query, len(found.models))
    told = []
    if gone:
        names = ", ".join(gone[:NAMED]) + (f" and {len(gone) - NAMED:,} more" * (len(gone) > NAMED))
        told.append(f"The address names models that are not in this experiment: {names}.")
    if more:
        told.append(f"{MOST} models at most stand beside the base: {more:,} more are left out.")
    return told


def page(
    view: LayersView, row: ExperimentRow, found: Found, told: Sequence[str] = ()
) -> html.Div:  # fmt: skip
    """The page of a complete view.

    Args:
        view: of `complete`.
        row: of the experiment.
        found: its models.
        told: sentences on what the address names and is not shown.
    """
    selected = tuple(sorted({*view.models, *(() if view.base is None else (view.base,))}))
    back = experiment_address(ExperimentView(experiment_id=row.id, selection=selected))
    picked = {"name": view.layer} if view.layer else None
    return html.Div(
        [
            dcc.Store(Experiment.KEY, data=row.id),
            dcc.Store(Layers.ASK, data=asdict(view)),
            dcc.Store(Layers.PICKED, data=picked),
            dcc.Store(Layers.TURN),
            dcc.Store(Layers.ADDRESS),
            dcc.Store(Layers.LOADED),
            dcc.Store(Layers.REMEDIED),
            dcc.Interval(Layers.POLL, interval=POLL_MS, disabled=True),
            dcc.Location(id=Layers.GO, refresh="callback-nav"),
            dcc.Location(id=Layers.OPENED, refresh="callback-nav"),
            header([("Experiments", EXPERIMENTS), (row.name, back), ("Layers", "")]),
            _models(view, found),
            *(html.Div(html.Span(text, className="worse"), className="bar layers-models",
                       role="status") for text in told),
            _tools(view),
            html.Div(
                [
                    html.Section(
                        [
                            html.Div(
                                [html.Div(id=Layers.NOTE, className="layers-note",
                                          **aria(live="polite")),
                                 html.Span(className="spring"),
                                 html.Div(id=Layers.STATUS, className="layers-note"),
                                 html.Div(id=Layers.PAGES, className="layers-note")],
                                className="bar",
                            ),
                            html.Div(_bones(), id=Layers.TABLE, className="layers-table",
                                     **aria(label=KEYS)),
                        ],
                        className="pane",
                    ),
                    html.Aside(
                        [
                            html.Div(id=Layers.DETAILS, className="layers-details"),
                            html.Div(id=Layers.FINDINGS, className="findings layers-findings"),
                            html.Div(id=Layers.UNMATCHED, className="layers-unmatched"),
                        ],
                        className="pane layers-aside", **aria(label="The selected layer"),
                    ),
                ],
                className="layers-docks",
            ),
        ],
        id=Layers.PAGE,
        className="page layers-page",
    )  # fmt: skip


def _bones() -> list[Any]:
    return [html.Div(className="bone layers-bone") for _ in range(8)]


def _models(view: LayersView, found: Found) -> html.Div:
    """The models: the base, those beside it, another."""
    base = view.base
    options = [{"value": str(m.row), "label": recipe_words(found, m.row)} for m in found.models]
    chips = [
        html.Span(
            [
                html.Span(recipe_words(found, at), className="layers-chip-name",
                          title=found.models[at].id),
                html.Button("×", className="icon", id=repeated(Layers.DROP, str(at)),
                            title=f"Leave {found.models[at].label} out"),
            ],
            className="layers-chip",
        )
        for at in view.models
    ]  # fmt: skip
    rest = [o for o in options if int(o["value"]) not in {base, *view.models}]
    full = len(view.models) >= MOST
    return html.Div(
        [
            field("Base", _select(Layers.BASE, options, None if base is None else str(base),
                                  "Base that all are compared with", "")),
            html.Span("beside it", className="muted"),
            *chips,
            _select(Layers.ADD, rest, None, "Add a model", f"{MOST} models at most" if full
                    else "Add a model…", disabled=full or not rest),
        ],
        className="bar layers-models", role="group", **aria(label="Models"),
    )  # fmt: skip


def _select(
    id: Layers, options: list[dict[str, str]], value: str | None, label: str, placeholder: str,
    disabled: bool = False,
) -> dmc.Select:  # fmt: skip
    return dmc.Select(
        id=id, data=options, value=value, allowDeselect=False, searchable=True, size="xs", w=220,
        limit=200, placeholder=placeholder, disabled=disabled, nothingFoundMessage="No such model",
        comboboxProps={"width": 320, "position": "bottom-start"}, **aria(label=label),
    )  # fmt: skip


def _tools(view: LayersView) -> html.Div:
    """What is shown, of which layers, and what the colours say."""
    figures = [{"value": k, "label": name} for k, name in SHORT.items()]
    return html.Div(
        [
            choice(Layers.SHOW, SHOWS, view.show, "What is compared"),
            dcc.Input(
                id=Layers.SEARCH, type="search", value=view.search, className="search",
                placeholder="Filter modules by pattern  /", debounce=0.25, autoComplete="off",
                maxLength=200,
            ),
            html.Div(
                [html.Span("Bars over", className="field-name"),
                 choice(Layers.BINS, BINS, view.bins, "The range of the bars")],
                className="named-choice layers-of-bars",
            ),
            field("Figure", dmc.Select(
                id=Layers.FIGURE, data=figures, value=key_of(view), allowDeselect=False, size="xs",
                w=130, variant="unstyled", comboboxProps={"width": 180},
                **aria(label="The figure that stands first, and by which rows are ordered"),
            )),
            html.Span(className="spring"),
            html.Div(
                [
                    html.Span("Change of a number, against its size:", className="muted"),
                    *(html.Span([html.I(className=f"part p{k}"), text])
                      for k, text in enumerate(RANGES)),
                    html.Span([html.I(className="part out"), "outside the bars"]),
                ],
                className="compare-legend layers-legend layers-of-bars",
            ),
            html.Div(
                [
                    html.Span([html.I(className="part both"), "zero in both"]),
                    html.Span([html.I(className="part new"), "zero in the model only"]),
                    html.Span([html.I(className="part back"), "zero in the base only"]),
                ],
                className="compare-legend layers-legend layers-of-zeros",
            ),
        ],
        className="bar layers-tools", **data(show=view.show),
    )  # fmt: skip
