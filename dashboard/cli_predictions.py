"""The command `paredown predictions`: what models of an experiment predict, and bringing files."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.cli_model import print_json
from engine.errors import EngineError

if TYPE_CHECKING:
    from dashboard.queries import Services


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    made = commands.add_parser("predictions", help="predictions of an experiment; bring a file")
    made.add_argument("experiment", metavar="EXPERIMENT", help="its id or its name")
    made.add_argument("model", nargs="?", metavar="MODEL", help="id of the one that predicted")
    made.add_argument("file", nargs="?", type=Path, metavar="FILE", help=".npz, .parquet, .json")
    made.add_argument("--set", default="", metavar="S", help="of instances; default: what fits")
    made.add_argument("--data", type=Path, metavar="FOLDER", help="folder that the dashboard uses")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    made.set_defaults(run=_predictions)


def _predictions(options: argparse.Namespace) -> int:
    from dashboard.queries import open_services
    from dashboard.settings import Settings

    if (options.model is None) != (options.file is None):
        raise EngineError("a model and a file are needed", "predictions",
                          try_this="EXPERIMENT MODEL FILE; or EXPERIMENT alone")  # fmt: skip
    told = {"data": options.data} if options.data is not None else {}
    services = open_services(Settings(**told, jobs=False))
    try:
        id = _id(services, options.experiment)
        return _bring(services, id, options) if options.file else _list(services, id, options.json)
    finally:
        services.close()


def _id(services: Services, text: str) -> str:
    rows = services.store.experiments.list()
    found = [r.id for r in rows if text in (r.id, r.name)]
    if not found:
        known = ", ".join(r.name for r in rows[:10]) or "none"
        raise EngineError("there is no such experiment", text[:200], known)
    if len(found) > 1:
        raise EngineError("several experiments have this name", text[:200], f"an id: {found[0]}")
    return found[0]


def _bring(services: Services, id: str, options: argparse.Namespace) -> int:
    done = services.predictions.import_file(
        id, options.model, options.file, options.file.name, options.set
    )
    if options.json:
        print_json(asdict(done))
    else:
        sys.stdout.write(f"{done.model}: {done.count:,} {done.what}, of {done.name}\n")
    return 0


def _list(services: Services, id: str, as_json: bool) -> int:
    found = services.predictions.available(id)
    if as_json:
        rows = [{"id": s.id, "name": s.name, "count": s.count, "kind": s.kind,
                 "models": list(s.models)} for s in found]  # fmt: skip
        print_json({"sets": rows})
        return 0
    for one in found:
        models = ", ".join(one.models) or "no predictions"
        sys.stdout.write(f"{one.id[:12]}  {one.name}: {models}\n")
    return 0
