"""The truth an hour apart: how far measured times move when nothing but time has passed.

`python -m tests.acceptance.truth` measures the sealed models and predicts nothing.  The first
truth stays in .cache/truth.json with its time; what is measured an hour or more later is compared
with it.  A truth of another machine or runtime is replaced.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import engine
from engine.errors import EngineError
from tests.acceptance import corpus
from tests.acceptance.line import NOT_RUN, Line, judged

FILE = corpus.CACHE / "truth.json"
HOUR = 3600.0
MOVED = 0.05  # the median error that is asked of predictions; it cannot be told from more
WHAT = "truth measured an hour apart: median difference at the same speed of the anchors"


@dataclass(frozen=True, slots=True)
class Truth:
    """Times of models.

    Args:
        when: s since 1970; load: mean number of waiting processes then, 1 minute.
        machine: and its runtime.
        models: name -> (s of one inference, how slow the machine was by its anchors).
    """

    when: float
    load: float
    machine: str
    models: Mapping[str, tuple[float, float]]

    @property
    def words(self) -> str:
        """When it was, and how busy the machine."""
        return f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(self.when))} at load {self.load:.1f}"


def truth_of(rows: Iterable[Mapping[str, object]]) -> Truth:
    """A truth of now, from rows of `Validation.models`."""
    models = {str(r["model"]): (float(str(r["measured_s"])), float(str(r["scale"])))
              for r in rows if r["measured_s"]}  # fmt: skip
    return Truth(time.time(), os.getloadavg()[0], engine.machine_id(), models)


def first(now: Truth, path: Path = FILE) -> Truth:
    """The first truth on this machine: what is kept, else this one, which then is kept."""
    try:
        body = json.loads(path.read_text("utf-8"))
        kept = Truth(body["when"], body["load"], body["machine"],
                     {k: (v[0], v[1]) for k, v in body["models"].items()})  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        kept = None
    if kept is not None and kept.machine == now.machine:
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(now)), "utf-8")
    return now


def comparable(kept: Truth, now: Truth) -> list[str]:
    """The models that both have, where an hour has passed; [] before."""
    if now.when - kept.when < HOUR:
        return []
    return [name for name in now.models if name in kept.models]


def judge(kept: Truth, now: Truth) -> Line:
    """The line: NOT RUN before an hour has passed."""
    both = comparable(kept, now)
    if not both:
        after = time.strftime("%H:%M", time.gmtime(kept.when + HOUR))
        note = f"the first truth is of {kept.words}; it is asked again after {after}."
        return Line("1d", WHAT, "", "", NOT_RUN, (note,))
    bare = {n: now.models[n][0] / kept.models[n][0] - 1 for n in both}
    fair = {n: (1 + bare[n]) * kept.models[n][1] / now.models[n][1] - 1 for n in both}
    worst = max(both, key=lambda n: abs(fair[n]))
    moved = median(abs(d) for d in fair.values())
    notes = (
        f"{len(both)} models, {kept.words} and {now.words}",
        f"without the anchors {median(abs(d) for d in bare.values()):.1%}",
        f"most: {worst} {fair[worst]:+.1%}",
    )
    hours = (now.when - kept.when) / HOUR
    return judged("1d", WHAT, f"{moved:.1%} after {hours:.1f} h", f"≤ {MOVED:.0%}",
                  moved <= MOVED, notes)  # fmt: skip


def main() -> None:
    """Measure the sealed models, keep the times if they are the first, and print the line."""
    from tests.acceptance.latency import ROUNDS, sealed
    from tests.acceptance.line import table

    rows = []
    for path in sealed():
        try:
            done = engine.measure(path, name=path.name, rounds=ROUNDS)
        except EngineError as error:
            sys.stderr.write(f"{corpus.name(path)}: {error.sentence}\n")
            continue
        name = path.name.removesuffix(".gz").removesuffix(".onnx")
        rows.append({"model": name, "measured_s": done.measured_s, "scale": done.scale})
    now = truth_of(rows)
    sys.stdout.write(f"{len(rows)} models, {now.words}\n{table([judge(first(now), now)])}\n")


if __name__ == "__main__":
    main()
