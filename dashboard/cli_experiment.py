"""The commands `paredown experiment import|layout|compare|pareto|report|fork`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import print_json
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.experiments import Experiment, Variable

_SHOWN = 20  # issues and models for people


def add(commands: Any, parser_class: Any) -> None:
    """Add the commands to a parser's."""
    experiment = commands.add_parser("experiment", help="compare many models of one experiment")
    verbs = experiment.add_subparsers(required=True, metavar="VERB", parser_class=parser_class)

    read = _verb(verbs, "import", "read a file and say what is odd", _import)
    read.add_argument("--out", type=Path, metavar="FILE", help="write it again, nothing lost")

    layout = _verb(verbs, "layout", "columns and rows of the model map", _layout)
    layout.add_argument("--by", choices=("operation", "step"), default="operation")

    compare = _verb(verbs, "compare", "which variables tell some models apart", _compare)
    compare.add_argument("--models", required=True, metavar="A,B", help="ids, two or more")
    compare.add_argument("--compat", action="store_true", help="by the published algorithm")

    pareto = _verb(verbs, "pareto", "models that no other beats", _pareto)
    pareto.add_argument("--metric", required=True, action="append", metavar="M")
    pareto.add_argument("--higher", action="append", default=[], metavar="M", help="more is better")
    pareto.add_argument("--lower", action="append", default=[], metavar="M", help="less is better")

    report = _verb(verbs, "report", "a page on selection, front and budgets", _report)
    report.add_argument("--models", default="", metavar="A,B", help="ids of the selection")
    report.add_argument("--metric", action="append", default=[], metavar="M", help="of the front")
    report.add_argument(
        "--budget", action="append", default=[], metavar="B", help='such as "Model Size<=5M"'
    )
    report.add_argument("--out", type=Path, metavar="FILE", help=".html or .md; else Markdown here")

    fork = verbs.add_parser("fork", help="copy one that the dashboard has, as one's own")
    fork.add_argument("experiment", metavar="EXPERIMENT", help="id, as in its address")
    fork.add_argument("--name", metavar="NAME", help="of the fork")
    fork.add_argument("--data", type=Path, metavar="FOLDER", help="folder that the dashboard uses")
    fork.add_argument("--user", default="", metavar="NAME",
                      help="whose, where several people are served")  # fmt: skip
    fork.add_argument("--json", action="store_true", help="print one JSON object")
    fork.set_defaults(run=_fork)


def _verb(verbs: Any, name: str, text: str, run: Any) -> Any:
    made = verbs.add_parser(name, help=text)
    made.add_argument("file", metavar="FILE", help="experiment as JSON")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    made.set_defaults(run=run)
    return made


def _import(options: argparse.Namespace) -> int:
    found = engine.read_experiment(options.file)
    if options.out:
        from engine import experiments

        experiments.save(found, options.out)
    answer = {
        "experiment": found.name,
        "models": len(found.models),
        "roots": len(found.forest.roots),
        "operations": [o.name for o in found.operations],
        "metrics": [
            {"name": m.name, "unit": m.unit, "primary": m.primary, "direction": m.direction,
             "stated": m.stated}
            for m in found.metrics
        ],
        "issues": [
            {"level": i.level, "kind": i.kind, "sentence": i.sentence, "count": i.count,
             "models": list(i.models)}
            for i in found.issues
        ],
    }  # fmt: skip
    if options.json:
        print_json(answer)
        return 0
    from dashboard.components import count

    sizes = [
        count(len(listed), noun)
        for listed, noun in (
            (found.models, "model"), (found.forest.roots, "root"),
            (found.operations, "operation"), (found.metrics, "metric"),
        )
    ]  # fmt: skip
    lines = [f"{found.name}: {', '.join(sizes)}"]
    lines += [f"{i.level}: {i.sentence}" for i in found.issues[:_SHOWN]]
    if len(found.issues) > _SHOWN:
        lines.append(f"and {len(found.issues) - _SHOWN} more; --json lists them")
    _say(lines)
    return 0


