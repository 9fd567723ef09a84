"""The command `paredown`: serve, targets, compile; the others are in `cli_*.py`.

Heavy imports happen inside the commands, so that `--help` answers at once.  Results go to stdout,
messages to stderr; a fault of the input is one sentence and exit status 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import engine
from dashboard import (
    cli_behaviors,
    cli_compress,
    cli_demo,
    cli_diff,
    cli_experiment,
    cli_export,
    cli_measure,
    cli_optimize,
    cli_predictions,
    cli_replay,
    cli_source,
    cli_usage,
    cli_worker,
)
from dashboard.cli_model import compiled, figures, print_json, say, stem, totals_of
from engine.errors import EngineError

FAULT = 2


class _Parser(argparse.ArgumentParser):
    """A parser whose fault is one sentence, like every other."""

    def error(self, message: str) -> NoReturn:
        say(f"{self.prog}: {message}.")
        raise SystemExit(FAULT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except EngineError as error:
        say(error.sentence)
        return FAULT
    except BrokenPipeError:  # `paredown targets | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="paredown",
        description="Fit a model into a device's latency, power, memory and size, and see why.",
    )
    parser.add_argument("--version", action="version", version=f"paredown {engine.VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    serve = commands.add_parser("serve", help="open the dashboard")
    serve.add_argument("models", nargs="*", metavar="MODEL", help="ONNX files to add first")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port (default 8050; 0 takes a free one)")
    serve.add_argument("--data", type=Path, help="folder for models, database and cache")
    serve.add_argument("--source-root", type=Path, help="folder with the models' sources")
    serve.add_argument(
        "--no-token", dest="token", action="store_const", const=False,
        help="answer every user of this machine, not only who has the printed address",
    )  # fmt: skip
    serve.add_argument("--open", action="store_true", help="open a browser too")
    serve.set_defaults(run=_serve)

    targets = commands.add_parser("targets", help="list the hardware targets")
    targets.add_argument("--json", action="store_true", help="print one JSON object")
    targets.set_defaults(run=_targets)

    compile_ = commands.add_parser("compile", help="compile a model and print its figures")
    compile_.add_argument("model", metavar="MODEL", help="ONNX file")
    compile_.add_argument("--target", required=True, metavar="T", help="id of a target")
    compile_.add_argument("--preset", metavar="P", help="id of a model-wide optimization")
    compile_.add_argument(
        "--bind", action="append", default=[], metavar="NAME=SIZE", help="set a symbolic size"
    )
    compile_.add_argument("--json", action="store_true", help="print one JSON object")
    compile_.set_defaults(run=_compile)

    cli_optimize.add(commands)
    cli_compress.add(commands)
    cli_worker.add(commands)
    cli_diff.add(commands)
    cli_behaviors.add(commands)
    cli_source.add(commands)
    cli_export.add(commands)
    cli_experiment.add(commands, _Parser)
    cli_predictions.add(commands)
    cli_replay.add(commands)
    cli_measure.add(commands)
    cli_demo.add(commands)
    cli_usage.add(commands)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from dashboard.serve import serve

    given = {k: getattr(options, k) for k in ("host", "port", "data", "source_root", "token")}
    return serve(options.models, {k: v for k, v in given.items() if v is not None}, options.open)


def _targets(options: argparse.Namespace) -> int:
    known = engine.targets()
    if options.json:
        rows = [
            {
                "id": t.id,
                "label": t.label,
                "summary": t.summary,
                "kind": t.kind,
                "fps": t.fps.value,
                "confidence": t.confidence,
                "units": [u.id for u in t.units],
            }
            for t in known
        ]
        print_json({"targets": rows})
        return 0
    width = max(len(t.id) for t in known)
    sys.stdout.write("".join(f"{t.id:<{width}}  {t.label}\n" for t in known))
    return 0


def _compile(options: argparse.Namespace) -> int:
    target = engine.target(options.target)
    recipe = engine.preset(options.preset).recipe if options.preset else None
    path, compilation = compiled(options, target)
    base = engine.resolve(compilation)
    now = engine.resolve(compilation, recipe) if recipe is not None else base
    answer = {
        "model": stem(path),
        "target": target.id,
        "engine": engine.VERSION,
        "tasks": compilation.tasks.height,
        "unknown_ops": list(compilation.unknown_ops),
        "totals": totals_of(now.totals, target.fps.value),
    }
    if compilation.note:
        answer["note"] = compilation.note
    if recipe is not None:
        answer["baseline"] = totals_of(base.totals, target.fps.value)
    if options.json:
        print_json(answer)
    else:
        sys.stdout.write(_text(answer, target.label, options.preset))
    return 0


def _text(answer: Mapping[str, Any], target: str, preset: str | None) -> str:
    """The same as a table for people; every figure is modelled."""
    lines = [f"{answer['model']} on {target}: {answer['tasks']:,} tasks, figures modelled"]
    if answer["unknown_ops"]:
        lines.append(f"unknown ops: {', '.join(answer['unknown_ops'])}")
    if preset:
        lines.append(f"{'':<14}{'baseline':>16}{preset:>16}")
    lines += figures([d for d in (answer.get("baseline"), answer["totals"]) if d])
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
