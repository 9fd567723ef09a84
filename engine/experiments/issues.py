"""What reading finds, gathered so that one kind is one line however many models it concerns."""

from __future__ import annotations

from engine.experiments.model import Issue, Level

SHOWN = 5  # ids in a sentence
KEPT = 200  # ids in a record
MAX_KINDS = 300  # a hostile file may invent a new fault for each model
_RANK = {"error": 0, "warning": 1, "note": 2}


class Issues:
    """A collector; `told` makes the records."""

    def __init__(self) -> None:
        self._found: dict[tuple[Level, str, str], list[str]] = {}
        self._count: dict[tuple[Level, str, str], int] = {}
        self.left_out = 0

    def add(self, level: Level, kind: str, clause: str, model: str = "") -> None:
        """Take one down.

        Args:
            level: how grave.
            kind: a word for programs.
            clause: what is wrong, without a full stop; the same for all models it concerns.
            model: id of the model; "" when it concerns the file.
        """
        key = (level, kind, clause[:400])
        if key not in self._found and len(self._found) >= MAX_KINDS:
            self.left_out += 1
            return
        ids = self._found.setdefault(key, [])
        self._count[key] = self._count.get(key, 0) + 1
        if model and len(ids) < KEPT:
            ids.append(model)

    def told(self) -> tuple[Issue, ...]:
        """The records, the gravest first."""
        made = [
            Issue(level, kind, _sentence(clause, ids, self._count[level, kind, clause]),
                  tuple(ids), self._count[level, kind, clause])
            for (level, kind, clause), ids in self._found.items()
        ]  # fmt: skip
        made.sort(key=lambda issue: _RANK[issue.level])
        if self.left_out:
            more = f"There is more that is not listed ({self.left_out:,})."
            made.append(Issue("error", "more", more, (), self.left_out))
        return tuple(made)


def _sentence(clause: str, ids: list[str], count: int) -> str:
    text = clause[0].upper() + clause[1:]
    if ids:
        shown = ", ".join(i if len(i) <= 60 else i[:57] + "..." for i in ids[:SHOWN])
        rest = f" and {count - SHOWN:,} more" if count > SHOWN else ""
        text += f": {shown}{rest}"
    elif count > 1:
        text += f" ({count:,} times)"
    return text + "."
