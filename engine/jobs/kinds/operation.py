"""One operation on a model of an experiment: its child, packed, judged and timed beside the root.

The file that it starts from is that of the model, or of one above it: then the steps from there
are repeated first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.compress import Ratio, Samples, few, judged_figures, paired, stored_figures
from engine.formats import load
from engine.jobs.place import Place

ROUNDS = 20  # pairs of timed runs
BATCH = 8  # samples of a timed run
CLASSES = 200  # that are told one by one
FIT, SHARE = 256, 0.25  # samples to measure activations on, where none are set apart for that


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Make the child.

    Args:
        args: sha256 of the file to start from; path, the steps from there as [operation, values];
            operation and values of the last one; root, sha256 of the file that all came from, ""
            unknown; fit and data, digests of samples, "" none; time, whether to.
        place: where files are.

    Returns:
        sha256 and size_bytes of the packed file, metrics and errors by the names of
        `compress.METRICS` (and labels of further figures), notes, words (what stands out), dead.

    Raises:
        EngineError: a step cannot be done on this model.
    """
    place.report(0.02, "reading the model")
    model = model_of(place, args["sha256"])
    root = model_of(place, args["root"]) if args.get("root") else model
    fit, test = samples_of(place, root, args)
    steps = [*args.get("path", ()), [args["operation"], args["values"]]]
    model, notes = stepped(model, root, steps, fit, place)
    place.report(0.55, "packing")
    packed = engine.pack_model(model)
    found: dict[str, Any] = {
        "sha256": place.keep(packed.model), "size_bytes": len(packed.model),
        "metrics": stored_figures(packed.model), "errors": {}, "words": [], "dead": False,
        "notes": [*notes, *packed.notes][:20],
    }  # fmt: skip
    if test is not None:
        place.report(0.62, f"judging on {test.count:,} samples")
        judge(found, packed.model, test, root if args.get("root") else None)
    if args.get("time") and args.get("root"):
        place.report(0.8, "timing beside the model before compression")
        timed(found, root, model, test or fit)
    return found


def model_of(place: Place, digest: str) -> bytes:
    """The dense model of a blob, which may be packed, and be in an archive."""
    return engine.unpack_model(load(place.path(digest), "").data)


def stepped(
    model: bytes, root: bytes, steps: Sequence[Any], fit: Samples | None, place: Place
) -> tuple[bytes, list[str]]:
    """A model after some steps, and notes on the last of them."""
    notes: list[str] = []
    for k, (id, values) in enumerate(steps):
        known = engine.operation(id)
        place.report(0.05 + 0.5 * k / len(steps), known.label)
        needs = (None if known.data == "none" else fit, root if known.base else None)
        made = engine.run_operation(model, id, values, *needs)
        model, notes = made.model, [*made.notes]
    return model, notes


def judge(found: dict[str, Any], model: bytes, test: Samples, base: bytes | None) -> None:
    """Add the figures of a model on samples to what was found of it."""
    judged = engine.evaluate(model, test, base)
    metrics, errors = judged_figures(judged)
    found["metrics"] |= metrics
    found["errors"] |= errors
    found["words"], found["dead"], found["count"] = list(judged.words), judged.dead, judged.count
    found["figures"] = [
        [f.label, few(f.value), few(f.low), few(f.high), f.unit] for f in judged.figures.values()
    ]
    found["classes"] = [
        [c.label, c.count, few(c.recall), few(c.base_recall)] for c in judged.classes[:CLASSES]
    ]


def timed(found: dict[str, Any], base: bytes, model: bytes, samples: Samples | None) -> Ratio:
    """Add the latency of a model beside another's; without samples, on inputs that are made up."""
    ratio = paired(base, model, _batch(base, samples), ROUNDS)
    found["metrics"]["Latency"] = few(ratio.value)
    found["errors"]["Latency"] = few((ratio.high - ratio.low) / 2)
    found["seconds"], found["base_seconds"] = ratio.seconds, ratio.base_seconds
    return ratio


def samples_of(
    place: Place, model: bytes, args: Mapping[str, Any]
) -> tuple[Samples | None, Samples | None]:
    """Samples to measure on and samples to judge by.

    Where both are one file, the first quarter measures and the rest judges, so that no model is
    judged on what it was fitted to.
    """
    fit, test = (_samples(model, place, args.get(n, "")) for n in ("fit", "data"))
    whole = args.get("whole")  # nothing is fitted
    if (
        test is not None
        and not whole
        and (fit is None or args["fit"] == args["data"])
        and test.count > 1
    ):
        first = max(1, min(FIT, int(SHARE * test.count)))
        rows = np.arange(test.count)
        return test.take(rows[:first]), test.take(rows[first:])
    return fit, test


def _samples(model: bytes, place: Place, digest: str) -> Samples | None:
    path: Path = place.path(digest) if digest else Path()
    return engine.read_samples(model, path) if digest else None


def _batch(model: bytes, samples: Samples | None) -> dict[str, Any]:
    if samples is not None:
        return {n: a[:BATCH] for n, a in samples.inputs.items()}
    from engine.execute import inputs_for

    return inputs_for(model)
