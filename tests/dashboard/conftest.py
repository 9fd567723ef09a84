"""One app on an empty data folder for each test."""

from __future__ import annotations

import pytest

import engine
from dashboard.app import create_app
from dashboard.queries import open_services
from dashboard.settings import Settings
from tests import builders


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data", demo=False, token=False)


@pytest.fixture
def services(settings):
    services = open_services(settings)
    yield services
    services.close()


@pytest.fixture
def app(settings, services):
    return create_app(settings, services)


@pytest.fixture
def client(app):
    return app.server.test_client()


@pytest.fixture
def add(services, tmp_path, conv_net):
    """Put a small model into the store without the child process; returns its id."""

    def add(name: str = "net", body: bytes = conv_net) -> str:
        file = tmp_path / "file.onnx"
        file.write_bytes(body)
        return services.store.add(file, engine.read_trusted(body, None, name), name=name)[0].id

    return add


@pytest.fixture(scope="session")
def conv_net():
    """The bytes of a small ONNX file."""
    return builders.conv_net().SerializeToString()
