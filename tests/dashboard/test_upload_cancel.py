"""A browser that goes away while it uploads, over a real connection."""

from __future__ import annotations

import socket
import threading
import time

import pytest

import engine
from dashboard.serve import listen


@pytest.fixture
def server(settings, services):
    server = listen(settings.model_copy(update={"port": 0}), services)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def send(server, body: bytes, length: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    head = f"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def kept(settings):
    folder = settings.data
    return [*(folder / "incoming").iterdir(), *(folder / "blobs").glob("??/*")]


def wait_for(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen in five seconds")


def test_gone_while_the_file_arrives(server, settings, services, conv_net):
    connection = send(server, conv_net[:50], len(conv_net))
    wait_for(lambda: kept(settings))
    connection.close()
    wait_for(lambda: not kept(settings))
    assert services.store.models() == ()


def test_gone_while_the_model_is_read(server, settings, services, conv_net, monkeypatch):
    reading, go_on = threading.Event(), threading.Event()
    graph = engine.read_trusted(conv_net)

    def slow_read(*_):
        reading.set()
        go_on.wait(10)
        return graph

    monkeypatch.setattr(engine, "read", slow_read)
    connection = send(server, conv_net, len(conv_net))
    assert reading.wait(10)
    connection.close()
    go_on.set()
    wait_for(lambda: not kept(settings))
    assert services.store.models() == ()


def test_one_that_waits_gets_its_model(server, services, conv_net):
    connection = send(server, conv_net, len(conv_net))
    answer = connection.makefile("rb").read()
    connection.close()
    assert b" 200 OK" in answer.splitlines()[0]
    assert len(services.store.models()) == 1


def test_the_server_does_not_name_its_libraries(server):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(b"GET /api/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with connection.makefile("rb") as stream:
        answer = stream.read()
    connection.close()
    assert b"Server: paredown" in answer
    assert b"Werkzeug" not in answer
