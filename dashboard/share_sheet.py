"""Sharing, on the pages of models and experiments: a button in their header, and one sheet.

`assets/js/share.js` opens it and sends what is pressed to the store `share--ask`; the sheet is
drawn anew with each answer (`queries/sharing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from dashboard import link_sheet
from dashboard.access import SIGNED_IN, tokens
from dashboard.components import aria, choice, count, data, segments
from dashboard.ids_sharing import Share
from dashboard.queries import services
from dashboard.queries.sharing import DAYS, WHOSE, Sharable, answer, grantee_words, may_words
from dashboard.shell import guarded, notify
from dashboard.urls import MODELS
from dashboard.urls_experiment import EXPERIMENTS
from engine.store import EVERYONE, Grant, LinkRow, Role

CAN = {"viewer": "Can view", "forker": "Can fork", "editor": "Can edit"}
MEANS = "Forking makes a copy of one’s own; editing changes this one."
WHOLE = {"model": "model", "analysis": "analysis", "experiment": "experiment"}


def button(on: str, id: str) -> html.Button:
    """The button of a header.

    Args:
        on: "model" or "experiment", whose page it is.
        id: of that.
    """
    return html.Button(
        "Share", className="button share-open", title="Who may see this, and links to it",
        **data(share=on, id=id), **aria(expanded="false"),
    )  # fmt: skip


def whose_filter(id: str) -> list[Any]:
    """All, one's own, or what is shared, above a list; not drawn where one person is served."""
    chosen = segments(id, WHOSE, "all", "Whose are listed")
    hosted = services().settings.access != "local"
    return [html.Div(chosen, hidden=not hosted)]


def sheet() -> list[Any]:
    """What the frame holds."""
    return link_sheet.sheet(Share.SHEET, Share.BODY, Share.ASK, "Share")


def asked(message: object) -> Any:
    """The sheet after what was pressed."""
    ask = services()
    done = answer(ask.store, message)
    if done.said:
        notify(done.said, "done")
    if done.shown is None:
        on = message.get("on") if isinstance(message, dict) else ""
        there = EXPERIMENTS if on == "experiment" else MODELS
        return dcc.Link("To the list", href=there, className="share-gone")  # the browser follows
    return body(done.shown, hosted=ask.settings.access != "local")


def body(shown: Sharable, *, hosted: bool) -> list[Any]:
    """The sheet of an object.

    Args:
        shown: the object.
        hosted: several people are served here.
    """
    parts: list[Any] = [link_sheet.bar("Share", shown.name, data(share="close"))]
    if not hosted:
        return [*parts, html.Div(_alone(shown), className="share-parts")]
    if shown.analysis:
        on = "analysis" if shown.kind == "analysis" else "model"
        options = {"analysis": "This analysis", "model": "The whole model"}
        parts.append(
            html.Div(choice(Share.OF, options, on, "What is shared"), className="share-of")
        )
    if not shown.mine:
        return [*parts, html.Div(_theirs(shown), className="share-parts")]
    return [
        *parts,
        html.Div([_owner(shown), _people(shown), _links(shown)], className="share-parts"),
    ]


def _alone(shown: Sharable) -> list[Any]:
    """What works where one person is served."""
    return [
        html.P("Paredown runs for you alone on this machine, so there is nobody here to share "
               "with. Hosted for a team, this sheet gives people, groups and links their rights; "
               "the README says how."),
        html.H3("What works now"),
        html.Div([_copy("Copy the address of this view", ""),
                  html.Span("opens it again on this machine", className="muted")],
                 className="share-line"),
        html.Div([*_files(shown), html.Span("to hand on as a file", className="muted")],
                 className="share-line"),
    ]  # fmt: skip


def _files(shown: Sharable) -> list[Any]:
    """Links to what can be taken along."""
    if shown.kind == "experiment":
        api = f"/api/experiments/{shown.id}"
        return [html.A("The report", href=f"{api}/report?format=html", className="link"),
                html.A("the JSON", href=f"{api}/file", className="link")]  # fmt: skip
    return [html.Span("Export and Code, on the page, make tables, recipes and reports")]


def _copy(text: str, path: str) -> html.Button:
    """A button that copies an address; "" the one of the page."""
    return html.Button(text, className="button", **data(shareact="copy", path=path))


def _theirs(shown: Sharable) -> list[Any]:
    """What somebody sees of an object that is not theirs."""
    how = f" through {_through(shown.through)}" if shown.through else ""
    parts: list[Any] = [
        html.P([html.B(shown.owner), f" owns this {WHOLE[shown.kind]}. ",
                f"You can {may_words(shown.role)} it{how}."]),
        html.P("Only its owner shares it further."
               + (" A fork is your own, to share as you like."
                  if shown.role >= Role.FORKER and shown.kind != "model" else ""),
               className="muted"),
        html.Div([_copy("Copy the address of this view", ""),
                  html.Span("for those who may see it", className="muted")],
                 className="share-line"),
    ]  # fmt: skip
    if not shown.through:
        leave = _sure("leave", "Leave this share", "Leave it? Only its owner can let you in again.")
        parts.append(html.Div(leave, className="share-line share-leave"))
    return parts


def _through(grantee: str) -> str:
    if grantee == EVERYONE:
        return "being signed in"
    return f"the group {grantee_words(grantee)}"


