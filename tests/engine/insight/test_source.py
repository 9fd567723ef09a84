"""Tasks and their lines: fused ones have several, and what lines cost sums to the model."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import polars as pl
import pytest

import dashboard.demo
import engine
from engine.insight import COST_SCHEMA, LINK_SCHEMA

DEMO = Path(dashboard.demo.__file__).parent
UNET = DEMO / "unet.zip"
DIGITS = DEMO / "digits_cnn.onnx.gz"


@pytest.fixture(scope="module")
def unet():
    return engine.compile_model(engine.read_trusted(UNET), engine.target("phone-npu"))


@pytest.fixture(scope="module")
def digits():
    return engine.compile_model(engine.read_trusted(DIGITS), engine.target("phone-npu"))


def test_every_task_of_the_unet_has_its_line(unet):
    found = engine.source_of(unet, UNET)
    assert found.links.schema == LINK_SCHEMA
    own = found.links.filter(pl.col("role") == "line")
    assert own["task_id"].n_unique() == unet.tasks.height == own.height
    places = {found.of_task(task)[0][0].place for task in range(unet.tasks.height)}
    assert places == {f"unet.py:{n}" for n in (18, 19, 29, 39, 40, 61)}
    assert not found.stale


def test_the_zips_own_source_says_the_same_text(unet):
    found = engine.source_of(unet, UNET)
    rows = found.texts["unet.py"].splitlines()
    assert all(rows[line.line - 1].strip() == line.text for line in found.lines)


def test_a_fused_task_has_all_its_lines_and_the_conv_that_took_a_norm_is_named(unet, digits):
    found = engine.source_of(digits, DIGITS)
    residual = next(t for t in range(digits.tasks.height) if len(roles(found, t, "fused")))
    assert len(roles(found, residual, "line")) == 1
    merged = engine.source_of(unet, engine.formats.load(UNET).data).merged  # without the source
    assert len(merged) == 14
    assert set(unet.tasks.filter(pl.col("task_id").is_in(merged))["kernel"]) == {"conv"}


def roles(found, task, role):
    return [line for line, kind, _ in found.of_task(task) if kind == role]


NET = """class Layer:
    def forward(self, x):
        return x

    def run(self, x):
        x = self.conv1(x)
        y = self.other(x)
        return self.norm1(y)
"""


def test_with_the_source_a_conv_that_took_a_norm_has_its_own_line(unet, tmp_path):
    assert not engine.source_of(unet, UNET).merged, "self.conv1 stands in the norm's line"
    (tmp_path / "net.py").write_text(NET)
    found = engine.source_of(unet, traced_to("net.py", 8), tmp_path)
    assert [line.line for line in roles(found, 0, "line")] == [6]
    assert [line.line for line in roles(found, 0, "fused")] == [8]
    assert [line.text for line in roles(found, 0, "line")] == ["x = self.conv1(x)"]
    assert len(found.merged) == 7, "no line calls self.conv2"
    assert found.costs(engine.resolve(unet))["tasks"].sum() == unet.tasks.height
    told = json.dumps({"paredown_source": 1, "modules": {"stem": ["net.py:8"]}}).encode()
    asked = engine.source_of(unet, traced_to("net.py", 8), tmp_path, told)
    assert asked.of_task(0)[0][0].line == 8, "a map is not corrected"


def traced_to(file: str, line: int) -> bytes:
    """The U-Net, all of whose ops say one line."""
    model = onnx.load_from_string(engine.formats.load(UNET).data)
    for node in model.graph.node:
        for entry in node.metadata_props:
            if entry.key.endswith("stack_trace"):
                entry.value = f'File "{file}", line {line}, in forward'
    return model.SerializeToString()


def test_costs_of_lines_sum_to_the_model(unet):
    resolution = engine.resolve(unet, engine.preset("int8").recipe)
    costs = engine.source_of(unet, UNET).costs(resolution)
    assert costs.schema == COST_SCHEMA
    assert costs["latency_s"].sum() == pytest.approx(resolution.totals.latency_s)
    assert costs["tasks"].sum() == resolution.tasks.height
    head = costs.row(0, named=True)
    assert (head["file"], head["line"], head["tasks"]) == ("unet.py", 18, 7)
    call = costs.filter(pl.col("line") == 60).row(0, named=True)
    assert (call["tasks"], call["latency_s"]) == (0, 0.0)
    assert call["with_calls_latency_s"] > 0


def test_what_has_no_line_is_a_row_of_its_own(unet):
    costs = engine.source_of(unet, stripped()).costs(engine.resolve(unet))
    assert costs.height == 1
    assert (costs["file"][0], costs["tasks"][0]) == ("", unet.tasks.height)


def stripped() -> bytes:
    model = onnx.load_from_string(engine.formats.load(UNET).data)
    for node in model.graph.node:
        del node.metadata_props[:]
    return model.SerializeToString()


def test_a_map_by_module_reaches_the_ops_inside(unet):
    told = b'{"paredown_source": 1, "modules": {"down": ["net.py:3"], "down.1": ["net.py:4"]}}'
    found = engine.source_of(unet, stripped(), told=told)
    of = dict(unet.tasks.select("task_id", "group").iter_rows())
    placed = found.links["task_id"].to_list()
    assert {t for t, group in of.items() if group.split("/")[0] == "down"} == set(placed)
    assert {found.of_task(t)[0][0].line for t in placed if of[t].startswith("down/1")} == {4}


def test_another_file_of_that_name_is_told(unet, tmp_path):
    (tmp_path / "unet.py").write_text("# another\n" * 100)
    found = engine.source_of(unet, stripped_zip_of_sources(), root=tmp_path)
    assert found.stale == {"unet.py": len(found.lines)}


def stripped_zip_of_sources() -> bytes:
    return engine.formats.load(UNET).data