def _layout(options: argparse.Namespace) -> int:
    found = engine.read_experiment(options.file)
    made = engine.model_map(found, options.by)
    places = {
        found.models[row].id: [column, lane]
        for row, column, lane in made.positions.select("row", "column", "lane").iter_rows()
    }
    if options.json:
        titles = [c.title for c in made.columns]
        print_json({"columns": titles, "rows": made.lanes, "positions": places})
        return 0
    from dashboard.components import count

    columns = [f"{c.title}: {count(len(c.rows), 'model')}" for c in made.columns]
    _say([count(made.lanes, "row"), *columns])
    return 0


def _compare(options: argparse.Namespace) -> int:
    found = engine.read_experiment(options.file)
    made = engine.compare_models(found, _ids(found, options.models), options.compat)
    answer = {
        "variables": [_variable(v) for v in made.variables],
        "comparable": made.charted,
        "view": made.view,
        "sentence": made.sentence,
        "models": [found.models[r].id for r in made.rows],
        "base": found.models[made.base].id if made.base >= 0 else None,
        "raw": [_variable(v) for v in made.raw],
    }
    if options.json:
        print_json(answer)
        return 0
    from engine.experiments import shown

    lines = [made.sentence]
    lines += [f"{v.name}: {', '.join(map(shown, v.values))}" for v in made.variables]
    _say(lines)
    return 0


def _variable(v: Variable) -> dict[str, Any]:
    return {"name": v.name, "values": list(v.values), "kind": v.kind, "cells": list(v.cells)}


def _pareto(options: argparse.Namespace) -> int:
    found = engine.read_experiment(options.file)
    ways: dict[str, Any] = dict.fromkeys(options.higher, "higher")
    ways |= dict.fromkeys(options.lower, "lower")
    made = engine.pareto(found, options.metric, ways)
    ids = [found.models[r].id for r in made.rows]
    answer = {
        "front": ids,
        "knee": found.models[made.knee].id if made.knee is not None else None,
        "metrics": [
            {"name": m.name, "direction": d, "assumed": m.name in made.assumed}
            for m, d in zip(made.metrics, made.directions, strict=True)
        ],
        "models": len(found.models),
        "unknown": made.unknown,
    }
    if options.json:
        print_json(answer)
        return 0
    _say([f"{len(ids)} of {len(found.models):,} on the front; {made.unknown} unknown", *ids])
    return 0


def _report(options: argparse.Namespace) -> int:
    from engine import experiments

    found = engine.read_experiment(options.file)
    bounds = [experiments.read_bound(found, text) for text in options.budget]
    ids = _ids(found, options.models) if options.models else ()
    made = experiments.report(found, ids, options.metric, bounds)
    if options.out:
        html = options.out.suffix.lower() in {".html", ".htm"}
        try:
            options.out.write_text(made.html if html else made.markdown, "utf-8")
        except OSError as fault:
            reason = fault.strerror or "unknown reason"
            raise EngineError(f"cannot be written ({reason})", str(options.out)[:200]) from None
    if options.json:
        print_json({
            "title": made.title,
            "sections": [
                {"title": s.title, "text": list(s.text), "heads": list(s.heads),
                 "rows": [list(r) for r in s.rows]}
                for s in made.sections
            ],
            "out": str(options.out) if options.out else None,
        })  # fmt: skip
    elif not options.out:
        sys.stdout.write(made.markdown)
    return 0


def _fork(options: argparse.Namespace) -> int:
    from dashboard.queries.sharing import origin_words
    from dashboard.settings import Settings
    from engine.store import LOCAL, Principal, Store, act_as

    store = Store(Settings(**({"data": options.data} if options.data else {})).data)
    try:
        with act_as(Principal(options.user or LOCAL)):
            row = store.experiments.fork(options.experiment, options.name)
            words = origin_words(row)
    finally:
        store.close()
    if options.json:
        print_json({"id": row.id, "name": row.name, "forked_from": row.forked_from})
    else:
        _say([f"{row.id}  {row.name}, {words}"])
    return 0


def _ids(found: Experiment, text: str) -> list[str]:
    """The ids of a list with commas; an id that has commas itself is found too."""
    parts, made, at = text.split(","), list[str](), 0
    while at < len(parts):
        for end in range(min(len(parts), at + 20), at, -1):
            id = ",".join(parts[at:end])
            if id in found.rows or end == at + 1:
                made.append(id if id in found.rows else id.strip())
                at = end
                break
    return made


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
