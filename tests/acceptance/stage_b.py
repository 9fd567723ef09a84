"""Stage B, "the model page at any size": the lines that must be shown.

Each check takes what was measured and says how it compares with its bound; the measuring is in
the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.acceptance import blocks, drawing, interactions, look, sizes
from tests.acceptance.browser import TIMES, p95
from tests.acceptance.drawing import Drawn, Motion
from tests.acceptance.interactions import Answers, Event
from tests.acceptance.line import NOT_RUN, Check, Line, judged
from tests.acceptance.look import Looked
from tests.acceptance.peers import LIMIT_S
from tests.acceptance.sizes import Chain, Scrolled, Upload
from tests.browser.look import grouped

# script and total, ms; None: no bound of its own
EVENTS = {
    "1a": ("hover", 30.0, 120.0),
    "1b": ("click", 30.0, 120.0),
    "1c": ("select", 60.0, 250.0),
    "1d": ("filter", 60.0, 250.0),
    "1e": ("switch", None, 100.0),
    "1f": ("recolour", None, 150.0),
}
WORDS = {
    "hover": "hover", "click": "click", "select": f"select {interactions.MANY:,} tasks",
    "filter": f"filter to {interactions.MANY:,} tasks", "switch": "switch docks",
    "recolour": "colour by another metric",
}  # fmt: skip
PLACES = {  # where each event is to be seen
    "hover": (*(f"table, {v}" for v in interactions.VIEWS), *interactions.SPOTS),
    "click": (*(f"table, {v}" for v in interactions.VIEWS), *interactions.SPOTS),
    "select": tuple(interactions.VIEWS),
    "filter": tuple(interactions.VIEWS),
    "switch": ("docks",),
    "recolour": tuple(interactions.SPOTS),
}
USABLE_S = 3.0
STORED_S, FPS, OPEN_MS, EXPAND_MS = 1.5, 50.0, 600.0, 200.0
MOVED = 0.5  # of the frames: else the drawing stood still while it was dragged
SETTLE_FRAMES = 2
CHAIN_INK = 20  # pixels: a few blocks at the farthest zoom are specks, and specks are not blank
CASES = 60  # of the look test's matrix, or more


def answers_at_once(seen: Answers) -> tuple[Line, ...]:
    """Line 1: script, and the second frame after the event's effect."""
    return tuple(
        _event(id, [e for e in seen.events if e.what == what], what, script, total, seen)
        for id, (what, script, total) in EVENTS.items()
    )


def _event(
    id: str, events: list[Event], what: str, script: float | None, total: float, seen: Answers
) -> Line:
    whole = [e for e in events if len(e.total) >= TIMES and not e.fault]
    worst = max((p95(e.total) for e in whole), default=float("inf"))
    busy = max((p95(e.script) for e in whole), default=float("inf"))
    absent = set(PLACES[what]) - {e.where for e in whole}
    right = seen.tasks >= interactions.TASKS and not seen.errors and not absent
    if what == "filter":
        right = right and abs(seen.many - interactions.MANY) <= 150
    notes = [f"{seen.tasks:,} tasks, filter leaves {seen.many:,}; "
             f"load average {seen.load[0]:.1f} to {seen.load[1]:.1f}"]  # fmt: skip
    notes += [f"{e.where}: script p95 {p95(e.script):.0f}, paint and wait "
              f"{p95(tuple(t - s for t, s in zip(e.total, e.script, strict=True))):.0f}, "
              f"total median {sorted(e.total)[len(e.total) // 2]:.0f}, p95 {p95(e.total):.0f} ms; "
              f"script later {e.later:.0f} ms" for e in whole]  # fmt: skip
    notes += [f"{e.where}: {e.fault or f'{len(e.total)} times only'}"
              for e in events if e not in whole]  # fmt: skip
    notes += [f"{where}: not seen" for where in sorted(absent - {e.where for e in events})]
    bound = f"≤ {total:.0f} ms" if script is None else f"≤ {script:.0f} / {total:.0f} ms"
    return judged(
        id, f"{WORDS[what]}, {TIMES} times in each place: script / second frame, p95, the worst",
        f"{busy:.0f} / {worst:.0f} ms", bound,
        right and worst <= total and (script is None or busy <= script), [*notes, *seen.errors],
    )  # fmt: skip


