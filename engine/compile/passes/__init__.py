"""The passes, one file each: `Graph -> Graph`, the same object when nothing matched.

Their order, and why, is `engine/compile/pipeline.py`.  None rewrites arithmetic: a pass folds
ops away, or groups them, so that a task is always a set of the file's own ops.
"""

from engine.compile.passes.absorb_pad import absorb_pad
from engine.compile.passes.absorb_quantization import absorb_quantization
from engine.compile.passes.absorb_weight_quantization import absorb_weight_quantization
from engine.compile.passes.drop_dead import drop_dead
from engine.compile.passes.fold_constants import fold_constants
from engine.compile.passes.free_views import free_views
from engine.compile.passes.fuse_activation import fuse_activation
from engine.compile.passes.fuse_attention import fuse_attention
from engine.compile.passes.fuse_conv import fuse_conv
from engine.compile.passes.fuse_elementwise import fuse_elementwise
from engine.compile.passes.fuse_matmul import fuse_matmul
from engine.compile.passes.fuse_normalization import fuse_normalization
from engine.compile.passes.fuse_rotary import fuse_rotary
from engine.compile.passes.fuse_softmax import fuse_softmax

__all__ = [
    "absorb_pad",
    "absorb_quantization",
    "absorb_weight_quantization",
    "drop_dead",
    "fold_constants",
    "free_views",
    "fuse_activation",
    "fuse_attention",
    "fuse_conv",
    "fuse_elementwise",
    "fuse_matmul",
    "fuse_normalization",
    "fuse_rotary",
    "fuse_softmax",
]