def _owner(shown: Sharable) -> html.Section:
    give = html.Details(
        [
            html.Summary("Transfer…", className="link", title="Give it to somebody else"),
            html.Div(
                [
                    _name("Name of the new owner"),
                    _sure("transfer", "Transfer", "Really give it away?"),
                ],
                className="share-line",
                **data(shareform="1"),
            ),
        ],
        className="share-transfer",
    )
    return html.Section(
        [
            html.H3("Owner"),
            html.Div([html.B("You"), html.Span(className="spring"), give], className="share-line"),
        ]
    )


def _people(shown: Sharable) -> html.Section:
    about = [MEANS]
    if shown.kind == "model":
        about.append("What they can do holds for your analyses of the model too.")
    lines: list[Any] = [html.H3("People and groups")]
    if shown.files_of:
        lines.append(html.P(f"The model is {shown.files_of}’s: only who may see it there sees "
                            "this analysis.", className="share-warning"))  # fmt: skip
    lines += [_person(g) for g in shown.grants]
    if not shown.grants:
        lines.append(html.P("Nobody but you yet.", className="muted"))
    who = [html.Option("Person…", value="person"),
           *(html.Option(f"Group {g}", value=f"group:{g}") for g in shown.groups),
           html.Option(grantee_words(EVERYONE), value=EVERYONE)]  # fmt: skip
    form = html.Div(
        [
            html.Select(who, name="who", **aria(label="With whom")),
            _name("Exact name", "share-person"),
            _roles("viewer", "What they may do", CAN),
            html.Button("Add", className="button primary",
                        **data(shareact="grant", default="1")),
        ],
        className="share-line share-form", key=f"grant {len(shown.grants)} {shown.id}",
        **data(shareform="1"),
    )  # fmt: skip
    return html.Section([*lines, form, html.P(" ".join(about), className="muted")])


def _person(grant: Grant) -> html.Div:
    name = grantee_words(grant.grantee)
    sort = html.Span("group", className="badge") if grant.grantee.startswith("group:") else None
    given = f"{grant.by} shared it on {link_sheet.day(grant.created)}"
    return html.Div(
        [
            html.B(name, className="share-who", title=given),
            *([sort] if sort else []),
            html.Span(className="spring"),
            _roles(grant.role.word, f"What {name} may do", CAN,
                   shareact="regrant", grantee=grant.grantee),
            html.Button("×", className="icon", title=f"Stop sharing with {name}",
                        **data(shareact="take", grantee=grant.grantee),
                        **aria(label=f"Stop sharing with {name}")),
        ],
        className="share-line", key=f"{grant.grantee} {grant.role}",
    )  # fmt: skip


def _roles(now: str, label: str, words: Mapping[str, str], **act: str) -> html.Select:
    return link_sheet.select("role", words, now, **aria(label=label), **data(**act))


def _name(placeholder: str, kind: str = "") -> dcc.Input:
    return dcc.Input(
        type="text", name="name", placeholder=placeholder, maxLength=200, autoComplete="off",
        className=f"search {kind}",
    )  # fmt: skip


def _links(shown: Sharable) -> html.Section:
    standing = [row for row in shown.links if row.state == "stands"]
    ended = [row for row in shown.links if row.state != "stands"]
    form = html.Div(
        [
            html.Div(
                [
                    _name("What it is for (optional)"),
                    _roles("viewer", "What the link allows",
                           {k: CAN[k] for k in ("viewer", "forker")}),
                    link_sheet.select("days", link_sheet.endings(DAYS), "",
                                      **aria(label="When it ends")),
                ],
                className="share-line",
            ),
            html.Div(
                [
                    # with an analysis no files go
                    *([dcc.Checklist([{"label": "Files and source lines too", "value": "source"}],
                                     [], className="check")] if shown.kind != "analysis" else []),
                    html.Span(className="spring"),
                    html.Button("Make a link", className="button",
                                **data(shareact="link", default="1")),
                ],
                className="share-line",
            ),
        ],
        className="share-form", key=f"link {len(shown.links)} {shown.id}",
        **data(shareform="1"),
    )  # fmt: skip
    old = html.Details(
        [
            html.Summary(f"{count(len(ended), 'link')} that ended", className="link"),
            *(_link(row) for row in ended[:50]),
        ]
    )
    return html.Section(
        [
            html.H3("Links"),
            html.P("Opens what the page shows now, for anybody who signs in. Once opened, it "
                   "counts until the link ends.", className="muted"),
            *(_link(row) for row in standing),
            form,
            *([old] if ended else []),
        ]
    )  # fmt: skip


def _link(row: LinkRow) -> html.Div:
    may = CAN[row.role.word].lower()
    words = [may, "with files and source" if row.source else "", link_sheet.end(row)]
    act = [
        _copy("Copy", f"/s/{tokens().of_link(row.id)}"),
        html.Button("Revoke", className="button", title="End it for everybody, at once",
                    **data(shareact="revoke", link=row.id)),
    ] if row.state == "stands" else []  # fmt: skip
    return link_sheet.link(row, words, f"Made on {link_sheet.day(row.created)}", act)


def _sure(act: str, label: str, sure: str) -> html.Button:
    """A button that asks once more in its own place."""
    return html.Button(
        [html.Span(label, className="first"), html.Span(sure, className="sure")],
        className="button removal", **data(shareact=act, sure="1"),
    )  # fmt: skip


def register(app: Dash) -> None:
    """Wire the sheet."""
    app.callback(
        Output(Share.BODY, "children"), Input(Share.ASK, "data"), prevent_initial_call=True
    )(guarded(asked, SIGNED_IN))
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("share", "drawn"), Input(Share.BODY, "children"),
         prevent_initial_call=True)  # fmt: skip
