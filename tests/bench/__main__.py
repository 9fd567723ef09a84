"""Print the bench: `python -m tests.bench [ROUNDS]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.acceptance.corpus import exports
from tests.acceptance.line import NotRun
from tests.bench.cpu import measure, table


def main(rounds: int) -> None:
    """Measure and print; without the exports, our vision transformers only."""
    try:
        llamas = tuple(p for p in exports() if "llama" in p.name)
    except NotRun as reason:
        llamas = ()
        sys.stderr.write(f"{reason}\n")
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(table(measure(Path(folder), llamas, rounds)) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
