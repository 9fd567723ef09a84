"""Any client may call any callback with any values: the answer is data or a notice, never a bug."""

from __future__ import annotations

import json
import logging

import pytest

HOSTILE = (
    None,
    True,
    -1,
    10**30,
    1e308,
    float("nan"),
    "",
    "x" * 100_000,
    "\ud800\x00",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    [],
    [None, {}, [[]]],
    {},
    {"__class__": "x"},
)


def part(wanted, value):
    """A wire of a callback's body; a pattern stands for two components."""
    if not wanted["id"].startswith("{"):
        return {"id": wanted["id"], "property": wanted["property"], "value": value}
    id = json.loads(wanted["id"])
    return [
        {"id": {**id, "index": index}, "property": wanted["property"], "value": value}
        for index in (value, "batch")
    ]


def bodies(callbacks, value, model):
    """For each callback: all wires hostile, then all but one filled with what is plausible."""
    for key, spec in callbacks.items():
        names = [o.strip(".").rsplit(".", 1) for o in key.split("...")]
        outputs = [{"id": i, "property": p} for i, p in names]
        wires = [*spec["inputs"], *spec["state"]]
        plausible = [
            "phone-npu" if w["id"].endswith("--target")
            else model if w["id"].endswith("--model")
            else 30 if w["id"].endswith("--fps")
            else None
            for w in wires
        ]  # fmt: skip
        cases = [[value] * len(wires)]
        cases += [[*plausible[:i], value, *plausible[i + 1 :]] for i in range(len(wires))]
        for case in cases:
            parts = [part(w, v) for w, v in zip(wires, case, strict=True)]
            cut = len(spec["inputs"])
            yield {
                "output": key,
                "outputs": outputs if key.startswith("..") else outputs[0],
                "inputs": parts[:cut],
                "state": parts[cut:],
                "changedPropIds": [f"{wires[0]['id']}.{wires[0]['property']}"],
            }


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: ascii(v)[:20])
def test_no_value_is_a_bug(client, app, add, value, caplog):
    caplog.set_level(logging.ERROR)
    model = add()
    client.get("/_dash-dependencies")
    ours = {k: v for k, v in app.callback_map.items() if "_pages" not in k and "callback" in v}
    assert len(ours) >= 5
    for body in bodies(ours, value, model):
        answer = client.post("/_dash-update-component", json=body)
        assert answer.status_code in (200, 204), ascii(body)[:2000]
        bugs = [r.exc_info[1] for r in caplog.records if r.exc_info]
        caplog.clear()
        assert not bugs, ascii((body["output"], body["inputs"], bugs))[:2000]


@pytest.mark.parametrize(
    "path",
    ["/model/", "/model/x", "/model/%00", "/model/../..", "//x", "/" * 5000, "/\ud800"],
    ids=lambda v: ascii(v)[:20],
)
@pytest.mark.parametrize(
    "search", ["", "?target=x&fps=nan&sel=9-1&where=a.b.c", "?" + "a=1&" * 999]
)
def test_no_address_is_a_bug(client, app, path, search, caplog):
    caplog.set_level(logging.ERROR)
    client.get("/_dash-dependencies")
    key, spec = next((k, v) for k, v in app.callback_map.items() if "_pages_content" in k)
    wires = {"pathname": path, "search": search}
    body = {
        "output": key,
        "outputs": [
            dict(zip(("id", "property"), o.strip(".").rsplit(".", 1), strict=True))
            for o in key.split("...")
        ],
        "inputs": [{**w, "value": wires.get(w["property"])} for w in spec["inputs"]],
        "state": [{**w, "value": wires.get(w["property"])} for w in spec["state"]],
        "changedPropIds": [],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200
    assert not [r.exc_info[1] for r in caplog.records if r.exc_info]
