"""The Share sheet as data: what it shows to whom, what each button does, what it refuses."""

from __future__ import annotations

import pytest

from dashboard import share_sheet
from dashboard.access.tokens import Tokens
from dashboard.pages.models.table import table
from dashboard.queries import sharing
from dashboard.queries.sharing import answer
from dashboard.urls import View
from engine.errors import EngineError
from engine.store import EVERYONE, Principal, Role
from tests.acting import by

ANA = Principal("ana", frozenset({"vision"}))
BOB = Principal("bob", frozenset({"vision"}))


def text(part) -> str:
    if isinstance(part, list | tuple):
        return " ".join(text(c) for c in part)
    children = getattr(part, "children", part if isinstance(part, str) else None)
    return children if isinstance(children, str) else text(children or [])


@pytest.fixture
def store(services):
    for who in (ANA, BOB):
        by(who, services.store.sharing.seen)
    return services.store


@pytest.fixture
def model(add):
    return by(ANA, add)


@pytest.fixture
def analysis(store, model):
    return by(ANA, store.analyses.create, model, "plan", '{"version": 1, "rules": []}').id


def ask(store, person, id, verb="show", on="model", **more):
    return by(person, answer, store, {"on": on, "id": id, "verb": verb, **more})


def drawn(app, shown, hosted=True) -> str:
    with app.server.app_context():
        return text(share_sheet.body(shown, hosted=hosted))


def test_the_owner_sees_people_and_links(app, store, model):
    shown = ask(store, ANA, model).shown
    assert (shown.kind, shown.owner, shown.mine, shown.role) == ("model", "you", True, Role.OWNER)
    words = drawn(app, shown)
    assert "Nobody but you yet" in words
    assert "Group vision" in words
    assert "Make a link" in words


def test_a_person_gets_a_role_another_one_and_none(store, model):
    done = ask(store, ANA, model, "grant", who="person", name=" bob ", role="forker")
    assert done.said == "bob can fork it now."
    assert [(g.grantee, g.role) for g in done.shown.grants] == [("user:bob", Role.FORKER)]
    again = ask(store, ANA, model, "regrant", grantee="user:bob", role="editor")
    assert again.shown.grants[0].role is Role.EDITOR
    assert ask(store, ANA, model, "take", grantee="user:bob").shown.grants == ()
    with pytest.raises(EngineError, match="not shared with them any more"):
        ask(store, ANA, model, "regrant", grantee="user:bob", role="editor")


def test_who_was_never_here_is_said_to_be_so(store, model):
    said = ask(store, ANA, model, "grant", who="person", name="bbo").said
    assert "Nobody called bbo was here yet" in said


def test_own_groups_and_everyone_but_no_other_group(store, model):
    ask(store, ANA, model, "grant", who="group:vision", role="editor")
    shown = ask(store, ANA, model, "grant", who=EVERYONE).shown
    assert {g.grantee for g in shown.grants} == {"group:vision", EVERYONE}
    for odd in ("group:boss", "user:bob", "", "group:"):
        with pytest.raises(EngineError, match="no group of yours"):
            ask(store, ANA, model, "grant", who=odd)


def test_an_open_analysis_stands_before_its_model(store, model, analysis):
    assert ask(store, ANA, model, analysis=analysis).shown.kind == "analysis"
    assert ask(store, ANA, model, analysis=analysis, whole=True).shown.kind == "model"


def test_a_link_opens_the_page_as_it_is_and_can_be_revoked(app, store, model):
    view = f"/model/{model}?target=h200"
    more = {"view": view, "days": "7", "source": True, "name": "review", "role": "forker"}
    row = ask(store, ANA, model, "link", **more).shown.links[0]
    assert (row.view, row.role, row.source, row.label) == (view, Role.FORKER, True, "review")
    assert 6 < (row.expires - row.created).days + 1 <= 8
    words = drawn(app, ask(store, ANA, model).shown)
    assert "review" in words
    assert "can fork · with files and source" in words
    ended = ask(store, ANA, model, "revoke", link=row.id).shown
    assert ended.links[0].state == "revoked"
    assert "1 link that ended" in drawn(app, ended)


@pytest.mark.parametrize("view", ["//evil.example/", "https://x/", "/model/other", None, 3])
def test_a_link_opens_no_other_page(store, model, view):
    assert ask(store, ANA, model, "link", view=view).shown.links[0].view == ""


def test_the_token_of_a_link_is_ours(app, store, model):
    row = ask(store, ANA, model, "link").shown.links[0]
    with app.server.app_context():
        drawn = str(share_sheet._link(row).to_plotly_json())
        tokens = app.server.extensions["paredown.tokens"]
        assert isinstance(tokens, Tokens)
        assert f"/s/{tokens.of_link(row.id)}" in drawn


