"""The commands `paredown measure`, `paredown calibrate` and `paredown validate`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import binding, print_json, say, stem

if TYPE_CHECKING:
    import polars as pl

    from engine.execute import Measurement, Progress

SHOWN = 15


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    measure = commands.add_parser("measure", help="run a model on this machine and time it")
    measure.add_argument("model", metavar="MODEL", help="ONNX file")
    _bind(measure)
    about = "read a profile of onnxruntime in place of running the model"
    measure.add_argument("--profile", type=Path, metavar="JSON", help=about)
    measure.add_argument("--rounds", type=int, default=5, help="rounds of measurement (default 5)")
    measure.add_argument("--json", action="store_true", help="print one JSON object")
    measure.set_defaults(run=_measure)

    calibrate = commands.add_parser(
        "calibrate", help="measure kernels on this machine, so that its latency can be predicted"
    )
    calibrate.add_argument("--nets", type=int, default=1000, help="networks (default 1000)")
    calibrate.add_argument("--workers", type=int, default=2, help="processes side by side (2)")
    about = "minutes in all, about (default 9.5)"
    calibrate.add_argument("--minutes", type=float, default=9.5, help=about)
    calibrate.add_argument("--anew", action="store_true", help="forget what was measured before")
    calibrate.add_argument("--out", type=Path, metavar="FILE", help="where to write the file")
    calibrate.add_argument("--json", action="store_true", help="print one JSON object")
    calibrate.set_defaults(run=_calibrate)

    validate = commands.add_parser("validate", help="compare predicted with measured latency")
    validate.add_argument("models", nargs="+", metavar="MODEL", help="ONNX files")
    validate.add_argument("--target", default="onnxruntime-cpu", metavar="T", help="id of a target")
    _bind(validate)
    validate.add_argument("--json", action="store_true", help="print one JSON object")
    validate.set_defaults(run=_validate)


def _bind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bind", action="append", default=[], metavar="NAME=SIZE", help="set a symbolic size"
    )


def _measure(options: argparse.Namespace) -> int:
    sizes = dict(binding(text) for text in options.bind)
    path = Path(options.model)
    if options.profile is not None:
        return _import(options, path, sizes)
    done = engine.measure(path, sizes or None, path.name, rounds=options.rounds)
    if options.json:
        print_json(measured_json(done, stem(path)))
        return 0
    lines = [f"{stem(path)}: {_ms(done.measured_s)} a run, rounds differ by {done.floor:.0%}"]
    lines.append(f"  kernels {_ms(done.kernels_s)}, the rest {_ms(done.overhead_s)}")
    if done.predicted_s is not None:
        lines.append(f"  predicted {_ms(done.predicted_s)} ({done.error:+.0%})")
    lines.append(f"  {done.machine}; {done.runtime}; load {done.load:.1f}")
    if done.filled:
        lines.append(f"  {done.filled} weights that the file lacks were made up")
    sys.stdout.write("\n".join([*lines, *_table(done.tasks)]) + "\n")
    return 0


def _import(options: argparse.Namespace, path: Path, sizes: dict[str, int]) -> int:
    graph = engine.read(path, sizes or None, path.name)
    compilation = engine.compile_model(graph, engine.target("onnxruntime-cpu"), path)
    tasks = engine.import_profile(options.profile, compilation)
    if options.json:
        print_json({"model": stem(path), "profile": options.profile.name, "tasks": _rows(tasks)})
    else:
        sys.stdout.write("\n".join([stem(path), *_table(tasks)]) + "\n")
    return 0


def measured_json(done: Measurement, name: str) -> dict[str, Any]:
    """A measurement as plain data."""
    return {
        "model": name,
        "measured_s": done.measured_s,
        "rounds_s": list(done.rounds),
        "floor": done.floor,
        "kernels_s": done.kernels_s,
        "overhead_s": done.overhead_s,
        "predicted_s": done.predicted_s,
        "error": done.error,
        "scale": done.scale,
        "filled_weights": done.filled,
        "machine": done.machine,
        "runtime": done.runtime,
        "load": done.load,
        "note": done.compilation.note,
        "tasks": _rows(done.tasks),
    }


def _rows(tasks: pl.DataFrame) -> list[dict[str, Any]]:
    return tasks.to_dicts()


def _table(tasks: pl.DataFrame) -> list[str]:
    """The slowest tasks, one a line."""
    slow = tasks.sort("measured_s", descending=True, nulls_last=True).head(SHOWN)
    lines = [f"{'measured':>12}{'predicted':>12}  task"]
    for row in slow.iter_rows(named=True):
        figures = [f"{_ms(row[c]) if row[c] is not None else '?':>12}"
                   for c in ("measured_s", "predicted_s")]  # fmt: skip
        lines.append(f"{''.join(figures)}  {row['name']} [{row['kernel'] or '-'}]")
    return lines


def _ms(seconds: float) -> str:
    from dashboard.components import significant

    return f"{significant(seconds * 1e3)} ms"


def _calibrate(options: argparse.Namespace) -> int:
    made = engine.calibrate(
        nets=options.nets, workers=options.workers, anew=options.anew, out=options.out,
        minutes=options.minutes,
        report=None if options.json else _progress,
    )  # fmt: skip
    facts = dict(made.facts)
    if options.json:
        print_json(facts)
        return 0
    share = facts.get("within_10")
    sys.stdout.write(
        f"Calibrated on {facts['machine']} in {facts['minutes']} min: {facts['networks']} "
        f"networks, {facts['kernels']:,} kernels.\nNetworks left out were predicted with a median "
        f"error of {made.error:.1%}, {0 if share is None else share:.0%} of them within 10 %.\n"
    )
    return 0


def _progress(now: Progress) -> None:
    rate = now.done / now.seconds if now.seconds else 0
    left = f", about {(now.total - now.done) / rate / 60:.0f} min left" if now.done > 20 else ""
    sys.stderr.write(f"\r{now.done} of {now.total} networks{left}   ")
    sys.stderr.flush()


def _validate(options: argparse.Namespace) -> int:
    sizes = dict(binding(text) for text in options.bind)
    named = {Path(m).name: sizes for m in options.models} if sizes else None
    done = engine.validate(
        options.models, options.target, named,
        report=lambda i, n, name: say(f"{i + 1} of {n}: {name}"),
    )  # fmt: skip
    engine.keep_validation(done, options.target)
    if options.json:
        print_json({
            "target": options.target, "machine": done.machine, "runtime": done.runtime,
            "summary": dict(done.summary), "models": done.models.to_dicts(),
        })  # fmt: skip
        return 0
    lines = [f"{'predicted':>12}{'measured':>12}{'error':>8}  model"]
    for row in done.models.iter_rows(named=True):
        if row["fault"]:
            lines.append(f"{'?':>12}{'?':>12}{'?':>8}  {row['model']}: {row['fault']}")
            continue
        guess = "?" if row["predicted_s"] is None else _ms(row["predicted_s"])
        error = "?" if row["error"] is None else f"{row['error']:+.0%}"
        lines.append(f"{guess:>12}{_ms(row['measured_s']):>12}{error:>8}  {row['model']}")
    summary = done.summary
    if summary["median_error"] is not None:
        lines.append(
            f"{summary['counted']} models of 0.5 ms and more: median error "
            f"{summary['median_error']:.1%}, mean {summary['mean_error']:.1%}; within 5 % "
            f"{summary['within_5']:.0%}, 10 % {summary['within_10']:.0%}, 20 % "
            f"{summary['within_20']:.0%}"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
