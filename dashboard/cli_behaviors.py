"""The commands `paredown behaviors` and `paredown layers`: what compression did to a model."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.cli_model import print_json
from engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.behaviors import Answer, Finding, Outputs, Remedy
    from engine.layers import Module


def add(commands: Any) -> None:
    """Add the commands to a parser's."""
    said = commands.add_parser("behaviors", help="what models make of data, beside a base")
    said.add_argument("base", metavar="BASE",
                      help="ONNX file, or predictions as .npz, .parquet, .json")  # fmt: skip
    said.add_argument("models", nargs="+", metavar="MODEL", help="the same")
    said.add_argument("--data", metavar="F", help="samples for ONNX files: .npz, .csv, .parquet")
    said.add_argument("--metric", default="", metavar="M", help="id of a comparison metric")
    said.add_argument("--relative", action="store_true", help="differences from the base")
    said.add_argument("--instances", action="store_true", help="rows are instances, not classes")
    said.add_argument("--inside", default="", metavar="CLASS", help="of this class only")
    said.add_argument("--by", default="", metavar="MODEL", help="order rows by this model")
    said.add_argument("--page", type=int, default=1, metavar="N", help="50 rows each, from 1")
    said.add_argument("--findings", action="store_true", help="only what stands out")
    said.add_argument("--json", action="store_true", help="print one JSON object")
    said.set_defaults(run=_behaviors)
    deep = commands.add_parser("layers", help="weights and activations of a model beside its base")
    deep.add_argument("base", metavar="BASE", help="ONNX file")
    deep.add_argument("model", metavar="MODEL", help="ONNX file that was made from it")
    deep.add_argument("--data", metavar="F", help="samples: compare activations, not weights")
    deep.add_argument("--by", default="relative", metavar="KEY", help="figure that orders the rows")
    deep.add_argument("--filter", default="", metavar="REGEX", help="modules by name")
    deep.add_argument("--findings", action="store_true", help="only what stands out")
    deep.add_argument("--json", action="store_true", help="print one JSON object")
    deep.set_defaults(run=_layers)


def _behaviors(options: argparse.Namespace) -> int:
    from engine import behaviors

    paths = [Path(p) for p in (options.base, *options.models)]
    names = _apart(paths)
    made = _outputs(dict(zip(names, paths, strict=True)), options.data)
    found = behaviors.matched(next(made), made)
    if options.findings:
        told = {n: behaviors.findings(found, k) for k, n in enumerate(names) if k}
        causes = _causes(dict(zip(names, paths, strict=True)), told)
        why = {n: behaviors.unjudged(found, k) for k, n in enumerate(names) if k}
        return _tell(told, options.json, causes, why)
    metric = options.metric or found.measures[0].id
    question = behaviors.Question(
        metric, options.relative, not options.instances, options.inside, by=options.by,
        order="down" if options.by else "", page=options.page - 1,
    )  # fmt: skip
    answer = behaviors.ask(found, question)
    if options.json:
        told = {k: v for k, v in asdict(answer).items() if k not in ("measure", "histogram")}
        print_json(_finite(told) | {"metric": metric, "metrics": [m.id for m in found.measures]})
    else:
        sys.stdout.write(_table(answer))
    return 0


def _apart(paths: list[Path]) -> list[str]:
    """Names of files, with a number where two are alike."""
    names: list[str] = []
    for path in paths:
        again = sum(n == path.stem or n.startswith(f"{path.stem} (") for n in names)
        names.append(f"{path.stem} ({again + 1})" if again else path.stem)
    return names


def _outputs(models: dict[str, Path], data: str | None) -> Iterator[tuple[str, Outputs]]:
    """Name and outputs of each, one in memory at a time; the data is read once."""
    from engine import behaviors
    from engine.formats import read_arrays

    arrays = None
    for name, path in models.items():
        if path.suffix.lower() in behaviors.ENDINGS:
            yield name, behaviors.read_outputs(path)
            continue
        if not data:
            raise EngineError("needs data to run on", path.name, try_this="--data samples.npz")
        arrays = read_arrays(data) if arrays is None else arrays
        yield from behaviors.predict({name: path}, arrays)


