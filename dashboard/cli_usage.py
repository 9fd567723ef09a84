"""The command `paredown usage`: how many people and models there are, and what they do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from dashboard.cli_model import print_json


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    usage = commands.add_parser("usage", help="how many people and models there are over time")
    usage.add_argument("--data", type=Path, help="folder of models, database and cache")
    usage.add_argument("--without", action="append", default=[], metavar="NAME",
                       help="leave out a person, such as a tester")  # fmt: skip
    usage.add_argument("--json", action="store_true", help="print one JSON object")
    usage.set_defaults(run=_usage)


def _usage(options: argparse.Namespace) -> int:
    from dashboard.settings import Settings
    from engine.store import Store

    settings = Settings(**({"data": options.data} if options.data else {}))
    store = Store(settings.data)
    try:
        found = store.usage.report([*settings.test_accounts, *options.without])
    finally:
        store.close()
    if options.json:
        print_json({
            "people": found.people, "submitters": found.submitters, "share": found.share,
            "months": [dict(zip(("month", "people", "models"), m, strict=True))
                       for m in found.months],
            "features": {f.verb: f.total for f in found.features},
        })  # fmt: skip
        return 0
    lines = [
        f"{found.people:,} people, {found.submitters:,} ({found.share:.0%}) put models in",
        *(f"{month}  {users:6,} people  {files:6,} models" for month, users, files in found.months),
        *(f"{f.total:8,} x {f.verb}" for f in found.features),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
