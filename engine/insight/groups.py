"""The groups of a compilation: those that a person names, module paths, else found structure."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from engine.compile.compilation import Compilation
from engine.insight.own import labels_of
from engine.insight.structure import MANY, STACK, Node, Structure, mark

MOST_ID = 120
SHARE = 0.5  # of the tasks; below it, what has a name does not speak for the model
Part = tuple[str, str]  # kind and name of one step of a path


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks that fold together.  All groups of a compilation form a tree; siblings are disjoint.

    Args:
        id: stable while the compilation is the same; unique, printable, at most 120 characters,
            without "#".
        label: what a box says: "layers.3", "layers × 24", "block 7", "conv × 6", "branches".
        tasks: ids, ascending.
        parent: id of the group around it, "" at the top.
        kind: "own" (named by a person), "scope" (module path), "stack" (consecutive copies),
            "repeat" (one copy, found without names), "run" (one kernel class in a row),
            "branch" (parallel branches that join).
        pattern: equal for groups that are copies of each other, "" when there is no copy.
    """

    id: str
    label: str
    tasks: tuple[int, ...]
    parent: str
    kind: str
    pattern: str


def groups(compilation: Compilation, own: Mapping[str, str] | None = None) -> tuple[Group, ...]:
    """Groups of a compilation, parents before children, siblings in order of their first task.

    Names speak first: those of `own`, then module paths.  Tasks without one are searched for
    repeated structure where they are many.

    Args:
        compilation: its tasks and edges are read.
        own: label -> glob over task names or module paths; "a/b" lies inside "a".

    Raises:
        EngineError: an entry of `own` is not sound.
    """
    return found_in(compilation.tasks, compilation.edges, own)


def found_in(
    tasks: pl.DataFrame, edges: pl.DataFrame, own: Mapping[str, str] | None = None
) -> tuple[Group, ...]:
    """`groups` from the frames of a compilation.

    Raises:
        EngineError: an entry of `own` is not sound.
    """
    names, scopes = tasks["name"].to_list(), tasks["group"].to_list()
    labels = labels_of(own or {}, names, scopes)
    scopes = _scopes(names, scopes)
    paths = [
        (*(("own", p) for p in label), *(("scope", p) for p in parts(scope)))
        for label, scope in zip(labels, scopes, strict=True)
    ]
    found = Structure(tasks, list(edges.select("source", "target").iter_rows()))
    tops = _named(list(range(len(paths))), (), paths, found)
    _name_copies(tops)
    return tuple(_flat(tops))


def parts(group: str) -> tuple[str, ...]:
    """Steps of a module path; a number belongs to the name before it ("down.0")."""
    steps: list[str] = []
    for part in group.split("/") if group else ():
        if part.isdigit() and steps:
            steps[-1] += "." + part
        else:
            steps.append(part)
    return tuple(steps)


def _scopes(names: Sequence[str], scopes: Sequence[str]) -> list[str]:
    """Module paths; where most have none, what the names spell with "/"."""
    without = [name for name, scope in zip(names, scopes, strict=True) if not scope]
    spelled = sum("/" in name.strip("/") for name in without)
    if len(without) * 2 < len(names) or spelled * 2 < len(without) or not without:
        return list(scopes)
    return [
        scope or "/".join(name.strip("/").replace(".", "/").split("/")[:-1])
        for name, scope in zip(names, scopes, strict=True)
    ]


def _named(
    tasks: list[int], path: tuple[Part, ...], paths: Sequence[tuple[Part, ...]], found: Structure
) -> list[Node]:
    """What lies directly in a path: inner paths, stacks of them, structure in the rest."""
    depth = len(path)
    inner: dict[Part, list[int]] = {}
    loose: list[int] = []
    for i in tasks:
        if len(paths[i]) > depth:
            inner.setdefault(paths[i][depth], []).append(i)
        else:
            loose.append(i)
    nodes: list[Node] = []
    for step, members in inner.items():
        here = (*path, step)
        below = _named(members, here, paths, found)
        if len(members) == len(tasks) and (not path or step[0] == "scope"):
            return below  # a wrapper around everything says nothing
        if len(members) > 1:
            nodes.append(_scope(here, members, below, found))
        else:
            loose += members
    if len(loose) > MANY or (not path and len(loose) > SHARE * len(tasks)):
        nodes += found.of(sorted(loose))
    return _stacked(sorted(nodes, key=lambda n: min(n.tasks)))


