"""The published comparison of models, step 1: which variables tell the selected models apart.

After Boggust et al., Compress and Compare (TVCG 2024).  A table of models grows from the roots to
the selected models; each move adds variables at a cost, and the cheapest way wins.  Costs:
parameter 1, presence of an operation 2, one variable for several operations 5; at equal cost the
later candidate wins.  What is still to come depends only on which models are in the table, so the
best way on from there is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.experiments.comparison import Kind, Variable, distinct, key, variable
from engine.experiments.model import Experiment, Value, plain

START = -1  # above all roots
MAX_STATES = 1500  # about 0.05 s; beyond, several operations become one variable at once
MAX_MODELS = 300  # in the search, ancestors included
_BASE = "Base Model"
_State = tuple[frozenset[int], frozenset[int]]  # models in the table, and those of them explored


@dataclass(frozen=True, slots=True)
class _Move:
    """What one move adds: a variable of a kind, parameters, and the models that enter."""

    kind: Kind
    name: str
    parameters: tuple[str, ...]
    group: tuple[int, ...]
    nothing: str
    after: _State


class Search:
    """The search over one selection.

    Args:
        experiment: all models.
        rows: the selected ones.
    """

    def __init__(self, experiment: Experiment, rows: Sequence[int]) -> None:
        forest = experiment.forest
        self.rows = tuple(rows)
        self.parent = forest.parent
        needed: set[int] = set()
        for row in rows:
            while row >= 0 and row not in needed:
                needed.add(row)
                row = forest.parent[row]
        self.children = {k: tuple(c for c in forest.children[k] if c in needed) for k in needed}
        self.children[START] = tuple(r for r in forest.roots if r in needed)
        self.step: dict[int, tuple[str, dict[str, Value]]] = {}
        self.title: dict[int, str] = {}
        for k in needed:
            made = experiment.models[k].operation
            if made is not None:
                self.step[k] = made.name, dict(made.parameters)
            elif forest.parent[k] < 0:
                self.step[k] = _BASE, {"Base": experiment.models[k].id}
            else:
                self.step[k] = "", {}
        self._number()
        self.bounded = len(needed) > MAX_MODELS
        self._known: dict[_State, tuple[int, _Move | None]] = {}

    def _number(self) -> None:
        """Titles: an operation that was done before on the way is numbered, from 2."""
        times: dict[str, int] = {}
        waiting = [(k, True) for k in self.children[START]]
        while waiting:
            k, enters = waiting.pop()
            name = self.step[k][0]
            if not enters:
                times[name] -= 1
                continue
            times[name] = times.get(name, 0) + 1
            self.title[k] = name if times[name] == 1 else f"{name} {times[name]}"
            waiting.append((k, False))
            waiting.extend((c, True) for c in self.children[k])

    def variables(self) -> list[Variable]:
        """The variables of the cheapest way, those that are the same for all selected left out.

        A model has the values of its base, but for those that its own move gives it.
        """
        table = last = [START]
        state: _State = frozenset(table), frozenset()
        made: list[tuple[str, Kind, Value]] = []  # with the value where it does not apply
        own: dict[int, dict[int, Value]] = {}  # model -> variable -> value
        while True:
            if len(self.step) > MAX_MODELS:  # one level after the other, nothing is searched
                last = [c for k in last for c in self.children[k]]
                move = self._together(last, (frozenset(), frozenset())) if last else None
            else:
                move = self._best(table, state)[1]
            if move is None:
                break
            at = len(made)
            made.append((move.name, move.kind, False if move.kind == "presence" else move.nothing))
            made += [(p, "parameter", move.nothing) for p in move.parameters]
            for k in move.group:
                values = self.step[k][1]
                present = move.kind == "presence"
                own[k] = {at: True if present else _worded(self.title[k], values)}
                for n, name in enumerate(move.parameters, at + 1):
                    given = values.get(name)
                    own[k][n] = "None" if given is None else given
            table.extend(move.group)
            state = move.after
        told = []
        for row in self.rows:
            values_of: dict[int, Value] = {}
            while row != START:
                for n, value in own[row].items():
                    values_of.setdefault(n, value)
                row = self.parent[row]
            told.append(values_of)
        found = []
        for n, (name, kind, absent) in enumerate(made):
            cells = [t.get(n, absent) for t in told]
            if len(distinct(cells)) > 1:
                found.append(variable(name, kind, cells))
        return found

    def _fresh(self, table: Sequence[int], state: _State) -> list[int]:
        reached, explored = state
        return [
            c for k in table if k not in explored for c in self.children[k] if c not in reached
        ]  # fmt: skip

    def _varying(self, group: Sequence[int]) -> tuple[str, ...]:
        """Parameters that take more than one value in these steps."""
        found: dict[str, set[tuple[bool, Value]]] = {}
        for k in group:
            for name, value in self.step[k][1].items():
                found.setdefault(name, set()).add(key(value))
        return tuple(name for name, values in found.items() if len(values) > 1)

    def _together(self, fresh: list[int], state: _State) -> _Move:
        """All models enter at once; those before are explored."""
        after = state[0] | frozenset(fresh), state[0]
        titles = {self.title[k] for k in fresh}
        if len(titles) == 1:
            return _Move(
                "presence", titles.pop(), self._varying(fresh), tuple(fresh), "None", after
            )
        return _Move("operation", "Operation", (), tuple(fresh), "None", after)

    def _best(self, table: Sequence[int], state: _State) -> tuple[int, _Move | None]:
        """Cost of the cheapest way on from a state, and its first move."""
        if state in self._known:
            return self._known[state]
        fresh = self._fresh(table, state)
        if not fresh:
            self._known[state] = 0, None
            return 0, None
        moves = [self._together(fresh, state)]
        named: dict[str, list[int]] = {}
        for k in fresh:
            named.setdefault(self.title[k], []).append(k)
        if len(self._known) > MAX_STATES:
            self.bounded = self.bounded or 1 < len(named) <= 3
        elif 1 < len(named) <= 3:
            for group in named.values():
                name, values = self.step[group[0]]
                label = name if len(group) > 1 else _worded(name, values)
                after = state[0] | frozenset(group), state[1]
                moves.append(
                    _Move("presence", label, self._varying(group), tuple(group), "none", after)
                )
        best: tuple[int, _Move | None] = 1 << 60, None
        for move in moves:
            own = 5 if move.kind == "operation" else 2 + len(move.parameters)
            cost = own + self._best([*table, *move.group], move.after)[0]
            if cost <= best[0]:
                best = cost, move
        self._known[state] = best
        return best


def _worded(name: str, values: dict[str, Value]) -> str:
    """The operation with its values; without any, the blank stays (as published)."""
    return f"{name} {', '.join(plain(v) for v in values.values())}"


def described(variables: Sequence[Variable], at: int) -> list[str]:
    """What is true of the model at a place, in words; what does not apply is left out."""
    made = []
    for v in variables:
        value = v.cells[at]
        if value is True:
            made.append(v.name)
        elif value not in (False, None, "None", "none"):
            made.append(f"{v.name} {plain(value)}" if v.kind == "parameter" else plain(value))
    return made
