"""Tabs of a browser on one model."""

from __future__ import annotations

import pytest

from tests.dashboard.model.tabs import Tab


@pytest.fixture
def held(services):
    return services.store.analyses


@pytest.fixture
def model(add):
    return add()


@pytest.fixture
def tab(app, client, model):
    return Tab(app, client, model)


@pytest.fixture
def other(app, model, tab):
    """A second tab, on what the first one has saved."""

    def other():
        found = Tab(app, app.server.test_client(), model)
        found.draft, found.document = dict(tab.draft), tab.document
        return found

    return other
