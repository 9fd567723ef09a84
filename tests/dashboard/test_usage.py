"""Usage: what is noted of sharing and embeds, and the page that only admins see."""

from __future__ import annotations

from datetime import date

import dash
import pytest

from dashboard.access.tokens import Tokens, key_of
from dashboard.app import create_app
from dashboard.figures.growth import growth
from dashboard.pages import usage as usage_page
from dashboard.pages.targets.layout import layout as targets
from dashboard.pages.usage.layout import layout
from dashboard.queries import embeds, sharing, usage
from dashboard.settings import Settings
from dashboard.shell import not_found
from engine.store import LOCAL, Feature, Principal
from tests.acting import by
from tests.dashboard.test_access_modes import ANA, PROXY

ADMIN = Principal(LOCAL, admin=True)


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


@pytest.fixture
def page(app):
    """The text of the page as somebody sees it."""

    def page(who=ADMIN, layout=layout):
        with app.server.app_context():
            return str(by(who, layout))

    return page


def test_without_records_the_page_says_so_and_lists_what_could_be_done(page):
    shown = page()
    assert "Nothing to count yet" in shown
    assert "Nothing has been noted yet." in shown
    assert all(label in shown for label in usage.LABELS.values())


def test_with_records_it_shows_people_models_and_the_share(page, add):
    add()
    shown = page()
    assert "1 of 1 people" in shown
    assert "People over time: 1 on" in shown
    assert "Noted since" in shown
    assert "'local'" not in shown  # no names


def test_who_is_no_admin_finds_nothing(page):
    assert page(Principal("ana")) == str(not_found())
    title = dash.page_registry[usage_page.__name__]["title"]
    assert by(Principal("ana"), title) == dash.page_registry["not_found_404"]["title"]
    assert by(ADMIN, title) == "Usage · Paredown"
    assert "/usage" in page(layout=targets)
    assert "/usage" not in page(Principal("ana"), targets)


def test_the_table_is_a_file_for_admins_only(settings, services, add):
    add()
    chosen = Settings(**{**settings.model_dump(), **PROXY})
    hosted = create_app(chosen, services).server.test_client()
    root = {**ANA, "X-Forwarded-User": "root@example.org"}
    answer = hosted.get("/api/usage.csv", headers=root)
    head, first, *rest = answer.text.splitlines()
    assert answer.mimetype == "text/csv"
    assert first == "model uploaded,1,0,1,1"
    assert len(rest) == len(usage.LABELS) - 1
    assert len(head.split(",")) == 5
    refused = hosted.get("/api/usage.csv", headers=ANA)
    nothing = hosted.get("/api/nothing-at-all", headers=ANA)
    assert (refused.status_code, refused.text) == (nothing.status_code, nothing.text)


def test_the_words_tell_of_testers_and_of_switched_off_notes(services):
    found = services.store.usage.report()
    told = usage.words(found, Settings(usage=False, test_accounts=("t", "u")))
    assert "switched off" in told
    assert "2 test accounts left out" in told
    assert usage.label("sang") == "Sang"  # noted by another version
    assert usage.features(found)[0] == Feature("model uploaded", 0, 0, 0, 0)


def test_the_line_goes_from_nothing_to_today():
    line = growth([("2026-11-01", 2), ("2026-11-05", 3)], "light", date(2026, 11, 9)).data[0]
    assert line.x == ("2026-10-26", "2026-11-01", "2026-11-05", "2026-11-09")
    assert line.y == (0, 2, 3, 3)
