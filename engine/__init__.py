"""The verbs of Paredown: all that the dashboard, the command line and a notebook need.

    import engine

    graph = engine.read("model.onnx", bindings={"batch": 1})
    compilation = engine.compile_model(graph, engine.target("phone-npu"))
    resolution = engine.resolve(compilation, engine.preset("int8").recipe)
    resolution.totals.latency_s

What it is not: a place for logic.  Each verb opens its room when it is first called, so that
`import engine` (and `paredown --help`) stays cheap.  Start reading in `graph/`, then follow one
file's journey: formats -> compile -> cost -> recipe -> store.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

# `targets` is a room and a verb.  Importing the room first lets the verb below keep the name:
# Python sets the attribute once, when a submodule is first loaded.
import engine.targets  # noqa: F401

if TYPE_CHECKING:
    from engine.compile import Compilation
    from engine.cost import Step
    from engine.graph import Graph
    from engine.insight import Group
    from engine.recipe import Preset, Recipe, Resolution
    from engine.targets import Target

VERSION = "0.1.0"

__all__ = [
    "VERSION",
    "compile_model",
    "groups",
    "preset",
    "presets",
    "read",
    "read_trusted",
    "resolve",
    "target",
    "targets",
    "why",
]


def read(
    source: str | Path | bytes, bindings: Mapping[str, int] | None = None, name: str = ""
) -> Graph:
    """Read an ONNX file that may be broken or hostile, in a child process with limits.

    Args:
        source: path of the file, or its bytes.
        bindings: symbolic size -> value; sizes that are not bound take a visible default.
        name: what to call the model; "" takes the file's stem.

    Raises:
        EngineError: the file is not a model that can be read; the sentence says why.
    """
    from engine import formats

    return formats.read(source, bindings, name)


def read_trusted(
    source: str | Path | bytes, bindings: Mapping[str, int] | None = None, name: str = ""
) -> Graph:
    """Read one's own file in this process: faster than `read`, without its protection."""
    from engine import formats

    return formats.read_trusted(source, bindings, name)


def targets() -> tuple[Target, ...]:
    """All hardware targets of the catalogue, in its order."""
    from engine.targets import targets as catalogue

    return catalogue()


def target(id: str) -> Target:
    """One target by its id.

    Raises:
        EngineError: no such target; the sentence lists the known ids.
    """
    from engine.targets import target as find

    return find(id)


def compile_model(graph: Graph, target: Target) -> Compilation:
    """Compile a graph to the hardware tasks of a target."""
    from engine import compile as room

    return room.compile_model(graph, target)


def groups(compilation: Compilation, own: Mapping[str, str] | None = None) -> tuple[Group, ...]:
    """Tasks that fold together, as a tree: what a person names, module paths, else repeats.

    Args:
        compilation: what `compile_model` gave.
        own: label -> glob over task names or module paths; "a/b" lies inside "a".

    Raises:
        EngineError: an entry of `own` is not sound.
    """
    from engine import insight as room

    return room.groups(compilation, own)


def resolve(compilation: Compilation, recipe: Recipe | None = None) -> Resolution:
    """Price every task under a recipe; without one, as the file is (the baseline)."""
    from engine import recipe as room

    return room.resolve(compilation, room.Recipe() if recipe is None else recipe)


def why(compilation: Compilation, recipe: Recipe, task_id: int) -> tuple[Step, ...]:
    """The formula of one row of the table, step by step; () when it is not priced."""
    from engine import recipe as room

    return room.why(compilation, recipe, task_id)


def presets() -> tuple[Preset, ...]:
    """The model-wide recipes that ship, in the order in which a person meets them."""
    from engine import recipe as room

    return room.presets()


def preset(id: str) -> Preset:
    """One preset by its id.

    Raises:
        EngineError: no such preset; the sentence lists the known ids.
    """
    from engine import recipe as room

    return room.preset(id)
