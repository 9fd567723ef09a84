"""Lines of source that ops come from, as exporters left them: records, parsing, private paths.

    File "/home/…/net/unet.py", line 20, in forward        ->   unet.py:20 forward
      x = self.act(self.norm1(self.conv1(x)))                    x = self.act(self.norm1(…

What is read: PyTorch's `pkg.torch.onnx.stack_trace` (outermost first) and the call stack that its
older exporter writes into `doc_string` (`path(line): function`, innermost first).

Which line is *the* line of an op, of its stack: frames inside PyTorch are left out; then the
deepest frame outside installed packages.  Where the model's own code only hands over to a package
(more than half of the ops are made inside one, as when a model of a library is exported), the
package counts as the model's code, and the line is the deepest frame of all.

Paths become relative when they are read: to the package, or to the folder that all own files
share; homes and users' names never leave this room.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from engine.errors import EngineError
from engine.formats.names import visible

MOST_FRAMES = 64  # of a stack; PyTorch's deepest is below 20
MOST_TEXT = 400  # characters of a line
MOST_PATH = 300
MOST_TRACE = 100_000  # characters of one stack
MOST_KEPT = 500_000  # frames of all different stacks; the largest export seen has 200
_MOST_ROW = 3_000  # characters of a row that are looked at
_HOME = re.compile(
    r"(?:[A-Za-z]:)?/+(?:mnt/[a-z]/)?(?:home|Users|users)/+[^/\s\"']+|(?<!\w)/root\b"
)
_PACKAGES = re.compile(r"(?:^|/)(?:site|dist)-packages/(.+)")
_STANDARD = re.compile(r"(?:^|/)lib/python3(?:\.\d+)?/(.+)")
_FRAMEWORK = re.compile(r"(?:^|/)(?:torch|functorch|onnxscript)/(?:nn|_\w+|fx|onnx|\w+\.py)\b")
_CELL = re.compile(r"(?:^|/)ipykernel_\d+/(\d+)\.py$|^<ipython-input-(\d+)-.*>$")
_FRAME = re.compile(r'File "([^"]+)", line (\d{1,7})(?:, in (.+))?')
_OLD_FRAME = re.compile(r"([^()\n]+)\((\d{1,7})\): (\S+)")
_MARKS = re.compile(r"[\s~^]*")  # what Python 3.11 draws under a line
Frame = tuple[str, int, str, str]  # path as written, line, function, text


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of source.

    Args:
        file: relative path with "/".
        line: from 1.
        function: that it is in, "" unknown.
        text: of the line, without indentation, "" unknown.
        library: the installed package that it is part of, "" for the model's own code.
    """

    file: str
    line: int
    function: str = ""
    text: str = ""
    library: str = ""

    @property
    def place(self) -> str:
        """`file:line`, as editors and terminals write it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where the ops of a file come from.

    Args:
        lines: each once.
        stacks: indices of `lines`, outermost call first, frames of PyTorch left out.
        at: of each stack, the position of the line that made the op.
        ops: op name, or name of a tensor that it makes -> index of its stack.
        modules: module path, joined by "/" -> index of a stack, for ops without their own.
        texts: relative path -> text of the source files that came with the model.
        merged: ops into which their exporter put the batch norm behind them: it kept the line of
            the norm, not of the op.
        notes: what was left out on the way.
    """

    lines: tuple[SourceLine, ...] = ()
    stacks: tuple[tuple[int, ...], ...] = ()
    at: tuple[int, ...] = ()
    ops: Mapping[str, int] = field(default_factory=dict)
    modules: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    merged: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


class Stacks:
    """Collects stacks as they are written; `trace` says what they mean together."""

    def __init__(self) -> None:
        self.ops: dict[str, int] = {}
        self.modules: dict[str, int] = {}
        self.merged: set[str] = set()
        self._stacks: dict[tuple[Frame, ...], int] = {}
        self._parsed: dict[str, int | None] = {}
        self._frames = 0

    def of_text(self, text: str) -> int | None:
        """Number of the stack that a text describes; None when it describes none."""
        if text not in self._parsed:
            frames = parse(text)
            self._parsed[text] = self.of_frames(frames) if frames else None
        return self._parsed[text]

    def of_frames(self, frames: Sequence[Frame]) -> int | None:
        """Number of a stack, outermost frame first; None when there are too many."""
        stack = tuple(frames)[-MOST_FRAMES:]
        if stack not in self._stacks and self._frames < MOST_KEPT:
            self._stacks[stack] = len(self._stacks)
            self._frames += len(stack)
        return self._stacks.get(stack)

    def trace(self, texts: Mapping[str, str] | None = None, notes: Sequence[str] = ()) -> Trace:
        """Everything collected, with paths made relative and the line of each stack chosen."""
        raw = list(self._stacks)
        texts = texts or {}
        shown = relative({path for stack in raw for path, *_ in stack} | set(texts))
        lines: dict[SourceLine, int] = {}
        stacks, libraries = [], []
        for stack in raw:
            kept = []
            for path, number, function, text in stack:
                file, library = shown[path]
                if library not in FRAMEWORKS:
                    line = SourceLine(file, number, visible(function), _private(text), library)
                    kept.append(lines.setdefault(line, len(lines)))
            stacks.append(tuple(kept))
        known = list(lines)
        libraries = [[known[i].library != "" for i in stack] for stack in stacks]
        used = [libraries[i] for i in (*self.ops.values(), *self.modules.values()) if libraries[i]]
        own = sum(flags[-1] for flags in used) * 2 <= len(used)
        at = tuple(_line_of(flags, own) for flags in libraries)
        cut = [_TOO_MANY] if self._frames >= MOST_KEPT else []
        keep = {i for i, stack in enumerate(stacks) if stack}
        return Trace(
            tuple(known), tuple(stacks), at,
            {name: i for name, i in self.ops.items() if i in keep},
            {name: i for name, i in self.modules.items() if i in keep},
            {shown[path][0]: text for path, text in texts.items()},
            frozenset(self.merged), (*notes, *cut),
        )  # fmt: skip


