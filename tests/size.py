"""Print the lines of every source file and the change since a commit: `-m tests.size HEAD~1`."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
COUNTED = (".py", ".js", ".css")


def git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def main(base: str) -> None:
    """Write one row a file, longest first, then one row a room."""
    change: Counter[str] = Counter()
    for row in git("diff", "--numstat", "--no-renames", base).splitlines():
        added, gone, path = row.split("\t")
        if added != "-":
            change[path] = int(added) - int(gone)
    lines = {
        path: len((ROOT / path).read_bytes().splitlines())
        for path in git("ls-files").splitlines()
        if path.endswith(COUNTED) and (ROOT / path).is_file()
    }
    rooms: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for path, count in sorted(lines.items(), key=lambda item: -item[1]):
        sys.stdout.write(f"{count:6d} {change[path]:+6d}  {path}\n")
        rooms["/".join(path.split("/")[:2])] += count
        moved["/".join(path.split("/")[:2])] += change[path]
    sys.stdout.write("\n")
    for room, count in rooms.most_common():
        sys.stdout.write(f"{count:6d} {moved[room]:+6d}  {room}\n")
    sys.stdout.write(f"{sum(lines.values()):6d} {sum(moved.values()):+6d}  in all\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "HEAD")
