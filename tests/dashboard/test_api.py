"""The JSON API and the upload: what is kept, what is refused, and the sentence it gets."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from dashboard import arrival
from dashboard.app import create_app
from dashboard.queries import open_services
from dashboard.settings import Settings
from tests import builders


def upload(client, body, name="net.onnx", **headers):
    headers = {"X-File-Name": name, "Content-Length": str(len(body)), **headers}
    return client.post("/upload", data=body, headers=headers)


def kept(settings) -> list[Path]:
    folder = settings.data
    return [*(folder / "incoming").iterdir(), *(folder / "blobs").glob("??/*")]


def test_upload_list_open_remove(client, settings, conv_net):
    answer = upload(client, conv_net, "my%20net_v2.onnx").json
    assert (answer["name"], answer["new"]) == ("my net_v2", True)
    assert answer["url"] == f"/model/{answer['id']}"
    (listed,) = client.get("/api/models").json["models"]
    assert (listed["id"], listed["project"]) == (answer["id"], "my net")
    assert client.delete(f"/api/models/{answer['id']}").status_code == 200
    assert client.get("/api/models").json == {"models": []}
    assert kept(settings) == []


def test_the_same_file_again_opens_the_first(client, conv_net):
    first = upload(client, conv_net, "one.onnx").json
    again = upload(client, conv_net, "two.onnx").json
    assert (again["id"], again["name"], again["new"]) == (first["id"], "one", False)


def test_a_packed_file_can_be_read_again_with_other_sizes(client, services):
    net = builders.Net()
    x = net.input("x", ("batch", 8))
    net.output(net.op("MatMul", x, net.weight(8, 4)))
    packed = gzip.compress(net.model().SerializeToString())
    model = upload(client, packed, "net.onnx.gz").json["id"]
    macs = [
        services.compilations.get(model, "phone-npu", {"batch": n}).tasks["macs"].sum()
        for n in (1, 5)
    ]
    assert macs == [32, 160]


def test_one_model_with_its_figures(client, conv_net):
    model = upload(client, conv_net).json["id"]
    answer = client.get(f"/api/models/{model}?target=phone-npu").json
    assert answer["target"] == "phone-npu"
    assert answer["totals"]["tasks"] > 0
    assert answer["totals"]["latency_s"] > 0
    assert max(answer["totals"]["profile"]) == 1
    answer = client.get(f"/api/models/{model}?target=toaster")
    assert answer.status_code == 400
    assert "toaster" in answer.json["error"]


@pytest.mark.parametrize("path", ["/api/models/x", "/api/", "/api/nothing", "/api/models/x/y"])
def test_nothing_there(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert set(answer.json) == {"error"}


def test_targets(client):
    targets = client.get("/api/targets").json["targets"]
    assert "phone-npu" in {t["id"] for t in targets}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\0", "cannot be read"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 64, ""),
        (b"hello", "text"),
        (bytes(range(256)) * 8, ""),
    ],
    ids=["one byte", "html", "png", "text", "bytes"],
)
def test_a_bad_file_is_one_sentence_and_nothing_is_kept(client, settings, body, says):
    answer = upload(client, body, "bad%20file.onnx")
    assert answer.status_code == 400
    sentence = answer.json["error"]
    assert sentence.startswith("bad file.onnx: ")
    assert says in sentence
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert str(settings.data) not in sentence
    assert kept(settings) == []
    assert client.get("/api/models").json == {"models": []}


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Ctemp%5Cnet.onnx", "net"),
        ("net.onnx.gz", "net"),
        ("%E2%80%AEevil.onnx", "evil"),
        ("a%0D%0ASet-Cookie%3A%20x.onnx", "aSet-Cookie: x"),
        ("%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.onnx", "<img src=x onerror=alert(1)>"),
        ("x" * 4000, "x" * 120),
        ("", "model"),
        ("%ff%fe", "\ufffd\ufffd"),
        (".onnx", ".onnx"),
    ],
)
def test_a_file_name_is_only_shown(client, settings, conv_net, header, shown):
    answer = upload(client, conv_net, header)
    assert answer.json["name"] == shown
    assert len(kept(settings)) == 1
    assert not list(settings.data.parent.glob("*passwd*"))


@pytest.fixture
def small(tmp_path):
    settings = Settings(data=tmp_path / "small", demo=False, token=False, upload_bytes=1000)
    services = open_services(settings)
    yield create_app(settings, services).server.test_client(), settings
    services.close()


def test_a_file_over_the_limit_is_refused_before_it_is_read(small, monkeypatch):
    client, settings = small
    monkeypatch.setattr(arrival, "_receive", None)
    answer = upload(client, b"0" * 2000)
    assert answer.status_code == 413
    assert answer.json["error"].endswith("too large; at most 1.00 kB can be uploaded.")
    assert kept(settings) == []


def test_compressed_and_unmeasured_bodies_are_refused(client, settings, conv_net):
    assert upload(client, conv_net, **{"Content-Encoding": "gzip"}).status_code == 415
    answer = upload(client, conv_net, **{"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411
    assert kept(settings) == []


def test_an_upload_that_stops_half_way_leaves_nothing(client, settings, conv_net):
    answer = client.post(
        "/upload", input_stream=io.BytesIO(conv_net[:100]), content_length=len(conv_net)
    )
    assert answer.status_code == 400
    assert kept(settings) == []


def test_a_cancelled_upload_is_not_kept(client, settings, conv_net, monkeypatch):
    monkeypatch.setattr(arrival, "_connected", lambda: False)
    answer = upload(client, conv_net)
    assert (answer.status_code, kept(settings)) == (400, [])
    assert client.get("/api/models").json == {"models": []}
