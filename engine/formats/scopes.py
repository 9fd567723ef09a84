"""The module path of a node, from what exporters leave: metadata, else its name.

Rules: 1 PyTorch's `pkg.torch.onnx.name_scopes` is the repr of a list of cumulative module names;
the last entry is the node itself, the one before it the module: `['', 'down', 'down.0', 'conv']`
-> ("down", "0").  2 else `namespace`, "name: class" joined by "/", read the same way.  3 else a
name with "/" is a path whose last part is the node ("/down/0/Conv" -> ("down", "0")).  4 else a
name with "." whose parts are identifiers, unless it is only a type and a number ("Conv.12").
5 a node without a path takes its producer's, but only where the file has metadata (rewriters
drop it from some nodes).
"""

from __future__ import annotations

import ast
from typing import Any

from engine.formats.names import visible

_NAME_SCOPES = "pkg.torch.onnx.name_scopes"
_SCAN = 64  # entries of a node's metadata that are looked at; exporters write at most eight
_MAX_PARTS = 64
Scope = tuple[str, ...]


class Scopes:
    """Reads module paths; remembers what it parsed, as neighbours share their module."""

    def __init__(self) -> None:
        self.from_metadata = 0
        self._parsed: dict[str, Scope] = {}

    def of(self, node: Any) -> Scope:
        """Module path of a node from the outside in, () when the file does not say."""
        namespace = ""
        for entry in node.metadata_props[:_SCAN]:
            key = entry.key
            if key == _NAME_SCOPES:
                scope = self._metadata(entry.value, ", ", _from_list)
                if scope is not None:
                    return scope
            elif key == "namespace":
                namespace = entry.value
        if namespace:
            scope = self._metadata(namespace, "/", _from_namespace)
            if scope is not None:
                return scope
        return self.of_name(node.name)

    def _metadata(self, text: str | bytes, mark: str, parse: Any) -> Scope | None:
        if not isinstance(text, str) or len(text) > 20_000:
            return None
        parents = text.rpartition(mark)[0]  # the last part is the node's own
        scope = self._parsed.get(parents)
        if scope is None:
            scope = self._parsed[parents] = parse(parents)
        self.from_metadata += 1
        return scope

    def of_name(self, name: str | bytes) -> Scope:
        """Module path that a node's name spells."""
        if not isinstance(name, str) or len(name) > 1000:
            return ()
        if "/" in name:
            parts = name.strip("/").split("/")[:-1]
        elif "." in name:
            parts = name.split(".")[:-1]
            if not all(p.isidentifier() or p.isdigit() for p in parts) or len(parts) < 2:
                return ()
            if parts[0] == "p2o":  # Paddle's exporter: "p2o.Conv.12" is a type and a number
                return ()
        else:
            return ()
        return _clean(p for part in parts for p in part.split("."))


def _from_list(parents: str) -> Scope:
    if not parents:
        return ()
    try:
        names = ast.literal_eval(parents + "]")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    if not isinstance(names, list) or not names or not isinstance(names[-1], str):
        return ()
    return _clean(names[-1].split("."))


def _from_namespace(parents: str) -> Scope:
    return _clean(parents.rpartition("/")[2].partition(": ")[0].split("."))


def _clean(parts: Any) -> Scope:
    return tuple(visible(p) for p in parts if p)[:_MAX_PARTS]
