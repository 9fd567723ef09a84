"""Every export against what opens it: tables, Perfetto's format, Model Explorer, Netron.

The checks of shape are here so that quick tests use them too; `measure` hands real exports to the
programs themselves.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

# Trace Event Format: phases that we write -> keys that each must have besides ph and pid
PHASES = {
    "X": {"name", "tid", "ts", "dur", "cat"}, "i": {"name", "tid", "ts", "s"},
    "C": {"name", "ts", "args"}, "M": {"name", "args"},
}  # fmt: skip
METADATA = {"process_name": "name", "thread_name": "name", "thread_sort_index": "sort_index"}


def trace_faults(made: Mapping[str, Any]) -> list[str]:
    """What is wrong with a trace in the object form of the Trace Event Format; [] nothing.

    Times are finite, not negative, in µs; bars of one track do not overlap, else importers drop
    them; every track that has bars has a name.
    """
    events = made.get("traceEvents")
    if not isinstance(events, list) or not events:
        return ["no list of events"]
    found: list[str] = []
    named: set[int] = set()
    ends: dict[int, float] = {}
    for k, event in enumerate(events):
        phase = event.get("ph")
        absent = PHASES.get(phase, {"a phase that is known"}) - event.keys()
        if absent or not isinstance(event.get("pid"), int):
            found.append(f"event {k} ({phase}) lacks {sorted(absent) or 'a process'}")
            continue
        if phase == "M":
            if METADATA.get(event["name"]) not in event["args"]:
                found.append(f"event {k}: no such metadata as {event['name']}")
            if event["name"] == "thread_name":
                named.add(event["tid"])
            continue
        times = [event["ts"], event.get("dur", 0.0)]
        if not all(isinstance(t, int | float) and math.isfinite(t) and t >= 0 for t in times):
            found.append(f"event {k}: times {times}")
            continue
        if phase == "C" and not all(isinstance(v, int | float) for v in event["args"].values()):
            found.append(f"event {k}: a counter without a number")
        if phase == "X":
            if times[0] < ends.get(event["tid"], 0.0) * (1 - 1e-9):
                found.append(f"event {k} begins before the one before it ends")
            ends[event["tid"]] = times[0] + times[1]
    return found + [f"track {t} has no name" for t in sorted(ends.keys() - named)]


def node_data_faults(made: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """What is wrong with node data of Model Explorer for a graph with such nodes."""
    found = []
    results = made.get("results")
    if not isinstance(results, dict) or not results:
        return ["no results"]
    for key, entry in results.items():
        if key not in names and not key.startswith("<node_"):
            found.append(f"{key} is no node of the graph")
        if not isinstance(entry.get("value"), int | float) or not math.isfinite(entry["value"]):
            found.append(f"{key} has no figure")
    stops = [step.get("stop") for step in made.get("gradient", ())]
    if stops[:1] != [0] or stops[-1:] != [1]:
        found.append("a gradient from 0 to 1 is asked for")
    return found


def attachment_faults(made: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """What is wrong with an attachment of Netron to a model with such nodes."""
    found = []
    if made.get("signature") != "netron:attachment":
        found.append("the signature is another")
    measured: dict[tuple[str, str], int] = {}
    for entry in (*made.get("metadata", ()), *made.get("metrics", ())):
        if entry.get("kind") != "node" or entry.get("target") not in names:
            found.append(f"{entry.get('target')} is no node of the model")
        if not isinstance(entry.get("value"), str | int | float):
            found.append(f"{entry.get('target')}: {entry.get('name')} has no value")
        place = (entry.get("target", ""), entry.get("name", ""))
        measured[place] = measured.get(place, 0) + 1
    return found + [f"{place} stands {n} times" for place, n in measured.items() if n > 1]
