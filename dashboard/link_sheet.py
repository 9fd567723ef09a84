"""What the sheets of Share and Embed have alike: their frame, their bar, and links as lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import dcc, html

from dashboard.components import aria
from engine.store import LinkRow


def sheet(id: str, body: str, ask: str, label: str) -> list[Any]:
    """What the frame of the pages holds of a sheet.

    Args:
        id: of the sheet.
        body: of its part that the server draws.
        ask: of the store that takes its messages.
        label: what it is, for screen readers.
    """
    return [
        dcc.Store(ask),
        html.Aside(
            html.Div(id=body, className="share-body"),
            id=id,
            className="jobs-sheet share-sheet",
            hidden=True,
            **aria(label=label),
        ),
    ]


def bar(title: str, name: str, closes: Mapping[str, Any]) -> html.Div:
    """The head of a sheet.

    Args:
        title: of the sheet.
        name: of the object that it is about.
        closes: attributes of the button that closes it.
    """
    return html.Div(
        [
            html.H2(title),
            html.Span(name, className="share-name muted", title=name),
            html.Span(className="spring"),
            html.Button("×", className="icon", title="Close (Escape)", **closes,
                        **aria(label="Close")),
        ],
        className="bar",
    )  # fmt: skip


def select(name: str, words: Mapping[str, str], now: str, **attributes: Any) -> html.Select:
    """A choice whose value goes with a message, under its name."""
    chosen: dict[str, Any] = {"selected": "selected"}
    options = [
        html.Option(text, value=key, **(chosen if key == now else {}))
        for key, text in words.items()
    ]
    return html.Select(options, name=name, **attributes)


def endings(days: tuple[int, ...]) -> dict[str, str]:
    """When a link may end: days as text -> words."""
    return {"": "Never ends", **{str(d): f"Ends after {d} days" for d in days}}


def link(row: LinkRow, words: list[str], title: str, actions: list[html.Button]) -> html.Div:
    """A link as a line: what it is for, what it allows, what can be done with it.

    Args:
        row: the link.
        words: what there is to say; "" is left out.
        title: at length.
        actions: its buttons.
    """
    told = html.Span(" · ".join(filter(None, words)), className="muted")
    name = html.B(row.label or "Link", className="share-who", title=title)
    return html.Div(
        [
            html.Div([name, told], className="share-words"),
            html.Span(className="spring"),
            *actions,
        ],
        className="share-line share-link", key=row.id,
    )  # fmt: skip


def end(row: LinkRow) -> str:
    """When a link ends or ended, in words."""
    if row.revoked:
        return f"revoked {day(row.revoked)}"
    if row.expires is None:
        return "never ends"
    return f"{'ended' if row.state == 'expired' else 'ends'} {day(row.expires)}"


def day(time: datetime) -> str:
    """A day, as the machine that serves has it."""
    return f"{time.astimezone():%-d %b %Y}"
