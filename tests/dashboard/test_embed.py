"""Embeds: what a frame of another site is sent, who may frame it, and that it can only be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dashboard.access import tokens
from dashboard.embed.route import UNWIRED
from dashboard.ids import Experiment, Model
from dashboard.urls_embed import PARTS, page_of, part_of, query_of, with_part
from tests.dashboard.test_experiment_page import TREE

GRID, GRAPH, PLOTLY, KIT = "dash_ag_grid", "dash_cytoscape", "plotly", "dash_mantine_components"


@pytest.fixture
def embed(app, services):
    """Make an embed of a model or an experiment; returns its path and the link."""

    def embed(kind: str, id: str, view: str, **given):
        link = services.store.sharing.link(kind, id, embed=True, view=view, **given)
        with app.server.app_context():
            return f"/embed/{tokens().of_link(link.id)}", link

    return embed


@pytest.fixture
def of_model(embed, add):
    def of_model(part="graph", **given):
        id = add()
        return *embed("model", id, f"/model/{id}?part={part}", **given), id

    return of_model


@pytest.fixture
def of_experiment(embed, services, tmp_path):
    def of_experiment(part):
        file = tmp_path / "tree.json"
        file.write_text(json.dumps(TREE))
        id = services.experiments.add(file, "tree.json")[0].id
        return embed("experiment", id, f"/experiments/{id}?part={part}&sel=1.2")[0]

    return of_experiment


def wires(client, path: str) -> set[str]:
    return {
        f"{w['clientside_function']['namespace']}.{w['clientside_function']['function_name']}"
        if w.get("clientside_function")
        else w["output"]
        for w in client.get(f"{path}/_dash-dependencies").get_json()
    }


@pytest.mark.parametrize(
    ("address", "page", "part"),
    [
        ("/model/abc?target=x&part=table", ("model", "abc"), "table"),
        ("/model/abc", ("model", "abc"), "graph"),
        ("/model/abc?part=map", ("model", "abc"), "graph"),
        ("/experiments/e?sel=1&part=trade", ("experiments", "e"), "trade"),
        ("/diff?a=1", ("", ""), ""),
        ("/model/../x", ("", ""), ""),
        ("/model/abc?" + "&".join("a=1" for _ in range(500)), ("model", "abc"), "graph"),
    ],
)
def test_the_part_is_a_key_of_the_address(address, page, part):
    assert (page_of(address), part_of(address)) == (page, part)


def test_a_part_comes_and_goes_without_the_rest():
    address = with_part("/model/abc?q=a+b&part=table", "graph")
    assert query_of(address) == {"q": ["a b"], "part": ["graph"]}
    assert with_part(address, "") == "/model/abc?q=a+b"


@pytest.mark.parametrize(
    ("part", "loaded"),
    [("table", {GRID}), ("graph", {GRID, GRAPH}), ("both", {GRID, GRAPH}), ("totals", set())],
)
def test_a_frame_of_a_model_loads_what_it_shows(client, of_model, part, loaded):
    path, _, id = of_model(part)
    answer = client.get(path)
    suites = {GRID, GRAPH, PLOTLY, KIT}
    assert {s for s in suites if f"_dash-component-suites/{s}/" in answer.text} == loaded
    assert (
        json.loads(answer.text.partition('type="application/json">')[2].partition("<")[0])[
            "requests_pathname_prefix"
        ]
        == f"{path}/"
    )
    layout = client.get(f"{path}/_dash-layout").text
    assert id in layout
    assert '"type":"Graph"' not in layout
    assert ("embed-switch" in layout) == (part == "both")  # one of the two where it is narrow


@pytest.mark.parametrize("part", PARTS["experiments"])
def test_a_frame_of_an_experiment_has_its_part(client, of_experiment, part):
    path = of_experiment(part)
    assert client.get(path).status_code == 200
    layout = json.dumps(client.get(f"{path}/_dash-layout").get_json())
    assert Experiment.KEY in layout
    assert f"{path}/api/experiments/" in layout
    assert (f'"{Experiment.COMPARE}"' in layout) == (part == "compare")
    api = layout.partition('"data-api": "')[2].partition('"')[0]
    assert client.get(f"{api}/fits?chart=m0.m1").status_code == 200


def test_a_frame_has_the_wires_of_what_can_be_read(client, of_model):
    path, _, _ = of_model("both")
    found = wires(client, path)
    assert {"task_table.fill", "view.apply", "op_graph.scheme"} <= found
    assert any(w.startswith(Model.TASKS) for w in found)
    assert not found & UNWIRED
    assert not any(Model.SAVED in w or Model.OPTIONS_ROWS in w or "recipe" in w for w in found - {
        "recipe.arrived"
    })  # fmt: skip
    assert len(found) < 25 < len(wires(client, ""))


def test_everything_a_wire_names_is_in_the_layout(client, of_model, of_experiment):
    """The renderer reports what it cannot find, and does no more."""
    paths = [of_model("totals")[0], of_experiment("trade")]
    for path in paths:
        layout = client.get(f"{path}/_dash-layout").text
        for wire in client.get(f"{path}/_dash-dependencies").get_json():
            for end in (*wire["inputs"], *wire["state"]):
                assert end["id"].startswith("{") or f'"{end["id"]}"' in layout, end


def test_only_the_sites_of_the_link_may_frame_it(client, of_model, add):
    path, _, _ = of_model(origins=("https://wiki.example.org", "https://*.team.example"))
    headers = client.get(path).headers
    allowed = headers["Content-Security-Policy"].rpartition("frame-ancestors ")[2]
    assert allowed == "'self' https://wiki.example.org https://*.team.example"
    assert "X-Frame-Options" not in headers
    assert "Set-Cookie" not in headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    other = client.get("/").headers
    assert other["Content-Security-Policy"].endswith("frame-ancestors 'self'")
    assert other["X-Frame-Options"] == "SAMEORIGIN"


def test_without_a_site_only_this_server_may(client, of_model):
    path, _, _ = of_model()
    assert client.get(path).headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")


def test_an_ended_link_and_none_at_all_are_told_alike(client, services, of_model):
    path, link, _ = of_model()
    services.store.sharing.revoke(link.id)
    ended, never = client.get(path), client.get("/embed/abc.def")
    assert ended.status_code == never.status_code == 404
    assert ended.data == never.data
    assert "not shown here any more" in ended.text
    assert ended.headers["Content-Security-Policy"].endswith("frame-ancestors *")
    for rest in ("_dash-layout", "_dash-dependencies"):
        assert client.get(f"{path}/{rest}").status_code == 404


def test_a_share_link_is_no_embed(client, app, services, add):
    id = add()
    link = services.store.sharing.link("model", id, view=f"/model/{id}")
    with app.server.app_context():
        assert client.get(f"/embed/{tokens().of_link(link.id)}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "scheme"), [("?theme=dark", "dark"), ("", "auto"), ('?theme="><b>', "auto")]
)
def test_the_theme_is_a_parameter(client, of_model, asked, scheme):
    path, _, _ = of_model()
    assert f'data-scheme="{scheme}"' in client.get(path + asked).text


@pytest.mark.parametrize("part", [*PARTS["model"], *PARTS["experiments"]])
def test_every_script_that_a_wire_calls_is_loaded(client, of_model, of_experiment, part):
    path = of_model(part)[0] if part in PARTS["model"] else of_experiment(part)
    page = client.get(path).text
    assets = Path(__file__).parents[2] / "assets"
    scripts = re.findall(r'src="/assets/(js/\w+\.js)', page)
    loaded = "".join((assets / s).read_text("utf-8") for s in scripts)
    for wire in client.get(f"{path}/_dash-dependencies").get_json():
        called = wire.get("clientside_function")
        assert not called or f"clientside.{called['namespace']} = " in loaded, called
    assert "share" not in " ".join(scripts)
