"""The one line under an embed: what it is, as of when, by which engine, and where all of it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html

from dashboard.queries.embeds import as_of


@dataclass(frozen=True, slots=True)
class Shown:
    """What a frame shows.

    Args:
        body: of the frame.
        name: of the model, with that of the analysis, or of the experiment.
        time: UTC, since when what is shown has been as it is.
        notice: what could not be shown as the link asks, or "".
    """

    body: list[Any]
    name: str
    time: datetime
    notice: str = ""


def foot(shown: Shown, address: str) -> html.Footer:
    """The line.

    Args:
        shown: what the frame shows.
        address: of the full view, on this server.
    """
    return html.Footer(
        [
            html.B(shown.name, title=shown.name),
            html.Span(as_of(shown.time), className="muted"),
            html.Span(shown.notice, className="budget") if shown.notice else None,
            html.Span(className="spring"),
            html.A(
                "Open in Paredown ↗", href=address, target="_blank", rel="noopener",
                className="link", title="The full view, in a new tab",
            ),
        ],
        className="embed-foot",
    )  # fmt: skip