def test_a_guest_sees_whose_it_is_and_may_leave(app, store, model):
    ask(store, ANA, model, "grant", who="person", name="bob")
    shown = ask(store, BOB, model).shown
    assert (shown.owner, shown.mine, shown.grants, shown.links) == ("ana", False, (), ())
    words = drawn(app, shown)
    assert "ana  owns this model.  You can view it." in words
    assert "Leave this share" in words
    done = ask(store, BOB, model, "leave")
    assert done.shown is None
    with pytest.raises(EngineError, match="no such model"):
        ask(store, BOB, model)


def test_what_comes_through_a_group_is_not_left(app, store, model):
    ask(store, ANA, model, "grant", who="group:vision")
    words = drawn(app, ask(store, BOB, model).shown)
    assert "through the group vision" in words
    assert "Leave" not in words


def test_a_transfer_turns_the_owner_into_an_editor(store, model):
    done = ask(store, ANA, model, "transfer", name="bob")
    assert (done.shown.mine, done.shown.role) == (False, Role.EDITOR)
    assert ask(store, BOB, model).shown.mine
    with pytest.raises(EngineError):
        ask(store, BOB, model, "transfer", name="nobody")


def test_an_analysis_of_anothers_model_says_who_else_must_share(app, store, model, analysis):
    ask(store, ANA, model, "grant", who="person", name="bob", role="forker")
    fork = by(BOB, store.analyses.fork, analysis, "mine").id
    shown = ask(store, BOB, model, analysis=fork).shown
    assert shown.files_of == "ana"
    assert "The model is ana’s" in drawn(app, shown)
    assert ask(store, ANA, model, analysis=analysis).shown.files_of == ""


@pytest.mark.parametrize("verb", ["grant", "take", "transfer", "link", "revoke", "regrant"])
@pytest.mark.parametrize("role", [Role.NONE, Role.VIEWER, Role.EDITOR])
def test_only_the_owner_changes_anything(store, model, verb, role):
    by(ANA, store.sharing.grant, "model", model, "user:bob", role)
    link = by(ANA, store.sharing.link, "model", model).id
    more = {"who": "person", "name": "bob", "grantee": "user:bob", "link": link, "role": "editor"}
    with pytest.raises(EngineError):
        ask(store, BOB, model, verb, **more)
    grants = by(ANA, store.sharing.grants, "model", model)
    assert [g.role for g in grants] == ([role] if role else [])
    assert by(ANA, store.sharing.links, "model", model)[0].state == "stands"


@pytest.mark.parametrize(
    "sent", [None, [], 7, {}, {"verb": "show"}, {"verb": ["x"], "on": "model"}]
)
def test_odd_messages_are_refused(store, sent):
    with pytest.raises(EngineError):
        by(ANA, answer, store, sent)


def test_alone_the_sheet_says_what_works(app, store, add):
    shown = answer(store, {"on": "model", "id": add(), "verb": "show"}).shown
    words = drawn(app, shown, hosted=False)
    assert "nobody here to share" in words
    assert "Copy the address" in words
    assert "Make a link" not in words


def test_the_demo_is_the_products(store):
    assert sharing.owner_words("local", "ana") == "Paredown"
    assert sharing.owner_words("ana", "ana") == "you"


def test_lists_tell_mine_from_shared(store, services, model, analysis):
    by(ANA, store.sharing.grant, "model", model, "user:bob", Role.FORKER)
    for who, mine, shared in ((ANA, 1, 0), (BOB, 0, 1)):
        for whose, found in (("all", 1), ("mine", mine), ("shared", shared), ({"odd": 1}, 1)):
            listing = by(who, services.models.listing, View(), "phone-npu", 50, whose)
            assert (len(listing.models), listing.total) == (found, 1)
    row = by(BOB, services.models.listing, View(), "phone-npu", 50).models[0]
    assert row.role is Role.FORKER
    words = by(
        BOB, lambda: text(table(by(BOB, services.models.listing, View(), "phone-npu", 50), View()))
    )
    assert "ana’s · you can fork" in words
    assert "×" not in words


def test_an_analysis_shared_without_its_model_has_its_line(store, services, model, analysis):
    by(ANA, store.sharing.grant, "analysis", analysis, "user:bob", Role.VIEWER)
    listing = by(BOB, services.models.listing, View(), "phone-npu", 50)
    assert (listing.models, [a.id for a in listing.analyses]) == ((), [analysis])
    words = by(BOB, lambda: text(table(listing, View())))
    assert "Analyses shared with you" in words
    assert "ana’s · you can view" in words
    assert by(ANA, services.models.listing, View(), "phone-npu", 50).analyses == ()
