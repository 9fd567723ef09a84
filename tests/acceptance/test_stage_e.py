"""Each line of stage E can fail: a planted fault turns it NOT MET."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.acceptance import experiment_faults, experiment_files, experiment_sizes
from tests.acceptance.experiment_faults import REFUSED, REPORTED, Met
from tests.acceptance.experiment_files import FILES, RECORDED, Charts, Compared, File
from tests.acceptance.experiment_sizes import Times
from tests.acceptance.line import MET, NOT_MET, NOT_RUN
from tests.acceptance.stage_e import CHECKS
from tests.acceptance.test_stage_a import verdicts

READ = tuple(File(n, c, s, r, f or 1, True) for n, (c, s, r, f) in FILES.items())
TOLD = tuple(
    Compared(what, raw, chart, (raw, chart), "bars") for _, what, _, raw, chart in RECORDED
)
TIMES = Times(6000, 0.2, 0.02, 0.05, 0.1, 60, 1.0)
CHARTS = Charts(
    Counter(bars=180, grouped=19, multiples=1),
    {8: Counter(bars=100, table=60), 16: Counter(table=160)},
)
MALFORMED = tuple(Met(str(k), k < 20, "This is wrong.", ("That is odd.",), True) for k in range(50))


def first(**fault: object) -> tuple[Met, ...]:
    return (replace(MALFORMED[0], **fault), *MALFORMED[1:])


PLANTED: tuple[tuple[str, Callable, object, object], ...] = (
    *(("1a", experiment_files.judge, (READ, TOLD), ((replace(READ[0], **f), *READ[1:]), TOLD))
      for f in ({"columns": "train"}, {"steps": 9}, {"rows": 8})),
    ("1a", experiment_files.judge, (READ, TOLD), (READ[:3], TOLD)),
    ("1b", experiment_files.judge, (READ, TOLD), ((replace(READ[0], front=4), *READ[1:]), TOLD)),
    ("1c", experiment_files.judge, (READ, TOLD), (READ, (replace(TOLD[0], chart=(6,)), *TOLD[1:]))),
    ("1c", experiment_files.judge, (READ, TOLD), (READ, (replace(TOLD[0], raw=(3,)), *TOLD[1:]))),
    ("1c", experiment_files.judge, (READ, TOLD), (READ, TOLD[1:])),
    ("1d", experiment_files.judge, (READ, TOLD), ((replace(READ[0], back=False), *READ[1:]), TOLD)),
    ("2a", experiment_sizes.judge, TIMES, replace(TIMES, layout=1.1)),
    ("2a", experiment_sizes.judge, TIMES, replace(TIMES, models=5000)),
    ("2b", experiment_sizes.judge, TIMES, replace(TIMES, front=0.06)),
    ("2c", experiment_sizes.judge, TIMES, replace(TIMES, budget=0.3)),
    ("2d", experiment_sizes.judge, TIMES, replace(TIMES, details=0.21)),
    ("2d", experiment_sizes.judge, TIMES, replace(TIMES, picks=3)),
    ("3a", experiment_files.drawn, CHARTS, replace(CHARTS, natural=Counter(bars=190, table=10))),
    ("3a", experiment_files.drawn, CHARTS, replace(CHARTS, natural=Counter(bars=9))),
    ("3b", experiment_files.drawn, CHARTS,
     replace(CHARTS, picks={8: Counter(bars=160, none=1), 16: Counter(table=160)})),
    ("3c", experiment_files.drawn, CHARTS,
     replace(CHARTS, picks={8: Counter(bars=160), 16: Counter({"table": 160, "": 1})})),
    ("4a", experiment_faults.judge, MALFORMED, MALFORMED[:39]),
    ("4a", experiment_faults.judge, MALFORMED, first(sentence="")),
    ("4a", experiment_faults.judge, MALFORMED, first(sentence="KeyError\n'x'")),
    ("4a", experiment_faults.judge, MALFORMED, first(refused=False, issues=())),
    ("4b", experiment_faults.judge, MALFORMED, first(whole=False)),
)  # fmt: skip


@pytest.mark.parametrize(("id", "judge", "sound", "fault"), PLANTED)
def test_a_planted_fault_is_not_met(id: str, judge: Callable, sound: object, fault: object):
    assert verdicts(judge(sound))[id] == MET
    assert verdicts(judge(fault))[id] == NOT_MET


def test_every_line_has_a_check_and_a_planted_fault():
    assert [c.id for c in CHECKS] == ["1", "2", "2e", "3", "4", "5"]
    in_the_browser = {"2e", "5"}  # test_experiment_page.py plants theirs
    assert {id[0] for id, *_ in PLANTED} == {c.id for c in CHECKS} - in_the_browser


def test_malformed_files_are_handed_over():
    assert len(REFUSED) + len(REPORTED) >= experiment_faults.LEAST
    lines = experiment_faults.judge(experiment_faults.measure())
    assert {(line.verdict, line.notes) for line in lines} == {(MET, ())}


def test_without_the_files_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAREDOWN_SHARED", "nowhere")
    assert {line.verdict for c in CHECKS if c.id in "13" for line in c.run()} == {NOT_RUN}
