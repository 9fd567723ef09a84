"""Folding: what opens from the start, what an opened block holds, sections of what is too much."""

from __future__ import annotations

import pytest

from dashboard.figures.blocks import AIM, MOST, Tree, folded, framed
from engine.insight import Group


def nested(stages: int, layers: int, size: int) -> tuple[list[str], list[Group]]:
    """Stages that hold a stack of layers; the first task stands alone."""
    groups, at = [], 1
    for s in range(stages):
        tasks = tuple(range(at, at + layers * size))
        groups.append(Group(f"s{s}", f"stage {s}", tasks, "", "repeat", "s"))
        groups.append(Group(f"k{s}", f"block × {layers}", tasks[:-size], f"s{s}", "stack", ""))
        for k in range(layers - 1):
            inside = tasks[k * size : (k + 1) * size]
            groups.append(
                Group(f"b{s}.{k}", f"block {s * layers + k}", inside, f"k{s}", "repeat", "b")
            )
        groups.append(Group(f"e{s}", "branches", tasks[-size:], f"s{s}", "branch", ""))
        at += layers * size
    return [f"op_{i}" for i in range(at)], groups


def covered(blocks) -> list[int]:
    return sorted(i for b in blocks for i in b.tasks)


def test_few_blocks_open_the_largest_until_there_is_something_to_see():
    names, groups = nested(3, 12, 20)
    found = folded(Tree(groups, names))
    assert covered(found) == list(range(len(names)))
    assert 15 <= len(found) <= AIM
    names, groups = nested(20, 12, 20)
    assert [b.label for b in folded(Tree(groups, names))][:3] == ["op_0", "stage 0", "stage 1"]


def test_copies_open_together_from_the_start():
    """Three stages alike, which hold unequal stacks as in a DenseNet."""
    groups, at = [Group("k", "stage × 3", tuple(range(1, 169)), "", "stack", "")], 1
    for s, layers in enumerate((6, 12, 24)):
        tasks = tuple(range(at, at + layers * 4))
        groups.append(Group(f"s{s}", f"stage {s}", (*tasks,), "k", "repeat", "s"))
        groups.append(Group(f"k{s}", f"block × {layers - 1}", tasks[:-4], f"s{s}", "stack", ""))
        groups += [
            Group(f"b{s}.{k}", "block", tasks[4 * k : 4 * k + 4], f"k{s}", "repeat", "b")
            for k in range(layers - 1)
        ]
        at += layers * 4
    found = folded(Tree(groups, [str(i) for i in range(at)]))
    assert [b.label for b in found if b.copies] == ["block × 5", "block × 11", "block × 23"]
    assert {b.frame for b in found if b.tasks != (0,)} == {"s0", "s1", "s2"}


def test_a_closed_block_stays_closed():
    names, groups = nested(3, 12, 20)
    tree = Tree(groups, names)
    assert "k0" not in {b.id for b in folded(tree)}
    assert "k0" in {b.id for b in folded(tree, ["-k0"])}


def test_an_opened_block_shows_its_items_in_a_frame():
    names, groups = nested(20, 12, 20)
    found = folded(Tree(groups, names), ["s3", "k3"])
    inner = [b for b in found if b.frame in ("s3", "k3")]
    assert [b.label for b in inner] == [*(f"block {36 + k}" for k in range(11)), "branches"]
    assert Tree(groups, names).title("s3", found) == "stage 3"
    copies = [b for b in found if b.frame == "k3"]
    assert Tree(groups, names).title("k3", copies) == "block × 12"
    assert Tree(groups, names).title("k3", copies[2:5]) == "block 38–40"
    assert covered(found) == list(range(len(names)))


def test_a_group_of_many_tasks_opens_in_sections_of_sections():
    names = [f"op_{i}" for i in range(6_000)]
    tree = Tree([Group("r", "conv × 6000", tuple(range(6_000)), "", "run", "")], names)
    opened: list[str] = []
    for _ in range(4):
        found = folded(tree, opened)
        assert covered(found) == list(range(6_000))
        assert len(found) <= MOST * (len(opened) + 1)
        opened += [b.id for b in found if b.id][:1]
    assert any(len(b.tasks) == 1 for b in folded(tree, opened))


@pytest.mark.parametrize("junk", ["r#", "r#a-b", "r#9", "nope#1-2", "#", "-", "r#-5-2"])
def test_junk_among_the_opened_changes_nothing(junk: str):
    names = [f"op_{i}" for i in range(800)]
    tree = Tree([Group("r", "conv × 800", tuple(range(800)), "", "run", "")], names)
    assert folded(tree, [junk]) == folded(tree)
    assert tree.open(junk) == []


def test_frames_treat_copies_alike():
    names, groups = nested(2, 6, 4)
    found = framed(names, (), groups)
    assert [b.tasks for b in found] == [(i,) for i in range(len(names))]
    assert {b.frame for b in found} == {
        "",
        *(f"b{s}.{k}" for s in (0, 1) for k in range(5)),
        "e0",
        "e1",
    }


def test_frames_from_module_paths_alone():
    scopes = [f"down/{i // 3}" for i in range(9)]
    found = framed([f"{s}/conv{i}" for i, s in enumerate(scopes)], scopes)
    assert [b.frame for b in found][::3] == ["down.0", "down.1", "down.2"]
    assert {b.frame for b in framed(["a", "b"], ["", ""])} == {""}
