"""Exports: each format against what opens it, on quick models."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest

import engine
from engine.errors import EngineError
from engine.export import EXPORT_SCHEMA, KINDS, Subject
from engine.recipe import Recipe
from tests import builders
from tests.acceptance.exports import attachment_faults, node_data_faults, trace_faults


def subject(preset: str = "int8", name: str = "net", net=None, budgets=()) -> Subject:
    body = (net or builders.residual_net(3)).SerializeToString()
    made = engine.compile_model(engine.read_trusted(body, None, name), engine.target("phone-npu"))
    recipe = engine.preset(preset).recipe if preset else Recipe()
    before, after = engine.resolve(made), engine.resolve(made, recipe)
    verdicts = engine.judge(after.totals, budgets, engine.target("phone-npu"), 30.0)
    return Subject(name, made, before, after, recipe, 30.0, verdicts, "a first try")


@pytest.fixture(scope="module")
def net() -> Subject:
    return subject()


def exported(kind: str, of: Subject) -> bytes:
    return engine.export_as(kind, of).body


def test_the_table_has_its_columns_and_adds_up_to_the_total(net):
    frame = pl.read_csv(io.BytesIO(exported("csv", net)))
    assert frame.columns == list(EXPORT_SCHEMA)
    assert all(re.fullmatch(r"[a-z][a-z_]*", c) for c in frame.columns)
    assert frame["latency_s"].sum() == pytest.approx(net.after.totals.latency_s)
    assert frame["baseline_latency_s"].sum() == pytest.approx(net.before.totals.latency_s)
    assert frame["origin"].to_list() == sorted(frame["origin"].to_list(), reverse=True)


def test_parquet_keeps_types_and_unknown_figures(net):
    frame = pl.read_parquet(io.BytesIO(exported("parquet", net)))
    assert frame.schema == {c: dtype for c, (dtype, _) in EXPORT_SCHEMA.items()}
    assert frame.equals(pl.read_parquet(io.BytesIO(exported("parquet", net))))


def test_a_name_that_a_spreadsheet_would_run_is_text():
    net = builders.conv_net()
    for node in net.graph.node:
        node.name = f"=cmd|'/c calc'!{node.name}"
    made = subject(net=net)
    read = pl.read_csv(io.BytesIO(exported("csv", made)))
    assert not read["name"].str.contains(r"^[=+@-]").any()
    assert pl.read_parquet(io.BytesIO(exported("parquet", made)))["name"][0].startswith("=cmd")


def test_the_trace_is_sound_and_lasts_as_long_as_the_model(net):
    made = json.loads(exported("trace", net))
    assert trace_faults(made) == []
    bars = [e for e in made["traceEvents"] if e["ph"] == "X"]
    assert len(bars) == len(net.after.tasks)
    end = max(e["ts"] + e["dur"] for e in bars)
    assert end == pytest.approx(1e6 * net.after.totals.latency_s)


def test_a_fault_of_a_trace_is_seen(net):
    made = json.loads(exported("trace", net))
    bar = next(e for e in made["traceEvents"] if e["ph"] == "X")
    bar["dur"] = -1
    assert trace_faults(made) != []
    del bar["dur"]
    assert trace_faults(made) != []


def test_node_data_names_nodes_of_the_file_and_adds_up(net):
    made = json.loads(exported("model-explorer", net))
    names = {op.name for op in net.compilation.source.ops}
    assert node_data_faults(made, names) == []
    own = net.after.tasks.filter(pl.col("origin") == "task")
    told = sum(entry["value"] for entry in made["results"].values())
    assert told == pytest.approx(1e3 * own["latency_s"].sum())


def test_nameless_nodes_have_the_name_that_model_explorer_gives_them():
    net = builders.conv_net()
    for node in net.graph.node:
        node.ClearField("name")
    made = json.loads(exported("model-explorer", subject(net=net)))
    assert any(re.fullmatch(r"<node_\d+>", key) for key in made["results"])


def test_a_metric_that_tasks_lack_is_one_sentence(net):
    with pytest.raises(EngineError, match="no such figure"):
        engine.export_as("model-explorer", net, "peak_bytes")
    with pytest.raises(EngineError, match="no such format"):
        engine.export_as("pdf", net)


def test_the_attachment_names_every_node_once_as_anchor_or_fused(net):
    made = json.loads(exported("netron", net))
    names = {op.name for op in net.compilation.source.ops}
    assert attachment_faults(made, names) == []
    told = sum(e["value"] for e in made["metrics"] if e["name"] == "latency_s")
    own = net.after.tasks.filter(pl.col("origin") == "task")
    assert told == pytest.approx(own["latency_s"].sum())
    assert {e["target"] for e in (*made["metrics"], *made["metadata"])} <= names


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in {"meta", "rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_report_says_what_was_chosen_and_needs_nothing_else():
    budgets = (engine.budget("latency=1us"), engine.budget("size=10MB"))
    page = exported("report", subject(budgets=budgets)).decode()
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "img", "iframe", "object"}
    assert "://" not in page
    words = " ".join(tags.words)
    for said in ("net: a first try", "Totals", "Budgets", "missed", "Rules", "int8",
                 "By module", "Slowest tasks", "What followed from the rules"):  # fmt: skip
        assert said in words, said
    assert "@media print" in page


def test_names_of_a_hostile_file_stay_text_in_the_report():
    net = builders.conv_net()
    for node in net.graph.node:
        node.name = f"<script>alert(1)</script>/{node.name}"
    page = exported("report", subject(net=net, name="<img src=x onerror=alert(1)>")).decode()
    tags = _Tags()
    tags.feed(page)
    assert not tags.seen & {"script", "img"}


def test_without_a_recipe_there_are_no_rules():
    page = exported("report", subject("")).decode()
    assert "Rules" not in page
    assert "By module" in page


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_a_plain_name(kind):
    made = engine.export_as(kind, subject(name="../a b\n/c"))
    assert re.fullmatch(r"[\w.-]+", made.name)
    assert made.name.endswith(KINDS[kind].ending)
    assert not made.name.startswith(".")


def test_an_op_without_a_price_is_unknown_everywhere():
    net = builders.Net()
    x = net.input("x", (1, 4))
    net.output(net.op("com.acme::Mystery", net.op("Relu", x)))
    made = subject("", net=net.model())
    assert made.after.totals.unknown_tasks == 1
    assert trace_faults(json.loads(exported("trace", made))) == []
    assert exported("report", made)
