"""The commands `paredown compress`, from a recipe to a file, and `paredown evaluate`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import binding, compiled, print_json, say, stem
from dashboard.cli_optimize import recipe_of
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.compile import Compilation
    from engine.compress import Evaluation
    from engine.recipe import Recipe

FAILED = 1  # exit status when the file does not hold what was promised


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    compress = commands.add_parser("compress", help="make the file that a recipe describes")
    compress.add_argument("model", metavar="MODEL", help="ONNX file")
    chosen = compress.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--recipe", type=Path, metavar="FILE", help="recipe as JSON")
    chosen.add_argument("--preset", metavar="P", help="id of a model-wide optimization")
    compress.add_argument("--data", type=Path, metavar="FILE", help="samples: an array an input")
    compress.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="result")
    compress.add_argument(
        "--target", default="onnxruntime-cpu", metavar="T",
        help="id of the target that the recipe is for (default onnxruntime-cpu)",
    )  # fmt: skip
    compress.add_argument(
        "--bind", action="append", default=[], metavar="NAME=SIZE", help="set a symbolic size"
    )
    compress.add_argument(
        "--measure", action="store_true", help="time both files on this machine, about 10 s each"
    )
    compress.add_argument("--json", action="store_true", help="print one JSON object")
    compress.set_defaults(run=_compress)

    recipe = commands.add_parser("recipe", help="write a recipe as a script for another tool")
    kinds = recipe.add_subparsers(required=True, metavar="WHAT", parser_class=type(recipe))
    export = kinds.add_parser("export", help="write a recipe as a script for another tool")
    export.add_argument("model", metavar="MODEL", help="ONNX file")
    given = export.add_mutually_exclusive_group(required=True)
    given.add_argument("--recipe", type=Path, metavar="FILE", help="recipe as JSON")
    given.add_argument("--preset", metavar="P", help="id of a model-wide optimization")
    export.add_argument("--tool", required=True, metavar="T",
                        help="onnxruntime, coremltools or torchao")  # fmt: skip
    export.add_argument(
        "--per-task", action="store_true",
        help="code for each task, with the line of source that it comes from (torchao, "
        "coremltools)",
    )  # fmt: skip
    export.add_argument("-o", "--out", type=Path, metavar="FILE", help="script (default: print it)")
    export.add_argument(
        "--target", default="onnxruntime-cpu", metavar="T",
        help="id of the target that the recipe is for (default onnxruntime-cpu)",
    )  # fmt: skip
    export.add_argument(
        "--bind", action="append", default=[], metavar="NAME=SIZE", help="set a symbolic size"
    )
    export.add_argument("--json", action="store_true", help="print one JSON object")
    export.set_defaults(run=_export)

    evaluate = commands.add_parser("evaluate", help="judge a model on samples")
    evaluate.add_argument("model", metavar="MODEL", help="ONNX file")
    evaluate.add_argument(
        "--data", type=Path, required=True, metavar="FILE",
        help="samples with labels or targets: .npz, .csv or .parquet",
    )  # fmt: skip
    evaluate.add_argument("--base", type=Path, metavar="MODEL", help="the model before")
    evaluate.add_argument("--output", default="", metavar="NAME", help="output that is judged")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(run=_evaluate)


def _compress(options: argparse.Namespace) -> int:
    target, recipe = engine.target(options.target), recipe_of(options)
    _writable(options.out, Path(options.model))
    path, compilation = compiled(options, target)
    samples = engine.read_samples(path, options.data) if options.data is not None else None
    made = engine.apply_recipe(path, recipe, samples, target.id, compilation)
    _write(options.out, made.model)
    base = engine.resolve(compilation).totals
    now = engine.resolve(compilation, recipe).totals
    timed = _timed(path, options) if options.measure else {}
    answer = {
        "model": stem(path),
        "target": target.id,
        "engine": engine.VERSION,
        "file": str(options.out),
        "steps": [{"operation": s.operation, "words": s.words} for s in made.steps],
        "missing": list(made.missing),
        "notes": list(made.notes),
        "checks": [
            {"name": c.name, "met": c.met, "figure": c.figure, "words": c.words}
            for c in made.checks
        ],
        "size_bytes": {
            "baseline": base.size_bytes, "predicted": made.predicted_size_bytes,
            "found": made.size_bytes,
        },
        "latency_s": {
            "baseline": base.latency_s, "predicted": now.latency_s, "found": timed.get("after"),
        },
        "measured": timed or None,
        "files": {
            "before": engine.file_sizes(_plain(path)), "after": engine.file_sizes(made.model),
        },
    }  # fmt: skip
    found = None
    if samples is not None and (samples.labels is not None or samples.targets is not None):
        found = engine.evaluate(made.model, samples, _plain(path))
    answer["evaluation"] = None if found is None else _evaluation(found)
    if options.json:
        print_json(answer)
    else:
        sys.stdout.write(_text(answer))
    return FAILED if any(c.met is False for c in made.checks) else 0


def _export(options: argparse.Namespace) -> int:
    target, recipe = engine.target(options.target), recipe_of(options)
    if options.out is not None:
        _writable(options.out, Path(options.model))
    path, compilation = compiled(options, target)
    if options.per_task:
        return _per_task(options, path, compilation, recipe)
    made = engine.recipe_script(path, recipe, options.tool, target.id, compilation)
    if options.out is not None:
        _write(options.out, made.text.encode())
    if options.json:
        print_json({"model": stem(path), "tool": made.tool, "target": target.id,
                    "script": made.text, "missing": list(made.missing)})  # fmt: skip
        return 0
    for text in made.missing:
        say(f"not in the script: {text}")
    if options.out is None:
        sys.stdout.write(made.text)
    return 0


def _per_task(
    options: argparse.Namespace, path: Path, compilation: Compilation, recipe: Recipe
) -> int:
    """Code task by task, each under the line that it comes from."""
    made = engine.task_code(compilation, recipe, options.tool)
    source = engine.source_of(compilation, path)
    tasks: list[dict[str, Any]] = []
    for part in made.tasks:
        lines = source.of_task(part.task)
        at, text = (lines[0][0].place, lines[0][0].text) if lines else ("", "")
        tasks.append({"task_id": part.task, "name": part.name, "at": at, "source": text,
                      "code": part.code, "missing": list(part.missing)})  # fmt: skip
    text = made.text({t["task_id"]: f"{t['at']}: {t['source']}" for t in tasks if t["at"]})
    if options.out is not None:
        _write(options.out, text.encode())
    if options.json:
        print_json({"model": stem(path), "tool": made.tool, "target": options.target,
                    "head": made.head, "tasks": tasks})  # fmt: skip
    elif options.out is None:
        sys.stdout.write(text)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    path = Path(options.model)
    engine.read(path, None, path.name)  # so that a broken file is one sentence, in a child process
    model = _plain(path)
    base = None
    if options.base is not None:
        engine.read(options.base, None, options.base.name)
        base = _plain(options.base)
    samples = engine.read_samples(model, options.data)
    found = engine.evaluate(model, samples, base, options.output)
    if options.json:
        print_json({"model": stem(path), "engine": engine.VERSION, **_evaluation(found)})
    else:
        lines = [f"{stem(path)}: {found.count} samples, output {found.output}", *found.words]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _evaluation(found: Evaluation) -> dict[str, Any]:
    """What was found, for JSON; what is not known is null."""

    def known(number: float) -> float | None:
        return number if math.isfinite(number) else None

    return {
        "kind": found.kind,
        "output": found.output,
        "count": found.count,
        "figures": {
            id: {"label": f.label, "value": known(f.value), "low": known(f.low),
                 "high": known(f.high), "unit": f.unit}
            for id, f in found.figures.items()
        },
        "classes": [
            {"label": c.label, "count": c.count, "recall": known(c.recall), "low": known(c.low),
             "high": known(c.high), "precision": known(c.precision), "f1": known(c.f1),
             "base_recall": known(c.base_recall)}
            for c in found.classes
        ],
        "moved": found.moved,
        "right_to_wrong": found.right_to_wrong,
        "wrong_to_right": found.wrong_to_right,
        "dead": found.dead,
        "words": list(found.words),
    }  # fmt: skip


def _timed(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Both files measured one after the other, in child processes."""
    sizes = dict(binding(text) for text in options.bind) or None
    before = engine.measure(path, sizes, path.name)
    after = engine.measure(options.out, sizes, options.out.name)
    return {
        "before": before.measured_s, "after": after.measured_s,
        "ratio": after.measured_s / before.measured_s,
        "floor": max(before.floor, after.floor), "machine": after.machine,
        "runtime": after.runtime, "load": after.load,
    }  # fmt: skip


