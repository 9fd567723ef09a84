"""The commands `paredown optimize` and `paredown options`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import compiled, figures, print_json, stem, totals_of
from engine.errors import EngineError

if TYPE_CHECKING:
    import polars as pl

    from engine.compile import Compilation
    from engine.recipe import Budget, Recipe, Verdict
    from engine.targets import Target

MISSED = 1  # exit status of --strict when a budget is not met
SHOWN = 20  # options in the table for people
_MAX_FILE = 8_000_000  # B of a recipe


def add(commands: Any) -> None:
    """Add the commands to a parser's."""
    optimize = commands.add_parser("optimize", help="price a model under a recipe")
    model_arguments(optimize)
    budget_arguments(optimize)
    optimize.add_argument("--strict", action="store_true", help="exit 1 when a budget is missed")
    optimize.add_argument("--json", action="store_true", help="print one JSON object")
    optimize.set_defaults(run=_optimize)

    options = commands.add_parser("options", help="list what can be chosen for a task")
    model_arguments(options)
    options.add_argument(
        "--task", required=True, type=int, action="append", metavar="ID", help="id of a task"
    )
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.set_defaults(run=_options)


def budget_arguments(parser: argparse.ArgumentParser) -> None:
    """Budgets, and how the model is used."""
    parser.add_argument(
        "--budget", action="append", default=[], metavar="B", help="such as latency=34ms"
    )
    parser.add_argument("--use", default="", metavar="USE", help="how often it runs: always-on …")
    parser.add_argument("--per-day", type=float, metavar="N", help="inferences a day")
    parser.add_argument("--battery", metavar="E", help="energy of the battery, such as 15Wh")
    parser.add_argument("--lasts", metavar="T", help="how long it lasts without the model: 20h")
    parser.add_argument("--app", metavar="SIZE", help="rest of the application, such as 80MB")
    parser.add_argument("--runtime", metavar="SIZE", help="what the runtime brings along: 1MB")
    parser.add_argument("--fps", type=float, metavar="N", help="inferences a second")


