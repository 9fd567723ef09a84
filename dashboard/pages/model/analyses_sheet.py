"""The lists of the analyses' sheet: the tree of checkpoints, and the model's analyses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from dashboard.components import aria, change, count, data, quantity
from dashboard.ids import Model, repeated
from dashboard.queries.analyses import clock
from dashboard.queries.saved_lists import AnalysisLine, AnalysisList, Tree, TreeLine
from dashboard.queries.saved_totals import Figures, Saved
from dashboard.queries.sharing import held_words, owner_words
from dashboard.urls import View, build
from engine.store import CheckpointRow, Role

# heading, unit, attribute of `Figures`
FIGURES = (
    ("Latency", "s", "latency_s"),
    ("Mem. power", "W", "memory_power_w"),
    ("Size", "B", "size_bytes"),
)
SHORT = (FIGURES[0], FIGURES[2])


def tree_section(tree: Tree, at: str, chosen: str, against: Mapping[str, Any]) -> list[Any]:
    """The checkpoints of the open analysis.

    Args:
        tree: as `queries.saved_lists` drew it.
        at: the checkpoint that the page shows; "" the draft.
        chosen: id of the row that is unfolded.
        against: {"id", "name"} of what figures are compared with.
    """
    row = tree.row
    head = html.Div(
        [
            html.H3(f"Checkpoints of {row.name}", title=f"{row.name}\n{row.provenance}".strip()),
            html.Span(className="spring"),
            *_compared(against),
            html.Button(
                "Replay",
                className="link",
                title="Compute every checkpoint again with this engine, and compare the totals",
                **data(act="replay"),
            ),
        ],
        className="saved-head",
    )
    units = _units([line.saved for line in tree.lines])
    drawn = [
        _tree_line(line, at, chosen, str(against.get("id") or ""), units, tree.role)
        for line in tree.lines
    ]
    hidden = count(tree.hidden, "older checkpoint")
    return [
        head,
        html.Div([_headings(FIGURES, units, "Checkpoint"), *drawn], className="saved-rows tree"),
        *([html.P(f"{hidden} not drawn.", className="muted")] if tree.hidden else []),
    ]


def _compared(against: Mapping[str, Any]) -> list[Any]:
    if not against.get("id"):
        return [html.Span("the page compares with the baseline", className="muted")]
    return [
        html.Span(
            ["the page compares with ", html.B(str(against.get("name") or "another recipe"))]
        ),
        html.Button("Against the baseline", className="link", **data(act="compare", id="")),
    ]


def _tree_line(
    line: TreeLine, at: str, chosen: str, against: str, units: Mapping[str, float], role: Role
) -> html.Div:
    row = line.row
    here = at == row.id if row else not at
    here = here or (line.draft and not at)
    name = row.name if row else "Draft"
    open_id = "" if row is None or line.draft else row.id
    marks: list[Any] = []
    if row and line.draft:
        marks.append(html.Span("draft", className="badge", title="The draft holds this recipe"))
    if row and row.kind == "kept":
        marks.append(
            html.Span(
                "kept",
                className="badge",
                title="Paredown saved it by itself, so that nothing was lost",
            )
        )
    if row and row.id == against:
        marks.append(html.Span("vs", className="badge on", title="The page compares with it"))
    if line.stale:
        marks.append(
            html.Span(line.stale, className="badge", title=f"Figures of Paredown {line.stale}")
        )
    cell = html.Div(
        [
            _gutter(line),
            html.Div(
                [
                    html.Div(
                        [
                            html.Button(
                                name,
                                className="link row-name",
                                title=f"Open {name}",
                                **data(act="open", id=open_id),
                            ),
                            *marks,
                        ],
                        className="row-title",
                    ),
                    *_about(row),
                ],
                className="row-words",
            ),
        ],
        className="row-first",
    )
    unfolded = row is not None and row.id == chosen
    parent = line.parent_name or "the baseline"
    return html.Div(
        [
            html.Div(
                [
                    cell,
                    *_figures(FIGURES, line.saved, line.parent, units, f"against {parent}"),
                    html.Span(clock(row.created) if row else "now", className="n muted",
                              title=f"{row.created.astimezone():%Y-%m-%d %H:%M}" if row else ""),
                    _unfold(row.id, name, unfolded) if row else html.Span(),
                ],
                className="saved-row" + (" here" if here else "") + ("" if row else " draft"),
                **(aria(current="true") if here else {}),
            ),
            *([_checkpoint_form(row, against, role)] if row and unfolded else []),
        ]
    )  # fmt: skip


def _gutter(line: TreeLine) -> html.Span:
    """Rails of the branches that pass, then the row's own point."""
    looks = ["rail trunk" if trunk else "rail" for trunk in line.rails]
    if line.branches and looks:
        looks[-1] += " branch"
    rails = [html.I(className=look) for look in looks]
    marks = {
        "above": line.above,
        "below": line.below,
        "trunk": line.trunk,
        "open": line.row is None,
    }
    own = " ".join(["point", *(name for name, on in marks.items() if on)])
    return html.Span([*rails, html.I(className=own)], className="gutter", **aria(hidden="true"))


