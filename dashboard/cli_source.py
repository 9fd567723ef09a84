"""The command `paredown source`: the lines of code that a model's tasks come from, by cost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import compiled, print_json, say, stem

if TYPE_CHECKING:
    from engine.insight import SourceMap

_UNITS = {"latency_s": "s", "energy_j": "J"}
_REST = ("tasks", "latency_s", "energy_j")
MOST = 40  # lines that the text shows
NOTHING = (
    "The file does not say which lines its ops come from. Export it with "
    "torch.onnx.export(…, dynamo=True), or give a map with --map."
)
MERGED = (
    "{} of the tasks are convolutions into which the exporter put the batch norm behind them: "
    "it kept only the line of the norm. With --source-root their own are found."
)
STALE = "{} is not the file that was exported: {} of its lines differ."


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    source = commands.add_parser("source", help="which lines of code cost what")
    source.add_argument("model", metavar="MODEL", help="ONNX file, or a zip with its sources")
    source.add_argument("--target", default="phone-npu", metavar="T", help="id of the target")
    source.add_argument("--preset", metavar="P", help="id of a model-wide optimization")
    source.add_argument("--source-root", type=Path, metavar="D", help="folder with the sources")
    source.add_argument("--map", type=Path, metavar="JSON", help="op to lines, see the README")
    source.add_argument("--by", choices=("latency", "energy"), default="latency",
                        help="what to sort by (default latency)")  # fmt: skip
    source.add_argument("--bind", action="append", default=[], metavar="NAME=SIZE",
                        help="set a symbolic size")  # fmt: skip
    source.add_argument("--json", action="store_true", help="print one JSON object")
    source.set_defaults(run=_source)


def _source(options: argparse.Namespace) -> int:
    target = engine.target(options.target)
    path, made = compiled(options, target)
    found = engine.source_of(made, path, options.source_root, options.map)
    recipe = engine.preset(options.preset).recipe if options.preset else None
    rows = found.costs(engine.resolve(made, recipe)).to_dicts()
    column = {"latency": "latency_s", "energy": "energy_j"}[options.by]
    named = [row for row in rows if row["file"]]
    named.sort(key=lambda row: (-(row[column] or 0), -(row[f"with_calls_{column}"] or 0)))
    rest = [row for row in rows if not row["file"]]
    for note in notes(found):
        say(note)
    if options.json:
        print_json({
            "model": stem(path), "target": target.id, "lines": named,
            "no_line": {k: rest[0][k] for k in _REST} if rest else None,
            "tasks": _tasks(found), "merged": sorted(found.merged),
        })  # fmt: skip
    else:
        sys.stdout.write(_text(named, rest, column))
    return 0


def notes(found: SourceMap) -> list[str]:
    """What a reader of the lines must know, in sentences."""
    said = list(found.notes)
    if not found.lines:
        said.append(NOTHING)
    if found.merged:
        said.append(MERGED.format(f"{len(found.merged):,}"))
    return said + [STALE.format(path, n) for path, n in found.stale.items()]


def _tasks(found: SourceMap) -> list[dict[str, Any]]:
    """Every task with its lines, as `file:line`, its own first."""
    by_task: dict[int, list[dict[str, Any]]] = {}
    for row in found.links.to_dicts():
        at = {"at": found.lines[row["line"]].place, "role": row["role"], "ops": row["ops"]}
        by_task.setdefault(row["task_id"], []).append(at)
    order = ("line", "fused", "call")
    return [
        {"task_id": task, "lines": sorted(lines, key=lambda line: order.index(line["role"]))}
        for task, lines in by_task.items()
    ]


def _text(named: list[dict[str, Any]], rest: list[dict[str, Any]], column: str) -> str:
    from dashboard.components import percent, quantity

    unit = _UNITS[column]
    known = [row[column] for row in (*named, *rest)]
    total = None if None in known else sum(known)

    def cost(value: float | None) -> str:
        return "unknown" if value is None else " ".join(quantity(value, unit))

    out = [("cost", "", "with calls", "tasks", "line", "")]
    for row in [*named[:MOST], *rest]:
        value = row[column]
        share = percent(value / total) if total and value else ""
        place = f"{row['file']}:{row['line']}" if row["file"] else "no line"
        whole = cost(row[f"with_calls_{column}"])
        out.append((cost(value) if value != 0 else "", share, whole, f"{row['tasks']:,}", place,
                    row["text"]))  # fmt: skip
    widths = [max(len(row[i]) for row in out) for i in range(5)]
    lines = [
        "  ".join([*(f"{row[i]:>{widths[i]}}" for i in range(4)), f"{row[4]:<{widths[4]}}", row[5]])
        for row in out
    ]
    if len(named) > MOST:
        lines.append(f"and {len(named) - MOST:,} lines more; --json has all")
    return "".join(line.rstrip() + "\n" for line in lines)
