"""What a finished unit leaves in the rows: a model in the list.  Done twice it is there once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import engine
from engine.store import Claimed, Store


def land(store: Store, claimed: Claimed, result: Mapping[str, Any]) -> dict[str, Any]:
    """Put a result where people find it.

    Returns:
        What the unit's row keeps of it.

    Raises:
        EngineError: it cannot be kept.
    """
    shown = dict(result)
    if claimed.kind == "compress":
        shown["model_id"] = _model(store, claimed, result)
    return shown


def _model(store: Store, claimed: Claimed, result: Mapping[str, Any]) -> str:
    """The made file as a model of the list; the same bytes are the same model."""
    path = store.blobs.path(str(result["sha256"]))
    name = str(result["name"])
    graph = engine.read(path, None, name)
    row, _ = store.add(
        path, graph, name=name, project=str(claimed.unit.args.get("project", "")),
        origin="compressed", description=str(result.get("description", "")), owner=claimed.owner,
    )  # fmt: skip
    return row.id