def _about(row: CheckpointRow | None) -> list[html.Div]:
    """Who saved a checkpoint, where somebody else did, and its note."""
    author = owner_words(row.author) if row and row.author else "you"
    words = " · ".join(filter(None, ["" if author == "you" else author, row.note if row else ""]))
    return [html.Div(words, className="row-note", title=words)] if words else []


def _checkpoint_form(row: CheckpointRow, against: str, role: Role) -> html.Div:
    compared = row.id == against
    return _form(
        row.id, row.name, row.note,
        [
            *([html.Button("Restart from here", className="button",
                           title="The draft becomes this; what is not saved of it is kept beside",
                           **data(act="restart", id=row.id))] if role >= Role.EDITOR else []),
            html.Button("Against the baseline" if compared else "Compare with it",
                        className="button",
                        title="Every change on the page is then against this checkpoint",
                        **data(act="compare", id="" if compared else row.id)),
            *([html.Button("Fork", className="button",
                           title="Begin another analysis with this recipe",
                           **data(act="fork", id=row.id))] if role >= Role.FORKER else []),
            *([_removal("remove", row.id, "Remove", "Remove for good?")]
              if role >= Role.EDITOR else []),
        ],
        role,
    )  # fmt: skip


def analysis_section(found: AnalysisList, shown: str, chosen: str) -> list[Any]:
    """The analyses of a model.

    Args:
        found: those that match the search.
        shown: id of the open one, or "".
        chosen: id of the row that is unfolded.
    """
    if not found.of:
        words = "None yet. The first edit that is more than a preset begins one by itself."
        return [html.P(words, className="muted none")]
    if not found.found:
        return [html.P("No analysis has this in its name or note.", className="muted none")]
    units = _units([line.saved for line in found.lines])
    rows = [_analysis_line(line, line.row.id == shown, line.row.id == chosen, units)
            for line in found.lines]  # fmt: skip
    left = found.found - len(found.lines)
    return [
        html.Div([_headings(SHORT, units, "Analysis"), *rows], className="saved-rows all"),
        *([html.P(f"{left:,} more; search for them.", className="muted none")] if left else []),
    ]


def _analysis_line(
    line: AnalysisLine, open_now: bool, unfolded: bool, units: Mapping[str, float]
) -> html.Div:
    row = line.row
    name = html.A(row.name, href=build(View(row.model_id, analysis=row.id)), className="row-name",
                  title=row.name, **data(analysis=row.id))  # fmt: skip
    gone = f"{line.target} (gone)" if line.gone else line.target
    whose = held_words(row.owner, line.role)
    about = " · ".join(filter(None, [whose, gone, row.provenance, row.note.partition("\n")[0]]))
    words = html.Div(
        [
            html.Div([name, *([html.Span("open", className="badge on")] if open_now else [])],
                     className="row-title"),
            html.Div(about, className="row-note", title=f"{about}\n{row.note}"),
        ],
        className="row-words",
    )  # fmt: skip
    return html.Div(
        [
            html.Div(
                [
                    words,
                    *_figures(SHORT, line.saved, line.saved.base, units,
                              "the last checkpoint against the baseline"),
                    html.Span(f"{row.checkpoints:,}", className="n muted",
                              title=count(row.checkpoints, "checkpoint")),
                    html.Span(clock(row.updated), className="n muted",
                              title=f"{row.updated.astimezone():%Y-%m-%d %H:%M}"),
                    _unfold(row.id, row.name, unfolded),
                ],
                className="saved-row" + (" here" if open_now else ""),
                **(aria(current="true") if open_now else {}),
            ),
            *([_form(row.id, row.name, row.note, [
                *([html.Button("Fork", className="button",
                               title="Begin another analysis with its draft",
                               **data(act="fork", id=row.id))]
                  if line.role >= Role.FORKER else []),
                *([_removal("delete", row.id, "Delete", "Delete?")]
                  if line.role >= Role.OWNER else []),
            ], line.role)] if unfolded else []),
        ]
    )  # fmt: skip


