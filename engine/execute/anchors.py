"""Twenty kernels that are timed again and again: how fast this machine is now.

They stand side by side in one network, so that one session times all of them.  The median ratio
of their times to those of a calibration is its scale: above 1 the machine is slower than it was.
"""

from __future__ import annotations

import time

import numpy as np

from engine.execute.networks.images import conv, pool
from engine.execute.networks.net import Net, Value
from engine.execute.session import feeds_for, open_session

_RUNS = 3


def anchor_net() -> bytes:
    """The network of the anchors; always the same."""
    net = Net(np.random.default_rng(20))
    ends: list[Value] = []
    image = net.input((1, 64, 28, 28))
    for columns, size, groups in ((64, 3, 1), (128, 1, 1), (64, 3, 64), (32, 5, 1)):
        ends.append(conv(net, image, columns, size, 1, groups, "relu", bias=True))
    photo = net.input((1, 3, 96, 96))
    ends.append(conv(net, photo, 32, 3, 2, act="relu", bias=True))
    ends.append(pool(net, ends[0], "MaxPool", 2, 2))
    words = net.input((1, 64, 256))
    wide = net.linear(words, 512)
    ends += [net.act(wide, "gelu"), net.linear(words, 64), net.norm(words)]
    heads = net.transpose(net.reshape(words, 1, 64, 4, 64), 0, 2, 1, 3)
    turned = net.transpose(net.reshape(words, 1, 64, 4, 64), 0, 2, 3, 1)
    scores = net.op("MatMul", [heads, turned], (1, 4, 64, 64))
    ends.append(net.op("Softmax", [scores], scores.shape, axis=-1))
    row = net.input((1, 1024))
    ends.append(net.linear(row, 512))
    plain = net.input((1, 64, 64, 64))
    ends += [net.act(plain, "sigmoid"), net.add(plain, net.weight(64, 1, 1)),
             net.mul(plain, net.op("Relu", [plain], plain.shape)),
             net.op("ReduceMean", [plain], (1, 64, 64, 1), axes=(3,), keepdims=1),
             net.concat([plain, plain], 1)]  # fmt: skip
    return net.bytes("anchors", ends)


class Anchors:
    """Times the anchors between other things, in one session that stays open."""

    def __init__(self) -> None:
        self._session = open_session(anchor_net())
        self._feeds = feeds_for(self._session)
        for _ in range(_RUNS):
            self._session.run(None, self._feeds)
        self._rounds: list[float] = []

    def run(self) -> None:
        """One round: some runs, the first left out."""
        self._session.run(None, self._feeds)
        times = []
        for _ in range(_RUNS):
            start = time.thread_time()
            self._session.run(None, self._feeds)
            times.append(time.thread_time() - start)
        self._rounds.append(float(np.median(times)))

    def seconds(self) -> list[float]:
        """Each round's time of all twenty together, s."""
        return list(self._rounds)
