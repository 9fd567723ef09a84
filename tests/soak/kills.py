"""Kill a process with signal 9 while it saves, and look whether all it acknowledged is there.

Each round forks a writer: one thread edits a draft, one saves checkpoints, one writes to a draft
under a version that is old, whose text must be kept.  Before a save a writer says so in a pipe,
and after the verb has answered it says what the answer was.  At a random moment it is killed; what
the pipe holds is compared with what a fresh store reads.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import EngineError
from engine.graph import Graph
from engine.store import Conflict, Store

LONGEST_S = 0.4  # between the first acknowledgement and the kill
PAUSE_S = 0.005  # after a save, so that the other threads get their turn
KINDS = ("draft", "point", "stale")  # what the three threads write, each in its analysis
Line = list[str]


@dataclass
class Outcome:
    """What was seen over all rounds.

    Args:
        rounds: writers that were killed.
        amid: kills that came between the beginning of a save and its acknowledgement.
        acknowledged: saves that were acknowledged, by kind.
        lost: what was acknowledged and is not there as it was; one sentence each.
        integrity: what SQLite says of the file afterwards; "ok".
    """

    rounds: int = 0
    amid: int = 0
    acknowledged: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    lost: list[str] = field(default_factory=list)
    integrity: str = ""


def run(folder: Path, rounds: int, seed: int) -> Outcome:
    """Kill as many writers one after the other, all on one store.

    Only for a process without threads and open stores: it forks.
    """
    chance, seen = random.Random(seed), Outcome()
    model = _begin(folder)
    every: list[tuple[int, list[str], list[Line]]] = []
    for number in range(rounds):
        with_cache = number % 5 != 4  # in each fifth the cache folder is deleted meanwhile
        ids, lines = _kill_one(folder, model, number, chance, with_cache)
        every.append((number, ids, lines))
        seen.rounds += 1
        seen.amid += any(
            sum(line[:2] == ["begin", kind] for line in lines)
            > sum(line[:2] == ["done", kind] for line in lines)
            for kind in KINDS
        )
        for kind in KINDS:
            seen.acknowledged[kind] += sum(line[:2] == ["done", kind] for line in lines)
        _compare(folder, every[-1:], seen)
    _compare(folder, every, seen)  # nor did a later kill take what an earlier one had left
    store = Store(folder)
    with store._database.reading() as connection:
        seen.integrity = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
    store.close()
    return seen


def text_of(number: int, kind: str, step: int) -> str:
    """The recipe that a thread writes at a step: from some bytes to 200 kB, known beforehand."""
    size = random.Random(f"{number}/{kind}/{step}").choice((10, 1_000, 30_000, 200_000))
    return f"{number}/{kind}/{step} " + "x" * size


def _begin(folder: Path) -> str:
    source = folder.with_suffix(".onnx")
    source.write_bytes(b"model")
    store = Store(folder)
    row, _ = store.add(source, Graph("net", (), {}, (), ()))
    store.close()
    return row.id


def _kill_one(
    folder: Path, model: str, number: int, chance: random.Random, with_cache: bool
) -> tuple[list[str], list[Line]]:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        try:
            _write(folder, model, number, write)
        finally:
            os._exit(1)  # only a fault comes here
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        first = pipe.readline()  # the writer is at work
        time.sleep(chance.uniform(0, LONGEST_S))
        if not with_cache:
            shutil.rmtree(folder / "cache", ignore_errors=True)
            time.sleep(chance.uniform(0, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        told = first + pipe.read()
    _, status = os.waitpid(child, 0)
    lines = [line.split() for line in told.decode().splitlines()]
    if not os.WIFSIGNALED(status) or not lines:
        lines.append(["failed", f"exit {status}"])
    return (lines[0][1:] if lines[0][0] == "ids" else []), lines[1:]


def _write(folder: Path, model: str, number: int, pipe: int) -> None:
    """Save without end, and say so; in the process that is killed."""
    store = Store(folder)
    ids = [store.analyses.create(model, kind, "begin").id for kind in KINDS]
    os.write(pipe, f"ids {' '.join(ids)}\n".encode())  # short enough to be written in one piece

    def work(kind: str, analysis: str) -> None:
        version, step = 1, 0
        while True:
            step += 1
            text = text_of(number, kind, step)
            os.write(pipe, f"begin {kind} {step}\n".encode())
            try:
                if kind == "draft":
                    version = store.analyses.save_draft(analysis, text, "", version)
                    answer = str(version)
                elif kind == "point":
                    answer = store.analyses.checkpoint(analysis, f"step {step}", text).id
                else:
                    answer = _refused(store, analysis, text)
            except Exception as error:
                os.write(pipe, f"failed {kind}: {str(error)[:300]}\n".encode())
                os._exit(1)
            os.write(pipe, f"done {kind} {step} {answer}\n".encode())
            time.sleep(PAUSE_S)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(KINDS, ids, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _refused(store: Store, analysis: str, text: str) -> str:
    """Save under a version that never was; the id under which the text was kept."""
    try:
        store.analyses.save_draft(analysis, text, "", 0)
    except Conflict as conflict:
        return conflict.kept
    raise AssertionError("an old version was taken")


def _compare(folder: Path, rounds: list[tuple[int, list[str], list[Line]]], seen: Outcome) -> None:
    """Read what was acknowledged with a store that has just been opened."""
    store = Store(folder)
    for number, ids, lines in rounds:
        seen.lost += [" ".join(line) for line in lines if line[0] == "failed"]
        seen.lost += [] if ids else [f"round {number}: the writer began nothing"]
        done = [line[1:] for line in lines if line[0] == "done"]
        if ids:
            steps = [line for line in done if line[0] == "draft"]
            step, version = (int(steps[-1][1]), int(steps[-1][2])) if steps else (0, 1)
            draft = store.analyses.draft(ids[0])
            texts = {version: text_of(number, "draft", step) if step else "begin"}
            texts[version + 1] = text_of(number, "draft", step + 1)  # written, not acknowledged
            if texts.get(draft.version) != draft.recipe:
                seen.lost.append(
                    f"round {number}: draft of version {version} at step {step}, "
                    f"found version {draft.version}: {draft.recipe[:40]}"
                )
        for kind, step, answer in (line for line in done if line[0] != "draft"):
            try:
                held = store.analyses.checkpoint_of(answer).recipe
            except EngineError as error:
                held = str(error)
            if held != text_of(number, kind, int(step)):
                seen.lost.append(f"round {number}: {kind} {step}, found {held[:40]}")
    store.close()
