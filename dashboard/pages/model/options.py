"""The sheet "Optimize": what can be chosen for the selected tasks, and what each choice does.

The server lists the options of a selection once; `assets/js/options.js` filters, sorts and marks
them.  Before one is applied, the server says what else it touches, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dash_ag_grid as dag
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html

from dashboard.access import VIEW_MODEL
from dashboard.components import aria, change, count, data, quantity
from dashboard.figures import option_table
from dashboard.ids import Model, repeated
from dashboard.queries import services
from dashboard.queries.options import Now, Options, offered
from dashboard.queries.touched import Effect, Preview, preview
from dashboard.shell import guarded
from dashboard.urls import View
from engine.errors import EngineError
from engine.recipe import Totals, Withheld

FILTERS = (*option_table.FORMATS, ("squeeze", "Compression"))
LINKED = 5_000  # tasks that a link may select: longer lists are only counted


def sheet() -> html.Aside:
    """The empty sheet."""
    close = html.Button("×", className="icon", title="Close (Escape)", **data(sheet=""))
    return html.Aside(
        [
            dcc.Store(Model.OPTIONS_ASK),
            dcc.Store(Model.OPTIONS_ROWS),
            dcc.Store(Model.OPTIONS_PICK),
            html.Div(
                [
                    html.H2("Optimize", id=Model.OPTIONS_TITLE),
                    html.Span(className="spring"),
                    html.Span(id=Model.OPTIONS_BACK),
                    close,
                ],
                className="bar",
            ),
            html.Div(id=Model.OPTIONS_NOW, className="options-now", **aria(live="polite")),
            html.Div([_own(), html.Div(id=Model.OPTIONS_WITHHELD)], className="options-line"),
            html.Div([*(_filter(*f) for f in FILTERS), _pareto(), _count()],
                     id=Model.OPTIONS_FILTERS, className="options-filters", hidden=True),
            dag.AgGrid(
                id=Model.OPTIONS_TABLE,
                columnDefs=option_table.columns(),
                defaultColDef={"sortable": True, "resizable": True, "filter": False,
                               "suppressHeaderMenuButton": True, "suppressMovable": True},
                dashGridOptions=option_table.GRID,
                getRowId="params.data.key",
                rowModelType=None,  # client side; named, the component copies all rows to Dash
                className="table options-table",
                style={"height": None, "width": None, "display": "none"},
            ),
            html.Div(id=Model.OPTIONS_PREVIEW, className="options-preview",
                     **aria(live="polite")),
            html.Footer(_foot(), className="options-foot"),
        ],
        id=Model.OPTIONS,
        className="sheet options-sheet",
        hidden=True,
        **aria(label="Optimize the selected tasks"),
    )  # fmt: skip


def _filter(field: str, name: str) -> html.Label:
    """A choice that the script fills with what the options have."""
    return html.Label(
        [html.Span(name, className="field-name"), html.Select(**data(filter=field))],
        className="field",
    )


def _pareto() -> html.Button:
    return html.Button(
        "◆ Pareto only", className="button", title="Only options that no other one beats",
        **data(pareto=""), **aria(pressed="false"),
    )  # fmt: skip


def _count() -> html.Span:
    return html.Span(id=Model.OPTIONS_COUNT, className="count", **aria(live="polite"))


def _own() -> html.P:
    """The figures of the tasks now, in the units of the table: the script writes them."""
    return html.P(id=Model.OPTIONS_OWN, className="options-own")


def _foot() -> list[Any]:
    return [
        html.Button("Apply", id=Model.OPTIONS_APPLY, className="button primary", disabled=True,
                    title="Enter"),
        html.Button("Clear optimization", id=Model.OPTIONS_LEAVE, className="button",
                    title="Leave these tasks as the file and the target have them"),
        html.Span(className="spring"),
        html.Span("↑ ↓ choose · Enter applies · Ctrl+Z undoes", className="muted"),
    ]  # fmt: skip


def options(ask: object, view: View) -> dict[str, Any]:
    """The options of the tasks that the page asks for."""
    tasks, turn = _asked(ask)
    if not tasks:
        empty = html.P("Select tasks in the table or in the graph to see what can be chosen.")
        rows: dict[str, Any] = {"turn": turn, "count": 0}
        return {"rows": rows, "title": "Optimize", "now": empty, "withheld": []}
    found = offered(services().model, view, tasks)
    rows = {"turn": turn, "count": found.count, "columns": found.columns, "own": found.own,
            "whole": found.whole}  # fmt: skip
    reasons = [_reason(w, found.now.count) for w in found.withheld]
    return {
        "rows": rows, "title": title(found.now),
        "now": now(found.now) if found.count > 1 else [*now(found.now), *nothing(found, reasons)],
        "withheld": withheld(reasons) if found.count > 1 else [],
    }  # fmt: skip


def title(now: Now) -> list[Any]:
    """The name of the task, or how many there are."""
    if now.count == 1:
        return [html.Span(now.names[0], title=now.names[0], className="options-name")]
    more = f" and {now.count - len(now.names):,} more" if now.count > len(now.names) else ""
    return [html.Span(f"Optimize {now.count:,} tasks", title=", ".join(now.names) + more)]


def now(found: Now) -> list[Any]:
    """What the tasks are now."""
    words = [
        html.Span([html.Span(f"{name} ", className="muted"), html.B(value)])
        for name, value in found.words
    ]
    notes = [html.P(note, className="options-note") for note in found.notes]
    return [html.P(words, className="options-words"), *notes]


def nothing(found: Options, reasons: list[html.Li]) -> list[Any]:
    """Why nothing can be chosen."""
    none = (
        "Nothing can be chosen for it"
        if found.now.count == 1
        else "These tasks have nothing in common that could be chosen"
    )
    return [html.P([html.B(none), ":" if reasons else "."]), html.Ul(reasons)]


def withheld(reasons: list[html.Li]) -> list[Any]:
    """What is not offered, folded."""
    if not reasons:
        return []
    head = html.Summary(f"Not offered, and why ({len(reasons)})", className="link")
    return [html.Details([head, html.Ul(reasons)], className="options-withheld")]


def _reason(found: Withheld, of: int) -> html.Li:
    what = f"{', '.join(found.what)}: " if found.what else ""
    held = len(found.tasks)
    who = [] if held == of else [" ", _link(count(held, "task"), found.tasks)]
    return html.Li([html.B(what), found.why, *who])


def effects(pick: object, view: View) -> Any:
    """What the chosen option does beside the tasks; nothing while none is chosen."""
    if not isinstance(pick, dict) or not pick.get("action"):
        return []
    tasks, _ = _asked(pick)
    return previewed(preview(services().model, view, tasks, pick["action"]), view.fps or 0)


def previewed(found: Preview, fps: float) -> list[Any]:
    """An option in words: the whole model before and after, and all that it touches."""
    lines: list[Any] = [html.Li(_effect(effect)) for effect in found.effects]
    if found.more:
        lines.append(html.Li(f"and {found.more} more", className="muted"))
    none = "No other task changes, and no conversion is needed."
    return [
        html.P([html.B(found.words), html.Span("Whole model:", className="muted"),
                *_changes(found.before, found.after, fps)]),
        *([html.Ul(lines)] if lines else [html.P(none, className="muted")]),
    ]  # fmt: skip


def _effect(effect: Effect) -> list[Any]:
    return [effect.words, *([" ", _link("Select", effect.tasks)] if effect.tasks else [])]


def _link(text: str, tasks: Sequence[int]) -> Any:
    if len(tasks) > LINKED:
        return html.Span(text)
    ids = ",".join(map(str, tasks))
    return html.Button(text, className="link", title="Select them", **data(ids=ids, within=""))


def _changes(before: Totals, after: Totals, fps: float) -> list[Any]:
    """The figures of the model that the option leads to: "latency 12.3 ms ▼ 4 %"."""
    pairs = [
        ("latency", before.latency_s, after.latency_s, "s"),
        ("memory power", before.memory_power(fps), after.memory_power(fps), "W"),
        ("energy", before.energy_j, after.energy_j, "J"),
        ("size", before.size_bytes, after.size_bytes, "B"),
    ]
    shown: list[Any] = []
    for name, old, new, unit in pairs:
        moved, share = change(new, old)
        tone = "better" if share < 0 else "worse"
        sign = [" ", html.Em(moved, className=tone)] if moved else ""
        shown.append(html.Span([f"{name} {_quantity(new, unit)}", *sign]))
    return shown


def _quantity(value: float | None, unit: str) -> str:
    return "unknown" if value is None else " ".join(quantity(value, unit))


def _asked(ask: object) -> tuple[list[Any], int]:
    """(tasks, turn) of what the page asks.

    Raises:
        EngineError: it is no question of the page.
    """
    tasks = ask.get("tasks", []) if isinstance(ask, dict) else []
    turn = ask.get("turn") if isinstance(ask, dict) else 0
    if not isinstance(tasks, list):
        raise EngineError("is no list of tasks", "options", "ids", repr(tasks)[:40])
    return tasks, turn if type(turn) is int else 0


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire the sheet."""
    settings = [
        State(Model.MODEL, "data"), State(Model.TARGET, "value"), State(Model.FPS, "value"),
        State(Model.RECIPE, "data"),
        State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
        State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
    ]  # fmt: skip

    def listing(ask: object, *seen: Any) -> tuple[Any, ...]:
        found = options(ask, view_of(*seen))
        return found["rows"], found["title"], found["now"], found["withheld"]

    def touching(pick: object, *seen: Any) -> Any:
        return effects(pick, view_of(*seen))

    app.callback(
        Output(Model.OPTIONS_ROWS, "data"), Output(Model.OPTIONS_TITLE, "children"),
        Output(Model.OPTIONS_NOW, "children"), Output(Model.OPTIONS_WITHHELD, "children"),
        Input(Model.OPTIONS_ASK, "data"), *settings, prevent_initial_call=True,
    )(guarded(listing, VIEW_MODEL))  # fmt: skip
    app.callback(
        Output(Model.OPTIONS_PREVIEW, "children"),
        Input(Model.OPTIONS_PICK, "data"), *settings, prevent_initial_call=True,
    )(guarded(touching, VIEW_MODEL))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    for function, shown in (("opened", Model.SHEET_OPEN), ("fill", Model.OPTIONS_ROWS)):
        wire(ClientsideFunction("options", function), Input(shown, "data"),
             prevent_initial_call=True)  # fmt: skip
