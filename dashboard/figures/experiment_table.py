"""The columns of the table of models, from an experiment's own metrics and parameters."""

from __future__ import annotations

from typing import Any

ColumnDef = dict[str, Any]


def columns(sent: dict[str, Any], editable: bool = True) -> list[ColumnDef]:
    """Column definitions.

    Args:
        sent: what `queries.experiment.payload` gave.
        editable: notes and flags may be written.
    """
    words = sent["glossary"]
    ranked = sorted(words, key=lambda c: not words[c]["primary"])
    some_primary = any(not words[c]["primary"] for c in words)
    return [
        {
            "field": "name", "headerName": "Model", "width": 252, "pinned": "left",
            "headerTooltip": "The steps that made the model; the name in the file is its tooltip.",
            "tooltipField": "model",
        },
        _note("flags", "Flags", "Words with commas between them, such as chosen, suspect.", 110,
              editable),
        *(
            {
                "field": c, "headerName": words[c]["header"], "headerTooltip": words[c]["help"],
                "type": "rightAligned", "width": 118,
                "hide": some_primary and not words[c]["primary"],
                "valueFormatter": {"function": "modelFigure(params)"},
                "cellClass": ["ag-right-aligned-cell", "figure"],
                "sortingOrder": ["asc", "desc", None] if words[c]["better"] == "lower"
                else ["desc", "asc", None],
            }
            for c in ranked
        ),
        {
            "field": "operation", "headerName": "Last step", "width": 120, "cellClass": "muted",
            "headerTooltip": "The operation that made the model.", "tooltipField": "operation",
        },
        *(
            {
                "field": p, "headerName": name, "width": 96, "cellClass": "muted",
                "headerTooltip": f"Parameter {name} of the last step.",
            }
            for p, name in sent["names"].items()
        ),
        _note("notes", "Notes", "What people wrote on the model.", 220, editable),
        _word("label", "Label", 160), _word("model", "Id", 220),
        _word("author", "Author", 100), _word("time", "Time", 130),
    ]  # fmt: skip


def _word(field: str, header: str, width: int) -> ColumnDef:
    return {
        "field": field, "headerName": header, "width": width, "cellClass": "muted",
        "tooltipField": field,
    }  # fmt: skip


def _note(field: str, header: str, help: str, width: int, editable: bool) -> ColumnDef:
    return {
        "field": field, "headerName": header, "width": width, "headerTooltip": help,
        "editable": editable, "tooltipField": field,
        "cellClass": "editable" if editable else "muted", "cellEditorParams": {"maxLength": 2000},
    }  # fmt: skip
