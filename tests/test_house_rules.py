"""The laws of the house, as checks: a rule that nothing enforces is a wish."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Rooms in the order in which they may import each other: each only what stands before it.
# fmt: off
ENGINE = [
    "errors", "units", "numbers", "metrics", "report", "graph",
    "formats", "targets", "compile", "cost", "recipe",
    "execute", "compress", "experiments", "behaviors", "layers", "insight", "export",
    "store", "jobs",
]
DASHBOARD = [
    "settings", "ids", "ids_behaviors", "ids_embed", "ids_replay", "ids_sharing",
    "urls", "urls_experiment", "urls_layers", "urls_behaviors", "urls_embed", "access", "demo",
    "components", "figures", "queries", "shell", "job_list", "job_drawer", "findings", "link_sheet",
    "share_sheet", "embed_sheet", "pages", "embed", "arrival", "api_experiments", "api_predictions",
    "api_usage", "api", "share_links", "delivery", "app", "serve",
    "cli_model", "cli_measure", "cli_optimize", "cli_compress", "cli_experiment",
    "cli_predictions", "cli_replay", "cli_demo", "cli_worker", "cli_diff", "cli_behaviors",
    "cli_source", "cli_usage", "cli_export", "cli", "__main__",
]
# fmt: on
# Records that others import past a room's front door: a type need not open the whole room.
RECORDS = {"engine.graph.model", "engine.compile.compilation", "engine.recipe.model"}

TOP_LEVEL = {
    "dashboard", "engine", "assets", "tests",
    "pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md",
}  # fmt: skip
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "manager", "base", "misc"}
MAX_LINES = 400
MAX_JS_LINES = 6645


@cache
def files() -> tuple[str, ...]:
    """Every file that is or would be committed, relative to the repository."""
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return tuple(sorted({f for f in out.splitlines() if (ROOT / f).is_file()}))


def python(*rooms: str) -> list[str]:
    return [f for f in files() if f.endswith(".py") and f.startswith(tuple(f"{r}/" for r in rooms))]


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"), path)


def imports(path: str) -> Iterator[tuple[str, int]]:
    """Dotted names that a file imports, deferred imports and types included, with the line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def room_of(dotted: str) -> str:
    """`engine.graph.model` -> "graph"; the package itself is ""."""
    return dotted.split(".")[1] if "." in dotted else ""


def home_of(path: str) -> str:
    """`engine/graph/model.py` -> "graph", `engine/units.py` -> "units"; the package is ""."""
    part = Path(path).parts[1].removesuffix(".py")
    return "" if part == "__init__" else part


def wrong_way(path: str, rooms: list[str], package: str) -> list[str]:
    """Imports of a room that stands later in the order than the file's own."""
    home = home_of(path)
    if home == "":  # the package's own front door opens every room
        return []
    assert home in rooms, f"{path}: the room {home!r} has no place in the order of {package}"
    return [
        f"{path}:{line} imports {name}, which stands later than {home}"
        for name, line in imports(path)
        if name.startswith(f"{package}.")
        and room_of(name) in rooms
        and rooms.index(room_of(name)) > rooms.index(home)
    ]


def test_engine_rooms_import_upwards_only():
    assert [w for f in python("engine") for w in wrong_way(f, ENGINE, "engine")] == []


def test_dashboard_rooms_import_upwards_only():
    assert [w for f in python("dashboard") for w in wrong_way(f, DASHBOARD, "dashboard")] == []


def test_the_order_can_be_broken():
    """The check above sees a fault when there is one."""
    assert wrong_way("engine/graph/model.py", list(reversed(ENGINE)), "engine") != []
    assert wrong_way("dashboard/cli.py", list(reversed(DASHBOARD)), "dashboard") != []


def test_engine_knows_no_page():
    banned = ("dash", "plotly", "flask", "dashboard")
    assert [
        f"{f}:{line} imports {name}"
        for f in python("engine")
        for name, line in imports(f)
        if name.split(".")[0].startswith(banned)
    ] == []


