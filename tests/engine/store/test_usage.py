"""The sums over what people did: right, without names, and in nobody's way."""

from __future__ import annotations

from engine.store import Principal
from tests.acting import by


def test_people_who_submit_are_a_share_of_all(store):
    for name in ("ana", "bob", "tester"):
        by(name, store.sharing.seen)
    by("ana", store.usage.note, "upload", "model", "x")
    by("tester", store.usage.note, "upload")
    by(Principal("", link="l"), store.usage.note, "embed opened")
    found = store.usage.report(("tester",))
    assert (found.people, found.submitters, found.share) == (2, 0, 0.0)
    assert found.features == (("embed opened", 1), ("upload", 1))
    assert [m[1:] for m in found.months] == [(2, 0)]
    assert "ana" not in str(found)
    assert store.usage.report().features[0] == ("upload", 2)


def test_old_notes_are_forgotten(store):
    store.usage.note("upload")
    assert (store.usage.forget(1), store.usage.forget(-1)) == (0, 1)


def test_a_note_that_cannot_be_kept_is_none(store):
    store.close()
    store.usage._database.path.unlink()
    store.usage._database.path.mkdir()
    store.usage.note("upload")
