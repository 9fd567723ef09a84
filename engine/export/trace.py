"""Tasks as a trace: the Trace Event Format that Perfetto and chrome://tracing open.

One track a unit of the target, one bar a task (`ph` "X", times in µs), and the live memory as a
counter.  Tasks follow each other, as the latency of the model adds up.
"""

from __future__ import annotations

import json
from typing import Any

from engine.export.subject import Subject, in_order
from engine.targets import target as target_of

PROCESS = 1
US = 1e6  # µs in a second
SHOWN = (
    "task_id", "origin", "bound_by", "input_format", "output_format", "kernel_format", "energy_j",
    "read_bytes", "write_bytes", "size_bytes", "cause",
)  # fmt: skip


def trace(subject: Subject) -> bytes:
    """The trace as JSON; a task of unknown time is an instant that says so."""
    target = target_of(subject.compilation.target)
    tracks = {unit.id: k + 1 for k, unit in enumerate(target.units)}
    labels = {unit.id: unit.label for unit in target.units}
    labels[""] = "nothing runs it"
    events: list[dict[str, Any]] = [_named("process_name", 0, f"{subject.name} on {target.label}")]
    for unit, label in labels.items():
        tid = tracks.setdefault(unit, len(tracks) + 1)
        events.append(_named("thread_name", tid, label))
        events.append({"ph": "M", "name": "thread_sort_index", "pid": PROCESS, "tid": tid,
                       "args": {"sort_index": tid}})  # fmt: skip
    kernels = subject.compilation.tasks["kernel"].to_list()
    now = 0.0
    for row in in_order(subject.after).iter_rows(named=True):
        task = row["origin"] == "task"
        event = {
            "name": row["name"], "cat": kernels[row["task_id"]] if task else "convert",
            "pid": PROCESS, "tid": tracks.get(row["unit"], tracks[""]), "ts": now * US,
            "args": {c: row[c] for c in SHOWN if row[c] not in (None, "")},
        }  # fmt: skip
        if row["latency_s"] is None:
            events.append(event | {"ph": "i", "s": "t", "args": {"latency": "unknown"}})
            continue
        events.append(event | {"ph": "X", "dur": row["latency_s"] * US})
        if row["live_bytes"] is not None:
            events.append({"ph": "C", "name": "live memory", "pid": PROCESS, "tid": 0,
                           "ts": now * US, "args": {"bytes": row["live_bytes"]}})  # fmt: skip
        now += row["latency_s"]
    about = {"producer": "paredown", "engine": subject.compilation.engine,
             "model": subject.name, "target": target.id, "figures": subject.after.kind}  # fmt: skip
    made = {"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}
    return json.dumps(made, ensure_ascii=False, allow_nan=False).encode()


def _named(what: str, tid: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": PROCESS, "tid": tid, "args": {"name": name}}
