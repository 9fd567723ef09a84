"""What a finished unit leaves: a model, a child, figures or predictions of an experiment; once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import engine
from engine.store import Claimed, DataRow, FileRow, PredictionRow, Store


def land(store: Store, claimed: Claimed, result: Mapping[str, Any]) -> dict[str, Any]:
    """Put a result where people find it.

    Returns:
        What the unit's row keeps of it.

    Raises:
        EngineError: it cannot be kept.
    """
    shown = dict(result)
    args = claimed.unit.args
    if claimed.kind == "compress":
        shown["model_id"] = _model(store, claimed, result)
    elif claimed.kind == "operation":
        figures = _figures(args, result)
        declares = {**args["entry"].get("declares", {}), **figures.get("declares", {})}
        found = figures | _remarks(result) | {"declares": declares}
        words = f"made by {args['operation']}"
        store.offspring.land(
            claimed.subject, args["entry"], found, FileRow("model", args["model"],
            result["sha256"], words),
        )  # fmt: skip
    elif claimed.kind == "evaluate" and args.get("model"):
        entry = {"id": args["model"]} | _figures(args, result)
        store.offspring.figures(claimed.subject, args["model"], entry)
    elif claimed.kind == "predict":
        data = DataRow(args["on"], args["name"], result["count"], result["kind"], result["shown"])
        words = f"run on {args['name']}"
        made = PredictionRow(args["model"], args["on"], result["sha256"], "job", words,
                             args["made_from"], engine.VERSION)  # fmt: skip
        store.predictions.keep(claimed.subject, data, made)
    elif claimed.kind == "layers":
        del shown["layers"]  # long, and it stays in the unit's result
    return shown


def _model(store: Store, claimed: Claimed, result: Mapping[str, Any]) -> str:
    """The made file as a model of the list; the same bytes are the same model."""
    path = store.blobs.path(str(result["sha256"]))
    name = str(result["name"])
    graph = engine.read(path, None, name)
    # files are packed without what says which line an op is from; the model before it still says so
    graph = replace(graph, properties={**graph.properties, "made_from": claimed.subject})
    row, _ = store.add(
        path, graph, name=name, project=str(claimed.unit.args.get("project", "")),
        origin="compressed", description=str(result.get("description", "")),
    )  # fmt: skip
    return row.id


def _figures(args: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics and their ± under the names and in the units that the experiment has for them."""
    from engine.compress import METRICS

    told = {m["name"]: m for m in METRICS}
    known = args.get("metrics") or {}
    found: dict[str, Any] = {"metrics": {}, "errors": {}}
    declares = []
    for name, value in result["metrics"].items():
        there, scale = known.get(name, (name, 1.0))
        found["metrics"][there] = None if value is None else value * scale
        if name in result["errors"]:
            found["errors"][there] = result["errors"][name] * scale
        if name not in known:
            declares.append({**told.get(name, {"name": name}), "primary": False})
    return found | ({"declares": {"metrics": declares}} if declares else {})


def _remarks(result: Mapping[str, Any]) -> dict[str, Any]:
    worst = next((w for w in result["words"] if w.startswith("Worst")), "")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    found: dict[str, Any] = {"time": now}
    found |= {"notes": worst} if worst else {}
    return found | ({"flags": ["dead"]} if result["dead"] else {})
