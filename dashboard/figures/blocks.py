"""What folds together in a drawing of tasks, from the groups that the engine finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from engine.insight import Group, found_in

WHOLE = 400  # boxes and edges up to which a graph is drawn unfolded: its names can be read
FEWEST = 15  # boxes below which a folded graph opens its largest block
AIM = 40  # boxes that it then has at most, and sections of what holds too many
MOST = 60  # items of one block before they fold into sections
KEPT = 200  # opened blocks of a tree in memory
CLOSED = "-"  # before an id among the opened ones: keep it folded


@dataclass(frozen=True, slots=True)
class Block:
    """A box of the drawing: one task, or several that fold together.

    Args:
        id: stable while the compilation is the same; "" for a single task.
        label: its name.
        tasks: ids of its tasks, ascending.
        frame: id of what is drawn around it, "" nothing.
        copies: tasks of each copy, where it is a stack of them.
    """

    id: str
    label: str
    tasks: tuple[int, ...]
    frame: str = ""
    copies: tuple[tuple[int, ...], ...] = ()


class Tree:
    """The groups of a compilation by what lies in what; "" is the whole.

    Args:
        groups: parents before children, siblings in order of their first task.
        names: of all tasks.
    """

    def __init__(self, groups: Sequence[Group], names: Sequence[str]) -> None:
        self.names = names
        self.group = {g.id: g for g in groups}
        self.inner: dict[str, list[Group]] = {}
        for g in groups:
            self.inner.setdefault(g.parent, []).append(g)
        self._opened: dict[str, list[Block]] = {}

    def tasks(self, id: str) -> tuple[int, ...]:
        """The tasks of a group."""
        return self.group[id].tasks if id else tuple(range(len(self.names)))

    def title(self, id: str, inside: Sequence[Block]) -> str:
        """What the frame around some boxes of an opened block says."""
        group = self.group.get(id)
        if group and group.kind == "stack" and len(inside) > 1:
            part = _span(inside[0].label, inside[-1].label)
            if part and len(inside) < len(self.inner.get(id, [])):
                return part
        if group:
            return group.label
        return f"tasks {inside[0].tasks[0]}–{inside[-1].tasks[-1]}"

    def items(self, id: str) -> list[Block]:
        """What a group holds: groups and single tasks; a lone wrapper is looked through."""
        around = id
        inner = self.inner.get(id, [])
        while id and len(inner) == 1 and len(inner[0].tasks) == len(self.tasks(id)):
            id = inner[0].id
            inner = self.inner.get(id, [])
        held = {i for g in inner for i in g.tasks}
        found = [self._block(g, around) for g in inner]
        found += [
            Block("", short(self.names[i]), (i,), around) for i in self.tasks(id) if i not in held
        ]
        return sorted(found, key=lambda b: b.tasks[0])

    def open(self, id: str) -> list[Block]:
        """What an opened block shows: its items, in sections where they are many."""
        if id not in self._opened:
            if len(self._opened) > KEPT:  # ids come from an address
                self._opened.clear()
            self._opened[id] = self._open(id)
        return self._opened[id]

    def _open(self, id: str) -> list[Block]:
        path, section, run = id.partition("#")
        if path and path not in self.group:
            return []
        items = self.items(path)
        if section:
            first, _, last = run.partition("-")
            if not (first.isdecimal() and last.isdecimal()):
                return []
            items = [b for b in items if int(first) <= b.tasks[0] <= int(last)]
        items = [replace(b, frame=id) for b in items]
        return _sections(items, path, id) if len(items) > MOST else items

    def copy(self, block: Block) -> bool:
        """Whether a block is a copy in a stack."""
        group = self.group.get(block.id)
        return bool(group and group.parent and self.group[group.parent].kind == "stack")

    def _block(self, group: Group, frame: str) -> Block:
        copies: tuple[tuple[int, ...], ...] = ()
        if group.kind == "stack":
            copies = tuple(g.tasks for g in self.inner.get(group.id, []))
        return Block(group.id, group.label, group.tasks, frame, copies)


def parts(group: str) -> tuple[str, ...]:
    """Components of a module path; a number belongs to the name before it ("down.0")."""
    found: list[str] = []
    for part in group.split("/") if group else ():
        if part.isdigit() and found:
            found[-1] += "." + part
        else:
            found.append(part)
    return tuple(found)


def framed(
    names: Sequence[str], scopes: Sequence[str], groups: Sequence[Group] | None = None
) -> list[Block]:
    """Every task a box of its own, framed by the group that holds a fair share of the model.

    Copies of a stack are treated alike: framed as wholes, or opened all.

    Args:
        names: of all tasks.
        scopes: module path of each task, which serves where `groups` is None.
        groups: of the compilation.
    """
    tree = Tree(_scoped(names, scopes) if groups is None else groups, names)
    frames = [""] * len(names)
    fair = max(10, 0.3 * len(names))
    pending = [(g, len(g.tasks)) for g in tree.inner.get("", [])]
    while pending:
        group, size = pending.pop()
        inner = tree.inner.get(group.id, [])
        if inner and (group.kind == "stack" or size > fair):
            largest = max(len(g.tasks) for g in inner)
            alike = group.kind == "stack"
            pending += [(g, largest if alike else len(g.tasks)) for g in inner]
        else:
            for i in group.tasks:
                frames[i] = group.id
    plain = [short(name) for name in names]
    often = Counter(plain)
    labels = [
        label if often[label] == 1 else within(name, frame)
        for name, label, frame in zip(names, plain, frames, strict=True)
    ]
    return [Block("", labels[i], (i,), frames[i]) for i in range(len(names))]


def folded(tree: Tree, opened: Collection[str] = ()) -> list[Block]:
    """Blocks of a large model, those in `opened` replaced by what they hold.

    Where there would be very few, the largest are open from the start, unless `opened` names
    them with `CLOSED` before their id.
    """
    items = tree.open("")
    kept = {id[1:] for id in opened if id.startswith(CLOSED)}
    while len(items) < FEWEST:
        for big in sorted(items, key=lambda b: -len(b.tasks)):
            # copies open together or not at all
            alike = [b for b in items if b.id and b.frame == big.frame] if tree.copy(big) else [big]
            inner = {b.id: tree.open(b.id) for b in alike if b.id and b.id not in kept}
            count = len(items) - len(alike) + sum(map(len, inner.values()))
            if len(inner) < len(alike) or count <= len(items):
                continue
            if count <= AIM or len(items) == 1:
                items = _opened(items, inner, tree)
                break
        else:
            break
    done: set[str] = set()
    while todo := [b for b in items if b.id and b.id in opened and b.id not in done]:
        for block in todo:
            done.add(block.id)
            items = _replace(items, block, tree.open(block.id) or [block])
    return sorted(items, key=lambda b: b.tasks[0])


def short(name: str) -> str:
    """The last part of a name, with the part before it where it is only a number."""
    tail = name.replace("/", ".").rstrip(".").split(".")
    last = tail[-1]
    return ".".join(tail[-2:]) if last.isdigit() and len(tail) > 1 else last or name


def within(name: str, frame: str) -> str:
    """The last two parts of a name below its frame ("up/2/conv/norm1" in "up.2": "conv.norm1")."""
    path, around = parts(name), tuple(frame.split("/")) if frame else ()
    own = path[len(around) :] if path[: len(around)] == around else path[-1:]
    return ".".join(own[-2:]) or short(name)


def _scoped(names: Sequence[str], scopes: Sequence[str]) -> Sequence[Group]:
    """Groups from module paths alone."""
    if not any(scopes):
        return ()
    same = dict.fromkeys(("kernel", "ops", "input_shape", "output_shape"), [""] * len(names))
    columns = {"name": list(names), "group": list(scopes), "window": [0] * len(names), **same}
    edges = pl.DataFrame(schema={"source": pl.Int32, "target": pl.Int32})
    # a constant kernel makes stacks of what has as many tasks, which is near enough here
    return [g for g in found_in(pl.DataFrame(columns), edges) if g.kind in ("scope", "stack")]


def _span(first: str, last: str) -> str:
    """The labels of a row as one ("layers.0", "layers.2" -> "layers.0–2"); "" if they differ."""
    a, b = (re.fullmatch(r"(.*\D)(\d+)", label) for label in (first, last))
    return f"{a[1]}{a[2]}–{b[2]}" if a and b and a[1] == b[1] else ""


def _replace(items: Sequence[Block], old: Block, new: Sequence[Block]) -> list[Block]:
    at = items.index(old)
    return [*items[:at], *new, *items[at + 1 :]]


def _opened(items: Sequence[Block], inner: Mapping[str, list[Block]], tree: Tree) -> list[Block]:
    """Blocks replaced by what they hold, without a frame around what is nearly everything."""
    out: list[Block] = []
    for block in items:
        if block.id not in inner:
            out.append(block)
        elif block.copies or tree.copy(block):
            out += inner[block.id]
        else:
            out += [replace(b, frame=block.frame) for b in inner[block.id]]
    return out


def _sections(items: Sequence[Block], path: str, frame: str) -> list[Block]:
    """Consecutive items packed into about `AIM` sections of like size."""
    size = max(2, -(-sum(len(b.tasks) for b in items) // AIM))
    out: list[Block] = []
    row: list[Block] = []

    def flush() -> None:
        if len(row) == 1:
            out.append(row[0])
        elif row:
            tasks = tuple(sorted(i for b in row for i in b.tasks))
            first, last = row[0], row[-1]
            label = _span(first.label, last.label) if first.id and last.id else ""
            id = f"{path}#{first.tasks[0]}-{last.tasks[0]}"
            out.append(Block(id, label or f"tasks {tasks[0]}–{tasks[-1]}", tasks, frame))
        row.clear()

    for item in items:
        if item.id and len(item.tasks) >= size / 2:
            flush()
            out.append(item)
            continue
        row.append(item)
        if sum(len(b.tasks) for b in row) >= size:
            flush()
    flush()
    return out
