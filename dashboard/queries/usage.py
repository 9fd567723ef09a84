"""The usage as its page shows it, and as a file: sums, without a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from dashboard.settings import Settings
from engine.store import Feature, Report, Store, Verb, acting

LABELS: Mapping[str, str] = {
    Verb.MODEL: "Upload a model",
    Verb.EXPERIMENT: "Upload an experiment",
    Verb.SAVED: "Save a checkpoint",
    Verb.FORKED: "Fork an analysis",
    Verb.EXPERIMENT_FORKED: "Fork an experiment",
    Verb.JOB: "Ask for a job",
    Verb.SHARED: "Share with people or by link",
    Verb.EMBED_MADE: "Make an embed",
    Verb.EMBED_OPENED: "Look at an embed, without a name",
}
COLUMNS = ("verb", "last_30_days", "days_31_to_60", "people_last_30_days", "total")


def may_look() -> bool:
    """Whether the one who asks may see the usage: admins, and the one person of a machine."""
    return acting().admin


def report(store: Store, settings: Settings) -> Report:
    """The sums, without the test accounts."""
    return store.usage.report(settings.test_accounts)


def features(found: Report) -> tuple[Feature, ...]:
    """What was done and what could have been, the most used lately first."""
    known = {f.verb for f in found.features}
    never = (Feature(verb, 0, 0, 0, 0) for verb in map(str, Verb) if verb not in known)
    return tuple(sorted((*found.features, *never), key=lambda f: (-f.recent, -f.total)))


def label(verb: str) -> str:
    """A verb as people read it."""
    return LABELS.get(verb, verb.capitalize())


def words(found: Report, settings: Settings) -> str:
    """What the figures are of: since when, without whom, and how long notes are kept."""
    if found.since is None:
        since = "Nothing has been noted yet."
    else:
        since = f"Noted since {found.since:%-d %b %Y} (UTC)."
    kept = (
        f"Notes are dropped after {settings.usage_days:,} days."
        if settings.usage
        else "Notes are switched off; people and models are counted all the same."
    )
    out = len(settings.test_accounts)
    testers = f" {out:,} test account{'s' if out > 1 else ''} left out." if out else ""
    return f"{since} {kept}{testers} Models that were removed are not counted; no names are shown."


def table_csv(found: Report) -> str:
    """The table of what is used, as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((f.verb, f.recent, f.before, f.people, f.total) for f in features(found))
    return text.getvalue()