def _scope(
    path: tuple[Part, ...], tasks: list[int], children: list[Node], found: Structure
) -> Node:
    what: list[Hashable] = [found.loose[i] for i in tasks]
    where = "/".join(name for _, name in path)
    return Node(path[-1][0], tasks, mark(what), path[-1][1], where, children)


def _stacked(nodes: list[Node]) -> list[Node]:
    """Three or more siblings in a row that are copies, and named alike, become one."""
    out: list[Node] = []
    at = 0
    while at < len(nodes):
        node, end = nodes[at], at + 1
        stem = _stem(node)
        while (
            stem
            and end < len(nodes)
            and nodes[end].pattern == node.pattern
            and _stem(nodes[end]) == stem
        ):
            end += 1
        copies = nodes[at:end]
        if len(copies) >= STACK:
            inside = [i for copy in copies for i in copy.tasks]
            label = f"{stem} × {len(copies)}"
            out.append(Node("stack", inside, label=label, children=copies))
        else:
            out += copies
        at = end
    return out


def _stem(node: Node) -> str:
    """What stands before the number: "layers" of "layers.3"; "" where nothing is a copy."""
    bare = re.sub(r"[._-]?\d+$", "", node.label)
    return bare if node.kind in ("scope", "own") and node.pattern and bare != node.label else ""


def _name_copies(tops: list[Node]) -> None:
    """Names for what nobody named: "block A3", "stage 2"; and patterns only where shared."""
    every: list[Node] = []
    pending = list(reversed(tops))
    while pending:
        node = pending.pop()
        every.append(node)
        pending += sorted(node.children, key=lambda n: -min(n.tasks))
    count = Counter(n.pattern for n in every if n.pattern)
    words: dict[str, dict[str, int]] = {"block": {}, "stage": {}}
    for node in every:
        if node.pattern and count[node.pattern] == 1:
            node.pattern = ""
        if node.kind == "branch" and node.pattern:
            node.kind = "repeat"
        if node.kind == "repeat":
            known = words["stage" if node.children else "block"]
            known.setdefault(node.pattern, len(known))
    seen: Counter[str] = Counter()
    for node in every:
        copies = node.children if node.kind == "stack" else [node]
        if copies[0].kind != "repeat":
            continue
        noun = "stage" if copies[0].children else "block"
        known = words[noun]
        which = known[copies[0].pattern]
        letter = "" if len(known) == 1 else chr(65 + which) if which < 26 else f"{which}-"
        if node.kind == "stack":
            node.label = f"{noun} {letter}".rstrip() + f" × {len(copies)}"
        else:
            seen[node.pattern] += 1
            node.label = f"{noun} {letter}{seen[node.pattern]}"


def _flat(tops: list[Node]) -> list[Group]:
    out: list[Group] = []
    used: set[str] = set()
    pending = [(node, "") for node in sorted(tops, key=lambda n: -min(n.tasks))]
    while pending:
        node, parent = pending.pop()
        tasks = tuple(sorted(node.tasks))
        name = node.path or f"{node.kind}:{tasks[0]}+{len(tasks)}"
        if len(name) > MOST_ID or "#" in name or name in used:
            digest = zlib.crc32(repr((name, node.kind, tasks)).encode())
            name = f"{name.replace('#', '_')[: MOST_ID - 9]}~{digest:08x}"
        used.add(name)
        out.append(Group(name, node.label, tasks, parent, node.kind, node.pattern))
        pending += [(child, name) for child in sorted(node.children, key=lambda n: -min(n.tasks))]
    return out
