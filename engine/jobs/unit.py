"""One unit, in a process of the cluster: limits, the kind's code, the result as a file."""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.jobs.place import Cancelled, Place, read_result, write_result

TOPIC = "units"
TELL_S = 0.25  # between two words on how far it is
SECONDS = 1_800.0  # of a unit, after which its process is stopped
KINDS = {
    "compress": "engine.jobs.kinds.compress",
    "evaluate": "engine.jobs.kinds.evaluate",
    "layers": "engine.jobs.kinds.layers",
    "measure": "engine.jobs.kinds.measure",
    "operation": "engine.jobs.kinds.operation",
    "predict": "engine.jobs.kinds.predict",
}
MORE_KINDS = "PAREDOWN_KINDS"  # environment: further kinds as name=module,…

Run = Callable[[Mapping[str, Any], Place], Mapping[str, Any]]


def run_unit(folder: str, job_id: str, seq: int, kind: str, args: str, digest: str) -> str:
    """Carry out a unit, unless its result is there.  Errors are words: nothing of ours is pickled.

    Returns:
        "" when the result is written; "cancelled"; else "failed: " and why.
    """
    place = Path(folder)
    if read_result(place, digest) is not None:
        return ""
    with tempfile.TemporaryFile() as trace:  # a thread of C code: works whoever holds the GIL
        faulthandler.dump_traceback_later(SECONDS, exit=True, file=trace)
        try:
            found = _kind(kind)(json.loads(args), Place(place, job_id, _teller(job_id, seq)))
            write_result(place, digest, found)
        except Cancelled:
            return "cancelled"
        except EngineError as error:
            return f"failed: {error.sentence}"
        except MemoryError:
            return "failed: there is not enough memory for this"
        except Exception as error:  # a fault of ours: said, not lost
            return f"failed: {type(error).__name__}: {error}"
        finally:
            faulthandler.cancel_dump_traceback_later()
    return ""


def run_here(folder: Path, kind: str, args: Mapping[str, Any], digest: str) -> Mapping[str, Any]:
    """Carry out a short unit in this process; its result is kept as that of any other.

    Raises:
        EngineError: it cannot be carried out.
    """
    found = read_result(folder, digest)
    if found is None:
        found = dict(_kind(kind)(args, Place(folder)))
        write_result(folder, digest, found)
    return found


def known(kind: str) -> bool:
    """Whether there is code for a kind."""
    return kind in _kinds()


def _kinds() -> dict[str, str]:
    more = os.environ.get(MORE_KINDS, "")
    return KINDS | dict(part.split("=", 1) for part in more.split(",") if "=" in part)


def _kind(name: str) -> Run:
    module = _kinds().get(name)
    if module is None:
        raise EngineError("there is no code for this kind of job", found=repr(name[:40]))
    run: Run = importlib.import_module(module).run
    return run


def _teller(job_id: str, seq: int) -> Callable[[float, str], None]:
    """Tells the worker through Dask, at most four times a second; without Dask it tells nobody."""
    last = 0.0

    def tell(share: float, words: str) -> None:
        nonlocal last
        if time.monotonic() - last < TELL_S:
            return
        last = time.monotonic()
        from distributed import get_worker

        try:
            get_worker().log_event(TOPIC, [job_id, seq, float(share), words])
        except ValueError:  # not in a worker
            return

    return tell
