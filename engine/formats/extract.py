"""Cut a runnable model out of a file: some of its nodes, as they stand.

For files that were read before; it checks nothing.  Bodies of control flow and functions are not
cut out: their nodes carry names of our making.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from numpy.typing import NDArray
from onnx import helper

from engine.errors import EngineError
from engine.formats.names import visible


class Extractor:
    """Indexes a file once; `cut` then makes one model after another out of it.

    Args:
        data: bytes of an ONNX file with its weights inside.
    """

    def __init__(self, data: bytes) -> None:
        self._model = onnx.load_from_string(data)
        graph = self._model.graph
        self._places = {
            visible(t): i for i, node in enumerate(graph.node) for t in node.output if t
        }
        self._weights = {visible(w.name): w for w in graph.initializer}

    def has_weight(self, name: str) -> bool:
        """Whether the file stores the tensor itself."""
        return name in self._weights

    def cut(
        self, made: Sequence[str], feeds: Mapping[str, NDArray], outputs: Sequence[str]
    ) -> bytes:
        """A model of the nodes that make some tensors.

        Args:
            made: for each node wanted, a tensor that it makes.
            feeds: what the model will be fed, for names, types and shapes.
            outputs: what it shall return.

        Returns:
            Bytes of an ONNX file; stored weights that the nodes read are inside.

        Raises:
            EngineError: a node is not in the file's main graph.
        """
        missing = [t for t in made if t not in self._places]
        if missing:
            raise EngineError(
                "node is inside a function or a body and cannot be cut out", missing[0]
            )
        places = sorted({self._places[t] for t in made})
        nodes = [self._model.graph.node[i] for i in places]
        read = {visible(t) for node in nodes for t in node.input if t}
        graph = helper.make_graph(
            nodes,
            "cut",
            [
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
                )
                for name, array in feeds.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            [self._weights[t] for t in read if t in self._weights and t not in feeds],
        )
        return helper.make_model(
            graph,
            opset_imports=self._model.opset_import,
            ir_version=max(self._model.ir_version, 4),
            functions=self._model.functions,
        ).SerializeToString()
