"""The command `paredown export`: a model's figures as a file for other programs or people."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import engine
from dashboard.cli_model import compiled, say, stem
from dashboard.cli_optimize import (
    budget_arguments,
    budgets_of,
    fps_of,
    model_arguments,
    recipe_of,
)
from engine.errors import EngineError

FORMATS = ("report", "csv", "parquet", "trace", "model-explorer", "netron")


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    export = commands.add_parser("export", help="figures as table, trace, viewer's marks, report")
    model_arguments(export, "phone-npu")
    budget_arguments(export)
    export.add_argument("--as", dest="kind", choices=FORMATS, default="report",
                        help="the format (default report, one HTML page)")  # fmt: skip
    export.add_argument("--metric", default="", metavar="M",
                        help="of the nodes in Model Explorer (default latency_s)")  # fmt: skip
    export.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="where to; - is stdout (default: here, by its own name)",
    )
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    target, recipe = engine.target(options.target), recipe_of(options)
    budgets, fps = budgets_of(options), fps_of(options, target)
    path, made = compiled(options, target)
    from engine.export import Subject

    before, after = engine.resolve(made), engine.resolve(made, recipe)
    verdicts = engine.judge(after.totals, budgets, target, fps)
    subject = Subject(stem(path), made, before, after, recipe, fps, verdicts)
    file = engine.export_as(options.kind, subject, options.metric)
    if options.out == Path("-"):
        sys.stdout.buffer.write(file.body)
        return 0
    out: Path = options.out or Path(file.name)
    try:
        out.write_bytes(file.body)
    except OSError as error:
        raise EngineError("cannot be written", str(out)[:200], found=str(error.strerror)) from error
    say(f"{out}: {len(file.body):,} bytes")
    return 0
