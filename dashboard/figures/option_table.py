"""The columns of the table of options."""

from __future__ import annotations

from typing import Any

from dashboard.figures.task_table import THEME
from engine.metrics import BY_ID

FIGURES = ("latency_s", "memory_power_w", "energy_j", "size_bytes")
FORMATS = (("input_format", "In"), ("kernel_format", "Kernel"), ("output_format", "Out"))
HELP = {"In": "what the tasks read", "Kernel": "their weights", "Out": "what they write"}
MARKS = (
    "Beside it the change against now. Bold on green: the best of the options shown; dotted on "
    "orange: the worst."
)
SHORT = {"memory_power_w": "Mem. power"}
GRID = {
    "theme": THEME,
    "animateRows": False,
    "tooltipShowDelay": 500,
    "suppressColumnMoveAnimation": True,
    "suppressDragLeaveHidesColumns": True,
    "rowClassRules": {"current": "params.data.current", "picked": "optionChosen(params.data)"},
    "localeText": {"noRowsToShow": "No option matches. Set a filter back to any."},
}


def columns() -> list[dict[str, Any]]:
    """What an option is, its figures, what it does to the whole model, and whom it touches."""
    return [
        _word("mark", "Mark", 84, "optionMark(params)", cellClass="mark",
              headerTooltip="The tasks are so now; or Pareto: no other option is at least as good "
                            "in latency, memory and size, and better in one.",
              sortingOrder=["desc", "asc", None]),
        *(
            _word(
                field, name, 60, "optionWord(params)",
                headerTooltip=f"Number format of {HELP[name]}.",
            )
            for field, name in FORMATS
        ),
        _word("squeeze", "Compression", 118, "optionWord(params)",
              headerTooltip="Zeros, fewer channels or a palette, beside the number format."),
        {"headerName": "These tasks", "children": [_figure(id) for id in FIGURES]},
        {"headerName": "Whole model", "children": [_whole(id) for id in FIGURES]},
        _word("reach", "Also changes", 168, "optionReach(params)", cellClass="muted",
              headerTooltip="Other tasks that it changes, and conversions that it puts in (+) or "
                            "leaves out (−)."),
    ]  # fmt: skip


def _word(field: str, name: str, width: int, show: str, **more: Any) -> dict[str, Any]:
    """A column of words."""
    shown = {"valueFormatter": {"function": show}}
    return {"field": field, "headerName": name, "width": width, **shown, **more}


def _figure(id: str) -> dict[str, Any]:
    """A figure of the tasks, with its change against now; the best and the worst shown."""
    metric = BY_ID[id]
    return {
        "field": id,
        "headerName": SHORT.get(id, metric.label),
        "headerValueGetter": {"function": "optionHeader(params)"},
        "headerTooltip": f"{metric.help} {MARKS}",
        "type": "rightAligned",
        "width": 124,
        "valueFormatter": {"function": "optionNumber(params)"},
        "cellClass": ["ag-right-aligned-cell", "figure", "moving"],
        "cellClassRules": {"best": "optionBest(params)", "worst": "optionWorst(params)"},
        "cellStyle": {"function": "optionChange(params)"},
        "tooltipValueGetter": {"function": "optionTip(params)"},
    }


def _whole(id: str) -> dict[str, Any]:
    """The change of a figure of the whole model."""
    return {
        "field": f"model_{id}",
        "headerName": SHORT.get(id, BY_ID[id].label),
        "headerTooltip": f"{BY_ID[id].label} of the whole model: change against now.",
        "type": "rightAligned",
        "width": 80,
        "valueFormatter": {"function": "optionShare(params)"},
        "cellClass": ["ag-right-aligned-cell", "figure"],
        "cellStyle": {"function": "optionTone(params)"},
    }