def test_onnx_stops_at_the_border():
    """Only formats speaks onnx; no product file but execute (later: compress) runs it."""
    assert [
        f"{f}:{line} imports {name}"
        for f in python("engine", "dashboard")
        for name, line in imports(f)
        if (name.split(".")[0] == "onnx" and home_of(f) != "formats")
        or (name.split(".")[0] == "onnxruntime" and home_of(f) not in {"execute", "compress"})
    ] == []


def test_others_come_in_by_the_front_door():
    """`engine.graph`, not `engine.graph.rewrite`, except for the records."""
    wrong = []
    for path in python("engine", "dashboard"):
        for node in ast.walk(tree(path)):
            named = [node.module] if isinstance(node, ast.ImportFrom) else []
            named += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            wrong += [
                f"{path}:{node.lineno} imports {name}"
                for name in named
                if name
                and name.startswith("engine.")
                and name.count(".") > 1
                and name not in RECORDS
                and not (path.startswith("engine/") and home_of(path) == room_of(name))
            ]
    assert wrong == []


def test_only_queries_and_the_command_line_call_verbs():
    assert [
        f"{f}:{line}"
        for f in python("dashboard")
        for name, line in imports(f)
        if name == "engine" and not home_of(f).startswith(("queries", "cli"))
    ] == []


def test_pages_do_no_data_work():
    """No polars, no numpy in a page; that is what queries and figures are for."""
    assert [
        f"{f}:{line} imports {name}"
        for f in python("dashboard/pages")
        for name, line in imports(f)
        if name.split(".")[0] in {"polars", "numpy"}
    ] == []


def test_engine_imports_without_dash():
    """In a process where the front end cannot be imported, every module of the engine still can."""
    program = """
import importlib, pkgutil, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"dash", "plotly", "flask", "dashboard", "dash_ag_grid"}:
            raise ImportError("refused: " + name)
sys.meta_path.insert(0, Refuse())
import engine
assert "onnx" not in sys.modules and "dash" not in sys.modules, "import engine is not cheap"
for found in pkgutil.walk_packages(engine.__path__, "engine."):
    importlib.import_module(found.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_top_level_stays():
    assert {f.split("/")[0] for f in files() if not f.startswith(".")} - TOP_LEVEL == set()


def test_no_drawer_for_odds_and_ends():
    """A module is named for what it is."""
    assert [f for f in files() if NO_NAMES & {p.removesuffix(".py") for p in Path(f).parts}] == []


@pytest.mark.parametrize("ending", [".py", ".js"])
def test_files_stay_short(ending: str):
    lines = {
        f: len((ROOT / f).read_text("utf-8").splitlines()) for f in files() if f.endswith(ending)
    }
    assert {f: n for f, n in lines.items() if n > MAX_LINES} == {}


def test_javascript_is_the_exception():
    scripts = [f for f in files() if f.endswith((".js", ".mjs", ".ts"))]
    assert [f for f in scripts if not f.startswith("assets/js/")] == []
    assert sum(len((ROOT / f).read_text("utf-8").splitlines()) for f in scripts) <= MAX_JS_LINES


def docstrings(module: ast.Module) -> set[ast.Constant]:
    """String nodes that stand alone as statements."""
    return {
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def scripts_in(module: ast.Module) -> Iterator[int]:
    """Lines with JavaScript in a Python string.

    A call of a named function with grid parameters, `{"function": "cell.share(params)"}`, is how
    AG Grid is told which function of assets/js to use, and `themeQuartz.withParams({...})` how it
    is given a theme, so those are allowed.
    """
    script = re.compile(r"\bfunction\s*\w*\s*\(|=>\s*[{(]|\b(window|document|dash_clientside)\.\w")
    call = re.compile(r"theme\w+\.withParams\(\{[^(]*(\([^(]*)*\}\)|[\w.]+(\([\w., ]*\))?")
    skipped = docstrings(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
            if script.search(node.value):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and key.value == "function"
                    and isinstance(value, ast.Constant)
                    and not call.fullmatch(str(value.value))
                ):
                    yield value.lineno
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") == "clientside_callback"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno


def test_no_javascript_in_python():
    found = [f"{f}:{line}" for f in python("dashboard", "engine") for line in scripts_in(tree(f))]
    assert found == []


def test_javascript_in_python_is_seen():
    planted = 'app.clientside_callback("n => n + 1", a, b)\nx = {"function": "params.value * 2"}\n'
    assert len(list(scripts_in(ast.parse(planted)))) == 2


def test_callbacks_are_wired_per_app():
    """No `@callback` (it is global to the process); several writers of an output only in shell."""
    wrong = []
    for path in python("dashboard"):
        for node in ast.walk(tree(path)):
            names = [ast.unparse(d) for d in getattr(node, "decorator_list", [])]
            if any(re.match(r"(dash\.)?(clientside_)?callback\b", name) for name in names):
                wrong.append(f"{path}:{node.lineno} decorates with callback")
            if (
                isinstance(node, ast.keyword)
                and node.arg == "allow_duplicate"
                and home_of(path) != "shell"
            ):
                wrong.append(f"{path}:{node.value.lineno} allows a second writer")
    assert wrong == []


def test_records_that_leave_a_room_are_frozen():
    """Working state inside a room may change; what its front door names may not."""
    wrong = []
    for path in python("engine", "dashboard"):
        door = ROOT.joinpath(*Path(path).parts[:2], "__init__.py")
        named = door.read_text("utf-8") if door.is_file() else ""
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ClassDef) or (named and f'"{node.name}"' not in named):
                continue
            for decorator in map(ast.unparse, node.decorator_list):
                if decorator.startswith("dataclass") and "frozen=True" not in decorator:
                    wrong.append(f"{path}:{node.lineno} {node.name}")
    assert wrong == []


def mutable_globals(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Lower-case names of a module that hold a list, dict or set."""
    literal = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    makers = {"list", "dict", "set", "defaultdict", "OrderedDict", "deque", "Counter"}
    for node in module.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        made = isinstance(node.value, literal) or (
            isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func).split(".")[-1] in makers
        )
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            name = ast.unparse(target)
            if made and name != name.upper() and name != "__all__":
                yield name, node.lineno


