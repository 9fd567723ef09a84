"""The command `paredown`: serve, targets, compile.

Heavy imports happen inside the commands, so that `--help` answers at once.  Results go to stdout,
messages to stderr; a fault of the input is one sentence and exit status 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import engine
from engine.errors import EngineError

FAULT = 2


class _Parser(argparse.ArgumentParser):
    """A parser whose fault is one sentence, like every other."""

    def error(self, message: str) -> NoReturn:
        say(f"{self.prog}: {message}.")
        raise SystemExit(FAULT)


def say(message: str) -> None:
    """A message to the person at the terminal."""
    sys.stderr.write(message + "\n")


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
    return parser


def _serve(options: argparse.Namespace) -> int:
    from dashboard.serve import serve

    given = {k: getattr(options, k) for k in ("host", "port", "data")}
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
        _print_json({"targets": rows})
        return 0
    width = max(len(t.id) for t in known)
    sys.stdout.write("".join(f"{t.id:<{width}}  {t.label}\n" for t in known))
    return 0


def _compile(options: argparse.Namespace) -> int:
    target = engine.target(options.target)
    recipe = engine.preset(options.preset).recipe if options.preset else None
    bindings = dict(_binding(text) for text in options.bind)
    path = Path(options.model)
    graph = engine.read(path, bindings or None, path.name or str(path))  # so faults name the file
    for note in graph.notes:
        say(note)
    compilation = engine.compile_model(graph, target)
    base = engine.resolve(compilation)
    now = engine.resolve(compilation, recipe) if recipe is not None else base
    answer = {
        "model": path.name.removesuffix(".gz").removesuffix(".zip").removesuffix(".onnx"),
        "target": target.id,
        "engine": engine.VERSION,
        "tasks": compilation.tasks.height,
        "unknown_ops": list(compilation.unknown_ops),
        "totals": totals_of(now.totals, target.fps.value),
    }
    if recipe is not None:
        answer["baseline"] = totals_of(base.totals, target.fps.value)
    if options.json:
        _print_json(answer)
    else:
        sys.stdout.write(_text(answer, target.label, options.preset))
    return 0


def _binding(text: str) -> tuple[str, int]:
    name, equals, size = text.partition("=")
    if not (name and equals and size.isascii() and size.isdigit() and 0 < int(size) < 2**31):
        raise EngineError(
            "a size is bound as NAME=SIZE",
            where="--bind",
            expected="a name and a whole number of at least 1, such as batch=1",
            found=repr(text[:80]),
        )
    return name, int(size)


def totals_of(totals: Any, fps: float) -> dict[str, float | int | None]:
    """The totals under the keys of the JSON; memory power at the target's own frame rate."""
    return {
        "latency_s": totals.latency_s,
        "energy_j": totals.energy_j,
        "memory_power_w": totals.memory_power(fps),
        "size_bytes": totals.size_bytes,
        "peak_bytes": totals.peak_bytes,
        "macs": totals.macs,
        "parameters": totals.parameters,
    }


# key of the totals -> (label, unit, scale)
_FIGURES = (
    ("latency_s", "Latency", "ms", 1e3),
    ("energy_j", "Energy", "mJ", 1e3),
    ("memory_power_w", "Memory power", "mW", 1e3),
    ("size_bytes", "Size", "MB", 1e-6),
    ("peak_bytes", "Peak memory", "MB", 1e-6),
    ("macs", "MACs", "M", 1e-6),
    ("parameters", "Parameters", "M", 1e-6),
)


def _text(answer: Mapping[str, Any], target: str, preset: str | None) -> str:
    """The same as a table for people; every figure is modelled."""
    from dashboard.components import change, significant

    lines = [f"{answer['model']} on {target}: {answer['tasks']:,} tasks, figures modelled"]
    if answer["unknown_ops"]:
        lines.append(f"unknown ops: {', '.join(answer['unknown_ops'])}")
    if preset:
        lines.append(f"{'':<14}{'baseline':>12}{preset:>12}")
    for key, label, unit, scale in _FIGURES:
        values = [d[key] for d in (answer.get("baseline"), answer["totals"]) if d]
        shown = [f"{'unknown' if v is None else significant(v * scale):>12}" for v in values]
        moved = change(values[-1], values[0])[0] if preset else ""
        lines.append(f"{label:<14}{''.join(shown)} {unit:<3} {moved}".rstrip())
    return "\n".join(lines) + "\n"


def _print_json(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, allow_nan=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