_TOO_MANY = "Some ops have no line: the file holds too many different stacks."
FRAMEWORKS = frozenset({"torch", "functorch", "onnxscript", "onnx"})


def _line_of(libraries: Sequence[bool], own: bool) -> int:
    """Position of the deepest frame, of the model's own code where that is asked for."""
    for i in reversed(range(len(libraries))):
        if not (own and libraries[i]):
            return i
    return max(0, len(libraries) - 1)


def parse(text: str) -> list[Frame]:
    """Frames of a call stack as PyTorch writes it, outermost first; [] when it is none."""
    frames: list[Frame] = []
    old: list[Frame] = []
    for raw in text[:MOST_TRACE].splitlines():
        row = raw.strip()[:_MOST_ROW]
        if found := _FRAME.fullmatch(row):
            path, number, function = found.groups()
            frames.append((path[:2000], int(number), (function or "").strip()[:200], ""))
        elif frames:
            path, number, function, said = frames[-1]
            if not said and not _MARKS.fullmatch(row):
                frames[-1] = path, number, function, row[:MOST_TEXT]
        elif found := _OLD_FRAME.fullmatch(row):
            old.append((found[1].strip()[:2000], int(found[2]), found[3][:200], ""))
    return frames or old[::-1]


def relative(paths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Path as written -> (path that may be shown, package that the file is part of or "").

    A file of a package is named from the package on, one of the model's own from the folder that
    all own files share; of a file anywhere else the home folder is cut off.
    """
    found: dict[str, tuple[str, str]] = {}
    own: dict[str, str] = {}
    for raw in paths:
        path = re.sub(r"/+", "/", raw.replace("\\", "/"))
        if match := _PACKAGES.search(path):
            found[raw] = _clean(match[1]), match[1].split("/")[0].removesuffix(".py")
        elif _FRAMEWORK.search(path):
            found[raw] = _clean(path), "torch"
        elif match := _STANDARD.search(path):
            found[raw] = _clean(match[1]), "python"
        elif match := _CELL.search(path):
            found[raw] = f"cell_{match[1] or match[2]}.py", ""
        else:
            own[raw] = path
    rooted = {p for p in own.values() if p.startswith("/") or re.match(r"[A-Za-z]:/", p)}
    folders = [os.path.dirname(p) for p in rooted]
    try:
        shared = os.path.commonpath(folders) if folders else ""
    except ValueError:  # several drives
        shared = ""
    for raw, path in own.items():
        if path in rooted:
            inside = path.removeprefix(shared) if len(shared) > 1 else path
            path = inside if inside != path else _HOME.sub("", path)
        found[raw] = _clean(path), ""
    return found


def _clean(path: str) -> str:
    """Without a drive, a leading slash or parts that climb out."""
    parts = [p for p in re.sub(r"^[A-Za-z]:", "", path).split("/") if p not in ("", ".", "..", "~")]
    return visible("/".join(parts))[-MOST_PATH:] or "unknown"


def _private(text: str) -> str:
    """The text of a line without home folders."""
    return visible(_HOME.sub("~", text.strip()[:MOST_TEXT]))


def dumps_trace(trace: Trace) -> bytes:
    """A trace as JSON: what crosses the process border and what the store keeps."""
    body = asdict(trace)
    body |= {"lines": [astuple(line) for line in trace.lines], "merged": sorted(trace.merged)}
    return json.dumps(body, separators=(",", ":")).encode()


def loads_trace(data: bytes) -> Trace:
    """Read what `dumps_trace` wrote, perhaps in a process that a hostile file has taken over.

    Raises:
        EngineError: not our JSON.
    """
    try:
        body: Any = json.loads(data)
        lines = tuple(
            SourceLine(_clean(str(f)), int(n), visible(str(w)), visible(str(t)), visible(str(p)))
            for f, n, w, t, p in body["lines"]
        )
        stacks = tuple(tuple(int(i) for i in stack) for stack in body["stacks"])
        at = tuple(int(i) for i in body["at"])
        ops, modules = (
            {str(k): int(v) for k, v in body[name].items()} for name in ("ops", "modules")
        )
        sound = all(0 <= i < len(lines) for stack in stacks for i in stack)
        sound &= len(at) == len(stacks)
        sound &= all(0 <= i < max(1, len(s)) for i, s in zip(at, stacks, strict=False))
        sound &= all(0 <= i < len(stacks) for i in (*ops.values(), *modules.values()))
        if not sound:
            raise ValueError("a number that names nothing")
        texts = {_clean(str(k)): str(v) for k, v in body["texts"].items()}
        merged, notes = (tuple(map(str, body[name])) for name in ("merged", "notes"))
        return Trace(lines, stacks, at, ops, modules, texts, frozenset(merged), notes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngineError("the source lines cannot be read", found=str(error)[:200]) from error