def usable_soon(seen: tuple[Upload, ...]) -> tuple[Line, ...]:
    """Line 2: from the last byte of the upload; the bound is on the file that a person has."""
    lines = []
    for id, upload in zip(("2a", "2b"), seen, strict=False):
        lines.append(
            judged(id, f"upload of {upload.file} ({upload.mb:.1f} MB): last byte to interactive",
                   f"{upload.clicked_s:.2f} s", f"≤ {USABLE_S:.0f} s", upload.clicked_s <= USABLE_S,
                   [f"rows, totals and ink after {upload.usable_s:.2f} s, then a click selects"])
        )  # fmt: skip
    return tuple(lines)


def draws_all(seen: tuple[Drawn, ...]) -> tuple[Line, ...]:
    """Line 3: all tasks and blocks at each size, and who has ink first."""
    whole = {d.tasks for d in seen} >= set(drawing.SIZES)
    notes = [f"{d.tasks:,}: {d.fault}" for d in seen if d.fault]
    heaps = [f"{d.tasks:,}: heap {d.heap / 1e6:.0f} MB, payload {d.payload[1] / 1e3:.0f} kB, "
             f"as sent {d.payload[0] / 1e3:.0f} kB" for d in seen]  # fmt: skip
    worst_open = max(d.open_ms for d in seen)
    expands = tuple(ms for d in seen for ms in d.expand_ms)
    slowest = max(expands, default=float("inf"))
    lines = [
        judged("3a", "all tasks: navigation to ink, compilation stored",
               _each(seen, lambda d: f"{d.stored_s:.2f} s"), f"≤ {STORED_S} s",
               whole and all(d.stored_s <= STORED_S for d in seen), [*heaps, *notes]),
        _motion("3b", "pan", [(d.tasks, d.pan) for d in seen], whole),
        _motion("3c", "zoom", [(d.tasks, d.zoom) for d in seen], whole),
        judged("3d", "blocks: switch of mode to ink", f"{worst_open:.0f} ms at worst",
               f"≤ {OPEN_MS:.0f} ms", whole and worst_open <= OPEN_MS,
               [_each(seen, lambda d: f"{d.open_ms:.0f} ms")]),
        judged("3e", "blocks: one expands", f"{slowest:.0f} ms at worst of {len(expands)}",
               f"≤ {EXPAND_MS:.0f} ms",
               whole and slowest <= EXPAND_MS and all(d.expand_ms for d in seen),
               [_each(seen, lambda d: ", ".join(f"{ms:.0f}" for ms in d.expand_ms))]),
    ]  # fmt: skip
    return (*lines, _first(seen, whole))


def _each(seen: Iterable[Drawn], say: Callable[[Drawn], str]) -> str:
    return "; ".join(f"{d.tasks:,}: {say(d)}" for d in seen)


def _motion(id: str, what: str, seen: list[tuple[int, Motion]], whole: bool) -> Line:
    return judged(
        id, f"all tasks: {what}, {drawing.RUN_S} s of real events in software rendering",
        "; ".join(f"{n:,}: {m.fps:.0f} frames/s" for n, m in seen), f"≥ {FPS:.0f} frames/s",
        whole and all(m.fps >= FPS and m.moved >= MOVED for _, m in seen),
        ["; ".join(f"{n:,}: worst frame {m.worst_ms:.0f} ms, moved in {100 * m.moved:.0f} % of "
                   "frames" for n, m in seen)],
    )  # fmt: skip


