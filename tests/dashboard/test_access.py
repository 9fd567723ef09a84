"""The gate: closed unless listed; other web sites and broken envelopes are refused."""

from __future__ import annotations

import json

import pytest
from dash import Input, Output

from dashboard import shell
from dashboard.access import ENDPOINTS, GUEST, HEADERS, REFUSED, VIEW_MODEL, What, install, needed
from dashboard.pages.models.table import STEP
from engine.errors import EngineError

CALLBACK = "/_dash-update-component"


def test_every_route_is_classified(app):
    routes = {rule.endpoint for rule in app.server.url_map.iter_rules()}
    assert routes == set(ENDPOINTS) | REFUSED


def test_a_new_route_is_refused_until_it_is_listed(app):
    app.server.add_url_rule("/new", "new", lambda: "open")
    answer = app.server.test_client().get("/new")
    assert (answer.status_code, answer.json) == (
        404,
        {"error": "There is nothing at this address."},
    )


@pytest.mark.parametrize("path", ["/static/x", "/_reload-hash"])
def test_what_nobody_needs_is_refused(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/model/x", "/api/models", "/_dash-layout"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "10.0.0.1"])
def test_a_foreign_host_name_is_refused(client, path, host):
    assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8050", "127.0.0.1", "[::1]:8050", "LOCALHOST"])
def test_our_own_names_are_served(client, host):
    assert client.get("/api/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/upload", CALLBACK])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_web_site_cannot_post(client, path, headers):
    assert client.post(path, data=b"{}", headers=headers).status_code == 403


def test_another_web_site_cannot_delete(client):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.delete("/api/models/x", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/", "/api/models", "/assets/tokens.css", "/nowhere", "/api/x"])
def test_headers(client, path):
    answer = client.get(path, buffered=True)
    answer.close()
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


OUTPUT = "models--limit.data"


def envelope(**changes):
    inputs = [{"id": "models--more", "property": "n_clicks", "value": 1}]
    state = [{"id": "models--limit", "property": "data", "value": 100}]
    outputs = {"id": "models--limit", "property": "data"}
    body = {"output": OUTPUT, "outputs": outputs, "inputs": inputs, "state": state}
    return {**body, "changedPropIds": ["models--more.n_clicks"], **changes}


def test_a_good_envelope_passes(client):
    answer = client.post(CALLBACK, json=envelope())
    assert answer.status_code == 200
    assert answer.json["response"]["models--limit"]["data"] == 100 + STEP


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        1,
        "text",
        {"output": 1},
        {"output": "nothing.data"},
        {"output": "__proto__"},
        {"output": "models--page.data-address", "inputs": [], "state": []},
        envelope(inputs=[]),
        envelope(inputs=None),
        envelope(inputs={}),
        envelope(inputs=[1]),
        envelope(inputs=[[[[]]]]),
        envelope(inputs=[{"id": 1, "property": "x"}]),
        envelope(inputs=[{"id": "models--limit", "property": "n_clicks", "value": 1}]),
        envelope(inputs=[{"id": "models--more", "property": "data", "value": 1}]),
        envelope(inputs=[{"id": {"type": "models--more"}, "property": "n_clicks", "value": 1}]),
        envelope(inputs=[[{"id": "models--more", "property": "n_clicks", "value": 1}]]),
        envelope(state=[]),
        envelope(state=[{}]),
        envelope(outputs=None),
        envelope(outputs=[1]),
        envelope(changedPropIds=1),
        envelope(changedPropIds=[1]),
    ],
    ids=lambda body: json.dumps(body)[:40],
)
def test_a_broken_envelope_is_one_sentence(client, body):
    answer = client.post(CALLBACK, json=body)
    assert answer.status_code == 400
    assert set(answer.json) == {"error"}


@pytest.mark.parametrize("depth", [100, 5_000, 200_000])
def test_deep_nesting_is_refused(client, depth):
    body = b"[" * depth + b"]" * depth
    answer = client.post(CALLBACK, data=body, content_type="application/json")
    assert answer.status_code == 400
    body = json.dumps(envelope()).encode()[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"
    answer = client.post(CALLBACK, data=body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"null", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_not_json_is_refused(client, data, kind, status):
    assert client.post(CALLBACK, data=data, content_type=kind).status_code == status


def test_a_large_body_is_refused(client, settings):
    body = b" " * (settings.body_bytes + 1)
    assert client.post(CALLBACK, data=body, content_type="application/json").status_code == 413


def test_dash_extras_are_off(app):
    paths = {rule.rule for rule in app.server.url_map.iter_rules()}
    assert not any("mcp" in path or "ws" in path for path in paths)


def test_every_callback_says_what_it_needs(app, client):
    client.get("/_dash-dependencies")  # the callbacks of Dash itself come with the first request
    server_side = {k: w for k, w in app.callback_map.items() if "callback" in w}
    assert [key for key, wires in server_side.items() if needed(key, wires) is None] == []
    assert len(server_side) > 50


def test_only_code_and_styles_are_open_to_all():
    assert {e for e, needs in ENDPOINTS.items() if needs.what is What.OPEN} == {
        "_dash_assets.static",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_favicon.ico",
        "/healthz",
    }


def test_a_route_that_says_nothing_fails_the_start(app, settings):
    app.server.add_url_rule("/new", "new", lambda: "open")
    with pytest.raises(EngineError, match=r"new: a route says nothing.*endpoints\.py"):
        install(app, settings)


def test_a_callback_that_says_nothing_fails_the_start(app, settings):
    def fresh(_clicks):
        return ""

    app.callback(Output("a", "children"), Input("b", "n_clicks"))(shell.guarded(fresh))
    with pytest.raises(EngineError, match=r"fresh: a callback says nothing.*VIEW_MODEL"):
        install(app, settings)


def test_a_callback_without_its_object_fails_the_start(app, settings):
    callback = shell.guarded(lambda _clicks: "", VIEW_MODEL)
    app.callback(Output("a", "children"), Input("b", "n_clicks"))(callback)
    with pytest.raises(EngineError, match=r"does not take the object.*model--model\.data"):
        install(app, settings)


def test_what_says_what_it_needs_starts(app, settings):
    app.callback(Output("a", "children"), Input("b", "n_clicks"))(
        shell.guarded(lambda _: "", GUEST)
    )
    install(app, settings)


def test_a_callback_that_comes_later_is_refused(app, client):
    def late(_clicks):
        return "open"

    app.callback(Output("a", "children"), Input("b", "n_clicks"))(late)
    client.get("/_dash-dependencies")
    outputs = {"id": "a", "property": "children"}
    sent = [{"id": "b", "property": "n_clicks", "value": 1}]
    body = {"output": "a.children", "outputs": outputs, "inputs": sent, "state": []}
    answer = client.post(CALLBACK, json=body)
    assert (answer.status_code, answer.json) == (404, {"error": "There is no such callback."})
