"""A model and its base, run side by side, some batches at a time; of each only a part is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from itertools import chain, islice
from typing import Any, TypeVar

from numpy.typing import NDArray

from engine.compress import Runner
from engine.errors import EngineError
from engine.formats import Network

T = TypeVar("T")
Array = NDArray[Any]
Arrays = dict[str, Array]
AT_ONCE = 32 << 20  # bytes of outputs of a batch
MOST_BATCH = 16
RUN = 2 * AT_ONCE  # bytes of outputs of a run of batches: a longer one is faster, a sample
MOST_RUN = 64  # samples of it


class LockStep:
    """Some tensors of both models over samples.

    Args:
        base: the network before; model: the one made from it.
        same: both are one file, which then runs once.
        pairs: tensor of the base -> the one that stands for it in the model.
        inputs: name -> [samples, …].
        also: tensors of the base that `first` has as well.

    Raises:
        EngineError: a model does not run, or there is nothing to run.
    """

    def __init__(
        self, base: Network, model: Network, same: bool, pairs: Mapping[str, str],
        inputs: Mapping[str, Array], also: Sequence[str] = (),
    ) -> None:  # fmt: skip
        read = set(base.inputs) | set(model.inputs)
        self._feeds = {n: a for n, a in inputs.items() if n in read}
        self.count = min((len(a) for a in self._feeds.values() if a.ndim), default=0)
        if not self.count:
            raise EngineError("there are no samples to run", "layers, data")
        self._pairs = pairs
        self._one = _runner(base, (*pairs, *also))
        self._two = self._one if same else _runner(model, tuple(pairs.values()))
        fixed = next((d[0] for _, d in base.inputs.values() if d and isinstance(d[0], int)), 0)
        # of each tensor what the base makes of the first sample
        self.first = self._one(self._part(0, fixed or 1))
        each = sum(a.nbytes for a in self.first.values())
        self.batch = fixed or max(1, min(MOST_BATCH, AT_ONCE // max(1, each)))
        # samples that are left out, because a fixed batch cannot be filled by the rest
        self.spare = self.count % self.batch if fixed else 0
        many = min(MOST_RUN, RUN // max(1, each)) // self.batch
        self._run = fixed or self.batch * max(1, many)

    def runs(
        self, pool: Executor, take: Callable[[Array, int], T], ahead: int = 1
    ) -> Iterator[tuple[int, dict[str, tuple[T, T]]]]:
        """(samples done, tensor of the base -> what was taken of both) of some batches each.

        Args:
            pool: two threads, one for each model; what else it is given runs in between.
            take: what is kept of a tensor of so many samples, on the thread that made it.
            ahead: runs that are begun before they are read.
        """
        last = self.count - self.spare
        sides = [(self._one, tuple(self._pairs))]
        if self._two is not self._one:
            sides.append((self._two, tuple(self._pairs.values())))

        def taken(run: Runner, names: Sequence[str], start: int) -> list[T]:
            stop = min(last, start + self._run)
            made = run(self._part(start, stop))
            return [take(made[name], stop - start) for name in names]

        begun: deque[list[Future[list[T]]]] = deque()
        starts = iter(range(0, last, self._run))
        try:
            for start in range(0, last, self._run):
                for coming in islice(starts, 1 + ahead - len(begun)):
                    begun.append([pool.submit(taken, *side, coming) for side in sides])
                made = [side.result() for side in begun.popleft()]
                done = min(last, start + self._run)
                yield done, dict(zip(self._pairs, zip(made[0], made[-1], strict=True), strict=True))
        finally:
            for future in chain(*begun):
                future.cancel()

    def _part(self, start: int, stop: int) -> Arrays:
        """Some samples; an input that is one number goes with all of them."""
        return {n: a[start:stop] if a.ndim else a for n, a in self._feeds.items()}


def _runner(network: Network, names: Sequence[str]) -> Runner:
    return Runner(network.cut(list(dict.fromkeys(names))), optimized=False)
