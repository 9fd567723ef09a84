"""The child process that places boxes: fast-sugiyama may crash, hang or eat memory here.

Arrays on standard input, a layout on standard output, both as `atlas_format` writes them.  It
imports numpy and fast-sugiyama and nothing else, so that starting it costs little.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import fields
from typing import Any

import numpy as np

from dashboard.figures.atlas_format import pack, unpack
from dashboard.figures.atlas_layout import Layout, lay_out

MEMORY_BYTES = 4 * 10**9  # address space; numpy and its threads reserve much that they never use
CPU_SECONDS = 20
HINTED = 20_000  # links that fast-sugiyama may order here, where a clock runs
ENDS = frozenset(("kind", "ends"))
PLACES = frozenset(("x", "y", "bend_x", "bend_y", "frames"))


def question(
    source: np.ndarray, target: np.ndarray, roots: np.ndarray, block: np.ndarray, direction: str
) -> bytes:
    """The arguments of `lay_out` as bytes."""
    arrays: dict[str, np.ndarray] = {
        "source": source.astype(np.uint32), "target": target.astype(np.uint32),
        "roots": roots.astype(np.uint8), "block": (block + 1).astype(np.uint32),
    }  # fmt: skip
    return pack({"direction": direction}, arrays)


def answer(asked: bytes) -> bytes:
    """What the child does: lay out, and the layout as bytes."""
    header, arrays = unpack(asked)
    block = arrays["block"].astype(np.int64) - 1
    found = lay_out(
        arrays["source"].astype(np.int64), arrays["target"].astype(np.int64),
        arrays["roots"].astype(bool), block, header["direction"], HINTED,
    )  # fmt: skip
    answered = {f.name: _narrow(f.name, getattr(found, f.name)) for f in fields(found)}
    return pack({}, answered)


def layout_of(body: bytes) -> Layout:
    """The layout of an answer.

    Raises:
        ValueError: the bytes are not one.
    """
    _, arrays = unpack(body)
    try:
        return Layout(**{name: array.copy() for name, array in arrays.items()})
    except TypeError as error:
        raise ValueError("not a layout") from error


def _narrow(name: str, array: np.ndarray) -> np.ndarray:
    kind: Any = np.uint8 if name in ENDS else np.float32 if name in PLACES else np.uint32
    return array.astype(kind)


def main() -> None:
    """Run as `python -m dashboard.figures.atlas_child`."""
    for kind, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(kind, (value, hard))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
