"""A process of `calibrate`: measures its share of the networks, a line each.

Run as `python -m engine.execute.sampling FOLDER NETS WORKER WORKERS`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine.errors import EngineError
from engine.execute.anchors import Anchors
from engine.execute.calibrating import jobs
from engine.execute.samples import sample, to_line


def main(folder: Path, nets: int, worker: int, workers: int) -> None:
    """Measure what nobody has measured yet."""
    done = set()
    for path in folder.glob("part-*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            try:
                found = json.loads(line)
                done.add((found["family"], found["number"]))
            except (ValueError, KeyError):
                continue
    anchors = Anchors()
    with (folder / f"part-{worker}.jsonl").open("a", encoding="utf-8") as file:
        for i, (family, number) in enumerate(jobs(nets)):
            if i % workers != worker or (family, number) in done:
                continue
            try:
                file.write(to_line(sample(family, number, anchors)) + "\n")
            except EngineError:  # the runtime does not take every network; enough remain
                continue
            file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
