"""The map: the family of models, a column for each operation or step, a row for each leaf."""

from __future__ import annotations

from dash import dcc, html

from dashboard.components import aria, data
from dashboard.figures.tokens import STEPS
from dashboard.ids import Experiment
from dashboard.urls_experiment import ExperimentView

KEYS = (
    "Map of the models. Left goes to the model that one was made from, right to the first made "
    "from it, up and down along the column. Enter selects, C folds what was made from a model, "
    "plus and minus zoom, Home shows all. The table holds the same models."
)
RELATIVES = {
    "parents": ("Parents", "Select also the models that the selected ones were made from"),
    "children": ("Children", "Select also the models that were made from the selected ones"),
    "ancestors": ("Ancestors", "Select also all models on the way to the roots"),
    "descendants": ("Descendants", "Select also all models that come from the selected ones"),
    "siblings": ("Siblings", "Select also the other models made from the same one"),
}


def dock(view: ExperimentView) -> html.Section:
    """The left dock: search, relatives, the canvas with what lies over it, the selection."""
    relatives = [
        html.Button(
            f"+ {text}", className="button", title=help, disabled=True, **data(relative=key)
        )
        for key, (text, help) in RELATIVES.items()
    ]
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Model map"),
                    dcc.Input(
                        id=Experiment.SEARCH,
                        type="search",
                        value=view.search,
                        placeholder="Search model…  /",
                        className="search",
                        debounce=False,
                        autoComplete="off",
                    ),
                    html.Span(className="spring"),
                    html.Div(relatives, id=Experiment.RELATIVES, className="relatives"),
                ],
                className="bar",
            ),
            html.Div(
                [
                    html.Div(id=Experiment.HEADS, className="map-heads"),
                    html.Canvas(className="map-ink"),
                    html.Canvas(className="map-over"),
                    _legend(),
                    html.Div(
                        [
                            _icon("+", Experiment.ZOOM_IN, "Closer (+)"),
                            _icon("−", Experiment.ZOOM_OUT, "Farther (−)"),
                            _icon("⤢", Experiment.FIT, "Show all (Home)"),
                        ],
                        className="map-tools",
                    ),
                    html.Div(
                        [
                            html.Canvas(width=150, height=110, title="All of it; drag the window"),
                            html.Button("×", className="icon", title="Hide or show the overview"),
                        ],
                        className="minimap idle",
                    ),
                    html.Div(className="tip", hidden=True, role="tooltip"),
                    html.Div(
                        "No model passes. Remove a bound or the search to see more.",
                        className="drawing-none",
                        hidden=True,
                    ),
                    html.Div(className="unseen", **aria(live="polite")),
                ],
                id=Experiment.MAP,
                className="model-map",
                tabIndex=0,
                role="application",
                **aria(label=KEYS),
            ),
            html.Footer(id=Experiment.SELECTION, className="selection", **aria(live="polite")),
        ],
        className="pane map-dock",
        **aria(label="Model map"),
    )  # fmt: skip


def _icon(text: str, id: Experiment, title: str) -> html.Button:
    return html.Button(text, id=id, className="icon", title=title)


def _legend() -> html.Div:
    ends = [html.Span() for _ in range(2)]
    return html.Div(
        [
            html.Div(className="legend-name"),
            html.Div([html.I(className=f"step s{k}") for k in range(STEPS)], className="ramp"),
            html.Div(ends, className="legend-ends"),
            html.Div(className="legend-size muted"),
        ],
        id=Experiment.LEGEND,
        className="legend",
    )
