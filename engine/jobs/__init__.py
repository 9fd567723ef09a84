"""Carries out what takes long: the rows of `store` are the truth, Dask is the muscle.

`worker.py` is the one process that holds the lease: it claims units, hands them to a cluster
(`cluster.py`), writes what became of them.  `unit.py` is what runs in a process of the cluster: it
calls a kind (`kinds/`), which reads and writes content-addressed files and knows no database.
Whatever dies at any moment, no job is lost and none has its effect twice.
"""

from engine.jobs.cluster import Cluster
from engine.jobs.place import Cancelled, Place, read_result
from engine.jobs.unit import run_here
from engine.jobs.worker import run_worker

__all__ = ["Cancelled", "Cluster", "Place", "read_result", "run_here", "run_worker"]
