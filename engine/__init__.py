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

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

# `targets` is a room and a verb.  Importing the room first lets the verb below keep the name:
# Python sets the attribute once, when a submodule is first loaded.
import engine.targets  # noqa: F401

if TYPE_CHECKING:
    import polars as pl

    from engine.compile import Compilation
    from engine.compress import apply as apply_recipe
    from engine.compress import evaluate, grow, operation, operations, read_samples
    from engine.compress import pack as pack_model
    from engine.compress import run as run_operation
    from engine.compress import script as recipe_script
    from engine.compress import sizes as file_sizes
    from engine.compress import snippets as task_code
    from engine.compress import unpack as unpack_model
    from engine.cost import calibration
    from engine.execute import (
        calibrate,
        import_profile,
        keep_validation,
        kept_validation,
        machine_id,
        measure,
        validate,
    )  # fmt: skip
    from engine.execute import optimised as runtime_graph
    from engine.experiments import Comparison, Experiment, ExperimentFile, Front, Layout
    from engine.export import export_as
    from engine.graph import Graph
    from engine.insight import Group, difference, source_of
    from engine.recipe import (
        Budget,
        Recipe,
        Resolution,
        fitting,
        judge,
        preset,
        presets,
        slower,
        why,
        withheld,
    )
    from engine.recipe import dump_budgets as write_budgets
    from engine.recipe import dumps as write_recipe
    from engine.recipe import load_budgets as read_budgets
    from engine.recipe import loads as read_recipe
    from engine.targets import Target

VERSION = "0.1.0"
# Verbs that are a room's own, with its words on them: verb -> (room, its name there).
_ROOMS = MappingProxyType(
    {
        "calibrate": ("execute", "calibrate"),
        "calibration": ("cost", "calibration"),
        "import_profile": ("execute", "import_profile"),
        "keep_validation": ("execute", "keep_validation"),
        "kept_validation": ("execute", "kept_validation"),
        "machine_id": ("execute", "machine_id"),
        "measure": ("execute", "measure"),
        "action_of": ("recipe", "action_of"),
        "preset": ("recipe", "preset"),
        "presets": ("recipe", "presets"),
        "redundant": ("recipe", "redundant"),
        "read_budgets": ("recipe", "load_budgets"),
        "read_recipe": ("recipe", "loads"),
        "runtime_graph": ("execute", "optimised"),
        "slower": ("recipe", "slower"),
        "task_code": ("compress", "snippets"),
        "validate": ("execute", "validate"),
        "why": ("recipe", "why"),
        "withheld": ("recipe", "withheld"),
        "write_budgets": ("recipe", "dump_budgets"),
        "write_recipe": ("recipe", "dumps"),
        "apply_recipe": ("compress", "apply"),
        "evaluate": ("compress", "evaluate"),
        "export_as": ("export", "export_as"),
        "grow": ("compress", "grow"),
        "fitting": ("recipe", "fitting"),
        "judge": ("recipe", "judge"),
        "difference": ("insight", "difference"),
        "file_sizes": ("compress", "sizes"),
        "source_of": ("insight", "source_of"),
        "operation": ("compress", "operation"),
        "operations": ("compress", "operations"),
        "pack_model": ("compress", "pack"),
        "recipe_script": ("compress", "script"),
        "read_samples": ("compress", "read_samples"),
        "run_operation": ("compress", "run"),
        "unpack_model": ("compress", "unpack"),
    }
)

__all__ = [
    "VERSION",
    "action_of",
    "apply_recipe",
    "budget",
    "calibrate",
    "calibration",
    "compare_models",
    "compile_model",
    "difference",
    "evaluate",
    "export_as",
    "file_sizes",
    "fitting",
    "groups",
    "grow",
    "import_profile",
    "judge",
    "keep_validation",
    "kept_validation",
    "machine_id",
    "measure",
    "model_map",
    "open_experiment",
    "operation",
    "operations",
    "options",
    "pack_model",
    "pareto",
    "preset",
    "preset_table",
    "presets",
    "read",
    "read_budgets",
    "read_experiment",
    "read_recipe",
    "read_samples",
    "read_trusted",
    "recipe_script",
    "redundant",
    "resolve",
    "run_operation",
    "runtime_graph",
    "slower",
    "source_of",
    "target",
    "targets",
    "task_code",
    "unpack_model",
    "validate",
    "why",
    "withheld",
    "write_budgets",
    "write_experiment",
    "write_recipe",
]


