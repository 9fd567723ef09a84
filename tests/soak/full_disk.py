"""Fill the disk under a store: each refusal is a sentence, nothing is lost, reading goes on.

The disk is a small tmpfs where mounting is permitted.  Elsewhere files of this process may not
grow past a limit, which SQLite meets as a disk that fails.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import EngineError
from engine.graph import Graph
from engine.store import Store

DISK_BYTES = 4_000_000
TMPFS, LIMIT = "tmpfs", "limit on files"
NET = Graph("net", (), {}, (), ())


@dataclass
class Outcome:
    """What was seen.

    Args:
        disk: `TMPFS` or `LIMIT`.
        acknowledged: saves that were acknowledged before, on and after the full disk.
        said: the sentences, one of each.
        faults: anything that was not a sentence, was lost, or could not be read.
    """

    disk: str
    acknowledged: int = 0
    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def run(place: Path, *, mount: bool = True) -> Outcome:
    """Fill the disk, read, make room, save again.

    Args:
        place: an empty folder.
        mount: False for the limit on files, also where mounting is permitted.  The limit holds
            for this whole process while it runs.
    """
    mounted = mount and _mounted(place)
    try:
        seen = Outcome(TMPFS if mounted else LIMIT)
        with _full(place, mounted) as make_full:
            _use(place, seen, make_full)
        return seen
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def _mounted(place: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(place)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def _full(place: Path, mounted: bool) -> Iterator[Callable[[bool], None]]:
    """A switch: True takes the last byte of room, False gives room back."""
    filler, before = place / "filler", resource.getrlimit(resource.RLIMIT_FSIZE)

    def switch(full: bool) -> None:
        if not mounted:
            limit = DISK_BYTES // 4 if full else before[0]
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        elif full:
            with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
                for size in (1 << 20, 1 << 12, 1):
                    with contextlib.suppress(OSError):
                        while file.write(b"x" * size):
                            pass
        else:
            filler.unlink(missing_ok=True)

    try:
        yield switch
    finally:
        switch(False)


def _use(place: Path, seen: Outcome, make_full: Callable[[bool], None]) -> None:
    folder, source = place / "data", place / "net.onnx"
    source.write_bytes(b"model" * 1_000)
    large = place / "large.onnx"
    large.touch()
    os.truncate(large, 2 * DISK_BYTES)  # a hole: takes no room itself
    store = Store(folder)
    model = store.add(source, NET)[0]
    analysis = store.analyses.create(model.id, "a", "begin").id
    points: dict[str, str] = {}  # checkpoint -> its recipe
    draft = ["begin", 1]

    def save(step: int, size: int) -> bool:
        text = f"{step} " + "x" * size
        try:
            if step % 2:
                draft[:] = text, store.analyses.save_draft(analysis, text, "", int(draft[1]))
            else:
                points[store.analyses.checkpoint(analysis, "p", text).id] = text
        except EngineError as error:
            _said(error, seen)
            return False
        seen.acknowledged += 1
        return True

    def look(when: str) -> None:
        for one in (store, *_opened(folder, seen, when)):
            try:
                found = one.analyses.draft(analysis)
                if [found.recipe, found.version] != draft:
                    seen.faults.append(f"{when}: the draft is {found.recipe[:20]!r}")
                for point, text in points.items():
                    if one.analyses.checkpoint_of(point).recipe != text:
                        seen.faults.append(f"{when}: a checkpoint holds another recipe")
                if [p.id for p in one.analyses.checkpoints(analysis)] != list(points):
                    seen.faults.append(f"{when}: the list of checkpoints is another")
                if one.models() != (model,) or not one.blobs.path(model.sha256).exists():
                    seen.faults.append(f"{when}: the model is another")
            except Exception as error:
                seen.faults.append(f"{when}: {type(error).__name__}: {error}")
            if one is not store:
                one.close()

    try:
        for step in range(20):
            save(step, 20_000)
        make_full(True)
        refused = sum(not save(step, size) for size in (100_000, 10) for step in range(60))
        if not refused:
            seen.faults.append("the disk was never full")
        look("disk full")
        _refuse_model(store, large, seen)
        make_full(False)
        look("room again")
        for step in range(20):
            if not save(step, 20_000):
                seen.faults.append("with room again a save was refused")
        look("after saving again")
    except Exception as error:  # what should have been a sentence
        seen.faults.append(f"{type(error).__name__}: {error}")
    finally:
        make_full(False)
        store.close()


def _opened(folder: Path, seen: Outcome, when: str) -> tuple[Store, ...]:
    """Another store on the folder; on a full disk it may be refused, in a sentence."""
    try:
        return (Store(folder),)
    except EngineError as error:
        _said(error, seen)
        if when != "disk full":
            seen.faults.append(f"{when}: {error}")
        return ()


def _refuse_model(store: Store, large: Path, seen: Outcome) -> None:
    """Add a file that does not fit; it must leave nothing."""
    before = store.models()
    try:
        store.add(large, NET, name="large")
        seen.faults.append("a model larger than the disk was taken")
    except EngineError as error:
        _said(error, seen)
    if store.models() != before:
        seen.faults.append("a model that was refused is in the list")
    if any((large.parent / "data" / "incoming").iterdir()):
        seen.faults.append("a file that was refused is still there")


def _said(error: EngineError, seen: Outcome) -> None:
    sentence = error.sentence
    if sentence not in seen.said:
        seen.said.append(sentence)