def test_no_state_at_module_level():
    assert [
        f"{f}:{line} {name}"
        for f in python("engine", "dashboard")
        for name, line in mutable_globals(tree(f))
    ] == []
    assert list(mutable_globals(ast.parse("cache: dict = {}\nrows = list()"))) != []


def test_nothing_is_pickled():
    wrong = []
    for path in python("engine", "dashboard"):
        for name, line in imports(path):
            if name.split(".")[0] in {
                "pickle",
                "cPickle",
                "dill",
                "cloudpickle",
                "joblib",
                "shelve",
            }:
                wrong.append(f"{path}:{line} imports {name}")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.keyword) and ast.unparse(node) == "allow_pickle=True":
                wrong.append(f"{path}:{node.value.lineno} allows pickle")
    assert wrong == []


def test_no_address_of_one_machine():
    """No path of a developer's machine, no host of a package registry."""
    roots = "|".join(["work", "farm", "root", "home/[a-z]+", "Users/[A-Za-z]+"])
    hosts = "|".join([r"pypi\.org", "pythonhosted", r"registry\.npm", r"deb\.debian", "file:///"])
    pattern = re.compile(rf"(?<![\w.])/({roots})/|{hosts}")
    texts = (".py", ".js", ".css", ".md", ".toml", ".txt", ".ini", ".json", ".yml", ".yaml", "")
    wrong = []
    for path in files():
        if Path(path).suffix in texts and path != "tests/test_house_rules.py":
            for number, row in enumerate((ROOT / path).read_text("utf-8").splitlines(), 1):
                if pattern.search(row):
                    wrong.append(f"{path}:{number} {row.strip()[:80]}")
    assert wrong == []


def test_constraints_pin_everything_that_is_asked_for():
    """Each direct dependency has one exact version, without an address."""
    import tomllib

    plain = lambda s: re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[; ]", s)[0]).lower()  # noqa: E731
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["dev"], *extras["peers"]]
    rows = (ROOT / ".deps/constraints.txt").read_text("utf-8").split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", row) for row in rows)
    assert {plain(a) for a in asked} - {plain(r) for r in rows} == set()
    names = [plain(r) for r in rows]
    assert len(set(names)) == len(names)
