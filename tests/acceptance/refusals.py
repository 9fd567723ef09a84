"""Stage C, line 5: bad recipes, budgets and addresses, and the sentence that each gets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import engine
from dashboard.queries import Services, open_services
from dashboard.queries.analyses import opening
from dashboard.settings import Settings
from dashboard.urls import View, parse
from engine.errors import EngineError
from tests import builders
from tests.acceptance.hostile import is_sentence
from tests.acceptance.line import Line, judged
from tests.acceptance.recipes import BAD_BUDGET_FILES, BAD_BUDGETS, BAD_RECIPES

LEAST = {"recipe": 30, "budget": 20, "address": 8}
FUTURE = '{"schema": 99, "rules": []}'
INT8, FP16 = (engine.write_recipe(engine.preset(id).recipe) for id in ("int8", "fp16"))
NOWHERE = "x" * 22  # an id that nothing has


@dataclass(frozen=True, slots=True)
class Refused:
    """What one bad input got.

    Args:
        kind: "recipe", "budget" or "address".
        given: the input, shortened.
        wanted: words that the sentence must hold.
        said: the sentence, or what happened instead of one.
    """

    kind: str
    given: str
    wanted: str
    said: str

    @property
    def fine(self) -> bool:
        """One sentence, or two, with the words; nothing broke."""
        return is_sentence(self.said) and self.wanted in self.said


def measure() -> tuple[Refused, ...]:
    """Hand all of them over."""
    body = builders.conv_net().SerializeToString()
    made = engine.compile_model(engine.read_trusted(body), engine.target("phone-npu"))
    found = [
        Refused("recipe", text[:60], words, _said(lambda text=text: _priced(made, text)))
        for text, words in BAD_RECIPES
    ]
    found += [
        Refused("budget", text[:60], words, _said(lambda read=read, text=text: read(text)))
        for read, known in ((engine.budget, BAD_BUDGETS), (engine.read_budgets, BAD_BUDGET_FILES))
        for text, words in known
    ]
    with tempfile.TemporaryDirectory() as folder:
        services = open_services(Settings(data=Path(folder), demo=False, token=False))
        try:
            found += _addresses(services, body)
        finally:
            services.close()
    return tuple(found)


def _priced(made: engine.Compilation, text: str) -> object:
    return engine.resolve(made, engine.read_recipe(text))


def _said(act: Callable[[], object]) -> str:
    """The sentence of an error that a person can read; anything else is no sentence."""
    try:
        act()
    except EngineError as error:
        return error.sentence
    except Exception as bug:
        return f"{type(bug).__name__}\n{bug}"
    return ""


def _addresses(services: Services, body: bytes) -> Iterator[Refused]:
    store = services.store
    with store.blobs.incoming() as path:
        path.write_bytes(body)
        model = store.add(path, engine.read_trusted(body, None, "net"), name="net")[0].id
    mine = store.analyses.create(model, "Mine", INT8, target="phone-npu").id
    gone = store.analyses.create(model, "Gone", INT8, target="toaster-3").id
    future = store.analyses.create(model, "Future", FUTURE).id
    task = store.analyses.create(model, "Task", '{"schema":1,"rules":[{"select":{"tasks":[99]},'
                                 '"action":{}}]}').id  # fmt: skip
    at = f"/model/{model}?target=phone-npu"
    for query, words in (
        (f"&analysis={NOWHERE}", "no such analysis"),
        (f"&analysis={mine}&at={NOWHERE}", "no such checkpoint"),
        ("&preset=magic", "no such preset"),
        (f"&analysis={future}", "newer than this version"),
        (f"&analysis={mine}&vs={NOWHERE}", "The page compares with the baseline"),
    ):
        view = parse(at + query)
        yield Refused("address", query, words, _opened(services, view))
    lost = parse(f"/model/{model}?analysis={gone}")
    yield Refused("address", "a target that is gone", "not here any more", _opened(services, lost))
    odd = parse(f"{at}&analysis={task}&fps=1e400&sel=99999999-1&where=latency_s.gt.n1e400")
    yield Refused("address", "an unknown task, 1e400", "names a task that this model does not have",
                  _opened(services, odd))  # fmt: skip
    yield Refused("address", "a model that is gone", "no such model",
                  _said(lambda: services.model.totals(parse(f"/model/{NOWHERE}"))))  # fmt: skip
    store.analyses.save_draft(mine, FP16, "", 1)
    yield Refused("address", "two tabs on one draft", "changed in another tab",
                  _said(lambda: store.analyses.save_draft(mine, INT8, "", 1)))  # fmt: skip


def _opened(services: Services, view: View) -> str:
    """What the page says as it opens: its notice, else the fault in place of the figures."""
    found = opening(services.store, view)
    return found.notice or _said(lambda: services.model.totals(found.view))


def judge(seen: tuple[Refused, ...]) -> tuple[Line, ...]:
    """Lines 5a to 5c, with the sentence that each got."""
    lines = []
    for id, (kind, least) in zip(("5a", "5b", "5c"), LEAST.items(), strict=True):
        mine = [one for one in seen if one.kind == kind]
        fine = [one for one in mine if one.fine]
        wrong = [f"NOT {one.wanted!r}: {one.given!r} got {one.said[:200]!r}"
                 for one in mine if not one.fine]  # fmt: skip
        told = [f"{one.given!r}: {one.said}" for one in fine]
        lines.append(
            judged(id, f"bad {kind}: a sentence that says what is wrong",
                   f"{len(fine)} of {len(mine)}", f"all, and at least {least}",
                   len(fine) == len(mine) >= least, (*wrong, *told))
        )  # fmt: skip
    return tuple(lines)
