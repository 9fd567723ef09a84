"""The columns of the task table, from the glossary."""

from __future__ import annotations

from typing import Any

from engine.metrics import BY_ID, METRICS, Metric

ColumnDef = dict[str, Any]

NUMBER_FILTER = {
    "filterOptions": ["greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual",
                      "equals", "notEqual"],
    "defaultOption": "greaterThan", "maxNumConditions": 2, "buttons": ["reset"],
}  # fmt: skip
TEXT_FILTER = {
    "filterOptions": ["contains"],
    "defaultOption": "contains",
    "maxNumConditions": 1,
    "buttons": ["reset"],
}
WIDE = "latency_s"  # the column with the bar
FIRST = ("latency_s", "cumulative_share", "memory_power_w")
THEME = {
    "function": "themeQuartz.withParams({"
    "fontFamily: 'inherit', fontSize: 13, headerFontSize: 12, headerFontWeight: 600,"
    "rowHeight: 29, headerHeight: 28, spacing: 6, cellHorizontalPadding: 8,"
    "accentColor: 'var(--accent)', backgroundColor: 'var(--surface)',"
    "foregroundColor: 'var(--ink)', headerTextColor: 'var(--muted)',"
    "headerBackgroundColor: 'var(--surface)', borderColor: 'var(--line)',"
    "rowBorder: {color: 'var(--soft-line)'}, columnBorder: false, wrapperBorder: false,"
    "headerColumnBorder: false, headerColumnResizeHandleColor: 'transparent',"
    "rowHoverColor: 'var(--ground)', selectedRowBackgroundColor: 'var(--accent-ground)',"
    "oddRowBackgroundColor: 'var(--surface)', wrapperBorderRadius: 0,"
    "})"
}


def columns() -> list[ColumnDef]:
    """Column definitions: identity, the metrics, then words; most metrics start hidden."""
    metrics = [BY_ID[id] for id in FIRST] + [m for m in METRICS if m.id not in FIRST]
    return [
        {
            "field": "id", "headerName": "#", "width": 44, "type": "rightAligned",
            "headerTooltip": "Number of the task, in the order in which the target runs them.",
            "cellClass": ["ag-right-aligned-cell", "muted"], "filter": False,
            "valueFormatter": {"function": "taskNumber(params)"},
        },
        {
            "field": "name", "headerName": "Task", "minWidth": 136, "flex": 1,
            "headerTooltip": "Name of the task: its module, or the operation that leads it.",
            "tooltipValueGetter": {"function": "nameTip(params.data)"},
            "valueFormatter": {"function": "taskName(params)"},
            "filter": "agTextColumnFilter", "filterParams": TEXT_FILTER,
        },
        word("kernel", "Class", "Kind of kernel that runs the task.", 92),
        *(_metric(m, m.id in FIRST) for m in metrics),
        {
            "field": "formats", "headerName": "In → kernel", "width": 122,
            "headerTooltip": "Number format that the task reads, and that of its weights.",
            "cellRenderer": "Formats", "type": "rightAligned", "filter": "agTextColumnFilter",
            "filterParams": TEXT_FILTER,
            "valueGetter": {"function": "formats(params.data)"},
            "tooltipValueGetter": {"function": "formatsTip(params.data)"},
        },
        word("unit", "Unit", "Part of the hardware that runs the task; hover for the reason.", 60)
        | {"tooltipValueGetter": {"function": "unitTip(params.data)"},
           "cellClassRules": {"elsewhere": "params.data.unit_reason"}},
        word("bound_by", "Bound by", "What sets the task's time.", 86, True),
        word("output_format", "Writes", "Number format of what the task writes.", 74, True),
        word("ops", "Operations", "Operations of the file that are fused in the task.", 200, True),
        word("group", "Module", "Module of the source that the task belongs to.", 150, True),
        word("input_shape", "Input shape", "Shape of the first input.", 120, True),
        word("output_shape", "Output shape", "Shape of the output.", 120, True),
        word("kernel_shape", "Kernel shape", "Shape of the weights.", 110, True),
    ]  # fmt: skip


def word(field: str, header: str, help: str, width: int, hide: bool = False) -> ColumnDef:
    """A column of words."""
    return {
        "field": field, "headerName": header, "headerTooltip": help, "width": width,
        "hide": hide, "cellClass": "muted", "tooltipField": field,
        "filter": "agTextColumnFilter", "filterParams": TEXT_FILTER,
    }  # fmt: skip


def _metric(metric: Metric, shown: bool) -> ColumnDef:
    """A column of numbers: unit in the header, change beside the number, bar for the latency."""
    kinds = [k for k, on in (("barred", metric.id == WIDE), ("moving", metric.better)) if on]
    return {
        "field": metric.id,
        "headerName": metric.header,
        "headerTooltip": metric.help,
        "type": "rightAligned",
        "width": 136 if metric.id == WIDE else 84 if metric.unit == "%" else 122,
        "hide": not shown,
        "valueFormatter": {"function": "number(params)"},
        "cellClass": ["ag-right-aligned-cell", "figure", *kinds],
        "cellStyle": {"function": f"figure(params, '{metric.better}')"},
        "filter": "agNumberColumnFilter",
        "filterParams": NUMBER_FILTER,
        "filterValueGetter": {"function": "scaled(params)"},
        "headerComponentParams": {"innerHeaderComponent": "ColourHeader"},
        "sortingOrder": ["desc", "asc", None],
    }  # fmt: skip


def chooser() -> list[tuple[str, str]]:
    """(field, label) of every column that may be hidden; the page fits units to the model."""
    return [
        (c["field"], BY_ID[c["field"]].label if c["field"] in BY_ID else c["headerName"])
        for c in columns()
        if c["field"] not in ("id", "name")
    ]
