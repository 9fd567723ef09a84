"""The passes, one file each: `Graph -> Graph`, the same object when nothing matched.

Their order, and why, is `engine/compile/pipeline.py`.  None rewrites arithmetic: a pass folds
ops away, or groups them, so that a task is always a set of the file's own ops.
"""

from engine.compile.passes.drop_dead import drop_dead
from engine.compile.passes.fold_constants import fold_constants
from engine.compile.passes.free_views import free_views
from engine.compile.passes.fuse_conv import fuse_conv
from engine.compile.passes.fuse_matmul import fuse_matmul

__all__ = [
    "drop_dead",
    "fold_constants",
    "free_views",
    "fuse_conv",
    "fuse_matmul",
]
