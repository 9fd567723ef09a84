"""Sharing: roles by person, group and link, what they let do, and what nobody is told."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import EVERYONE, Meanwhile, Principal, Refused, Role, links, roles
from engine.store.tables import GRANTS, LINKS
from tests.acting import by
from tests.engine.store.conftest import NET

ANA, BOB, CAROL = (Principal(n) for n in ("ana", "bob", "carol"))
VISION = Principal("vic", frozenset({"vision"}))
GIVEN = (Role.VIEWER, Role.FORKER, Role.EDITOR)


@pytest.fixture
def sharing(store):
    for who in (ANA, BOB, CAROL, VISION):
        by(who, store.sharing.seen)
    return store.sharing


@pytest.fixture
def model(store, sharing, tmp_path):
    (tmp_path / "anas.onnx").write_bytes(b"anas")
    return by(ANA, store.add, tmp_path / "anas.onnx", NET)[0].id


@pytest.fixture
def analysis(analyses, model):
    return by(ANA, analyses.create, model, "plan", "r1").id


def test_nothing_is_shared_until_it_is(store, sharing, model, analysis):
    assert by(ANA, sharing.role, "model", model) is Role.OWNER
    for kind, id in (("model", model), ("analysis", analysis)):
        assert by(BOB, sharing.role, kind, id) is Role.NONE
        assert by(BOB, sharing.role, kind, "a" * 22) is Role.NONE
    assert by(BOB, store.models) == ()
    with pytest.raises(EngineError) as theirs:
        by(BOB, sharing.grants, "model", model)
    with pytest.raises(EngineError) as nobodys:
        by(BOB, sharing.grants, "model", "a" * 22)
    assert str(theirs.value) == str(nobodys.value)


@pytest.mark.parametrize("role", GIVEN)
def test_a_role_lets_do_what_it_says(store, sharing, analyses, model, analysis, role):
    by(ANA, sharing.grant, "model", model, "user:bob", role)
    assert by(BOB, sharing.role, "model", model) is role
    assert by(BOB, sharing.role, "analysis", analysis) is role
    assert [m.id for m in by(BOB, store.models)] == [model]
    assert [a.id for a in by(BOB, analyses.list, model)] == [analysis]
    asked = {
        Role.VIEWER: lambda: by(BOB, analyses.draft, analysis),
        Role.FORKER: lambda: by(BOB, analyses.fork, analysis, "mine"),
        Role.EDITOR: lambda: by(BOB, analyses.rename, analysis, "ours"),
        Role.OWNER: lambda: by(BOB, sharing.grant, "model", model, "user:carol", Role.VIEWER),
    }
    for needed, ask in asked.items():
        if needed <= role:
            ask()
        else:
            with pytest.raises(Refused, match="may not"):
                ask()


def test_groups_are_those_of_now_and_everyone_has_a_name(store, sharing, model):
    by(ANA, sharing.grant, "model", model, "group:vision", Role.EDITOR)
    assert by(VISION, sharing.role, "model", model) is Role.EDITOR
    assert by("vic", sharing.role, "model", model) is Role.NONE  # left the group
    by(ANA, sharing.grant, "model", model, EVERYONE, Role.VIEWER)
    assert by(CAROL, sharing.role, "model", model) is Role.VIEWER
    assert by(Principal(""), sharing.role, "model", model) is Role.NONE
    by(ANA, sharing.grant, "model", model, EVERYONE, Role.NONE)
    assert by(CAROL, sharing.role, "model", model) is Role.NONE


def test_a_grant_on_a_model_does_not_open_what_others_made_of_it(sharing, analyses, model):
    for name in ("bob", "carol"):
        by(ANA, sharing.grant, "model", model, f"user:{name}", Role.FORKER)
    bobs = by(BOB, analyses.create, model, "bob's", "r").id
    assert by(CAROL, sharing.role, "analysis", bobs) is Role.NONE
    assert by(ANA, sharing.role, "analysis", bobs) is Role.NONE
    by(BOB, sharing.grant, "analysis", bobs, "user:carol", Role.VIEWER)
    assert by(CAROL, sharing.role, "analysis", bobs) is Role.VIEWER
    by(ANA, sharing.grant, "model", model, "user:bob", Role.NONE)
    assert by(BOB, sharing.role, "analysis", bobs) is Role.NONE  # his own, of a model not his
    by(ANA, sharing.grant, "model", model, "user:bob", Role.VIEWER)
    assert by(BOB, sharing.role, "analysis", bobs) is Role.OWNER


def test_who_shares_an_analysis_shows_its_model_if_that_is_theirs_to_show(
    sharing, analyses, model, analysis
):
    by(ANA, sharing.grant, "analysis", analysis, "user:bob", Role.FORKER)
    assert by(BOB, sharing.role, "model", model) is Role.VIEWER
    assert by(BOB, sharing.reads_files, "model", model) is False
    fork = by(BOB, analyses.fork, analysis, "mine").id
    assert by(BOB, sharing.role, "analysis", fork) is Role.OWNER
    by(BOB, sharing.grant, "analysis", fork, "user:carol", Role.VIEWER)
    assert by(CAROL, sharing.role, "analysis", fork) is Role.NONE  # bob may not hand the model on
    assert by(CAROL, sharing.role, "model", model) is Role.NONE
    by(ANA, sharing.grant, "analysis", analysis, "user:bob", Role.NONE)
    assert by(BOB, sharing.role, "analysis", fork) is Role.NONE


def test_a_share_link_holds_for_who_opened_it_until_it_ends(store, sharing, model, analysis):
    link = by(ANA, sharing.link, "analysis", analysis, Role.FORKER, days=7)
    assert by(BOB, sharing.role, "analysis", analysis) is Role.NONE
    assert by(BOB, sharing.join, link.id) == link
    assert by(BOB, sharing.role, "analysis", analysis) is Role.FORKER
    assert by(BOB, sharing.role, "model", model) is Role.VIEWER
    assert by(BOB, store.models) == () == by(BOB, sharing.shared_with_me)
    assert by(CAROL, sharing.role, "analysis", analysis) is Role.NONE
    by(ANA, sharing.revoke, link.id)
    assert by(BOB, sharing.role, "analysis", analysis) is Role.NONE
    assert by(ANA, sharing.links, "analysis", analysis)[0].state == "revoked"
    for verb in (sharing.open, sharing.join):
        with pytest.raises(EngineError, match="nothing at this address"):
            by(BOB, verb, link.id)


def test_a_link_ends_with_its_day(store, sharing, analysis, monkeypatch):
    link = by(ANA, sharing.link, "analysis", analysis, days=1)
    by(BOB, sharing.join, link.id)
    monkeypatch.setattr(roles, "now", lambda: "2999-01-01T00:00:00.000000+00:00")
    assert by(BOB, sharing.role, "analysis", analysis) is Role.NONE
    with pytest.raises(EngineError, match="nothing at this address"):
        sharing.open(link.id)


def test_an_embed_shows_one_object_and_lets_nothing_be_done(store, sharing, model, analysis):
    link = by(ANA, sharing.link, "analysis", analysis, embed=True, origins=["https://wiki.test"])
    other = by(ANA, sharing.link, "model", model, embed=True)
    wiki = Principal("", link=link.id)
    assert by(wiki, sharing.role, "analysis", analysis) is Role.VIEWER
    assert by(wiki, sharing.role, "model", model) is Role.VIEWER
    assert by(Principal("", link=other.id), sharing.role, "analysis", analysis) is Role.NONE
    assert by(wiki, sharing.reads_files, "model", model) is False
    assert by(wiki, store.models) == () == by(wiki, store.analyses.list)
    with pytest.raises(Refused):
        by(wiki, store.analyses.fork, analysis, "no")
    with pytest.raises(Refused, match="a link shows what it shows"):
        by(wiki, store.jobs.add, "sleep", "no", [{}], version="1")
    with pytest.raises(EngineError, match="nothing at this address"):
        by(BOB, sharing.join, link.id)  # an embed is no share link
    by(ANA, sharing.revoke, link.id)
    assert by(wiki, sharing.role, "analysis", analysis) is Role.NONE


def test_a_link_with_source_reads_files(sharing, model):
    link = by(ANA, sharing.link, "model", model, source=True)
    by(BOB, sharing.join, link.id)
    assert by(BOB, sharing.reads_files, "model", model) is True


@pytest.mark.parametrize(
    "given",
    [
        {"role": Role.EDITOR}, {"role": Role.FORKER, "embed": True}, {"days": 0}, {"days": True},
        {"days": 10**9}, {"origins": ["javascript:alert(1)"]}, {"origins": ["https://a b"]},
        {"origins": ["https://x/; frame-ancestors *"]}, {"origins": [7]}, {"view": "//evil.test"},
        {"view": "https://evil.test"}, {"view": "/\\evil.test"}, {"view": "\ud800"},
    ],
)  # fmt: skip
def test_links_that_are_refused(sharing, model, given):
    with pytest.raises(EngineError):
        by(ANA, sharing.link, "model", model, **given)
    assert by(ANA, sharing.links, "model", model) == ()


@pytest.mark.parametrize(
    "name", ["", "user:", "bob", "user: bob", "user:b\nb", "role:x", 7, None, "user:" + "x" * 201]
)
def test_names_that_are_refused(sharing, model, name):
    with pytest.raises(EngineError, match="no person or group"):
        by(ANA, sharing.grant, "model", model, name, Role.VIEWER)


def test_leaving_and_transfer(sharing, model, analysis):
    by(ANA, sharing.grant, "model", model, "user:bob", Role.EDITOR)
    by(BOB, sharing.leave, "model", model)
    assert by(BOB, sharing.role, "model", model) is Role.NONE
    with pytest.raises(EngineError, match="your own cannot be left"):
        by(ANA, sharing.leave, "model", model)
    with pytest.raises(EngineError, match="nobody of this name"):
        by(ANA, sharing.transfer, "model", model, "zoe")
    by(ANA, sharing.transfer, "model", model, "bob")
    assert by(BOB, sharing.role, "model", model) is Role.OWNER
    assert by(ANA, sharing.role, "model", model) is Role.EDITOR
    assert by(ANA, sharing.role, "analysis", analysis) is Role.OWNER
    with pytest.raises(EngineError, match="no such model"):
        by(CAROL, sharing.transfer, "model", model, "carol")
    by(Principal("root", admin=True), sharing.transfer, "model", model, "carol")
    assert by(CAROL, sharing.role, "model", model) is Role.OWNER


def test_an_analysis_that_was_given_away_before_a_save_has_its_recipe(analyses, sharing, analysis):
    by(ANA, sharing.transfer, "analysis", analysis, "bob")
    by(ANA, sharing.grant, "model", by(ANA, analyses.get, analysis).model_id, "user:bob",
       Role.EDITOR)  # fmt: skip
    assert by(BOB, analyses.draft, analysis).recipe == "r1"
    assert by(BOB, analyses.checkpoint, analysis, "first", "r2").author == "bob"


def test_what_came_through_a_group_is_not_left_alone(sharing, model):
    by(ANA, sharing.grant, "model", model, "group:vision", Role.VIEWER)
    with pytest.raises(Refused, match="through a group"):
        by(VISION, sharing.leave, "model", model)


def test_what_is_shared_with_somebody_is_listed_once_with_the_best_role(sharing, model, analysis):
    by(ANA, sharing.grant, "model", model, EVERYONE, Role.VIEWER)
    by(ANA, sharing.grant, "model", model, "group:vision", Role.EDITOR)
    (one,) = by(VISION, sharing.shared_with_me)
    assert (one.kind, one.id, one.owner) == ("model", model, "ana")
    assert (one.role, one.through) == (Role.EDITOR, "group:vision")
    assert by(ANA, sharing.shared_with_me) == ()


def test_nobody_can_list_names(sharing):
    assert by(ANA, sharing.names, "bob") == ("user:bob",)
    assert by(ANA, sharing.names, "bo") == by(ANA, sharing.names, "vision") == ()
    assert by(VISION, sharing.names, "vis") == ("group:vision",)


def test_a_removed_object_takes_its_shares_along(store, sharing, model):
    by(ANA, sharing.grant, "model", model, "user:bob", Role.VIEWER)
    link = by(ANA, sharing.link, "model", model)
    by(ANA, store.remove, model)
    with pytest.raises(EngineError, match="nothing at this address"):
        sharing.open(link.id)
    with store._database.reading() as connection:
        for table in ("grants", "links"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_editors_have_drafts_of_their_own_and_see_what_was_saved(
    sharing, analyses, model, analysis
):
    by(ANA, sharing.grant, "model", model, "user:bob", Role.EDITOR)
    assert by(BOB, analyses.draft, analysis).recipe == "r1"  # nothing was saved yet
    by(ANA, analyses.save_draft, analysis, "r2", "", 1)
    by(ANA, analyses.checkpoint, analysis, "two", "r2")
    by(ANA, analyses.save_draft, analysis, "r3", "", 2)
    seen = by(BOB, analyses.draft, analysis)
    assert (seen.recipe, seen.version) == ("r2", 0)  # not what she is still at work on
    by(BOB, analyses.save_draft, analysis, "bob's", "", seen.version)
    assert by(BOB, analyses.draft, analysis).recipe == "bob's"
    assert by(ANA, analyses.draft, analysis).recipe == "r3"


def test_who_saves_after_another_is_told_and_may_save_all_the_same(
    sharing, analyses, model, analysis
):
    by(ANA, sharing.grant, "model", model, "user:bob", Role.EDITOR)
    seen = by(ANA, analyses.get, analysis).version
    by(BOB, analyses.checkpoint, analysis, "bob's", "r2", seen=seen)
    with pytest.raises(Meanwhile, match="bob saved “bob's” meanwhile") as found:
        by(ANA, analyses.checkpoint, analysis, "ana's", "r3", seen=seen)
    assert [c.name for c in by(ANA, analyses.checkpoints, analysis)] == ["bob's"]
    assert found.value.row.author == "bob"
    made = by(ANA, analyses.checkpoint, analysis, "ana's", "r3", seen=found.value.version)
    assert made.author == "ana"
    by(ANA, analyses.checkpoint, analysis, "again", "r4", seen=found.value.version)  # her own since


def test_a_name_is_typed_in_any_form_and_held_in_one(sharing, model):
    by(ANA, sharing.grant, "model", model, "user:Zoe\u0301", Role.VIEWER)
    assert by(Principal("Zo\u00e9"), sharing.role, "model", model) is Role.VIEWER
    with pytest.raises(EngineError):  # a letter that becomes a space
        by(ANA, sharing.grant, "model", model, "user:\u00a8", Role.VIEWER)


def test_links_that_ended_leave_room_for_new_ones(sharing, analysis, monkeypatch):
    monkeypatch.setattr(links, "MAX_LINKS", 2)
    monkeypatch.setattr(links, "MAX_ENDED", 3)
    for _ in range(6):
        by(ANA, sharing.revoke, by(ANA, sharing.link, "analysis", analysis).id)
    two = {by(ANA, sharing.link, "analysis", analysis).id for _ in range(2)}
    with pytest.raises(EngineError, match="no more fit"):
        by(ANA, sharing.link, "analysis", analysis)
    held = by(ANA, sharing.links, "analysis", analysis)
    assert {x.id for x in held if x.state == "stands"} == two
    assert len(held) == 2 + 3


def test_files_do_not_go_with_an_analysis(sharing, analysis):
    with pytest.raises(EngineError, match="files go with a model"):
        by(ANA, sharing.link, "analysis", analysis, source=True)


@pytest.mark.parametrize("way", ["model", "purge"])
def test_what_is_gone_leaves_no_rights_behind(store, sharing, analyses, model, analysis, way):
    by(ANA, sharing.grant, "analysis", analysis, "user:bob", Role.VIEWER)
    by(ANA, sharing.link, "analysis", analysis)
    if way == "model":
        by(ANA, store.remove, model)
    else:
        by(ANA, analyses.delete, analysis)
        analyses.purge(-1)
    with store._database.reading() as connection:
        left = [connection.execute(sa.select(t)).all() for t in (GRANTS, LINKS)]
    assert left == [[], []]


def test_budgets_are_seen_by_whoever_sees_the_model(sharing, analyses, model):
    by(ANA, analyses.set_model_budgets, model, "[1]")
    assert by(BOB, analyses.budgets_of, model) == ""
    by(BOB, sharing.join, by(ANA, sharing.link, "model", model).id)
    assert by(BOB, analyses.budgets_of, model) == "[1]"


def test_lists_ask_the_database_as_often_for_many_as_for_few(store, sharing, analyses, model):
    """Nine hundred analyses shared by a team are read with as many questions as one."""
    asked: list[str] = []

    def asks(verb) -> int:
        asked.clear()
        by(VISION, verb)
        return len(asked)

    def grown(count: int) -> list[int]:
        for _ in range(count):
            id = by(ANA, analyses.create, model, "plan", "r1").id
            by(ANA, sharing.grant, "analysis", id, "group:vision", Role.VIEWER)
        sa.event.listen(store._database._engine, "before_cursor_execute", note)
        told = [asks(v) for v in (analyses.list, sharing.shared_with_me,
                                  lambda: sharing.roles("analysis"))]  # fmt: skip
        sa.event.remove(store._database._engine, "before_cursor_execute", note)
        return told

    def note(_connection, _cursor, statement, *_rest) -> None:
        asked.append(statement)

    assert grown(1) == grown(8)
    assert len(by(VISION, analyses.list)) == 9
