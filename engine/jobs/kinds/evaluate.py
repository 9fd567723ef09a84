"""A model judged on samples, and timed beside the model that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.jobs.kinds.operation import judge, model_of, samples_of, stepped, timed
from engine.jobs.place import Place


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Judge and time.

    Args:
        args: sha256, path, root, fit, data and time, as of an operation; without a root there is
            nothing to compare with; whole, to judge on all samples, where nothing is fitted.
        place: where files are.

    Returns:
        metrics, errors, words, dead; seconds and base_seconds where it was timed; count, of the
        samples; classes as [label, samples, recall, recall of the root].

    Raises:
        EngineError: the model does not run, or there is nothing to judge by.
    """
    place.report(0.02, "reading the model")
    model = model_of(place, args["sha256"])
    base = model_of(place, args["root"]) if args.get("root") else None
    fit, test = samples_of(place, base or model, args)
    model, _ = stepped(model, base or model, args.get("path", ()), fit, place)
    found: dict[str, Any] = {"metrics": {}, "errors": {}, "words": [], "dead": False}
    if test is not None:
        place.report(0.4, f"judging on {test.count:,} samples")
        judge(found, model, test, base)
    if args.get("time") and base is not None:
        place.report(0.75, "timing beside the model before compression")
        timed(found, base, model, test or fit)
    return found
