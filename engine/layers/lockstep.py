"""A model and its base, run batch by batch side by side: two batches of each in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from engine.compress import Runner
from engine.errors import EngineError
from engine.formats import Network

Array = NDArray[Any]
Arrays = dict[str, Array]
AT_ONCE = 32 << 20  # bytes of outputs of a batch; two of each model are in memory
MOST_BATCH = 16


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

    def __iter__(self) -> Iterator[tuple[int, dict[str, tuple[Array, Array]]]]:
        """(samples done, tensor of the base -> (base's values, model's values)) of each batch."""
        last = self.count - self.spare
        with ThreadPoolExecutor(2) as pool:  # each on one thread, a batch ahead of who reads them

            def begin(start: int) -> list[Future[Arrays]]:
                part = self._part(start, start + self.batch)
                sides = [self._one] if self._one is self._two else [self._one, self._two]
                return [pool.submit(side, part) for side in sides]

            ahead = begin(0) if last else []
            for start in range(0, last, self.batch):
                made = [side.result() for side in ahead]
                ahead = begin(start + self.batch) if start + self.batch < last else []
                b, x = made[0], made[-1]
                yield (
                    min(last, start + self.batch),
                    {name: (b[name], x[other]) for name, other in self._pairs.items()},
                )

    def _part(self, start: int, stop: int) -> Arrays:
        """Some samples; an input that is one number goes with all of them."""
        return {n: a[start:stop] if a.ndim else a for n, a in self._feeds.items()}


def _runner(network: Network, names: Sequence[str]) -> Runner:
    return Runner(network.cut(list(dict.fromkeys(names))), optimized=False)
