"""The command `paredown diff`: what changed from one model, target or recipe to another."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import compiled, print_json
from dashboard.cli_optimize import recipe_of
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.insight import Difference, Priced

MOST = 30  # lines of each kind that the text shows


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    diff = commands.add_parser("diff", help="what changed from one model to another")
    diff.add_argument("before", metavar="A", help="ONNX file, or FILE@RECIPE.json")
    diff.add_argument("after", metavar="B", help="the same; may be the same file")
    diff.add_argument("--target", default="phone-npu", metavar="T", help="id of the target")
    diff.add_argument("--target-b", metavar="T", help="of the second, where it is another")
    diff.add_argument("--preset", metavar="P", help="optimization of the first")
    diff.add_argument("--preset-b", metavar="P", help="optimization of the second")
    diff.add_argument("--bind", action="append", default=[], metavar="NAME=SIZE",
                      help="set a symbolic size of both")  # fmt: skip
    diff.add_argument("--json", action="store_true", help="print one JSON object")
    diff.set_defaults(run=_diff)


def _diff(options: argparse.Namespace) -> int:
    first = _priced(options, options.before, options.target, options.preset)
    second = _priced(options, options.after, options.target_b or options.target, options.preset_b)
    found = engine.difference(first, second)
    if options.json:
        print_json(_answer(options, found, first, second))
    else:
        sys.stdout.write(_text(found))
    return 0


def _priced(options: argparse.Namespace, file: str, target: str, preset: str | None) -> Priced:
    from engine.insight import Priced

    path, recipe = named(file)
    if preset and recipe:
        raise EngineError("has two recipes", path.name, "a preset, or @ and a file", preset)
    chosen = recipe_of(argparse.Namespace(preset=preset, recipe=recipe))
    one = argparse.Namespace(model=str(path), bind=options.bind)
    _, made = compiled(one, engine.target(target))
    return Priced(made, engine.resolve(made, chosen))


def named(text: str) -> tuple[Path, Path | None]:
    """The file of a model, and that of its recipe behind "@" where there is one."""
    path = Path(text)
    if path.exists() or not text.endswith(".json"):
        return path, None
    model, at, recipe = text.rpartition("@")
    return (Path(model), Path(recipe)) if at else (path, None)


def _answer(
    options: argparse.Namespace, found: Difference, first: Priced, second: Priced
) -> dict[str, Any]:
    from engine.insight import formats

    return {
        "before": {"file": named(options.before)[0].name, "target": first.compilation.target,
                   "latency_s": found.before.latency_s, "size_bytes": found.before.size_bytes},
        "after": {"file": named(options.after)[0].name, "target": second.compilation.target,
                  "latency_s": found.after.latency_s, "size_bytes": found.after.size_bytes},
        "counts": found.counts,
        "tasks": found.tasks.to_dicts(),
        "modules": found.modules().to_dicts(),
        "formats": formats(found, first, second).to_dicts(),
    }  # fmt: skip


def _text(found: Difference) -> str:
    from dashboard.components import quantity

    signs = {"added": "+", "removed": "-", "changed": "~"}
    lines = [", ".join(f"{n:,} {state}" for state, n in found.counts.items())]
    for state, sign in signs.items():
        rows = found.tasks.filter(found.tasks["state"] == state).to_dicts()
        lines += [f"{sign} {_named(row)}" for row in rows[:MOST]]
        if len(rows) > MOST:
            lines.append(f"  and {len(rows) - MOST:,} more {state}; --json has all")
    for name, before, after, unit in (
        ("latency", found.before.latency_s, found.after.latency_s, "s"),
        ("size", found.before.size_bytes, found.after.size_bytes, "B"),
    ):
        if before is not None and after is not None:
            words = (" ".join(quantity(value, unit)) for value in (before, after))
            lines.append(f"{name} " + " → ".join(words))
    return "\n".join(lines) + "\n"


def _named(row: dict[str, Any]) -> str:
    other = f" (was {row['other_name']})" if row["other_name"] else ""
    return f"{row['name']}{other}" + (f": {row['changes']}" if row["changes"] else "")
