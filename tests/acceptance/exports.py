"""Every export against what opens it: tables, Perfetto's format, Model Explorer, Netron.

The checks of shape are here so that quick tests use them too; `measure` hands real exports to the
programs themselves.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import math
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import engine
from engine.export import KINDS, Subject
from tests.acceptance.browser import chromium
from tests.acceptance.corpus import shared
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.peers import installed, loopback, served

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


@dataclass(frozen=True, slots=True)
class Opened:
    """One model's exports in what opens them.

    Args:
        name: of the model.
        off: how far the sums that pandas or polars read are from the totals, as a share.
        trace: faults of the trace.
        explorer: nodes that have a figure there, of tasks that are priced; "" of a fault.
        netron: what its page shows of the attachment at one node, None where it does not.
        faults: what went wrong.
    """

    name: str
    off: float
    trace: tuple[str, ...]
    explorer: tuple[int, int]
    netron: bool | None
    faults: tuple[str, ...]


def subject(file: Path, preset: str = "int8", target: str = "phone-npu") -> Subject:
    """A model under a preset."""
    made = engine.compile_model(engine.read(file), engine.target(target))
    recipe = engine.preset(preset).recipe
    before, after = engine.resolve(made), engine.resolve(made, recipe)
    return Subject(file.name.split(".")[0], made, before, after, recipe, 30.0)


def measure(names: Sequence[str] = ("unet_v1", "unet_v1_torchscript", "vit_s16")) -> list[Opened]:
    """Write each export of some models and open it.

    Raises:
        NotRun: the models or the peers are not here.
    """
    installed()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            packed = shared() / "data" / "models" / f"{name}.onnx.gz"
            plain = Path(folder) / f"{name}.onnx"
            plain.write_bytes(gzip.decompress(packed.read_bytes()))
            found.append(opened(plain))
    return found


def opened(file: Path) -> Opened:
    """Every export of a file, opened; the attachment in Netron's own page."""
    of = subject(file)
    write = {kind: engine.export_as(kind, of).body for kind in KINDS}
    faults: list[str] = []
    off = max(_off(frame, of) for frame in _tables(write))
    trace = tuple(trace_faults(json.loads(write["trace"])))
    page = write["report"].decode()
    if "<script" in page or "://" in page:
        faults.append("the report needs something else")
    explorer = _in_explorer(file, write["model-explorer"])
    return Opened(file.stem, off, trace, (explorer, of.compilation.tasks.height),
                  _in_netron(file, write["netron"]), tuple(faults))  # fmt: skip


def _tables(write: Mapping[str, bytes]) -> list[pl.DataFrame]:
    """The table as polars reads it from both files, and pandas where it is installed."""
    read = [pl.read_csv(io.BytesIO(write["csv"]), infer_schema_length=None),
            pl.read_parquet(io.BytesIO(write["parquet"]))]  # fmt: skip
    with contextlib.suppress(ImportError):
        import pandas

        frame = pandas.read_csv(io.BytesIO(write["csv"]))
        read.append(pl.DataFrame({c: frame[c].tolist() for c in ("latency_s", "energy_j")}))
    return read


def _off(frame: pl.DataFrame, of: Subject) -> float:
    totals = of.after.totals
    return max(
        abs(frame[column].sum() / total - 1)
        for column, total in (("latency_s", totals.latency_s), ("energy_j", totals.energy_j))
        if total
    )


def _in_explorer(file: Path, body: bytes) -> int:
    """Nodes of the graph that Model Explorer's ONNX adapter makes which have a figure.

    The node data goes through Model Explorer's own record, which refuses a key that it does not
    know.
    """
    from model_explorer.node_data_builder import GraphNodeData
    from model_explorer_onnx.main import ONNXAdapter

    made = json.loads(body)
    data = GraphNodeData(**made)
    assert json.loads(data.to_json_string())["results"].keys() == made["results"].keys()
    graphs = ONNXAdapter().convert(str(file), {})["graphs"]
    ids = {node.id for graph in graphs for node in graph.nodes}
    return len(ids & data.results.keys())


def _in_netron(file: Path, body: bytes) -> bool | None:
    """Whether Netron's page shows a figure at a node once the attachment is given to it."""
    made = json.loads(body)
    first = next((e for e in made["metrics"] if e["name"] == "latency_s"), None)
    if first is None:
        return None
    attached = file.with_suffix(".netron.json")
    attached.write_bytes(body)
    with served("Netron", None) as url, chromium() as browser:
        page = browser.new_context(bypass_csp=True).new_page()
        page.route("**/*", loopback)
        page.context.add_cookies([{"name": "consent", "value": "1", "url": url}])
        page.goto(url, wait_until="commit")
        page.wait_for_selector("body.welcome:not(.spinner)", timeout=60_000)
        page.set_input_files("#open-file-dialog", str(file))
        page.wait_for_selector(".node", timeout=60_000)
        page.set_input_files("#open-file-dialog", str(attached))
        for _ in range(40):  # it does not listen while it loads
            page.wait_for_timeout(500)
            page.keyboard.press("Control+f")
            if page.query_selector("#search"):
                break
        page.fill("#search", first["target"])
        page.locator(".sidebar-find-content li").first.dblclick(timeout=20_000)
        page.wait_for_timeout(500)
        words = page.inner_text("#sidebar") + " ".join(
            box.input_value() for box in page.locator("#sidebar input").all()
        )
    return "metrics" in words.lower() and "latency_s" in words


def judge(found: Sequence[Opened]) -> tuple[Line, ...]:
    """Line 3: each export opened by its consumer."""
    names = ", ".join(one.name for one in found)
    off = max(one.off for one in found)
    wrong = [f"{one.name}: {fault}" for one in found for fault in (*one.trace, *one.faults)]
    share = min(have / tasks for one in found for have, tasks in [one.explorer])
    shown = sum(bool(one.netron) for one in found)
    told = ", ".join(f"{one.name} {one.explorer[0]:,} of {one.explorer[1]:,}" for one in found)
    return (
        judged("3a", "tables opened by polars (and pandas) add up", f"off by {off:.1e}", "1e-6",
               off <= 1e-6, [names]),
        judged("3b", "traces against the Trace Event Format; reports stand alone",
               f"{len(wrong)} faults", "0", not wrong, wrong[:5]),
        judged("3c", "node data at nodes of Model Explorer's own graph",
               f"{share:.0%} of tasks", "95 %", share >= 0.95, [told]),
        judged("3d", "attachments shown in Netron's page", f"{shown} of {len(found)}",
               f"{len(found)}", shown == len(found)),
    )  # fmt: skip


CHECK = Check("3", "exports opened by their consumers", measure, judge)
