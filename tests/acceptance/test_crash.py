"""Line 4 of stage C can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.acceptance.crash import ROUNDS, Seen, judge
from tests.acceptance.line import MET, NOT_MET, NOT_RUN
from tests.soak.full_disk import LIMIT, TMPFS
from tests.soak.full_disk import Outcome as Disk
from tests.soak.kills import Outcome as Kills
from tests.soak.lost_cache import Outcome as Cache

KILLS = Kills(ROUNDS, ROUNDS - 10, {"draft": 9, "point": 9, "stale": 9}, [], "ok")
DISKS = (Disk(TMPFS, 40, ["There is no room left."], []), Disk(LIMIT, 40, ["It failed."], []))
SEEN = Seen(KILLS, Cache(3, []), DISKS)


def verdicts(seen: Seen) -> list[tuple[str, str]]:
    return [(line.id, line.verdict) for line in judge(seen)]


def test_all_well():
    assert verdicts(SEEN) == [("4a", MET), ("4b", MET), ("4c", MET), ("4c", MET)]


@pytest.mark.parametrize(
    "planted",
    [
        {"lost": ["round 3: point 4"]},
        {"rounds": ROUNDS - 1},
        {"amid": 10},
        {"acknowledged": {"draft": 9, "point": 0, "stale": 9}},
        {"integrity": "row 5 missing from index"},
    ],
)
def test_kills_planted(planted):
    assert verdicts(replace(SEEN, kills=replace(KILLS, **planted)))[0] == ("4a", NOT_MET)


@pytest.mark.parametrize("cache", [Cache(3, ["nothing is cached any more"]), Cache(0, [])])
def test_cache_planted(cache):
    assert verdicts(replace(SEEN, cache=cache))[1] == ("4b", NOT_MET)


@pytest.mark.parametrize("planted", [{"faults": ["lost"]}, {"said": []}, {"acknowledged": 0}])
def test_disk_planted(planted):
    disks = (replace(DISKS[0], **planted), DISKS[1])
    assert verdicts(replace(SEEN, disks=disks))[2:] == [("4c", NOT_MET), ("4c", MET)]


def test_without_a_mount_it_says_so():
    seen = replace(SEEN, disks=(DISKS[1], DISKS[1]))
    assert [verdict for id, verdict in verdicts(seen) if id == "4c"] == [NOT_RUN, MET, MET]