def __getattr__(name: str) -> Any:
    """A verb of `_ROOMS`, whose room is opened when it is first asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room, there = _ROOMS[name]
    return getattr(import_module(f"engine.{room}"), there)


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


def compile_model(
    graph: Graph,
    target: Target,
    model: str | Path | bytes | None = None,
    runtime: Graph | None = None,
) -> Compilation:
    """Compile a graph to the hardware tasks of a target.

    Args:
        graph: as `read` gave it.
        target: what to compile for.
        model: the file of the graph, or its bytes.  With it, the tasks of a target that has a
            runtime are the kernels that the runtime runs; where the runtime does not take the
            file, our own passes compile it, and `Compilation.note` says so.
        runtime: what `runtime_graph` gave for the file, in place of asking again.
    """
    from engine import compile as room

    if not target.runtime or (model is None and runtime is None):
        return room.compile_model(graph, target)
    from engine.execute import follow

    return follow(graph, target, model, runtime)


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


def preset_table(compilation: Compilation, fps: float) -> pl.DataFrame:
    """Every preset and the baseline side by side; columns `recipe.PRESET_TABLE_SCHEMA`."""
    from engine import recipe as room

    return room.preset_table(compilation, fps)


def options(
    compilation: Compilation, recipe: Recipe, task_ids: Sequence[int], target: Target | None = None
) -> pl.DataFrame:
    """Every combination that the target offers for some tasks, priced, with its exact effect.

    Args:
        compilation: what `compile_model` gave.
        recipe: what is chosen so far.
        task_ids: one task, or several: then what they have in common.
        target: hardware in place of the catalogue's.

    Raises:
        EngineError: no such task, or the recipe means nothing here.
    """
    from engine import recipe as room

    return room.options(compilation, recipe, task_ids, target)


def budget(text: str, use: str = "", **base: float | None) -> Budget:
    """A limit as people write it: "latency=34ms", "size<=2.5MB", "fps=30".

    Args:
        text: figure, sign, number and unit.
        use: how the model is used, a key of `recipe.USES`.
        base: what a share is of: `battery_j`, `lasts_s`, `app_bytes`; or `per_day`.

    Raises:
        EngineError: it cannot be read; the sentence says what would be right.
    """
    from engine import recipe as room

    return room.parse(text, use, **base)


def read_experiment(source: str | Path | bytes, name: str = "") -> Experiment:
    """An experiment from a JSON file, or its bytes, that may be old, odd, broken or hostile.

    Faults of single models are in `issues` of the result.

    Raises:
        EngineError: the file as a whole cannot be read; the sentence says why.
    """
    from engine import experiments as room

    return room.read(source, name)


def write_experiment(experiment: Experiment) -> str:
    """An experiment as JSON; what was read comes back, fields that we do not know included."""
    from engine import experiments as room

    return room.dumps(experiment)


def model_map(
    experiment: Experiment,
    by: Literal["operation", "step"] = "operation",
    collapsed: Sequence[str] = (),
) -> Layout:
    """Columns, lanes and the place of each model on the map.

    Args:
        experiment: what to lay out.
        by: align equal operations, or count steps from the root.
        collapsed: ids of models whose descendants are not drawn.
    """
    from engine import experiments as room

    return room.layout(experiment, by, collapsed)


def compare_models(experiment: Experiment, ids: Sequence[str], compat: bool = False) -> Comparison:
    """How models differ: the smallest set of variables that tells them apart, and its chart.

    Args:
        experiment: what they are part of.
        ids: two or more of its models.
        compat: the published algorithm with its odd results (2 to 16 models).

    Raises:
        EngineError: an unknown id, or too few or too many models.
    """
    from engine import experiments as room

    return room.compare(experiment, ids, compat)


def open_experiment(path: str | Path) -> ExperimentFile:
    """An experiment on disk to add models to; the file is made with the first one.

        run = engine.open_experiment("sweep.json")
        run.add("pruned50", base="trained", operation=("prune", {"amount": 0.5}),
                metrics={"Accuracy": 0.91})

    Raises:
        EngineError: the file is there and cannot be read.
    """
    from engine import experiments as room

    return room.ExperimentFile(path)


def pareto(
    experiment: Experiment,
    metrics: Sequence[str],
    directions: Mapping[str, Literal["higher", "lower", ""]] | None = None,
) -> Front:
    """The models that no other beats in every metric, the knee, and how far the others are.

    Raises:
        EngineError: no such metric, or too many of them.
    """
    from engine import experiments as room

    return room.pareto(experiment, metrics, directions)
