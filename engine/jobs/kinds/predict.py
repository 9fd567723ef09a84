"""What a model of an experiment makes of every sample of a data file, and what the samples are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine import behaviors
from engine.compress import samples
from engine.formats import read_arrays
from engine.jobs.kinds.operation import model_of, samples_of, stepped
from engine.jobs.place import Place

READ = 0.3  # of the work: the model and the data; the rest is running


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Predict.

    Args:
        args: sha256, path, root, fit and data as of an operation; on, digest of the samples to
            run on, all of them.
        place: where files are.

    Returns:
        sha256 of the outputs, shown of the samples as people see them, and kind of these; count.

    Raises:
        EngineError: the model does not run, or the samples are not of it.
    """
    place.report(0.02, "reading the model")
    model = model_of(place, args["sha256"])
    if args["path"]:
        root = model_of(place, args["root"]) if args.get("root") else model
        fit, _ = samples_of(place, root, args)
        model, _ = stepped(model, root, args["path"], fit, place)
    place.report(READ, "reading the samples")
    arrays = read_arrays(place.path(args["on"]))
    given = samples(model, arrays)
    ids, names = behaviors.words_in(arrays, given.count)
    told = partial(_told, place, given.count)
    made = behaviors.run_outputs(model, given, names, told=told, ids=ids)
    shown = behaviors.of_samples(made.ids, made.labels, arrays, given)
    return {
        "sha256": place.keep(behaviors.dumps(made)), "kind": shown.kind, "count": made.count,
        "shown": place.keep(behaviors.dump_instances(shown)),
    }  # fmt: skip


def _told(place: Place, count: int, done: int) -> None:
    place.report(READ + (1 - READ) * done / count, f"{done:,} of {count:,} samples")
