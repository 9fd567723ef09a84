"""From a recipe to a file: `engine.apply_recipe`, then both files measured where that was asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import engine
from engine.formats import load
from engine.jobs.place import Cancelled, Place


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Make the file.

    Args:
        args: sha256 and name of the model, recipe as JSON text, target, bindings, samples (digest
            of an .npz, ""), label (of the recipe), measure (whether to time both files).
        place: where files are.

    Returns:
        sha256, name, steps, missing, notes, checks, size_bytes, predicted_size_bytes,
        and {"before_s", "after_s", "floor"} as "measured" where it was asked.

    Raises:
        EngineError: the recipe cannot be carried out, or samples are missing.
    """
    place.report(0.02, "reading the model")
    path = place.path(args["sha256"])
    bindings = dict(args.get("bindings") or {})
    target = engine.target(args["target"])
    graph = engine.read(path, bindings, args["name"])
    compilation = engine.compile_model(graph, target, path)
    samples = _samples(path, args.get("samples", ""), place)
    place.report(0.1, "changing the weights")
    recipe = engine.read_recipe(args["recipe"])
    made = engine.apply_recipe(path, recipe, samples, target.id, compilation, bindings)
    place.report(0.6, "checked and packed")
    digest = place.keep(made.model)
    label = str(args.get("label") or "recipe")
    found: dict[str, Any] = {
        "sha256": digest,
        "name": f"{args['name']} · {label}",
        "description": f"Made from {args['name']}: {'; '.join(s.words for s in made.steps)}"[:500],
        "steps": [{"operation": s.operation, "words": s.words} for s in made.steps],
        "missing": list(made.missing),
        "notes": list(made.notes),
        "checks": [{"name": c.name, "met": c.met, "words": c.words} for c in made.checks],
        "size_bytes": made.size_bytes,
        "predicted_size_bytes": made.predicted_size_bytes,
        "before_bytes": len(load(path, args["name"]).data),
    }
    if args.get("measure"):
        found["measured"] = _measured(path, place.path(digest), bindings, place)
    return found


def _samples(path: Path, digest: str, place: Place) -> Any:
    if not digest:
        return None
    return engine.read_samples(path, place.path(digest))


def _measured(before: Path, after: Path, bindings: dict[str, int], place: Place) -> dict[str, Any]:
    """Processor time of both files, s."""
    place.report(0.65, "timing the file as it was")
    first = engine.measure(before, bindings, cancelled=place.stopped)
    if place.stopped():
        raise Cancelled
    place.report(0.82, "timing the new file")
    second = engine.measure(after, bindings, cancelled=place.stopped)
    return {
        "before_s": first.measured_s, "after_s": second.measured_s,
        "floor": max(first.floor, second.floor), "machine": first.machine,
        "runtime": first.runtime,
    }  # fmt: skip
