"""What kind of number this is, in two words beside it."""

from __future__ import annotations

from dash import html


def badge(kind: str, words: str) -> html.Span:
    """A badge.

    Args:
        kind: "modelled", or "calibrated ± 4.2 %".
        words: one sentence on where the number comes from.
    """
    return html.Span(kind, className="badge", title=words)
