"""The published comparison of models, step 2: many variables joined until two are left, or not.

After Boggust et al., Compress and Compare (TVCG 2024), quirks included: only the first group of
each round is tried, positions are ordered as text, and what was joined is not joined again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from math import prod

from engine.experiments.comparison import Variable, distinct, key, variable
from engine.experiments.compat_search import described

MOST = 2  # variables of a chart
_GROUP = 3  # variables that are joined when one decides the others
_SMALL = 6  # values of two neighbours that are joined
_FEW = 6  # models; fewer are rather listed flat


def simplified(raw: Sequence[Variable], models: int) -> list[Variable]:
    """At most two variables when it can be done; else what was reached."""
    if len(raw) <= MOST:
        return _decided(list(raw))
    made = _cumulative(list(raw))
    if len(made) > MOST:
        made = _decided(made)
    if len(made) > MOST:
        made = _small(made)
    if models < _FEW and models < prod(len(v.values) for v in made) - 1:
        return [_join(raw)]
    return made


def _join(group: Sequence[Variable], last: bool = False) -> Variable:
    """One variable whose values describe the others' together, or only the last that is true."""
    rows = range(len(group[0].cells))
    texts = [described(group, k) for k in rows]
    cells = [" & ".join(t[-1:] if last else t) or "None" for t in texts]
    order = distinct([cells[k] for k in sorted(rows, key=lambda k: len(texts[k]))]) if last else ()
    return variable(" & ".join(v.name for v in group), "sequence", cells, order)


def _cumulative(made: list[Variable]) -> list[Variable]:
    """Operations that only ever follow each other become one: how far it went."""
    while True:
        presence = [v.kind == "presence" for v in made]
        group = _first_group(made, presence, len(made))
        steps = pairwise(made[k].cells for k in group)
        if not group or any(
            b is True and a is False for x, y in steps for a, b in zip(x, y, strict=True)
        ):
            return made
        made[group[0] : group[-1] + 1] = [_join([made[k] for k in group], last=True)]


def _decided(made: list[Variable]) -> list[Variable]:
    """A variable joins the earlier ones that one of its values settles."""
    while True:
        group = _first_group(made, [not v.joined for v in made], _GROUP)
        if not group:
            return made
        joined = _join([made[k] for k in group])
        if len(joined.values) > len(group) + 1:
            return made
        made[group[0] : group[-1] + 1] = [joined]


def _first_group(made: list[Variable], able: list[bool], most: int) -> list[int]:
    """The last variable that settles earlier ones, with them; () unless they are neighbours."""
    for k in range(len(made) - 1, 0, -1):
        if not able[k]:
            continue
        settled = (j for j in range(k - 1, -1, -1) if able[j] and _settles(made[k], made[j]))
        earlier = list(islice(settled, most - 1))[::-1]  # the nearest ones
        if earlier:
            group = [*earlier, k]
            texts = [int(t) for t in sorted(map(str, group))]
            return group if all(b - a == 1 for a, b in pairwise(texts)) else []
    return []


def _settles(v: Variable, other: Variable) -> bool:
    """Some value of the first leaves the other only one."""
    found: dict[object, set[object]] = {}
    for a, b in zip(v.cells, other.cells, strict=True):
        found.setdefault(key(a), set()).add(key(b))
    return any(len(values) == 1 for values in found.values())


def _small(made: list[Variable]) -> list[Variable]:
    """Neighbours with few values together become one."""
    k = 0
    while k < len(made) - 1:
        if not made[k].joined and not made[k + 1].joined:
            joined = _join(made[k : k + 2])
            if len(joined.values) <= _SMALL:
                made[k : k + 2] = [joined]
        k += 1
    return made
