"""Which line of source a task comes from: forty checked by hand, a JSON map, TorchScript names.

The lines of `TRUTH` were read in the sources themselves: `unet.py` beside the models, and the
package transformers 5.23.0 that the others were exported from.  A folder with them, named by
PAREDOWN_SOURCE_ROOT, adds the line that is measured with sources.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import onnx

import engine
from engine import formats
from tests.acceptance import corpus
from tests.acceptance.line import NOT_RUN, Line, judged

LEAST, LEAST_WITH_SOURCES = 0.85, 0.95
TARGET = "phone-npu"
VIT, GPT2, LLAMA = "modeling_vit.py", "modeling_gpt2.py", "modeling_llama.py"
RESNET, MOBILENET = "modeling_resnet.py", "modeling_mobilenet_v2.py"
SEGFORMER = "modeling_segformer.py"
_STAGE = "m/segformer/stages/0/blocks/0"
# (export, name of the task, file, line): where the program calls what the task computes
TRUTH = (
    ("unet_v1", "stem/norm1", "unet.py", 18),
    ("unet_v1", "stem/norm2", "unet.py", 19),
    ("unet_v1", "down/0/pool", "unet.py", 29),
    ("unet_v1", "down/2/conv/norm1", "unet.py", 18),
    ("unet_v1", "up/0/up", "unet.py", 39),
    ("unet_v1", "up/1", "unet.py", 40),
    ("unet_v1", "up/2/conv/norm2", "unet.py", 19),
    ("unet_v1", "head", "unet.py", 61),
    ("unet_v2_deeper", "down/0/pool", "unet.py", 29),
    ("unet_v2_deeper", "up/0", "unet.py", 40),
    ("unet_v2_deeper", "head", "unet.py", 61),
    ("resnet18", "m/resnet/embedder/embedder/normalization", RESNET, 66),
    ("resnet18", "m/resnet/embedder/pooler", RESNET, 92),
    ("resnet18", "m/resnet/encoder/stages/1/layers/0/shortcut/normalization", RESNET, 108),
    ("resnet18", "m/resnet/pooler", RESNET, 322),
    ("resnet18", "m/classifier/1", RESNET, 373),
    ("mobilenetv2", "m/mobilenet_v2/conv_stem/first_conv/normalization", MOBILENET, 147),
    ("mobilenetv2", "m/mobilenet_v2/pooler", MOBILENET, 354),
    ("mobilenetv2", "m/classifier", MOBILENET, 411),
    ("vit_s16", "m/vit/embeddings/patch_embeddings/projection", VIT, 69),
    ("vit_s16", "m/vit/embeddings/cat", VIT, 147),
    ("vit_s16", "m/vit/layers/0/layernorm_before", VIT, 274),
    ("vit_s16", "m/vit/layers/0/attention/q_proj", VIT, 216),
    ("vit_s16", "m/vit/layers/0/attention", VIT, 224),
    ("vit_s16", "m/vit/layers/0/mlp/fc1", VIT, 250),
    ("vit_s16", "m", VIT, 546),
    ("gpt2_6l", "m/transformer/wte", GPT2, 567),
    ("gpt2_6l", "m/transformer/h/0/attn/c_attn/Gemm_537", "pytorch_utils.py", 119),
    ("gpt2_6l", "m/transformer/h/0/attn/c_attn/Split_507", GPT2, 185),
    ("gpt2_6l", "m/transformer/h/0/attn", GPT2, 211),
    ("gpt2_6l", "m/lm_head", GPT2, 695),
    ("segformer_b0", f"{_STAGE}/attention/sequence_reduction/sequence_reduction", SEGFORMER, 105),
    ("segformer_b0", f"{_STAGE}/mlp/dwconv/dwconv", SEGFORMER, 216),
    ("segformer_b0", f"{_STAGE}/mlp/activation_fn", "activations.py", 89),
    ("segformer_b0", "m/decode_head/upsample_bilinear2d", SEGFORMER, 513),
    ("segformer_b0", "m/decode_head/batch_norm", SEGFORMER, 518),
    ("llama_24l_7k_nodes", "m/model/embed_tokens", LLAMA, 370),
    ("llama_24l_7k_nodes", "m/model/layers/0/self_attn/q_proj", LLAMA, 243),
    ("llama_24l_7k_nodes", "m/model/layers/0/mlp/gate_proj", LLAMA, 164),
    ("llama_24l_7k_nodes", "m/lm_head", LLAMA, 468),
)
# The 24 tasks of the U-Net exported by TorchScript: its module, and the line that calls it.
SCRIPTED = (
    ("stem.conv1", 18), ("stem.conv2", 19),
    *((f"down.{i}.{name}", line) for i in range(3)
      for name, line in (("pool", 29), ("conv.conv1", 18), ("conv.conv2", 19))),
    *((f"up.{i}{name}", line) for i in range(3)
      for name, line in ((".up", 39), ("", 40), (".conv.conv1", 18), (".conv.conv2", 19))),
    ("head", 61),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one task.

    Args:
        task: export and name.
        wanted, line: `file:line`; "" none.
        said: the task is named as one whose exporter kept only the line of its norm.
    """

    task: str
    wanted: str
    line: str
    said: bool = False

    @property
    def right(self) -> bool:
        """The line is the wanted one."""
        return self.line == self.wanted


@dataclass(frozen=True, slots=True)
class Seen:
    """All that line 1 judges; `with_sources` is () where no folder was named.

    Args:
        placed: of each export, (name, tasks with a line, tasks).
    """

    traced: tuple[Found, ...]
    with_sources: tuple[Found, ...]
    mapped: tuple[Found, ...]
    scripted: tuple[Found, ...]
    scripted_lines: tuple[Found, ...]
    placed: tuple[tuple[str, int, int], ...]


