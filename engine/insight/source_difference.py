"""What differs between the sources of two models, line by line, with a little around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from engine.insight.source import SourceMap

AROUND = 3  # lines that are the same, before and after what differs
MOST_LINES = 5_000  # of a file; difflib takes the square of it at worst
MOST_ROWS = 400  # of a file that are told
Numbered = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of both files beside each other.

    Args:
        state: "same", "changed", "added", "removed"; "gap" where lines are left out.
        before: number in the first file, 0 without; old: its text.
        after: number in the second, 0 without; new: its text.
    """

    state: str
    before: int = 0
    old: str = ""
    after: int = 0
    new: str = ""


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file of two models.

    Args:
        path: in the second, or in the first where it is only there.
        state: "same", "changed", "added", "removed".
        rows: what differs and what is around it; () where nothing does, or it is too long.
        whole: whether both texts are; else only lines that traces name are compared.
        left: rows that are not told.
    """

    path: str
    state: str
    rows: tuple[LineRow, ...] = ()
    whole: bool = True
    left: int = 0


def source_difference(first: SourceMap, second: SourceMap) -> tuple[FileDifference, ...]:
    """Compare the files of two models by their paths, else by the last part of these.

    Libraries are left out.  () when one of the models has no lines.
    """
    left, right = _files(first), _files(second)
    if not left or not right:
        return ()
    found = []
    rest = dict(left)
    for path, text in right.items():
        other = path if path in rest else _alike(path, rest)
        old = rest.pop(other, ()) if other else ()
        state = "added" if not other else "same" if _texts(old) == _texts(text) else "changed"
        whole = path in second.texts and (not other or other in first.texts)
        rows = () if state == "same" else _rows(old, text)
        found.append(FileDifference(path, state, rows[:MOST_ROWS], whole, _left(rows)))
    for path, text in rest.items():
        rows = _rows(text, ())
        kept = path in first.texts
        found.append(FileDifference(path, "removed", rows[:MOST_ROWS], kept, _left(rows)))
    return tuple(sorted(found, key=lambda f: (f.state == "same", f.path)))


def _left(rows: Sequence[LineRow]) -> int:
    return max(0, len(rows) - MOST_ROWS)


def _files(source: SourceMap) -> dict[str, Numbered]:
    """Path -> its numbered lines: all where the text is here, else those that traces name."""
    libraries = {line.file for line in source.lines if line.library}
    told: dict[str, dict[int, str]] = {}
    for line in source.lines:
        if line.file not in libraries and line.text:
            told.setdefault(line.file, {})[line.line] = line.text.strip()
    found: dict[str, Numbered] = {path: sorted(lines.items()) for path, lines in told.items()}
    for path in source.texts.keys() - libraries:
        found[path] = list(enumerate(source.texts[path].splitlines(), 1))
    return found


def _alike(path: str, rest: dict[str, Numbered]) -> str:
    """The one other path that ends like this one, "" for none or several."""
    last = path.rpartition("/")[2]
    found = [other for other in rest if other.rpartition("/")[2] == last]
    return found[0] if len(found) == 1 else ""


def _texts(lines: Numbered) -> list[str]:
    return [text for _, text in lines]


def _rows(old: Numbered, new: Numbered) -> tuple[LineRow, ...]:
    if max(len(old), len(new)) > MOST_LINES:
        return ()
    matcher = SequenceMatcher(None, _texts(old), _texts(new), autojunk=False)
    rows: list[LineRow] = []
    for group in matcher.get_grouped_opcodes(AROUND):
        if rows:
            rows.append(LineRow("gap"))
        for tag, i0, i1, j0, j1 in group:
            for k in range(max(i1 - i0, j1 - j0)):
                a, text = old[i0 + k] if i0 + k < i1 else (0, "")
                b, other = new[j0 + k] if j0 + k < j1 else (0, "")
                state = "same" if tag == "equal" else (
                    "changed" if a and b else "added" if b else "removed")  # fmt: skip
                rows.append(LineRow(state, a, text, b, other))
    return tuple(rows)
