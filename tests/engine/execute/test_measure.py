"""Models that are run: the runtime's kernels as tasks, times beside them, faults as sentences."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import engine
from engine.compile import COUNTS
from engine.errors import EngineError
from engine.execute.networks import FAMILIES, build
from engine.execute.profile import read_profile
from engine.execute.protocol import _undisturbed
from engine.execute.session import feeds_for, open_session
from engine.formats import load, read_trusted, runnable
from tests.builders import Net, conv_net, transformer_block, vit

TARGET = engine.target("onnxruntime-cpu")


@pytest.fixture(scope="module")
def compiled():
    model = conv_net().SerializeToString()
    return engine.compile_model(engine.read_trusted(model), TARGET, model)


def test_tasks_are_the_kernels_of_the_runtime(compiled):
    assert compiled.kernels is not None
    assert compiled.tasks.height == compiled.kernels.height
    assert compiled.note == ""
    assert "Conv+BatchNormalization+Relu" in compiled.tasks["ops"].to_list()


def test_what_the_runtime_put_in_is_named_for_the_task_before_it_and_alike_in_each_run(compiled):
    names = compiled.tasks["name"].to_list()
    added = [name for name in names if "Reorder" in name]
    assert added
    assert all(name.rpartition(".")[0] in names for name in added)
    model = conv_net().SerializeToString()
    again = engine.compile_model(engine.read_trusted(model), TARGET, model)
    assert again.tasks["name"].to_list() == names


@pytest.mark.parametrize("make", [conv_net, transformer_block, lambda: vit(2)])
def test_every_op_is_in_one_kernel_and_nothing_is_counted_twice(make):
    model = make().SerializeToString()
    graph = engine.read_trusted(model)
    theirs = engine.compile_model(graph, TARGET, model)
    ours = engine.compile_model(graph, TARGET)
    parts = [part.name for op in theirs.graph.ops for part in op.parts if op.members]
    assert len(parts) == len(set(parts))
    for column in ("macs", "parameters"):
        assert theirs.tasks[column].sum() == ours.tasks[column].sum()
    placed = [c.lineage.filter(pl.col("task_id").is_not_null())["op"] for c in (theirs, ours)]
    assert set(placed[1]) <= set(placed[0])


def test_a_product_is_run_by_the_product_and_not_by_the_reshape_after_it():
    model = vit(1).SerializeToString()
    made = engine.compile_model(engine.read_trusted(model), TARGET, model)
    heavy = made.tasks.filter(pl.col("macs") > 0)
    assert set(heavy["kernel"]) <= {"gemm", "matmul", "conv"}


def test_what_the_runtime_does_not_take_is_compiled_by_our_passes_with_a_note():
    net = Net("odd")
    net.output(net.op("com.acme::Foo", net.input("x", (1, 4))))
    model = net.bytes()
    made = engine.compile_model(engine.read_trusted(model), TARGET, model)
    assert made.kernels is None
    assert "onnxruntime does not take the model" in made.note


def test_weights_that_are_missing_are_made_up_and_change_no_kernel():
    stripped = vit(1).SerializeToString()
    graph = read_trusted(stripped)
    ready = runnable(load(stripped).data, graph)
    assert ready.filled > 10
    full = engine.compile_model(graph, TARGET, stripped)
    again = engine.compile_model(read_trusted(ready.data), TARGET, ready.data)
    columns = ["class", *COUNTS]
    assert full.kernels is not None
    assert again.kernels is not None
    assert full.kernels.select(columns).equals(again.kernels.select(columns))


def test_a_model_is_measured_task_by_task():
    done = engine.measure(conv_net().SerializeToString(), name="small", rounds=1)
    assert done.measured_s > 0
    assert len(done.rounds) == 3
    rows = done.tasks.filter(pl.col("task_id").is_not_null())
    assert rows.height == done.compilation.tasks.height
    assert rows["measured_s"].null_count() == 0
    last = done.tasks.row(-1, named=True)
    assert last["task_id"] is None
    assert last["measured_s"] == pytest.approx(done.overhead_s)


def test_measuring_can_be_stopped():
    with pytest.raises(EngineError, match="stopped"):
        engine.measure(vit(4).SerializeToString(), name="v", cancelled=lambda: True)


def _event(name, dur, cat="Node"):
    return {"cat": cat, "name": name, "dur": dur, "args": {"op_name": "Conv"}}


def test_a_profile_is_laid_beside_the_tasks(compiled):
    nodes = compiled.kernels["node"].to_list()
    events = [_event(f"{n}_kernel_time", 100) for n in nodes for _ in range(4)]
    frame = engine.import_profile(json.dumps(events).encode(), compiled)
    assert frame["measured_s"].to_list() == pytest.approx([1e-4] * len(nodes), rel=0.06)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("{}", "not a profile"),
        ("[]", "holds no kernels"),
        (json.dumps([_event("a_kernel_time", "x")]), "has no duration"),
        (json.dumps([_event("a_kernel_time", -5)]), "cannot be"),
        (json.dumps([_event("other_kernel_time", 5)]), "of another model"),
    ],
)
def test_a_bad_profile_is_one_sentence(compiled, text, said):
    with pytest.raises(EngineError, match=said):
        engine.import_profile(text.encode(), compiled)


def test_runs_that_waited_for_a_processor_do_not_count():
    events = [_event("a_kernel_time", d) for d in (9, 10, 90, 11, 10, 80)]
    kernels = read_profile(json.dumps(events))
    waits = np.array([np.inf, 0.0, 3.0, 0.01, 0.0, 2.0])
    kept = _undisturbed(kernels, waits)[0].seconds
    assert kept.tolist() == pytest.approx([1e-5, 1.1e-5, 1e-5])


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_to_calibrate_on_run_and_are_always_the_same(family):
    assert build(family, 3) == build(family, 3)
    for number in range(2):
        session = open_session(build(family, number))
        session.run(None, feeds_for(session))
