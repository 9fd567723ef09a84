"""Analyses in Chromium: what saves itself, two tabs, and back, which undoes no data."""

from __future__ import annotations

import time

import pytest

from tests import builders

STATE = "document.getElementById('model--analyses-state').textContent"
READY = (
    "document.querySelector('#model--table .ag-row') && document.getElementById('model--page').desk"
)
RULES = "dash_clientside.recipe.rules().length"


@pytest.fixture
def opened(live, page):
    page.goto(f"{live.url}/model/{live.add(builders.conv_net().SerializeToString())}")
    until(page, READY)
    return page


def until(page, condition, seconds=20.0):
    """Wait for a condition; the policy of the page forbids Playwright's own way, which is eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, (condition, page.evaluate(STATE))
        page.wait_for_timeout(30)


def says(page, words):
    until(page, f"{STATE}.includes('{words}')")


def leave(page, task):
    """An edit: a task is left alone."""
    page.evaluate(f"dash_clientside.recipe.leave([{task}])")


def test_an_edit_saves_itself_and_a_checkpoint_is_opened_and_left(opened, live):
    page = opened
    page.evaluate("dash_clientside.recipe.preset('int8')")
    says(page, "a preset")
    leave(page, 0)
    says(page, "saved ")
    until(page, "location.search.includes('analysis=') && !location.search.includes('preset=')")
    page.click("#model--analyses")
    page.fill("#model--checkpoint-name", "first")
    page.keyboard.press("Enter")
    says(page, "at first")
    leave(page, 1)
    says(page, "unsaved changes since first")
    now = page.evaluate(RULES)
    page.wait_for_selector(".tree >> text=Draft")  # its row moves no button after this
    page.click(".tree [data-act=open]")
    says(page, "checkpoint first")
    until(page, f"location.search.includes('at=') && {RULES} === {now - 1}")
    page.go_back()
    until(page, READY)
    says(page, "unsaved changes since first")
    until(page, f"{RULES} === {now}")
    (row,) = live.services.store.analyses.list()
    assert [c.name for c in live.services.store.analyses.checkpoints(row.id)] == ["first"]
    assert live.services.store.analyses.draft(row.id).version == 3  # back wrote nothing
    page.reload()
    until(page, READY)
    until(page, f"{RULES} === {now}")
    page.keyboard.press("Control+z")  # the past was saved too
    until(page, f"{RULES} === {now - 1}")


def test_a_button_that_is_drawn_anew_under_the_finger_is_pressed_all_the_same(opened):
    page = opened
    leave(page, 0)
    page.click("#model--analyses")
    page.fill("#model--checkpoint-name", "first")
    page.keyboard.press("Enter")
    says(page, "at first")
    leave(page, 1)
    says(page, "unsaved changes since first")
    page.wait_for_selector(".tree >> text=Draft")  # its row moves no button after this
    page.hover(".tree [data-act=open]")
    page.mouse.down()
    page.evaluate("document.querySelector('.tree [data-act=open]').outerHTML += ''")  # as a redraw
    page.mouse.up()
    says(page, "checkpoint first")


def test_a_draft_that_another_tab_has_written_stops_this_one_until_it_forks(opened, live):
    page, held = opened, live.services.store.analyses
    leave(page, 0)
    says(page, "saved ")
    (row,) = held.list()
    assert held.save_draft(row.id, "", "", held.draft(row.id).version) == 3  # as another tab would
    leave(page, 1)
    page.wait_for_selector("#model--conflict:not([hidden])")
    says(page, "not saved")
    assert "changed in another tab" in page.inner_text("#model--conflict")
    leave(page, 2)  # not saved, and not lost
    page.click("#model--conflict >> text=Go on as a fork")
    page.wait_for_selector("#model--conflict", state="hidden")
    until(page, f"!{STATE}.includes('not saved')")
    fork = held.list()[-1]
    assert (fork.name, page.evaluate(RULES)) == ("Fork of Untitled", 3)
    assert '"tasks": [2]' in held.draft(fork.id).recipe
    assert held.draft(row.id).version == 3


def test_a_deletion_is_undone_in_its_notice(opened, live):
    page, held = opened, live.services.store.analyses
    leave(page, 0)
    says(page, "saved ")
    page.click("#model--analyses")
    page.click(".all [data-choose]")
    page.click(".all .removal")
    page.click(".all .removal >> text=Delete?")
    page.click(".mantine-Notification-root >> text=Undo")
    says(page, "saved ")
    assert [row.name for row in held.list()] == ["Untitled"]