def _first(seen: tuple[Drawn, ...], whole: bool) -> Line:
    """Whose graph is there first, from the raw file; a peer without ink at the limit is later."""
    what = "from the raw file to ink, beside Netron and Model Explorer: ours first at every size"
    ours = _each(seen, lambda d: f"{d.raw_s:.2f} s (upload {d.upload_s:.2f})")
    if all(d.peers is None for d in seen):
        return Line("3f", what, ours, "first", NOT_RUN, ("The peers are not installed.",))
    notes, first = [], whole
    for d in seen:
        limit = min([p.ink_s for p in d.peers or () if p.ink_s is not None] or [LIMIT_S])
        first = first and bool(d.peers) and d.raw_s < limit
        said = [f"{p.name} {f'{p.ink_s:.2f} s' if p.ink_s else f'none in {LIMIT_S:.0f} s'}"
                f"{f' ({p.said})' if p.said else ''}" for p in d.peers or ()]  # fmt: skip
        notes.append(f"{d.tasks:,}: ours {d.raw_s:.2f} s, {', '.join(said)}")
    notes.append("Ours includes the upload; theirs read the file from disk. Model Explorer shows a "
                 "collapsed box.")  # fmt: skip
    return judged("3f", what, ours, "first", first, notes)


def no_blanks(seen: tuple[Scrolled, Chain]) -> tuple[Line, ...]:
    """Line 5: rows while scrolling, ink of a chain."""
    rows, chain = seen
    least = min((ink for _, ink in (*chain.blocks, *chain.all_tasks)), default=0)
    spans = [sorted(zoom for zoom, _ in mode) for mode in (chain.blocks, chain.all_tasks)]
    reached = all(len(span) >= 5 and span[0] <= 0.5 and span[-1] >= 1 for span in spans)
    notes = [
        f"{name}: " + ", ".join(f"{zoom:.2f}: {ink:,}" for zoom, ink in sorted(mode))
        for name, mode in (("blocks", chain.blocks), ("all tasks", chain.all_tasks))
    ]
    share = rows.blank / max(1, rows.frames)
    return (
        judged("5a", f"{rows.rows:,} rows: frames with a blank row once the scrolling has stopped",
               f"{max(rows.settled, default=99)} at worst of {len(rows.settled)} stops",
               f"≤ {SETTLE_FRAMES} frames",
               rows.rows >= sizes.ROWS and len(rows.settled) >= 10
               and max(rows.settled) <= SETTLE_FRAMES,
               [f"while scrolling {100 * share:.1f} % of {rows.frames} frames had a blank row, for "
                f"{rows.longest_ms:.0f} ms at most"]),
        judged("5b", f"a chain of {chain.tasks:,} tasks has ink at every zoom, in both modes",
               f"{least:,} pixels at least", f"≥ {CHAIN_INK} pixels",
               chain.tasks >= sizes.CHAIN and reached and least >= CHAIN_INK and not chain.fault,
               [*notes, chain.fault] if chain.fault else notes),
    )  # fmt: skip


def looked_at(seen: Looked) -> tuple[Line, ...]:
    """Line 6: the look test's whole matrix; ten changes are a person's work."""
    lines = grouped(seen.findings)
    return (
        judged("6", "look test: every page, size, scheme and state", f"{len(lines)} faults in "
               f"{seen.cases} cases", "none", seen.cases >= CASES and not lines, lines[:60]),
    )  # fmt: skip


CHECKS = (
    Check("1", "events at 5,000 tasks", interactions.measure, answers_at_once),
    Check("2", "upload of 10,000 nodes", sizes.upload, usable_soon),
    Check("3", "all tasks and blocks at 5,000, 10,000, 20,000", drawing.measure, draws_all),
    Check("4", "blocks of known architectures", blocks.measure, blocks.judge),
    Check("5", "50,000 rows, a chain of 3,000", lambda: (sizes.table(), sizes.chain()), no_blanks),
    Check("6", "look test", look.measure, looked_at),
)