def model_arguments(parser: argparse.ArgumentParser, target: str = "") -> None:
    """A model, its target, unless there is a usual one, and a recipe."""
    parser.add_argument("model", metavar="MODEL", help="ONNX file")
    parser.add_argument(
        "--target", required=not target, default=target, metavar="T", help="id of a target"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--preset", metavar="P", help="id of a model-wide optimization")
    chosen.add_argument("--recipe", type=Path, metavar="FILE", help="recipe as JSON")
    parser.add_argument(
        "--bind", action="append", default=[], metavar="NAME=SIZE", help="set a symbolic size"
    )


def _optimize(options: argparse.Namespace) -> int:
    target, recipe = engine.target(options.target), recipe_of(options)
    budgets, fps = budgets_of(options), fps_of(options, target)
    path, compilation = compiled(options, target)
    base, now = engine.resolve(compilation), engine.resolve(compilation, recipe)
    verdicts = engine.judge(
        now.totals, budgets, target, fps, _presets(compilation) if budgets else None
    )
    added = now.tasks.filter(now.tasks["origin"] == "conversion")
    answer = {
        "model": stem(path),
        "target": target.id,
        "engine": engine.VERSION,
        "fps": fps,
        "baseline": totals_of(base.totals, fps),
        "totals": totals_of(now.totals, fps),
        "touched": now.touched,
        "recipe": _plain(recipe),
        "conversions": added.select(
            "task_id", "anchor", "name", "cause", "rule", "latency_s", "energy_j"
        ).to_dicts(),
        "budgets": [_verdict(v) for v in verdicts],
    }
    if options.json:
        print_json(answer)
    else:
        sys.stdout.write(_text(answer, target.label, engine.redundant(compilation, recipe)))
    return MISSED if options.strict and not all(v.met for v in verdicts) else 0


def _options(options: argparse.Namespace) -> int:
    target, recipe = engine.target(options.target), recipe_of(options)
    _, compilation = compiled(options, target)
    found = engine.options(compilation, recipe, options.task)
    names = compilation.tasks["name"].gather(sorted(set(options.task))).to_list()
    if options.json:
        answer = {
            "target": target.id,
            "tasks": [
                {"id": i, "name": n} for i, n in zip(sorted(set(options.task)), names, strict=True)
            ],
            "options": found.to_dicts(),
        }
        print_json(answer)
    else:
        sys.stdout.write(_listed(found, names, target.label))
    return 0


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The recipe of the command line, as a file or by the id of a preset.

    Raises:
        EngineError: no such file, or it is no recipe.
    """
    from engine.recipe.model import Recipe

    if options.preset:
        return engine.preset(options.preset).recipe
    if not options.recipe:
        return Recipe()
    path: Path = options.recipe
    if not path.is_file():
        raise EngineError("no such file", str(path)[:200], "a recipe as JSON")
    if path.stat().st_size > _MAX_FILE:
        raise EngineError("too large for a recipe", path.name, f"at most {_MAX_FILE:,} bytes")
    try:
        return engine.read_recipe(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise EngineError("is not text", path.name, "a recipe as JSON, in UTF-8") from None


def _plain(recipe: Recipe) -> dict[str, Any]:
    import json

    made: dict[str, Any] = json.loads(engine.write_recipe(recipe))
    return made


def budgets_of(options: argparse.Namespace) -> tuple[Budget, ...]:
    """The budgets of the command line."""
    from engine.recipe import AMOUNTS, amount

    base: dict[str, float | None] = {"per_day": options.per_day}
    for flag, (name, unit) in AMOUNTS.items():
        given = getattr(options, flag)
        base[name] = amount(given, unit, f"--{flag}") if given else None
    return tuple(engine.budget(text, options.use, **base) for text in options.budget)


def fps_of(options: argparse.Namespace, target: Target) -> float:
    """The frame rate of the command line, or the target's.

    Raises:
        EngineError: it is out of range.
    """
    if options.fps is None:
        return float(target.fps.value)
    fps = float(options.fps)
    if not 0 < fps < 1e6:
        raise EngineError("out of range", "--fps", "above 0, below a million", f"{fps:g}")
    return fps


def _presets(compilation: Compilation) -> dict[str, Any]:
    return {p.label: engine.resolve(compilation, p.recipe).totals for p in engine.presets()}


def _verdict(v: Verdict) -> dict[str, Any]:
    b = v.budget
    return {
        "metric": b.metric, "limit": b.limit, "unit": b.measure.unit, "use": b.use,
        "value": v.value, "slack": v.slack, "met": v.met, "assumed": v.assumed,
        "sentence": v.sentence,
    }  # fmt: skip


def _text(answer: Mapping[str, Any], target: str, redundant: pl.DataFrame) -> str:
    """The same for people; every figure is modelled."""
    from dashboard.components import count

    rules = count(len(answer["recipe"]["rules"]), "rule")
    tasks = count(answer["touched"], "task")
    added = count(len(answer["conversions"]), "conversion")
    lines = [
        f"{answer['model']} on {target}: {rules}, {tasks} changed, {added}, figures modelled",
        f"{'':<14}{'baseline':>16}{'now':>16}",
        *figures((answer["baseline"], answer["totals"])),
    ]
    for verdict in answer["budgets"]:
        mark = {True: "met", False: "MISSED", None: "unknown"}[verdict["met"]]
        note = " (an assumption)" if verdict["assumed"] else ""
        lines.append(f"{mark:<8}{verdict['sentence']}{note}")
    lines += [f"redundant: {text}." for text in redundant["sentence"].head(5)]
    return "\n".join(lines) + "\n"


def _listed(found: pl.DataFrame, names: Sequence[str], target: str) -> str:
    """The options worth a look, the fastest first."""
    if not found.height:
        return f"{', '.join(names)[:200]} on {target}: nothing can be chosen\n"
    best = found.filter(found["pareto"] | found["current"]).sort("latency_s").head(SHOWN)
    lines = [
        f"{', '.join(names)[:200]} on {target}: {found.height:,} options, "
        f"{best.height} worth a look, figures modelled",
        f"{'input':<7}{'output':<7}{'weights':<8}{'further':<12}{'latency µs':>12}"
        f"{'memory µJ':>12}{'size kB':>10}{'model Δµs':>12}{'conv.':>6}",
    ]
    for row in best.iter_rows(named=True):
        further = f"{row['palette_bits']}-bit palette" if row["palette_bits"] else ""
        if row["sparsity"]:
            further = f"{row['sparsity'] * 100:.0f} % {row['pattern'] or 'zeros'}"
        shown = (
            row["latency_s"], row["memory_energy_j"], row["size_bytes"], row["model_latency_s"]
        )  # fmt: skip
        scaled = [
            "unknown" if v is None else f"{v * s:,.3g}"
            for v, s in zip(shown, (1e6, 1e6, 1e-3, 1e6), strict=True)
        ]
        mark = "  now" if row["current"] else ""
        lines.append(
            f"{row['input_format']:<7}{row['output_format']:<7}{row['kernel_format']:<8}"
            f"{further:<14}{scaled[0]:>10}{scaled[1]:>12}{scaled[2]:>10}{scaled[3]:>12}"
            f"{row['conversions']:>+6}{mark}"
        )
    return "\n".join(lines) + "\n"
