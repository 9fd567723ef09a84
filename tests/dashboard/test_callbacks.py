"""The list of models by its callbacks: what they answer, and to whom."""

from __future__ import annotations

import json
from enum import EnumType, StrEnum

from dashboard.app import create_app
from dashboard.ids import Models, Shell
from dashboard.queries import open_services
from dashboard.settings import Settings


def post(client, app, output, inputs, state=(), changed=None):
    """Post to the callback whose key begins with an output, as the browser would."""
    client.get("/_dash-dependencies")  # callbacks are set up with the first request
    key = next(k for k in app.callback_map if str(output) in k)
    spec = app.callback_map[key]

    def part(wanted, value):
        pattern = wanted["id"].startswith("{")
        id = json.loads(wanted["id"]) if pattern else wanted["id"]
        if not pattern:
            return {"id": id, "property": wanted["property"], "value": value}
        clicks = None if value is None else 1
        return [{"id": {**id, "index": value}, "property": wanted["property"], "value": clicks}]

    names = [o.strip(".").rsplit(".", 1) for o in key.split("...")]
    outputs = [{"id": i, "property": p} for i, p in names]
    body = {
        "output": key,
        "outputs": outputs if key.startswith("..") else outputs[0],
        "inputs": [part(w, v) for w, v in zip(spec["inputs"], inputs, strict=True)],
        "state": [part(w, v) for w, v in zip(spec["state"], state, strict=True)],
        "changedPropIds": [changed] if changed else [],
    }
    return client.post("/_dash-update-component", json=body)


def listing(client, app, target="phone-npu", search="", sort="", limit=100):
    return post(client, app, Models.LIST, [target, search, sort, limit, "all", 0, None, None, None])


def test_the_list_names_the_models(client, app, add):
    add("some_net")
    answer = listing(client, app)
    assert answer.status_code == 200
    assert "some_net" in answer.text


def test_the_search_narrows_and_the_address_follows(client, app, add):
    add("some_net")
    answer = listing(client, app, target="edge-tpu", search="nothing").json["response"]
    assert "No model is called" in str(answer[Models.LIST])
    assert answer[Models.ADDRESS]["data"] == "/?target=edge-tpu&q=nothing"


def test_two_people_with_different_choices_get_different_answers(app, add):
    one, two = app.server.test_client(), app.server.test_client()
    add()
    first = listing(one, app, target="edge-tpu").json["response"][Models.ADDRESS]["data"]
    second = listing(two, app, target="h200", search="net").json["response"][Models.ADDRESS]["data"]
    again = listing(one, app, target="edge-tpu").json["response"][Models.ADDRESS]["data"]
    assert first == again == "/?target=edge-tpu"
    assert second == "/?target=h200&q=net"


def test_two_apps_in_one_process_do_not_share_models(client, tmp_path, add):
    add()
    other = Settings(data=tmp_path / "other", demo=False, token=False)
    services = open_services(other)
    second = create_app(other, services).server.test_client()
    assert second.get("/api/models").json == {"models": []}
    assert len(client.get("/api/models").json["models"]) == 1
    services.close()


def test_remove_asks_first(client, app, add):
    model = add()
    ask = json.dumps({"index": model, "type": str(Models.REMOVE)}, separators=(",", ":"))
    wires = {"state": [""], "changed": f"{ask}.n_clicks"}
    answer = post(client, app, Models.REMOVE_DIALOG, [model, None, None], **wires)
    asked = answer.json["response"]
    assert asked[Models.REMOVE_DIALOG]["opened"] is True
    assert asked[Models.REMOVING]["data"] == model
    assert len(client.get("/api/models").json["models"]) == 1
    wires = {"state": [model], "changed": f"{Models.REMOVE_YES}.n_clicks"}
    answer = post(client, app, Models.REMOVE_DIALOG, ["x", 1, None], **wires).json
    assert answer["response"][Models.REMOVED]["data"] == model
    assert "was removed" in str(answer["sideUpdate"][Shell.NOTICES])
    assert client.get("/api/models").json == {"models": []}


def test_a_list_drawn_anew_leaves_the_dialog_open(client, app, add):
    model = add()
    button = json.dumps({"index": model, "type": str(Models.REMOVE)}, separators=(",", ":"))
    client.get("/_dash-dependencies")
    wires = {"state": [model], "changed": f"{button}.n_clicks"}
    answer = post(client, app, Models.REMOVE_DIALOG, [None, None, 1], **wires)
    assert answer.json["response"] == {}


def test_an_unknown_target_is_a_notice(client, app):
    answer = listing(client, app, target="toaster")
    assert answer.status_code == 200
    assert "toaster" in str(answer.json["sideUpdate"][Shell.NOTICES])
    assert "response" not in answer.json or not answer.json["response"]


def test_every_wired_id_is_one_of_ours(client):
    from dashboard import ids, ids_behaviors, ids_embed, ids_sharing

    rooms = (ids, ids_behaviors, ids_embed, ids_sharing)
    held = [e for room in rooms for e in vars(room).values()]
    enums = [e for e in held if isinstance(e, EnumType) and e is not StrEnum]
    known = {str(m) for enum in enums for m in enum}
    for callback in client.get("/_dash-dependencies").json:
        wires = [*callback["inputs"], *callback["state"]]
        for wire in wires:
            id = json.loads(wire["id"])["type"] if wire["id"].startswith("{") else wire["id"]
            assert id.startswith(("_pages", *known)), id
