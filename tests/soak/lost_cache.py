"""Delete the cache folder under a running store: every answer stays right, and caching goes on."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import engine
from dashboard.demo import MODELS
from engine.store import Store

TIMES = 3


@dataclass
class Outcome:
    """What was seen: how often the folder was deleted, and what was wrong afterwards."""

    deleted: int = 0
    faults: list[str] = field(default_factory=list)


def run(folder: Path) -> Outcome:
    """Save, delete the folder, save and read, as often as `TIMES`."""
    seen, source = Outcome(), folder.with_suffix(".onnx")
    source.write_bytes(gzip.decompress(MODELS[0].path.read_bytes()))
    graph = engine.read(source)
    store = Store(folder)
    try:
        model, _ = store.add(source, graph)
        analysis = store.analyses.create(model.id, "a", "0").id
        for time in range(1, TIMES + 1):
            point = store.analyses.checkpoint(analysis, "p", str(time))
            shutil.rmtree(folder / "cache")
            seen.deleted += 1
            if store.analyses.save_draft(analysis, str(time), "", time) != time + 1:
                seen.faults.append("the draft was not written")
            if store.analyses.checkpoint_of(point.id) != point:
                seen.faults.append("a checkpoint is another")
            if store.graph(model).ops != graph.ops:  # read again from its bytes
                seen.faults.append("the model is another")
            store.cache.set("key", b"value")
            if store.cache.get("key") != b"value":
                seen.faults.append("nothing is cached any more")
    except Exception as error:
        seen.faults.append(f"{type(error).__name__}: {error}")
    finally:
        store.close()
    return seen
