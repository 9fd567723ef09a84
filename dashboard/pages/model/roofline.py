"""Roofline: what binds each task, the bandwidth or the arithmetic, and what is to gain."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.urls import View


def controls(view: View) -> list[Any]:
    """What its bar holds."""
    return [html.Span(className="spring")]


def body(view: View) -> list[Any]:
    """What its pane holds."""
    return []
