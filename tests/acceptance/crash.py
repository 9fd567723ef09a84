"""Stage C, line 4: nothing that was acknowledged is lost, whatever happens to the process or disk.

Measured by the soak in a process of its own, because it forks and lowers limits.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.line import NOT_RUN, Line, judged
from tests.soak.full_disk import TMPFS
from tests.soak.full_disk import Outcome as Disk
from tests.soak.kills import Outcome as Kills
from tests.soak.lost_cache import TIMES
from tests.soak.lost_cache import Outcome as Cache

ROOT = Path(__file__).parents[2]
ROUNDS = 200  # the test suite does 20
AMID = 0.5  # share of the kills that must have come amid a save, else nothing was tried


@dataclass(frozen=True, slots=True)
class Seen:
    """What the soak has seen; the disks are a tmpfs, if it could be mounted, and a limit."""

    kills: Kills
    cache: Cache
    disks: tuple[Disk, ...]


def measure(rounds: int = ROUNDS, seed: int = 4) -> Seen:
    """Run the soak.

    Raises:
        RuntimeError: it ended without an answer.
    """
    command = [sys.executable, "-m", "tests.soak", "--json"]
    done = subprocess.run(
        [*command, "--rounds", str(rounds), "--seed", str(seed)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout:
        raise RuntimeError(done.stderr.strip().splitlines()[-1:] or "the soak said nothing")
    told = json.loads(done.stdout)
    return Seen(
        Kills(**told["kills"]), Cache(**told["cache"]), tuple(Disk(**d) for d in told["disks"])
    )


def judge(seen: Seen, rounds: int = ROUNDS) -> tuple[Line, ...]:
    """Lines 4a to 4c."""
    kills, cache = seen.kills, seen.cache
    saves = sum(kills.acknowledged.values())
    by_kind = ", ".join(f"{count:,} {kind}" for kind, count in kills.acknowledged.items())
    lines = [
        judged("4a", f"kill −9 of {rounds} writers, {AMID:.0%} or more of them amid a save",
               f"{kills.rounds} killed, {kills.amid} amid a save; {saves:,} saves acknowledged, "
               f"{len(kills.lost)} lost; the file is {kills.integrity}", "0 lost",
               kills.rounds >= rounds and kills.amid >= AMID * rounds
               and all(kills.acknowledged.values())
               and not kills.lost and kills.integrity == "ok",
               [f"acknowledged: {by_kind}", *kills.lost[:20]]),
        judged("4b", "cache folder deleted while running",
               f"{cache.deleted} times, {len(cache.faults)} faults", "0 faults",
               cache.deleted >= TIMES and not cache.faults, cache.faults),
    ]  # fmt: skip
    if not any(disk.disk == TMPFS for disk in seen.disks):
        lines.append(
            Line(
                "4c",
                "disk full (small tmpfs)",
                "",
                "",
                NOT_RUN,
                ("mounting is not permitted here; a limit on files stands in for it",),
            )
        )
    for disk in seen.disks:
        lines.append(
            judged("4c", f"disk full ({disk.disk}): a sentence, nothing lost, reading goes on",
                   f"{disk.acknowledged} saves acknowledged, {len(disk.said)} sentences, "
                   f"{len(disk.faults)} faults", "a sentence, 0 faults",
                   disk.acknowledged > 0 and bool(disk.said) and not disk.faults,
                   [*disk.faults, *disk.said])
        )  # fmt: skip
    return tuple(lines)
