"""Run the acceptance of a stage: `python -m tests.acceptance A|B|C|D|E|F|G|H [LINE ...]`."""

from __future__ import annotations

import importlib.util
import sys

from tests.acceptance.line import Line, exit_status, table


def main(stage: str, wanted: list[str]) -> int:
    """Print each line as it is judged; 1 when one is not met, 2 when there is no such stage."""
    if not importlib.util.find_spec(f"tests.acceptance.stage_{stage.lower()}"):
        sys.stderr.write(f"There is no stage {stage}.\n")
        return 2
    lines: list[Line] = []
    for check in importlib.import_module(f"tests.acceptance.stage_{stage.lower()}").CHECKS:
        if wanted and check.id not in wanted:
            continue
        found = check.run()
        sys.stdout.write(table(found) + "\n")
        sys.stdout.flush()
        lines += found
    count = {v: sum(line.verdict == v for line in lines) for v in ("MET", "NOT MET", "NOT RUN")}
    sys.stdout.write("\n" + ", ".join(f"{n} {v}" for v, n in count.items()) + "\n")
    return exit_status(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "A", sys.argv[2:]))