def _form(id: str, name: str, note: str, actions: list[Any], role: Role) -> html.Div:
    """Name, note and what can be done with a row; the fields keep what was typed in them."""
    if role < Role.EDITOR:
        words = html.P(note, className="muted") if note else None
        none = [] if actions else [html.Span("You can only view it.", className="muted")]
        return html.Div(
            [*([words] if words else []), html.Div([*actions, *none], className="row-actions")],
            className="row-form",
        )
    return html.Div(
        [
            html.Div(
                [
                    dcc.Input(id=repeated(Model.ROW_NAME, id), type="text", value=name,
                              maxLength=120, className="search", autoComplete="off"),
                    html.Button("Save name and note", className="button",
                                **data(act="describe", id=id, default="1")),
                ],
                className="row-actions",
            ),
            dcc.Textarea(id=repeated(Model.ROW_NOTE, id), value=note, rows=3,
                         placeholder="Note", className="note", maxLength=10_000),
            html.Div(actions, className="row-actions"),
        ],
        className="row-form",
        **data(form=id),
    )  # fmt: skip


def _removal(act: str, id: str, label: str, sure: str) -> html.Button:
    """A button that asks once more in its own place."""
    return html.Button(
        [html.Span(label, className="first"), html.Span(sure, className="sure")],
        className="button removal",
        **data(act=act, id=id, sure="1"),
    )


def _unfold(id: str, name: str, open_now: bool) -> html.Button:
    return html.Button(
        "▾" if open_now else "▸", className="icon", title="Name, note, and what can be done",
        **data(choose=id), **aria(expanded=str(open_now).lower(), label=f"More about {name}"),
    )  # fmt: skip


def _units(saved: list[Saved]) -> dict[str, float]:
    """Attribute of `Figures` -> the largest value, whose prefix a column shares."""
    known = [f for s in saved for f in (s.now, s.base)]
    return {
        name: max((v for f in known if (v := getattr(f, name)) is not None), default=0.0)
        for _, _, name in FIGURES
    }


def _headings(figures: Any, units: Mapping[str, float], first: str) -> html.Div:
    shown = [
        html.Span(
            f"{label}, {quantity(units[name], unit)[1]}" if units[name] else label, className="n"
        )
        for label, unit, name in figures
    ]
    last = [html.Span("Saved", className="n")] if first == "Checkpoint" else [
        html.Span("Points", className="n", title="Checkpoints"),
        html.Span("Changed", className="n"),
    ]  # fmt: skip
    return html.Div(
        [html.Span(first), *shown, *last, html.Span()],
        className="saved-row heads",
    )


def _figures(
    figures: Any, saved: Saved, base: Figures, units: Mapping[str, float], against: str
) -> list[html.Span]:
    found = []
    for _, unit, name in figures:
        value = getattr(saved.now, name)
        if value is None:
            none = html.Span(["–", html.Em()], className="n muted", title="unknown")
            found.append(none)
            continue
        number = quantity(value, unit, units[name])[0]
        moved, share = change(value, getattr(base, name))
        tone = "better" if share < 0 else "worse"
        small = html.Em(moved, className=tone if moved else "", title=against if moved else "")
        found.append(html.Span([number, small], className="n"))
    return found
