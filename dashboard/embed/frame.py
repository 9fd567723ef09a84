"""What the frames of models and of experiments are made of alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from dashboard.components import aria


def page(id: str, parts: list[Any], **attributes: Any) -> html.Div:
    """The root of a frame, under the id that the scripts of its page know."""
    return html.Div(parts, id=id, className="embedded", **attributes)


def stores(held: Mapping[Any, Any]) -> list[dcc.Store]:
    """What the scripts and callbacks read: id -> value."""
    return [dcc.Store(id, data=value) for id, value in held.items()]


def unseen(*parts: Any) -> html.Div:
    """Parts that scripts write into or callbacks read, and nobody sees."""
    return html.Div(list(parts), hidden=True)


def pane(parts: list[Any], label: str, *kinds: str) -> html.Section:
    """A part of a page that is seen.

    Args:
        parts: inside it.
        label: what it is, for screen readers.
        kinds: further classes.
    """
    return html.Section(parts, className=" ".join(("pane", *kinds)), **aria(label=label))
