"""The formats, and the one verb that writes any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import EngineError
from engine.export.analysis import report
from engine.export.subject import Subject
from engine.export.table import csv, parquet
from engine.export.trace import trace
from engine.export.viewers import model_explorer, netron

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A format.

    Args:
        label: what a menu says.
        help: what opens it.
        ending: of the file's name.
        mimetype: of the file.
        write: the bytes of a subject.
    """

    label: str
    help: str
    ending: str
    mimetype: str
    write: Callable[[Subject], bytes]


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its name, type and bytes."""

    name: str
    mimetype: str
    body: bytes


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "report": Kind("Report", "one HTML page to read, send or print", ".html", "text/html",
                       lambda s: report(s).html.encode()),
        "csv": Kind("Tasks as CSV", "a spreadsheet, pandas, polars", ".tasks.csv", "text/csv", csv),
        "parquet": Kind("Tasks as Parquet", "pandas, polars, DuckDB", ".tasks.parquet",
                        "application/vnd.apache.parquet", parquet),
        "trace": Kind("Timeline as a trace", "Perfetto, chrome://tracing", ".trace.json", JSON,
                      trace),
        "model-explorer": Kind("Model Explorer node data", "load it beside the model there",
                               ".node-data.json", JSON, model_explorer),
        "netron": Kind("Netron attachment", "drop it onto the model open in Netron",
                       ".netron.json", JSON, netron),
    }
)  # fmt: skip


def export_as(kind: str, subject: Subject, metric: str = "") -> Exported:
    """Write a subject in a format.

    Args:
        kind: a key of `KINDS`.
        subject: what to write.
        metric: of the nodes in Model Explorer; "" the latency.

    Raises:
        EngineError: no such format or metric.
    """
    if kind not in KINDS:
        raise EngineError("no such format", "as", f"one of {', '.join(KINDS)}", kind[:80])
    found = KINDS[kind]
    body = model_explorer(subject, metric) if metric and kind == "model-explorer" else (
        found.write(subject))  # fmt: skip
    stem = re.sub(r"[^\w.-]+", "_", subject.name)[:80].strip("._") or "model"
    return Exported(stem + found.ending, found.mimetype, body)
