"""Random networks to calibrate on: many kinds, each network small, none of them a real model.

Kernels are timed inside networks and not alone, because a kernel that finds its values in a cache
is faster than one that does not.  A network is decided by its family and a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from engine.execute.networks.images import image_net
from engine.execute.networks.pieces import pieces_net
from engine.execute.networks.quantized import quantized_image_net, quantized_sequence_net
from engine.execute.networks.sequences import product_net, sequence_net
from engine.execute.networks.sound import sound_net

__all__ = ["FAMILIES", "build"]

_Family = Callable[[np.random.Generator, bool], bytes]
# Family -> (builder, share of the networks, share of small ones).
FAMILIES: Mapping[str, tuple[_Family, float, float]] = MappingProxyType(
    {
        "image": (image_net, 0.31, 0.25),
        "sequence": (sequence_net, 0.20, 0.2),
        "products": (product_net, 0.09, 0.3),
        "sound": (sound_net, 0.12, 0.3),
        "pieces": (pieces_net, 0.16, 0.3),
        "quantized image": (quantized_image_net, 0.06, 0.2),
        "quantized sequence": (quantized_sequence_net, 0.06, 0.2),
    }
)


def build(family: str, number: int) -> bytes:
    """The network of a family with a number; the same pair gives the same network.

    Raises:
        KeyError: no such family.
    """
    make, _, small = FAMILIES[family]
    random = np.random.default_rng([number, *family.encode()])
    return make(random, bool(random.random() < small))