def measure() -> Seen:
    """Read the exports and ask for the line of each task of the truth.

    Raises:
        NotRun: the exports are not here.
    """
    files = {path.name.removesuffix(".onnx.gz"): path for path in corpus.exports()}
    root = os.environ.get("PAREDOWN_SOURCE_ROOT")
    traced: list[Found] = []
    sourced: list[Found] = []
    mapped: list[Found] = []
    placed = []
    for name in dict.fromkeys(row[0] for row in TRUTH):
        rows = [row for row in TRUTH if row[0] == name]
        made, trace = _compiled(files[name]), formats.trace(files[name])
        found = engine.source_of(made, trace)
        traced += looked_up(made, found, rows)
        placed.append((name, _placed(found), made.tasks.height))
        if root:
            sourced += looked_up(made, engine.source_of(made, trace, root), rows)
        told = engine.source_of(made, stripped(files[name]), told=map_of(made, rows))
        mapped += looked_up(made, told, rows)
    script = files["unet_v1_torchscript"]
    made = _compiled(script)
    return Seen(
        tuple(traced), tuple(sourced), tuple(mapped), tuple(modules_of(made)),
        tuple(lines_by_module(made, script)), tuple(placed),
    )  # fmt: skip


@cache
def _compiled(path: Path) -> Any:
    return engine.compile_model(engine.read_trusted(path), engine.target(TARGET))


def _placed(found: Any) -> int:
    return int(found.links.filter(found.links["role"] == "line")["task_id"].n_unique())


def looked_up(made: Any, found: Any, rows: Iterable[tuple[str, str, str, int]]) -> list[Found]:
    """The line of each task of the truth, named by the last part of its file's path."""
    number = dict(made.tasks.select("name", "task_id").iter_rows())
    result = []
    for model, name, file, line in rows:
        own = [at for at, role, _ in found.of_task(number[name]) if role == "line"]
        place = own[0].place.rpartition("/")[2] if own else ""
        said = number[name] in found.merged
        result.append(Found(f"{model} {name}", f"{file}:{line}", place, said))
    return result


def stripped(path: Path) -> bytes:
    """The model without a word of metadata."""
    model = onnx.load_from_string(formats.load(path).data)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model.SerializeToString()


def map_of(made: Any, rows: Iterable[tuple[str, str, str, int]]) -> bytes:
    """The truth as a JSON map, by the names of nodes."""
    number = dict(made.tasks.select("name", "task_id").iter_rows())
    ops = {made.graph.ops[number[name]].name: [f"{file}:{n}"] for _, name, file, n in rows}
    return json.dumps({"paredown_source": 1, "ops": ops}).encode()


def modules_of(made: Any) -> list[Found]:
    """The module that each task of the TorchScript export is found in."""
    groups = [group.replace("/", ".") for group in made.tasks["group"]]
    return [
        Found(f"task {i}", want, got)
        for i, ((want, _), got) in enumerate(zip(SCRIPTED, groups, strict=True))
    ]


def lines_by_module(made: Any, path: Path) -> list[Found]:
    """The line of each of its tasks, with a map from modules to lines."""
    modules = {module: [f"unet.py:{line}"] for module, line in SCRIPTED}
    told = json.dumps({"paredown_source": 1, "modules": modules}).encode()
    found = engine.source_of(made, path, told=told)
    rows = [(*row, made.tasks["name"][i]) for i, row in enumerate(SCRIPTED)]
    return looked_up(made, found, [("", name, "unet.py", line) for _, line, name in rows])


def share(found: Iterable[Found]) -> float:
    """Of tasks whose line is right."""
    rows = list(found)
    return sum(row.right for row in rows) / len(rows)


def judge(seen: Seen) -> tuple[Line, ...]:
    """Four figures and what is wrong; a wrong line that is not said is told apart."""
    wrong = [row for row in seen.traced if not row.right]
    silent = [row for row in wrong if not row.said]
    bare = [name for name, placed, tasks in seen.placed if placed < tasks]
    whole = judged(
        "1", "tasks with the right line, from the trace alone", _figure(seen.traced),
        f"at least {LEAST:.0%} of 40, all tasks have a line, one unsaid at most",
        len(seen.traced) == 40 and share(seen.traced) >= LEAST and len(silent) < 2 and not bare,
        [*(_told(row) for row in wrong), *(f"{name}: not all tasks have a line" for name in bare)],
    )  # fmt: skip
    lines = [whole]
    what = "the same with the sources at hand"
    if seen.with_sources:
        rest = [_told(row) for row in seen.with_sources if not row.right]
        met = share(seen.with_sources) >= LEAST_WITH_SOURCES
        bound = f"at least {LEAST_WITH_SOURCES:.0%}"
        lines.append(judged("1b", what, _figure(seen.with_sources), bound, met, rest))
    else:
        lines.append(Line("1b", what, "", "", NOT_RUN, ("PAREDOWN_SOURCE_ROOT names no folder.",)))
    for id, told, found in (
        ("1c", "metadata stripped, a JSON map by node", seen.mapped),
        ("1d", "TorchScript names: the module of each task", seen.scripted),
        ("1e", "TorchScript with a JSON map by module", seen.scripted_lines),
    ):
        rest = [_told(row) for row in found if not row.right]
        lines.append(judged(id, told, _figure(found), "all", share(found) == 1, rest))
    return tuple(lines)


def _figure(found: Iterable[Found]) -> str:
    rows = list(found)
    return f"{sum(row.right for row in rows)} of {len(rows)}, {share(rows):.1%}"


def _told(row: Found) -> str:
    said = ", and says that it is the norm's" if row.said else ""
    return f"{row.task}: {row.line or 'no line'} instead of {row.wanted}{said}"