def _plain(path: Path) -> bytes:
    from engine.formats import load

    return load(path, "").data


def _writable(out: Path, model: Path) -> None:
    """Say before any work that the result cannot be written."""
    if out.is_dir() or not out.parent.is_dir():
        raise EngineError("cannot be written", str(out)[:200], "a file in a folder that exists")
    if out.exists() and model.exists() and out.samefile(model):
        raise EngineError("would overwrite the model itself", "--out", "another file")


def _write(out: Path, data: bytes) -> None:
    """Write the whole file or none of it."""
    part = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EngineError(
            "cannot be written", str(out)[:200], found=error.strerror or ""
        ) from error
    say(f"Written: {out} ({len(data):,} bytes).")


def _text(answer: Mapping[str, Any]) -> str:
    """The same for people."""
    from dashboard.components import significant

    lines = [f"{answer['model']} for {answer['target']}"]
    lines += [f"done: {s['words']}." for s in answer["steps"]] or ["done: nothing."]
    lines += [f"not in the file: {text}" for text in answer["missing"]]
    lines += [f"note: {text}" for text in answer["notes"]]
    marks = {True: "holds", False: "FAILS", None: ""}
    lines += [f"{marks[c['met']]:<6}{c['words']}" for c in answer["checks"]]
    lines.append(f"{'':<14}{'baseline':>12}{'predicted':>12}{'found':>12}")
    for key, label, unit, scale in (
        ("size_bytes", "Weights", "kB", 1e-3), ("latency_s", "Latency", "ms", 1e3),
    ):  # fmt: skip
        shown = [
            "not measured" if v is None and k == "found" else
            "unknown" if v is None else significant(v * scale)
            for k, v in answer[key].items()
        ]  # fmt: skip
        lines.append(f"{label:<14}{''.join(f'{s:>12}' for s in shown)} {unit}")
    if timed := answer["measured"]:
        one, other = (f"{timed[k] * 1e3:.3g} ms {k}" for k in ("before", "after"))
        lines.append(
            f"measured: {one}, {other}, {timed['ratio']:.2f} of it; rounds differ by "
            f"{timed['floor']:.0%}; load {timed['load']:.1f}"
        )
    if answer["evaluation"]:
        lines += answer["evaluation"]["words"]
    before, after = answer["files"]["before"], answer["files"]["after"]
    for key, label in (("file_bytes", "File"), ("gzip_bytes", "Download"),
                       ("memory_bytes", "In memory")):  # fmt: skip
        one, other = significant(before[key] / 1e3), significant(after[key] / 1e3)
        lines.append(f"{label:<14}{one:>12}{'':>12}{other:>12} kB")
    return "\n".join(lines) + "\n"
