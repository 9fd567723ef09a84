"""Run a model for real, with onnxruntime.  It prices nothing and rewrites nothing.

`tasks.py` runs a compilation task by task: the proof that its tasks are right.
"""

from engine.execute.tasks import run_tasks

__all__ = ["run_tasks"]
