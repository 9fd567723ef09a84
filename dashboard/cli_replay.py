"""The command `paredown replay`: the checkpoints of an analysis computed again, and compared."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from dashboard.cli_model import print_json

if TYPE_CHECKING:
    from dashboard.queries.replay import Replayed

DIFFERENT = 1


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    replay = commands.add_parser("replay", help="compute an analysis again, and compare")
    replay.add_argument("analysis", metavar="ANALYSIS", help="id, as in its address")
    replay.add_argument("--data", type=Path, help="folder that the dashboard uses")
    replay.add_argument("--user", default="", metavar="NAME",
                        help="whose, where several people are served")  # fmt: skip
    replay.add_argument("--json", action="store_true", help="print one JSON object")
    replay.set_defaults(run=_replay)


def _replay(options: argparse.Namespace) -> int:
    from dashboard.queries import open_services
    from dashboard.queries.replay import SAME, replay, words
    from dashboard.settings import Settings
    from engine.store import LOCAL, Principal, act_as

    services = open_services(Settings(**({"data": options.data} if options.data else {})))
    try:
        with act_as(Principal(options.user or LOCAL)):
            found = replay(services.store, services.model, options.analysis)
    finally:
        services.close()
    if options.json:
        print_json({"engine": engine.VERSION, "checkpoints": [_row(r) for r in found]})
    else:
        sys.stdout.write("".join(f"{_line(r)}\n" for r in found) + words(found) + "\n")
    return 0 if all(r.verdict == SAME for r in found) else DIFFERENT


def _row(one: Replayed) -> dict[str, Any]:
    return {
        "id": one.row.id, "name": one.row.name, "verdict": one.verdict, "why": one.why,
        "engine": one.with_.engine, "target": one.with_.target,
        "target_digest": one.with_.digest, "model_sha256": one.with_.sha256,
        "said": asdict(one.said), "recomputed": asdict(one.again),
        "worst": one.worst if one.worst < float("inf") else None,
    }  # fmt: skip


def _line(one: Replayed) -> str:
    made = one.with_
    digest, model = made.digest[:12] or "not kept", made.sha256[:12] or "not kept"
    return (
        f"{one.verdict:<13} {one.row.name}  engine {made.engine or 'not kept'}, "
        f"target {made.target or 'not kept'} {digest}, model {model}"
    )
