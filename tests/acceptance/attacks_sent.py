"""Attacks on a team's server, replayed by their id: I, other web sites; J, documents."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import pickle
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response

import dashboard.api
from dashboard.access import gate
from dashboard.queries import experiments
from dashboard.queries.code import CodeQueries
from dashboard.queries.drawings import Drawing
from engine.export import table
from tests import builders
from tests.acceptance import experiment_faults
from tests.acceptance.attacks import ATTACKS, EVE, attack, replaced
from tests.acceptance.attacks import NOT_HERE as A_NOT_HERE
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.team import ACTORS, World, world

ANA = ACTORS["owner"]
MARKUP = "<img src=x onerror=alert(1)>"
ODD = (MARKUP, "javascript:alert(1)", "{{7*7}}", "=HYPERLINK(1)", "a\u202eb", "x" * 100_000)
MALICE = pickle.dumps({"a": 1})


@dataclass(frozen=True, slots=True)
class Replayed:
    """Ids of the attacks; of those held off; of those that get through without their guard."""

    ids: tuple[str, ...]
    held: tuple[str, ...]
    through: tuple[str, ...]


def sent(made: World, body: bytes, path: str = "/upload/experiment", name: str = "x.json") -> Any:
    """The answer to an upload."""
    headers = {"X-File-Name": name, "Content-Length": str(len(body))}
    return made.ask(EVE, path, "POST", data=body, headers=headers)


def sentence(answer: Any) -> bool:
    """Kept, or refused in one sentence; no fault of ours, and nothing that a browser would run."""
    if answer.status_code not in (200, 400, 413):
        return False
    told = answer.json
    return answer.headers["X-Content-Type-Options"] == "nosniff" and (
        answer.status_code == 200 or list(told) == ["error"]
    )


def crash(*_args: Any, **_kwargs: Any) -> Any:
    """A reader without a guard."""
    raise RecursionError


UNGUARDED = replaced(experiments.engine, "read_experiment", crash)


def of_table(*names: str) -> list[bytes]:
    """Bodies of the table of malformed experiments."""
    known = experiment_faults.REFUSED | experiment_faults.REPORTED
    return [known[n] for n in names]


def pages(made: World) -> list[Any]:
    """Some of everything that is answered."""
    paths = ("/", "/api/models", "/_dash-layout", f"/api/models/{made.ids['model']}", "/nowhere")
    return [made.ask(ANA, p) for p in paths]


@attack("I1", "a page framed by another site", replaced(gate, "HEADERS", {}))
def framed(made: World) -> bool:
    """Every answer says that only we may frame it."""
    return all(
        "frame-ancestors 'self'" in a.headers["Content-Security-Policy"]
        and a.headers.get("X-Frame-Options") == "SAMEORIGIN"
        for a in pages(made)
    )


@attack("I3", "a request that another site makes the browser send",
        replaced(gate, "_check_origin", lambda: None))  # fmt: skip
def cross_site(made: World) -> bool:
    """By its origin, or by what the browser says of the site."""
    odd: tuple[dict[str, str], ...] = (
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://localhost:1"},
    )  # fmt: skip
    paths = ("/_dash-update-component", "/upload", "/upload/experiment")
    answers = [made.ask(ANA, p, "POST", headers=h, data=b"{}") for p in paths for h in odd]
    path = f"/api/models/{made.ids['model']}"
    answers += [made.ask(ANA, path, "DELETE", headers=h) for h in odd]
    plain = made.ask(ANA, "/_dash-update-component", "POST", data=b"{}", content_type="text/plain")
    return all(a.status_code == 403 for a in answers) and plain.status_code == 415


@attack("I4", "another name for this server", replaced(gate, "_check_host", lambda _s: None))
def foreign_host(made: World) -> bool:
    """Also where a proxy is said to have been asked for it."""
    names = ("evil.example", "127.0.0.1.evil.example", "", "[", "localhost@evil.example")
    asked = [made.ask(ANA, "/api/models", headers={"Host": n}) for n in names]
    poison = made.ask(ANA, "/api/models", headers={"X-Forwarded-Host": "evil.example"})
    return all(a.status_code == 403 for a in asked) and b"evil" not in poison.data


@contextlib.contextmanager
def _any_script(made: World) -> Iterator[None]:
    def loosen(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "script-src * 'unsafe-eval'"
        return response

    after = made.app.server.after_request_funcs.setdefault(None, [])
    after.append(loosen)  # the last one is asked first
    try:
        yield
    finally:
        after.remove(loosen)


@attack("I5", "scripts that are not ours", _any_script)
def foreign_scripts(made: World) -> bool:
    """The policy lets in our files and no code from text."""
    policies = [a.headers["Content-Security-Policy"] for a in pages(made)]
    return all(
        "script-src 'self'" in p and "unsafe-eval" not in p and "object-src 'none'" in p
        and "'unsafe-inline'" not in p.partition("script-src")[2].partition(";")[0]
        for p in policies
    )  # fmt: skip


@attack("I7", "a token carried on to other sites", replaced(gate, "HEADERS", {}))
def token_told(made: World) -> bool:
    """No address is told to where a link leads."""
    return all(a.headers.get("Referrer-Policy") == "no-referrer" for a in pages(made))


@attack("I9", "another site that reads answers", replaced(
    gate, "HEADERS", {"Access-Control-Allow-Origin": "*"}))  # fmt: skip
def read_elsewhere(made: World) -> bool:
    """Nobody is allowed to."""
    origin = {"Origin": "https://evil.example"}
    asked = [made.ask(ANA, "/api/models", m, headers=origin) for m in ("GET", "OPTIONS")]
    return not any("Access-Control-Allow-Origin" in a.headers for a in asked)


def _documents(id: str, what: str, bodies: list[bytes]) -> None:
    """An attack that sends documents where experiments are taken."""

    def held(made: World) -> bool:
        return all(sentence(sent(made, b)) for b in bodies)

    attack(id, what, UNGUARDED)(held)


_documents("J1", "ten thousand brackets", of_table("deep lists", "deep object", "deep loader"))
_documents("J2", "1e400, NaN, Infinity", of_table("NaN", "infinity", "1e400"))
_documents("J3", "a number of a thousand digits", of_table("a thousand digits"))
_documents("J4", "a key twice", of_table("a field twice", "duplicate id", "equal duplicate"))
_documents("J5", "fields that nobody knows, a version to come", [
    b'{"models": [{"id": "a", "later": {"x": [1]}}], "version": 999, "schema": "future"}',
])  # fmt: skip
_documents("J6", "a wrong type in every field", of_table(
    "text for a number", "true for a number", "a list for a number", "metrics is a list",
    "base is an object", "id is a list", "a model is null", "operation is a number",
    "notes is a list", "flags is an object", "errors are texts", "models is a number",
))  # fmt: skip
_documents("J8", "texts that a page might run", [
    json.dumps({"name": t, "models": [{"id": t[:500], "tag": [t], "notes": t}]}).encode()
    for t in ODD
])  # fmt: skip
_documents("J9", "a note with markup, links and a picture from elsewhere", [
    json.dumps({"models": [{"id": "a", "notes": f"{MARKUP} [x](javascript:1) ![](//evil/b.png)"}]})
    .encode()
])  # fmt: skip
_documents("J11", "pickles and JSON that names objects", [
    MALICE, b'{"py/object": "os.system", "models": [{"id": "a", "py/reduce": ["os.system", "x"]}]}',
])  # fmt: skip


@attack("J7", "a recipe of tasks and targets that are not there",
        replaced(dashboard.api, "exported", crash))  # fmt: skip
def recipes(made: World) -> bool:
    """Told in a sentence; what is left is what stands."""
    path = f"/api/models/{made.ids['model']}/export"
    rule = {"rules": [{"where": {"tasks": [10**9]}, "set": {"format": "int8"}}]}
    asked = [
        {"target": "toaster"}, {"recipe": "{"}, {"recipe": "[" * 5_000},
        {"recipe": json.dumps(rule)}, {"as": "../../etc/passwd"}, {"metric": "x" * 10_000},
        {"as": "csv"},
    ]  # fmt: skip
    return all(made.ask(ANA, path, query_string=q).status_code in (200, 400) for q in asked)


def _any_file(_self: object, _view: object, file: str) -> Drawing:
    with open(file, "rb") as body:
        return Drawing.of(body.read())


@attack(
    "J10", "a map of source lines that names any file", replaced(CodeQueries, "text", _any_file)
)
def source_maps(made: World) -> bool:
    """Only files that came with the model are read, whatever its map says."""
    names = ("/etc/passwd", "../../../../etc/passwd", "a.py\x00", "file://localhost/etc/passwd")
    lines = {n: {"file": n, "line": k} for n, k in zip(names, (-1, 10**9, 0, 1), strict=True)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made_zip:
        made_zip.writestr("net.onnx", builders.conv_net().SerializeToString())
        made_zip.writestr("source_map.json", json.dumps(lines))
    told = sent(made, packed.getvalue(), "/upload", "net.zip")
    if not sentence(told):
        return False
    id = told.json.get("id") or made.ids["model"]
    actor = EVE if "id" in told.json else ANA
    texts = [made.ask(actor, f"/api/models/{id}/source/text", query_string={"file": n})
             for n in names]  # fmt: skip
    return all(a.status_code in (400, 404) and b"root:" not in a.data for a in texts)


@attack("J12", "cells that a spreadsheet runs", replaced(table, "FORMULA", "^never$"))
def formulas(made: World) -> bool:
    """A text that begins like a formula begins with an apostrophe."""
    net = builders.conv_net()
    for node, sign in zip(net.graph.node, "=+-@=+-@", strict=False):
        node.name = f"{sign}cmd|' /C calc'!A0"
    told = sent(made, net.SerializeToString(), "/upload", "net.onnx")
    csv = made.ask(EVE, f"/api/models/{told.json['id']}/export?as=csv").text
    cells = [c.strip('"') for row in csv.splitlines()[1:] for c in row.split(",")]
    return "cmd|" in csv and not any(c.startswith(tuple("=+-@")) and "cmd" in c for c in cells)


NOT_HERE = {
    "I2": "in the browser: embeds in allowed and other frames (line 3)",
    "I6": "in the browser: hostile names in every view (tests/browser)",
    "I8": "in the browser: embeds without cookies (line 3)",
}


def run() -> Replayed:
    """Every attack, in a world as it is and in one without its guard."""
    held, through = [], []
    logging.disable(logging.CRITICAL)  # what is refused is logged
    try:
        for one in ATTACKS:
            with world() as made:
                if one.held(made):
                    held.append(one.id)
            with world() as made, one.without(made):
                if not one.held(made):
                    through.append(one.id)
    finally:
        logging.disable(logging.NOTSET)
    return Replayed(tuple(a.id for a in ATTACKS), tuple(held), tuple(through))


def judge(found: Replayed) -> tuple[Line, ...]:
    """All held off, each shown to get through without its guard."""
    lost = [i for i in found.ids if i not in found.held]
    idle = [i for i in found.ids if i not in found.through]
    told = [f"{a.id}: {a.what}{' NOT HELD OFF' * (a.id in lost)}" for a in ATTACKS]
    told += [f"{i}: shows nothing, it fails without its guard too" for i in idle]
    told += [f"{i} NOT RUN: {why}" for i, why in (A_NOT_HERE | NOT_HERE).items()]
    return (
        judged(
            "1d", "attacks A, I, J replayed by id",
            f"{len(found.held)} of {len(found.ids)} held off, {len(found.through)} get through "
            "without their guard", "all, all",
            bool(found.ids) and not lost and not idle, told,
        ),
    )  # fmt: skip


CHECK = Check("1d", "attacks replayed", run, judge)