def _table(answer: Answer) -> str:
    def figures(values: Any) -> str:
        return "".join(f"{'unknown' if v != v else f'{v:.4g}':>16}" for v in values)

    row, kind = answer.summary, "differences" if answer.relative else "values"
    lines = [
        f"{answer.measure.label}, {kind}; {answer.kept:,} of {answer.total:,} instances",
        f"{'':<24}{'count':>8}{''.join(f'{n[:15]:>16}' for n in answer.models)}",
    ]
    for one in (row, *answer.rows):
        name = one.name or "all"
        lines.append(f"{name[:23]:<24}{one.count:>8,}{figures(getattr(one, kind))}")
    pages = -(-answer.count // 50)
    if pages > 1:
        lines.append(f"page {answer.page + 1} of {pages}")
    return "\n".join(lines) + "\n"


def _layers(options: argparse.Namespace) -> int:
    import engine
    from engine import layers
    from engine.formats import load

    base, model = (
        engine.unpack_model(load(Path(p), Path(p).name).data) for p in (options.base, options.model)
    )
    inputs = engine.read_samples(base, options.data).inputs if options.data else None
    if options.findings:
        name = Path(options.model).stem
        told = layers.findings(base, model, inputs)
        return _tell({name: told}, options.json, {name: _cause(base, model)}, {})
    if inputs is not None:
        sides = [layers.compare_activations(base, m, inputs) for m in (base, model)]
    else:
        sides = [layers.compare_weights(base, m) for m in (base, model)]
    modules = layers.tree(sides)
    order = "up" if options.by in layers.WORSE_LOW else "down"
    rows = [
        m
        for m in layers.shown(modules, options.filter, 1, options.by, order, whole=True).rows
        if m.leaf
    ]
    found: list[dict[str, Any]] = [
        {"name": m.name, "role": m.role, "size": m.size, **_figures(m)} for m in rows
    ]
    notes = [*sides[1].notes, *(f"{n} is only in the base." for n in sides[1].only_base),
             *(f"{n} is only in the model." for n in sides[1].only_model)]  # fmt: skip
    if options.json:
        print_json({"layers": _finite(found), "notes": notes})
        return 0
    keys = list(layers.KEYS)
    sys.stdout.write(f"{'':<44}{'numbers':>10}{''.join(f'{k:>12}' for k in keys)}\n")
    for one in found:
        figures = "".join(f"{_said(one[k]):>12}" for k in keys)
        sys.stdout.write(f"{one['name'][-43:]:<44}{one['size']:>10,}{figures}\n")
    sys.stdout.write("".join(f"{n}\n" for n in notes))
    return 0


def _causes(
    paths: Mapping[str, Path], told: Mapping[str, Sequence[Finding]]
) -> dict[str, tuple[Any, ...]]:
    """What files tell of the causes in those models in which something stands out."""
    import engine
    from engine.behaviors import ENDINGS
    from engine.formats import load

    def read(path: Path) -> bytes:
        return engine.unpack_model(load(path, path.name).data)

    base = next(iter(paths.values()))
    some = [n for n, found in told.items() if found and paths[n].suffix.lower() not in ENDINGS]
    if not some or base.suffix.lower() in ENDINGS:
        return {}
    first, causes = read(base), {}
    for name in some:
        with suppress(EngineError):  # nothing in common: what they made is compared all the same
            causes[name] = _cause(first, read(paths[name]))
    return causes


def _cause(base: bytes, model: bytes) -> tuple[Any, ...]:
    """Steps, findings on layers and changes of weights, as `layers.remedies` takes them."""
    from engine import layers

    compared = layers.compare_weights(base, model)
    return layers.steps_seen(compared), layers.findings(base, model), compared


def _tell(
    found: Mapping[str, Sequence[Finding]], as_json: bool, causes: Mapping[str, tuple[Any, ...]],
    why: Mapping[str, str],
) -> int:  # fmt: skip
    """Print what stands out in each model, with the operations that may help.

    Args:
        found: model -> findings.
        as_json: as one object.
        causes: model -> what `layers.remedies` takes.
        why: model -> why nothing could be found.
    """
    from engine import layers

    helps = {n: [layers.remedies(f, *causes.get(n, ())) for f in some]
             for n, some in found.items()}  # fmt: skip
    if as_json:
        told = {
            n: [asdict(f) | {"remedy": next((asdict(r) for r in rs), None),
                             "remedies": [asdict(r) for r in rs]}
                for f, rs in zip(some, helps[n], strict=True)]
            for n, some in found.items()
        }  # fmt: skip
        print_json({"findings": _finite(told)})
        return 0
    for name, some in found.items():
        few = "one thing stands out" if some else why.get(name) or "nothing stands out"
        many = f"{len(some)} things stand out"
        sys.stdout.write(f"{name}: {many if len(some) > 1 else few}\n")
        for finding, rs in zip(some, helps[name], strict=True):
            sys.stdout.write(f"  {finding.sentence}\n")
            sys.stdout.write("".join(f"    {r.words}: {_called(r)}\n" for r in rs))
            if not rs:
                sys.stdout.write(f"    {layers.no_remedy(finding, causes.get(name, ((),))[0])}\n")
    return 0


def _called(remedy: Remedy) -> str:
    """The operations of a remedy, as they are called in scripts."""
    first = (remedy.operation or "the same operation", remedy.values)
    return ", then ".join(
        " ".join([id, *(f"{k}={', '.join(v) if isinstance(v, tuple) else v}"
                        for k, v in values.items())])
        for id, values in (first, *remedy.then)
    )  # fmt: skip


def _figures(module: Module) -> dict[str, float]:
    from engine import layers

    return {k: layers.figure(module, 1, k) for k in layers.KEYS}


def _said(value: float) -> str:
    """A figure; nothing changed where it is infinite, nothing is known where it is no number."""
    return "unknown" if value != value else "same" if math.isinf(value) else f"{value:.3g}"


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
