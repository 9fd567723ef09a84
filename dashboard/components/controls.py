"""Controls with a name, and choices of a few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.components.attributes import aria, data


def field(label: str, control: Any) -> html.Div:
    """A control with its name inside its border."""
    return html.Div([html.Span(label, className="field-name"), control], className="field")


def choice(id: str, options: Mapping[str, str], value: str, label: str) -> html.Div:
    """A few options side by side, one of them chosen; a click sets `data-value` of its button.

    Args:
        id: of the group; each button is `<id>-<value>`.
        options: value -> what the button says.
        value: the chosen one.
        label: what is chosen, for tooltips and screen readers.
    """
    return html.Div(
        [
            html.Button(
                text,
                id=f"{id}-{key}",
                className="option",
                title=f"{label}: {key}" if len(text) < 2 else label,
                **aria(pressed=str(key == value).lower()),
                **data(choice=id, value=key),
            )
            for key, text in options.items()
        ],
        id=str(id),
        className="choice",
        role="group",
        **aria(label=label),
    )


def segments(id: str, options: Mapping[str, str], value: str, label: str) -> dmc.SegmentedControl:
    """A few options side by side whose `value` callbacks take.

    Args:
        id: of the control.
        options: value -> what it says.
        value: the chosen one.
        label: what is chosen, for screen readers.
    """
    return dmc.SegmentedControl(
        id=id,
        data=[{"value": key, "label": text} for key, text in options.items()],
        value=value,
        size="xs",
        attributes={"root": {"aria-label": label}},
    )
