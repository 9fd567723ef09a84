"""The sheet that makes embeds: what it makes, what it refuses, who sees it."""

from __future__ import annotations

import pytest

from dashboard import embed_sheet
from dashboard.queries.embeds import SIZES, answer, snippet
from dashboard.urls_embed import part_of
from engine.errors import EngineError
from engine.store import Role
from tests.acting import by


@pytest.fixture
def sheet(services, add):
    id = add()

    def sheet(verb="show", **given):
        sent = {"verb": verb, "view": f"/model/{id}?preset=int8&sel=1", **given}
        return answer(services.store, sent)

    sheet.id = id
    return sheet


def test_an_embed_keeps_the_view_its_part_and_its_sites(sheet):
    made = sheet("make", part="table", sites="https://a.example, http://b.example:80", days="30")
    row = made.fresh
    assert (row.embed, row.role, row.label) == (True, Role.VIEWER, "Table")
    assert row.origins == ("https://a.example", "http://b.example:80")
    assert part_of(row.view) == "table"
    assert "preset=int8" in row.view
    assert "sel=1" in row.view
    assert (row.expires - row.created).days in (29, 30)
    assert made.links == (row,)


def test_any_site_is_said_aloud(sheet):
    assert sheet("make", part="graph", any=True).fresh.origins == ("*",)
    assert sheet("make", part="graph", any="yes").fresh.origins == ()


@pytest.mark.parametrize(
    "given",
    [
        {"part": "map"}, {"part": "graph", "sites": "wiki"}, {"part": "graph", "days": "4"},
        {"part": "graph", "sites": "https://x.example; script-src *"},
        {"view": "/diff"}, {"view": "https://elsewhere/model/x", "part": "graph"}, {"view": 3},
    ],
)  # fmt: skip
def test_what_does_not_fit_makes_nothing(sheet, given):
    with pytest.raises(EngineError):
        sheet("make", **given)
    assert sheet().links == ()


def test_a_snippet_is_shown_until_its_embed_ends(sheet):
    id = sheet("make", part="both").fresh.id
    assert sheet("look", link=id).fresh.id == id
    assert sheet("revoke", link=id).links[0].state == "revoked"
    assert sheet("look", link=id).fresh is None


def test_who_may_only_look_makes_none(sheet, services):
    services.store.sharing.grant("model", sheet.id, "user:ana", Role.EDITOR)
    assert by("ana", sheet).mine is False
    with pytest.raises(EngineError):
        by("ana", sheet, "make", part="graph")
    with pytest.raises(EngineError, match="no such model"):
        by("bob", sheet)


def test_an_open_analysis_is_what_is_embedded(services, add):
    id = add()
    row = services.store.analyses.create(id, "Mine", "phone-npu")
    shown = answer(services.store, {"verb": "make", "part": "totals",
                                    "view": f"/model/{id}?analysis={row.id}"})  # fmt: skip
    assert (shown.kind, shown.fresh.object_id) == ("analysis", row.id)


def test_a_title_cannot_leave_its_attribute():
    text = snippet("https://p.test/embed/x", 'a" onload="alert(1)"><b>', next(iter(SIZES)))
    assert text.count('"') % 2 == 0
    assert not any(w in text for w in ("<b>", 'onload="', "allow-top-navigation"))


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({"Origin": "https://lens.example.org"}, "https://lens.example.org"),
        ({}, "http://localhost"),
    ],
)
def test_a_snippet_names_the_scheme_that_the_browser_came_by(app, sheet, headers, root):
    made = sheet("make", part="table")
    with app.server.test_request_context("/_dash-update-component", headers=headers):
        assert f'src="{root}/embed/' in str(embed_sheet.body(made, hosted=True))
