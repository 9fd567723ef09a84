"""Exports by address, by the menu of the page and by the command line."""

from __future__ import annotations

import base64
import io
import json

import polars as pl
import pytest

import engine
from dashboard.cli import main
from dashboard.cli_export import FORMATS
from dashboard.ids import Model
from dashboard.queries.exports import kinds
from engine.export import KINDS
from tests import builders


@pytest.fixture
def model(add):
    return add("my net")


def table(answer) -> pl.DataFrame:
    assert answer.status_code == 200, answer.json
    return pl.read_csv(io.BytesIO(answer.data))


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_comes_as_a_file(client, model, kind):
    answer = client.get(f"/api/models/{model}/export?as={kind}&preset=int8")
    assert answer.status_code == 200
    assert answer.mimetype == KINDS[kind].mimetype
    assert f"my_net{KINDS[kind].ending}" in answer.headers["Content-Disposition"]
    assert answer.data == client.get(f"/api/models/{model}/export?as={kind}&preset=int8").data


def test_the_address_of_a_page_and_a_recipe_say_what_is_exported(client, model):
    plain = table(client.get(f"/api/models/{model}/export?as=csv"))
    preset = table(client.get(f"/api/models/{model}/export?as=csv&preset=int8&target=phone-npu"))
    recipe = engine.write_recipe(engine.preset("int8").recipe)
    given = table(
        client.get(f"/api/models/{model}/export", query_string={"as": "csv", "recipe": recipe})
    )
    assert given.equals(preset)
    assert (plain["kernel_format"] == "int8").sum() == 0
    assert (preset["kernel_format"] == "int8").sum() > 0


def test_an_analysis_is_named_in_its_report_with_its_budgets(client, services, model):
    recipe = engine.write_recipe(engine.preset("int8").recipe)
    made = services.store.analyses.create(model, "Ship <it>", recipe)
    services.budgets.add(model, (engine.budget("latency=1us"),))
    page = client.get(f"/api/models/{model}/export?analysis={made.id}").text
    assert "Ship &lt;it&gt;" in page
    assert "Budgets" in page
    assert "int8" in page


@pytest.mark.parametrize(
    "query", ["as=pdf", "recipe=%7B", "target=toaster", "preset=nothing", "metric=x&as="]
)
def test_a_wrong_question_is_one_sentence(client, model, query):
    answer = client.get(f"/api/models/{model}/export?{query}")
    assert answer.status_code == 400
    assert answer.json["error"].endswith(".")


def test_a_model_that_is_not_there(client):
    assert client.get("/api/models/nowhere/export").status_code == 404


def test_the_menu_sends_the_file_of_the_recipe_in_use(client, app, model):
    rules = json.loads(engine.write_recipe(engine.preset("int8").recipe))["rules"]
    document = {"pool": rules, "states": [list(range(len(rules)))], "at": 0}
    values = {"target": "phone-npu", "fps": 30, "recipe": document, "against": {}, "draft": {},
              "model": model}  # fmt: skip
    states = [
        {"id": id, "property": prop, "value": value}
        for (id, prop), value in zip(
            [(Model.TARGET, "value"), (Model.FPS, "value"), (Model.RECIPE, "data"),
             (Model.AGAINST, "data"), (Model.DRAFT, "data")], list(values.values())[:5],
            strict=True,
        )
    ]  # fmt: skip
    states += [[], [], {"id": Model.MODEL, "property": "data", "value": model}]
    body = {
        "output": f"{Model.EXPORTED}.data",
        "outputs": {"id": Model.EXPORTED, "property": "data"},
        "inputs": [
            {"id": f"{Model.EXPORT}-{id}", "property": "n_clicks", "value": int(id == "csv")}
            for id, _, _ in kinds()
        ],
        "changedPropIds": [f"{Model.EXPORT}-csv.n_clicks"],
        "state": states,
    }
    answer = client.post("/_dash-update-component", json=body)
    sent = answer.json["response"][Model.EXPORTED]["data"]
    frame = pl.read_csv(io.BytesIO(base64.b64decode(sent["content"])))
    assert sent["filename"] == "my_net.tasks.csv"
    assert (frame["kernel_format"] == "int8").sum() > 0


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "net.onnx"
    path.write_bytes(builders.residual_net(2).SerializeToString())
    return path


def test_the_command_knows_every_format():
    assert set(FORMATS) == set(KINDS)


def test_the_command_writes_where_it_is_told(file, tmp_path, capsysbinary):
    out = tmp_path / "net.parquet"
    asked = ["export", str(file), "--as", "parquet", "--preset", "int8", "-o", str(out)]
    assert main(asked) == 0
    assert (pl.read_parquet(out)["kernel_format"] == "int8").any()
    assert main(["export", str(file), "--as", "trace", "-o", "-"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["traceEvents"]


@pytest.mark.parametrize(
    "wrong", [["--recipe", "absent.json"], ["--as", "pdf"], ["--metric", "x", "--as",
                                                           "model-explorer"], ["-o", "/no/where"]]
)  # fmt: skip
def test_a_fault_of_the_command_is_one_sentence(file, wrong, capsys):
    try:
        status = main(["export", str(file), *wrong])
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert capsys.readouterr().err.count("\n") == 1
