"""The command `paredown demo`: what ships with the product, and making its experiment anew."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.cli_model import print_json, say
from engine.errors import EngineError

CLOSE = 0.02  # of accuracy: what another processor may make of the last bits


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    demo = commands.add_parser("demo", help="what ships with it; make its experiment anew")
    demo.add_argument("--rebuild", action="store_true", help="run every operation again: minutes")
    demo.add_argument(
        "-o", "--out", type=Path, default=Path("digits_experiment.json"), metavar="FILE",
        help="where the new experiment goes (default digits_experiment.json); facts beside it",
    )  # fmt: skip
    demo.add_argument("--only", type=int, metavar="N", help="the first N models alone")
    demo.add_argument("--rounds", type=int, default=20, metavar="N", help="of timing; 0: none")
    demo.add_argument("--json", action="store_true", help="print one JSON object")
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    from dashboard.demo import MODELS
    from dashboard.demo.digits_tree import FILE

    shipped = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {"models": []}
    answer: dict[str, Any] = {
        "models": [{"name": m.name, "description": m.description} for m in MODELS],
        "experiment": {"name": shipped.get("name", ""), "models": len(shipped["models"])},
    }
    if options.rebuild:
        answer["rebuilt"] = _rebuilt(options, shipped)
    if options.json:
        print_json(answer)
    else:
        lines = [f"{m['name']}: {m['description']}" for m in answer["models"]]
        lines.append(f"{answer['experiment']['name']}: {answer['experiment']['models']} models")
        if "rebuilt" in answer:
            made = answer["rebuilt"]
            lines.append(
                f"made anew: {made['models']} models, {made['same_size']} of {made['compared']} as "
                f"large as the shipped ones, {made['same_accuracy']} as accurate, in {made['file']}"
            )
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _rebuilt(options: argparse.Namespace, shipped: Mapping[str, Any]) -> dict[str, Any]:
    from dashboard.demo import MODELS
    from dashboard.demo.digits_data import RARE, fit_arrays, judged_arrays
    from dashboard.demo.digits_tree import NAME, steps
    from engine.compress import Branch, grow, samples

    if not options.out.parent.is_dir() or options.out.is_dir():
        raise EngineError("cannot be written", str(options.out)[:200], "a file in a folder")
    model = gzip.decompress(MODELS[0].path.read_bytes())
    branches = [Branch(*step) for step in steps()][: options.only]

    def report(done: int, total: int, id: str) -> None:
        say(f"{done + 1} of {total}: {id}")

    grown = grow(model, branches, samples(model, fit_arrays()), samples(model, judged_arrays()),
                 name=NAME, rare=RARE, rounds=max(0, options.rounds), report=report)  # fmt: skip
    options.out.write_text(json.dumps(grown.document, indent=1) + "\n", "utf-8")
    facts = options.out.with_name(options.out.stem.replace("_experiment", "") + "_facts.json.gz")
    facts.write_bytes(gzip.compress(json.dumps(grown.facts).encode(), mtime=0))
    return {"file": str(options.out), "facts": str(facts), **compared(grown.document, shipped)}


def compared(made: Mapping[str, Any], shipped: Mapping[str, Any]) -> dict[str, int]:
    """How many models have the size and the accuracy of the shipped ones."""
    known = {m["id"]: m["metrics"] for m in shipped["models"]}
    pairs = [(m["metrics"], known[m["id"]]) for m in made["models"] if m["id"] in known]
    return {
        "models": len(made["models"]),
        "compared": len(pairs),
        "same_size": sum(a["Size"] == b["Size"] for a, b in pairs),
        "same_accuracy": sum(abs(a["Accuracy"] - b["Accuracy"]) <= CLOSE for a, b in pairs),
    }
