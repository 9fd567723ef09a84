"""Run an operation on a model of the map: the sheet, its form drawn from the operation's spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    dcc,
    html,
    no_update,
    set_props,
)

from dashboard.access import EDIT_EXPERIMENT, GUEST, VIEW_EXPERIMENT
from dashboard.components import aria, count, data
from dashboard.ids import Experiment, Shell, repeated
from dashboard.queries import offspring, operate, services
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.offspring import Origin
from dashboard.shell import guarded, notify
from engine.compress import Operation, Parameter, operation, operations
from engine.errors import EngineError

FAMILIES = {"quantize": "Fewer bits", "prune": "Fewer weights", "palettize": "Shared values",
            "repair": "Repair", "restore": "Undo in parts"}  # fmt: skip
FIRST = "prune"
LEAVE = ("only", "skip", "keep_first", "keep_last", "keep_depthwise")
SAMPLES_HELP = (
    "An .npz, CSV or Parquet file: an array for each input, and labels to judge by. It stays with "
    "the experiment and serves all its models."
)


def sheet() -> html.Aside:
    """The empty sheet, over the right half of the page."""
    return html.Aside(
        [
            dcc.Store(Experiment.RUN_ASK),
            dcc.Store(Experiment.RUN_DONE),
            dcc.Store(Experiment.JUDGED),
            html.Div(id=Experiment.RUN_BODY, className="run-body"),
        ],
        id=Experiment.RUN,
        className="sheet run-sheet",
        hidden=True,
        tabIndex=-1,
        **aria(label="Run an operation"),
    )


def opened(ask: object, key: object) -> list[Any]:
    """The form for a model."""
    row, found = services().experiments.get(key)
    at = ask.get("row") if isinstance(ask, dict) else None
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < len(found.models):
        raise EngineError("there is no such model in this experiment")
    model = found.models[at]
    start = offspring.origin(services().store, row, found, model.id)
    return [
        dcc.Store(Experiment.RUN_MODEL, data=model.id),
        html.Div(
            [
                html.H2(["Run an operation on ", html.B(recipe_words(found, at))]),
                html.Span(className="spring"),
                html.Button("×", className="icon", title="Close (Escape)", **data(run="close"),
                            **aria(label="Close")),
            ],
            className="bar",
        ),
        html.Div(
            [
                html.Div(files(start), id=Experiment.RUN_FILES, className="run-files"),
                html.Div(
                    [html.Span("Operation", className="field-name"), _operations()],
                    className="run-line",
                ),
                html.Div(fields(operation(FIRST)), id=Experiment.RUN_FIELDS,
                         className="run-fields"),
            ],
            className="run-form",
        ),
        html.Footer(
            [
                html.Button("Run", id=Experiment.RUN_GO, className="button primary"),
                dcc.Checklist([{"label": "time beside the root", "value": "time"}], ["time"],
                              id=Experiment.RUN_TIME, className="check"),
                html.Span(className="spring"),
                html.Span("1 child", id=Experiment.RUN_COUNT, className="muted",
                          **aria(live="polite")),
            ],
            className="run-foot bar",
        ),
    ]  # fmt: skip


def _operations() -> dmc.Select:
    groups: dict[str, list[dict[str, str]]] = {}
    for known in operations():
        one = {"value": known.id, "label": known.label}
        groups.setdefault(FAMILIES[known.family], []).append(one)
    return dmc.Select(
        id=Experiment.RUN_OPERATION,
        data=[{"group": name, "items": items} for name, items in groups.items()],
        value=FIRST, allowDeselect=False, size="xs", w=260,
        maxDropdownHeight=420, **aria(label="Operation"),
    )  # fmt: skip


def files(start: Origin) -> list[Any]:
    """What the operation starts from, what it measures on, and ways to bring what is missing."""
    lines: list[Any] = []
    if start.missing:
        models = [{"value": m.sha256, "label": m.name} for m in services().store.models()[:500]]
        lines.append(html.P(start.missing, className="worse"))
        lines.append(
            html.Div(
                [
                    dmc.Select(id=Experiment.RUN_PICK, data=models, searchable=True, size="xs",
                               w=260, placeholder="A model of the list…",
                               nothingFoundMessage="No such model",
                               **aria(label="A model of the list as its file")),
                    _upload(Experiment.RUN_ONNX, "ONNX file…", ".onnx", "At most 12 MB"),
                ],
                className="run-line",
            )
        )  # fmt: skip
    else:
        steps = len(start.path)
        words = f"the nearest file and {count(steps, 'step')} that are repeated" if steps else ""
        lines.append(html.P(["Starts from ", words or "the file of this model"], className="muted"))
    held = [f.words for f in (start.fit, start.data) if f is not None]
    lines.append(
        html.Div(
            [
                html.Span("Data", className="field-name"),
                html.Span("; ".join(held) or "none: no figures of quality", className="muted"),
                html.Span(className="spring"),
                _upload(Experiment.RUN_DATA, "Attach data…", ".npz,.csv,.parquet", SAMPLES_HELP),
            ],
            className="run-line",
        )
    )
    return lines


def _upload(id: str, text: str, accept: str, title: str) -> dcc.Upload:
    button = html.Button(text, className="button", title=title)
    return dcc.Upload(button, id=id, accept=accept, multiple=False)


def fields(known: Operation) -> list[Any]:
    """The parameters of an operation; those that leave layers out stand folded."""
    usual = [p for p in known.parameters if p.name not in LEAVE]
    leave = [p for p in known.parameters if p.name in LEAVE]
    parts: list[Any] = [html.P(known.help, className="run-help"), *map(_field, usual)]
    if leave:
        parts.append(
            html.Details(
                [html.Summary("Leave layers out", className="link"), *map(_field, leave)],
                className="run-leave",
            )
        )
    return parts


def _field(parameter: Parameter) -> html.Div:
    id = repeated(Experiment.RUN_FIELD, parameter.name)
    label = aria(label=parameter.label)
    unit: Any = ""
    control: Any
    if parameter.kind in ("share", "int"):
        scale = 100 if parameter.kind == "share" else 1
        control = dcc.Input(id=id, value=f"{float(str(parameter.default)) * scale:g}",
                            className="entry", autoComplete="off", debounce=False)  # fmt: skip
        unit = "%" if parameter.kind == "share" else ""
    elif parameter.kind == "choice":
        options = [{"value": word, "label": text} for word, text in parameter.choices]
        control = dmc.Select(id=id, data=options, value=str(parameter.default),
                             allowDeselect=False, size="xs", w=200, **label)  # fmt: skip
    elif parameter.kind == "flag":
        control = dcc.Checklist([{"label": parameter.label, "value": "on"}],
                                ["on"] if parameter.default else [], id=id,
                                className="check")  # fmt: skip
    else:
        control = dcc.Input(id=id, value="", className="entry wide-entry", autoComplete="off",
                            placeholder="layers.*.conv1, head")  # fmt: skip
    name = "" if parameter.kind == "flag" else parameter.label
    return html.Div(
        [
            html.Label([html.Span(name, className="field-name"), control,
                        html.Span(unit, className="muted")], className="run-line"),
            html.P(parameter.help, className="muted run-help"),
        ],
        className="run-field",
    )  # fmt: skip


def values_of(values: Sequence[object], ids: Sequence[Any]) -> dict[str, object]:
    """What the fields say: a checklist is yes or no."""
    found: dict[str, object] = {}
    for value, id in zip(values, ids, strict=False):
        name = str(id.get("index", "")) if isinstance(id, Mapping) else ""
        found[name] = bool(value) if isinstance(value, list) else "" if value is None else value
    return found


def chosen(id: object) -> list[Any]:
    """The fields of another operation."""
    return fields(operation(str(id)))


def counted(values: Sequence[object], ids: Sequence[Any], id: object) -> str:
    """How many children there will be, or what is wrong with a field."""
    known = operation(str(id))
    try:
        made = operate.batches(known, values_of(values, ids))
    except EngineError as error:
        return error.sentence
    if len(made) == 1 and any(p.kind in ("share", "int") for p in known.parameters):
        return "1 child; 30, 50, 70 in a field would be three"
    return f"{len(made)} {'child' if len(made) == 1 else 'children'}"


def go(
    clicks: object, values: Sequence[object], ids: Sequence[Any], id: object,
    model: object, time: object, key: object,
) -> Any:  # fmt: skip
    """Ask for the children; what was asked."""
    if not clicks:
        return no_update
    row, found = services().experiments.get(key)
    asked = operate.run(services().store, row, found, str(model or ""), str(id),
                        values_of(values, ids), bool(time))  # fmt: skip
    if asked.there:
        names = ", ".join(asked.there[:3])
        notify(f"Here already: {names}.", "info")
    if asked.job is None:
        return no_update
    _started(asked.job.title, len(asked.made))
    return {"made": list(asked.made), "job": asked.job.id}


def _started(title: str, children: int) -> None:
    services().jobs.wake()
    more = f", {children} children" if children > 1 else ""
    notify(f"{title}: asked for{more}.", "info")
    set_props(Shell.JOBS_POLL, {"disabled": False})


def attach(
    onnx: object, samples: object, picked: object, onnx_name: object, samples_name: object,
    model: object, key: object,
) -> Any:  # fmt: skip
    """Keep a file that arrived, or that was picked from the list."""
    ask, store, id = services(), services().store, str(model or "")
    row, found = ask.experiments.get(key)
    which = ctx.triggered_id
    offspring.origin(store, row, found, id)  # there is such a model
    if which == Experiment.RUN_PICK and picked:
        known = next((m for m in store.models() if m.sha256 == picked), None)
        if known is None:
            raise EngineError("there is no such model in the list")
        offspring.attach_model(store, row, id, known.sha256, known.name)
    elif which == Experiment.RUN_ONNX and onnx:
        name = str(onnx_name or "model.onnx")
        with store.blobs.incoming() as path:
            path.write_bytes(offspring.sent(onnx, name))
            added = ask.models.add(path, name)
        if added is not None:
            offspring.attach_model(store, row, id, added[0].sha256, added[0].name)
    elif which == Experiment.RUN_DATA and samples:
        name = str(samples_name or "samples")
        offspring.attach_data(store, row, found, id, name, offspring.sent(samples, name))
    else:
        return no_update
    return files(offspring.origin(store, row, found, id))


def register(app: Dash) -> None:
    """Wire the sheet."""
    key = State(Experiment.KEY, "data")
    model = State(Experiment.RUN_MODEL, "data")
    field: Any = repeated(Experiment.RUN_FIELD, ALL)  # type: ignore[arg-type]
    which = State(Experiment.RUN_OPERATION, "value")
    later = {"prevent_initial_call": True}
    app.callback(
        Output(Experiment.RUN_BODY, "children"), Input(Experiment.RUN_ASK, "data"), key, **later
    )(guarded(opened, VIEW_EXPERIMENT))
    app.callback(
        Output(Experiment.RUN_FIELDS, "children"), Input(Experiment.RUN_OPERATION, "value"),
        **later,
    )(guarded(chosen, GUEST))  # fmt: skip
    app.callback(
        Output(Experiment.RUN_COUNT, "children"), Input(field, "value"), State(field, "id"),
        which, **later,
    )(guarded(counted, GUEST))  # fmt: skip
    app.callback(
        Output(Experiment.RUN_DONE, "data"), Input(Experiment.RUN_GO, "n_clicks"),
        State(field, "value"), State(field, "id"), which, model,
        State(Experiment.RUN_TIME, "value"), key, **later,
    )(guarded(go, EDIT_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Experiment.RUN_FILES, "children"), Input(Experiment.RUN_ONNX, "contents"),
        Input(Experiment.RUN_DATA, "contents"), Input(Experiment.RUN_PICK, "value"),
        State(Experiment.RUN_ONNX, "filename"), State(Experiment.RUN_DATA, "filename"), model, key,
        **later,
    )(guarded(attach, EDIT_EXPERIMENT))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("experiment_run", "done"), Input(Experiment.RUN_DONE, "data"), **later)
