"""What the open sheet lists: analyses and the tree of checkpoints."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from dashboard.ids import Model, Shell
from engine.store.tables import CHECKPOINTS
from tests.dashboard.model.tabs import NOWHERE, edited


def test_the_sheet_lists_analyses_and_finds_them(tab, held, model):
    assert "None yet" in tab.sheet()["list"]
    for n in range(30):
        held.create(model, f"a{n}", "", note="special" if n == 17 else "", target="phone-npu")
    gone = held.create(model, "on a lost board", "", target="toaster-3")
    everything = tab.sheet()["list"]
    assert all(f'"a{n}"' in everything for n in range(30))
    assert "toaster-3 (gone)" in everything
    found = tab.sheet(search="SPECIAL")["list"]
    assert '"a17"' in found
    assert '"a16"' not in found
    assert "No analysis has this" in tab.sheet(search="zzz")["list"]
    assert "Delete" in tab.sheet(chosen=gone.id)["list"]


def test_the_sheet_draws_more_than_fits_not_at_all(tab, held, model, monkeypatch):
    monkeypatch.setattr("dashboard.queries.saved_lists.MOST_ANALYSES", 3)
    monkeypatch.setattr("dashboard.queries.saved_lists.MOST_CHECKPOINTS", 2)
    for n in range(5):
        row = held.create(model, f"a{n}", "")
    for n in range(4):
        held.checkpoint(row.id, f"c{n}", "")
    assert "2 more; search" in tab.sheet()["list"]
    tree = tab.sheet(analysis=row.id)["tree"]
    assert "2 older checkpoints not drawn" in tree
    assert '"c0"' not in tree


@pytest.mark.parametrize(
    "asked", [None, 7, [], {"analysis": 7, "at": [], "search": {}, "chosen": 1}]
)
def test_what_the_sheet_is_asked_may_be_anything(tab, asked):
    tab.save(edited())
    body = tab.post(Model.ANALYSES_TREE, asked)
    assert "notice-fault" not in str(body)


def test_an_analysis_that_went_while_the_sheet_was_open_is_a_notice(tab):
    body = tab.post(Model.ANALYSES_TREE, {"analysis": NOWHERE, "at": "", "turn": 1})
    assert "there is no such analysis" in str(body["sideUpdate"][Shell.NOTICES])


def test_the_tree_shows_what_the_store_kept_and_figures_of_another_engine(
    tab, other, held, services
):
    tab.save(edited())
    tab.send("checkpoint", name="first")
    second = other()
    second.draft = dict(tab.draft)
    tab.save(edited(2))
    kept = second.save(edited(5))["kept"]
    with services.store._database.writing() as connection:
        mine = sa.update(CHECKPOINTS).where(CHECKPOINTS.c.id != kept)
        connection.execute(mine.values(engine="0.0.1", totals='{"now": {"latency_s": "1e400"}}'))
    tree = tab.sheet()["tree"]
    assert '"kept"' in tree
    assert "From another tab" in tree
    assert "Figures of Paredown 0.0.1" in tree
    assert '"unknown"' in tree
    assert '"Draft"' in tree
