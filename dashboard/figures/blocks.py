"""What folds together in a drawing of tasks: module scopes, else runs of consecutive tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

WHOLE = 600  # boxes and edges up to which a graph is drawn unfolded
AIM = 40  # blocks that a folded graph opens with
MOST = 60  # items of one block before its tasks fold into sections


@dataclass(frozen=True, slots=True)
class Block:
    """A box of the drawing: one task, or several that fold together.

    Args:
        id: stable while the compilation is the same; "" for a single task.
        label: its name, relative to `frame`.
        tasks: ids of its tasks, ascending.
        frame: id of the opened block, or name of the scope, that is drawn around it.
    """

    id: str
    label: str
    tasks: tuple[int, ...]
    frame: str = ""


def parts(group: str) -> tuple[str, ...]:
    """Components of a module path; a number belongs to the name before it ("down.0")."""
    found: list[str] = []
    for part in group.split("/") if group else ():
        if part.isdigit() and found:
            found[-1] += "." + part
        else:
            found.append(part)
    return tuple(found)


def framed(names: Sequence[str], groups: Sequence[str]) -> list[Block]:
    """Every task a box of its own, framed by the scope that holds a fair share of the model."""
    frames = [""] * len(names)
    paths = [parts(g) for g in groups]
    pending: list[tuple[tuple[str, ...], list[int]]] = [((), list(range(len(names))))]
    while pending:
        path, tasks = pending.pop()
        children = _children(path, tasks, paths)
        for child, members in children.items():
            if (
                len(members) > max(10, 0.3 * len(names))
                and len(_children(child, members, paths)) > 1
            ):
                pending.append((child, members))
            elif len(members) > 1:
                for i in members:
                    frames[i] = "/".join(child)
    plain = [short(name) for name in names]
    often = Counter(plain)
    labels = [
        label if often[label] == 1 else within(name, frame)
        for name, label, frame in zip(names, plain, frames, strict=True)
    ]
    return [Block("", labels[i], (i,), frames[i]) for i in range(len(names))]


def folded(
    names: Sequence[str], groups: Sequence[str], opened: Collection[str] = ()
) -> list[Block]:
    """Blocks of a large model: scopes, those in `opened` replaced by what they hold."""
    paths = [parts(g) for g in groups]
    items = _open(Block("", "", tuple(range(len(names)))), names, paths)
    while len(items) < AIM / 2:
        big = max(items, key=lambda b: len(b.tasks) if b.id else 0)
        inner = _open(big, names, paths) if big.id else []
        if not inner or len(items) + len(inner) > 2 * AIM:
            break
        items = _replace(items, big, [Block(b.id, b.label, b.tasks) for b in inner])
    done: set[str] = set()
    while todo := [b for b in items if b.id and b.id in opened and b.id not in done]:
        for block in todo:
            done.add(block.id)
            items = _replace(items, block, _open(block, names, paths))
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


def _span(first: str, last: str) -> str:
    """The labels of a run as one ("layers.0", "layers.2" -> "layers.0–2"); "" if they differ."""
    stem, _, a = first.rpartition(".")
    other, _, b = last.rpartition(".")
    return f"{stem}.{a}–{b}" if stem and stem == other and a.isdigit() and b.isdigit() else ""


def _replace(items: Sequence[Block], old: Block, new: Sequence[Block]) -> list[Block]:
    at = items.index(old)
    return [*items[:at], *new, *items[at + 1 :]]


def _children(
    path: tuple[str, ...], tasks: Sequence[int], paths: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], list[int]]:
    """Child scope -> its tasks; tasks directly in `path` are left out."""
    found: dict[tuple[str, ...], list[int]] = {}
    for i in tasks:
        if len(paths[i]) > len(path):
            found.setdefault(paths[i][: len(path) + 1], []).append(i)
    return found


def _open(block: Block, names: Sequence[str], paths: Sequence[tuple[str, ...]]) -> list[Block]:
    """What a block holds: child scopes and single tasks, or sections where they are many."""
    path = tuple(block.id.partition("#")[0].split("/")) if block.id else ()
    path = () if path == ("",) else path
    children = {} if "#" in block.id else _children(path, block.tasks, paths)
    while len(children) == 1:  # a wrapper around everything says nothing
        ((only, members),) = children.items()
        if len(members) < len(block.tasks):
            break
        path = only
        children = _children(path, block.tasks, paths)
    of_scope = {i: child for child, members in children.items() for i in members}
    items: list[Block] = []
    seen: set[tuple[str, ...]] = set()
    for i in block.tasks:
        child = of_scope.get(i)
        if child is None or len(children[child]) == 1:
            items.append(Block("", short(names[i]), (i,), block.id))
        elif child not in seen:
            seen.add(child)
            items.append(Block("/".join(child), child[-1], tuple(children[child]), block.id))
    return _sections(items, block, path) if len(items) > MOST else items


def _sections(items: Sequence[Block], block: Block, path: tuple[str, ...]) -> list[Block]:
    """Consecutive items packed into about `AIM` sections of like size."""
    size = max(2, -(-sum(len(b.tasks) for b in items) // AIM))
    out: list[Block] = []
    run: list[Block] = []

    def flush() -> None:
        if len(run) == 1:
            out.append(run[0])
        elif run:
            tasks = tuple(sorted(i for b in run for i in b.tasks))
            label = _span(run[0].label, run[-1].label) or f"tasks {tasks[0]}–{tasks[-1]}"
            out.append(Block(f"{'/'.join(path)}#{tasks[0]}-{tasks[-1]}", label, tasks, block.id))
        run.clear()

    for item in items:
        if item.id and len(item.tasks) >= size / 2:
            flush()
            out.append(item)
            continue
        run.append(item)
        if sum(len(b.tasks) for b in run) >= size:
            flush()
    flush()
    return out
