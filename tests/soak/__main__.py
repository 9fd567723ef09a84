"""Run the soak: `python -m tests.soak [--rounds 200] [--seed N] [--json]`.

200 writers killed, a full disk twice, a cache deleted; exit status 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.soak import full_disk, kills, lost_cache


def main(arguments: list[str]) -> int:
    """Print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--json", action="store_true", help="one object, for a test")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        killed = kills.run(Path(folder) / "data", given.rounds, given.seed)
        disks = []
        for mount in (True, False):
            place = Path(folder) / f"disk {mount}"
            place.mkdir()
            disks.append(full_disk.run(place, mount=mount))
        cache = lost_cache.run(Path(folder) / "cached")
    if given.json:
        seen = {"kills": asdict(killed), "cache": asdict(cache), "disks": [*map(asdict, disks)]}
        sys.stdout.write(json.dumps(seen))
    else:
        sys.stdout.write("\n".join(_rows(given.seed, killed, cache, disks)) + "\n")
    faults = [*killed.lost, *cache.faults, *(f for d in disks for f in d.faults)]
    return int(bool(faults) or killed.integrity != "ok")


def _rows(
    seed: int, killed: kills.Outcome, cache: lost_cache.Outcome, disks: list[full_disk.Outcome]
) -> list[str]:
    saves = ", ".join(f"{n:,} {kind}" for kind, n in killed.acknowledged.items())
    rows = [
        f"{killed.rounds} writers killed (seed {seed}), {killed.amid} of them amid a save",
        f"acknowledged: {saves}; lost: {len(killed.lost)}; integrity: {killed.integrity}",
        *killed.lost[:20],
        f"cache folder deleted {cache.deleted} times: {len(cache.faults)} faults",
        *(f"  FAULT {fault}" for fault in cache.faults),
    ]
    for disk in disks:
        rows += [
            f"full disk ({disk.disk}): {disk.acknowledged} saves acknowledged, "
            f"{len(disk.faults)} faults; it said:",
            *(f"  {sentence}" for sentence in disk.said),
            *(f"  FAULT {fault}" for fault in disk.faults),
        ]
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
