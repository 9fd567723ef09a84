"""How much a file may ask of us, and why.  Everything above a limit is refused in one sentence."""

from __future__ import annotations

# protobuf itself ends at 2 GiB; larger models keep their weights in a file of their own.
MAX_FILE_BYTES = 2 * 2**30
# A zip or gzip may unpack to this much, and to this many times its own size.  Weights of random
# numbers hardly shrink; graphs with repeated metadata shrink about 60 times (the test models).
MAX_UNPACKED_BYTES = MAX_FILE_BYTES
MAX_EXPANSION = 1000
MAX_ZIP_MEMBERS = 10_000
# The largest export seen has 10,500 nodes; a page can show no more than this anyhow.
MAX_NODES = 200_000
MAX_TENSORS = 1_000_000
# Functions that call functions, bodies in bodies: PyTorch's deepest is below 20.
MAX_DEPTH = 60
# One tensor of 2**40 elements is 4 TB in fp32; the largest real weight is about 2**32.
MAX_ELEMENTS = 2**40
MAX_RANK = 64
# A loop that runs more often than this is not priced as a known count.
MAX_RUNS = 1_000_000
# A bound size: the largest that a sequence, an image or a batch can sensibly have.
MAX_DIM = 2**31
# The longest name seen in a real file has 430 characters; what is longer than this is cut, and
# stays unique by a digest of the whole.
MAX_NAME = 1000
MAX_ATTRIBUTE_NUMBERS = 10_000
MAX_ATTRIBUTE_TEXT = 1000

# The child that parses.  Address space: the interpreter with numpy and onnx takes 0.6 GB of it,
# the file is held up to four times (bytes, parsed, one copy inside onnx, the answer).
CHILD_BASE_BYTES = 3 * 2**30
CHILD_BYTES_PER_FILE_BYTE = 4
CHILD_CPU_SECONDS = 60
CHILD_WALL_SECONDS = 120
CHILD_ANSWER_BYTES = 2**30
