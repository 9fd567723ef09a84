"""Usage: what is noted of sharing and embeds."""

from __future__ import annotations

import pytest

from dashboard.access.tokens import Tokens, key_of
from dashboard.queries import embeds, sharing


@pytest.fixture
def done(services):
    """What was noted so far, with how often."""
    return lambda: {f.verb: f.total for f in services.store.usage.report().features}


def test_a_grant_and_a_link_are_shared_and_looking_is_not(services, add, done):
    told = {"on": "model", "id": add(), "who": "person", "name": "bob", "role": "viewer"}
    for verb in ("show", "grant", "link", "show"):
        sharing.answer(services.store, {**told, "verb": verb})
    assert done() == {"model uploaded": 1, "shared": 2}


def test_embeds_are_noted_as_they_are_made_and_opened(services, settings, app, client, add, done):
    view = f"/model/{add()}"
    sent = {"verb": "make", "view": view, "part": "totals", "any": True}
    made = embeds.answer(services.store, sent).fresh
    assert made is not None
    token = Tokens(key_of(settings)).of_link(made.id)
    assert client.get(f"/embed/{token}").status_code == 200
    assert done() == {"model uploaded": 1, "embed made": 1, "embed opened": 1}
