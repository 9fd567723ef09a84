"""Files of predictions from people, who may mean harm: parsed in a confined process."""

from __future__ import annotations

import io
from pathlib import Path

from engine.behaviors.instances import Instances, instances_of
from engine.behaviors.keeping import Arrays, outputs_of
from engine.behaviors.outputs import Outputs
from engine.behaviors.reading import MOST_BYTES
from engine.errors import EngineError
from engine.formats import check_size, read_confined, unpacked_size

ENDINGS = (".npz", ".parquet", ".json")
SHOWN_IN = "instances."  # before the names of the arrays that are of them


def read_predictions(source: str | Path | bytes, name: str = "") -> tuple[Outputs, Instances]:
    """What a model made, from a file of predictions, and what the file shows of the instances.

    Args:
        source: path of the file, or its bytes.
        name: whose ending says what it is; "" takes the path's.

    Raises:
        EngineError: too large, of no known kind, or not what it should be; one sentence.
    """
    if isinstance(source, bytes):
        arrays = _read(io.BytesIO(source), len(source), name)
    else:
        path = Path(source)
        try:
            with path.open("rb") as file:
                arrays = _read(file, path.stat().st_size, name or path.name)
        except OSError as error:
            raise EngineError("cannot be read", (name or path.name)[:200],
                              found=error.strerror or "") from error  # fmt: skip
    return outputs_of(arrays), instances_of(
        {k.removeprefix(SHOWN_IN): a for k, a in arrays.items() if k.startswith(SHOWN_IN)}
    )


def read_outputs(source: str | Path | bytes, name: str = "") -> Outputs:
    """As `read_predictions`, without what is shown of the instances."""
    return read_predictions(source, name)[0]


def _read(file: io.BufferedReader | io.BytesIO, size: int, name: str) -> Arrays:
    shown = name[:200]
    if not name.lower().endswith(ENDINGS):
        raise EngineError("is no file of predictions", shown, ".npz, .parquet or .json")
    check_size(size, shown)
    if size > MOST_BYTES:
        raise EngineError("is too large", shown, f"at most {MOST_BYTES >> 20} MiB",
                          f"{size >> 20} MiB")  # fmt: skip
    unpacks = unpacked_size(file, size, shown)
    if unpacks > MOST_BYTES:
        raise EngineError("unpacks to too much", shown, f"at most {MOST_BYTES >> 20} MiB")
    return read_confined("engine.behaviors.arriving_child", file, unpacks, shown)
