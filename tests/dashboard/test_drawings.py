"""The drawing of all tasks: made once, kept, answered from the disk, and safe from its child."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading

import numpy as np
import pytest

from dashboard.app import create_app
from dashboard.figures import atlas
from dashboard.queries import drawings, open_services
from dashboard.urls import View
from tests import builders


def ask(client, model, **query):
    return client.get(f"/api/models/{model}/drawing", query_string=query)


def test_the_route_answers_with_the_block(client, add):
    answer = ask(client, add(), target="phone-npu", dir="right")
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    header, arrays = atlas.unpack(answer.data)
    assert header["direction"] == "right"
    assert arrays["x"].size == header["tasks"] > 0
    assert np.nansum(arrays["latency"]) > 0


def test_blocks_open_by_their_ids(client, add):
    model = add("long", builders.vit(blocks=40, size=32, width=16, heads=2).SerializeToString())
    path = f"/api/models/{model}/blocks"
    closed = client.get(path).json
    (block, *_) = [e["data"]["block"] for e in closed if e["data"].get("block")]
    answer = client.get(path, query_string={"opened": [block, "no such block"]})
    assert len(answer.json) > len(closed)
    tasks = [sorted(i for e in found for i in e["data"].get("tasks", []) if e["data"].get("name"))
             for found in (closed, answer.json)]  # fmt: skip
    assert tasks[0] == tasks[1] == list(range(len(tasks[0]))), "each task is in one box"
    again = client.get(path, query_string={"opened": [block, "no such block"]},
                       headers={"If-None-Match": answer.headers["ETag"]})  # fmt: skip
    assert again.status_code == 304
    assert json.loads(client.get(path, query_string={"opened": ["#", "-", "\x00", "a#1-"]}).data)


def test_packed_plain_and_unchanged(client, add):
    model = add()
    plain = ask(client, model)
    packed = client.get(
        f"/api/models/{model}/drawing", headers={"Accept-Encoding": "gzip, zstd, br"}
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["Cache-Control"] == "private, no-cache"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert plain.headers["ETag"] == packed.headers["ETag"]
    again = client.get(
        f"/api/models/{model}/drawing", headers={"If-None-Match": plain.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"dir": "sideways"}, "direction"),
        ({"dir": "\x00<script>"}, "direction"),
        ({"dir": ""}, "direction"),
        ({"target": "toaster"}, "toaster"),
        ({"target": "../../etc"}, "target"),
        ({"bind": "x:batch"}, "size"),
        ({"bind": "0:batch"}, "size"),
        ({"bind": "99999999999999:batch"}, "size"),
        ({"bind": "4"}, "size"),
    ],
)
def test_a_wrong_question_gets_a_sentence(client, add, query, says):
    model = add()
    for kind in ("drawing", "blocks"):
        answer = client.get(f"/api/models/{model}/{kind}", query_string=query)
        assert answer.status_code == 400
        assert says in answer.json["error"]
        assert answer.json["error"].endswith(".")


@pytest.mark.parametrize("model", ["x", "a" * 22, "%00", "..%2F.."])
def test_an_unknown_model_is_not_there(client, model):
    for kind in ("drawing", "blocks"):
        answer = client.get(f"/api/models/{model}/{kind}")
        assert answer.status_code == 404
        assert set(answer.json) == {"error"}


def test_a_fresh_server_answers_from_the_disk(settings, add, client, monkeypatch):
    model = add()
    first = ask(client, model)
    other = open_services(settings)
    monkeypatch.setattr(other.compilations, "get", None)
    again = ask(create_app(settings, other).server.test_client(), model)
    other.close()
    assert again.data == first.data


def test_two_who_ask_at_once_wait_for_one_drawing(services, add, monkeypatch):
    view = View(model_id=add(), target="phone-npu")
    made = []
    draw = atlas.drawing

    def slow(*args):
        made.append(1)
        barrier.wait(0.2) if barrier.n_waiting else None
        return draw(*args)

    barrier = threading.Barrier(2)
    monkeypatch.setattr(drawings.atlas, "drawing", slow)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(services.drawings.get(view))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({d.digest for d in found}) == 1


def graph(count):
    source = np.arange(count - 1)
    roots = np.zeros(count, bool)
    roots[0] = True
    return source, source + 1, roots, np.full(count, -1)


def test_a_large_graph_is_placed_by_a_child():
    here = drawings.lay_out(*graph(2000))
    there = drawings.placed(*graph(2000), "down")
    assert np.array_equal(here.x, there.x)
    assert np.array_equal(here.bend_at, there.bend_at)


@pytest.mark.parametrize("end", ["killed", "slow", "nonsense"])
def test_a_child_that_fails_costs_quality_not_the_answer(monkeypatch, caplog, end):
    command = {
        "killed": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "slow": "import time; time.sleep(60)",
        "nonsense": "print('hello')",
    }[end]
    run = drawings.subprocess.run
    monkeypatch.setattr(drawings, "WALL_SECONDS", 0.5)
    monkeypatch.setattr(
        drawings.subprocess, "run", lambda args, **how: run([args[0], "-c", command], **how)
    )
    found = drawings.placed(*graph(2000), "down")
    assert found.x.size == 2000
    assert "2000 tasks" in caplog.text


def test_the_child_starts_with_little():
    code = "import dashboard.figures.atlas_child, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": str(drawings._ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rooms = {name.split(".")[0] for name in done.stdout.split()}
    assert "numpy" in rooms
    assert rooms.isdisjoint({"polars", "engine", "flask", "dash", "onnx"})
