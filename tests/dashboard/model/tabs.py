"""A page of a browser as far as the analyses go, by posted callbacks."""

from __future__ import annotations

import json

from dashboard.ids import Model, Shell
from dashboard.queries.documents import preset_rules

NOWHERE = "x" * 22  # an id that nothing has


def document(*rules):
    """A document of rules without a past."""
    return {"pool": list(rules), "states": [list(range(len(rules)))], "at": 0}


def edited(n=1):
    """int8, and n tasks left alone one by one."""
    own = [{"select": {"tasks": [k]}, "action": {}} for k in range(n)]
    return document(*preset_rules()["int8"], *own)


class Tab:
    """A page of a browser: it knows its draft, and sends one message after the other."""

    def __init__(self, app, client, model):
        self.app, self.client, self.model = app, client, model
        self.draft = {"analysis": "", "at": "", "version": 0}
        self.document, self.turn, self.load, self.against, self.body = document(), 0, None, None, {}

    def post(self, output, first, **values):
        """Post to the callback that writes an output."""
        self.client.get("/_dash-dependencies")
        key = next(k for k in self.app.callback_map if f"{output}.data" in k or f"{output}.c" in k)
        spec = self.app.callback_map[key]
        known = {
            Model.MODEL: self.model, Model.TARGET: "phone-npu", Model.FPS: 30, **values,
        }  # fmt: skip

        def part(wire, value):
            if wire["id"].startswith("{"):
                return []
            return {"id": wire["id"], "property": wire["property"], "value": value}

        names = [o.strip(".").rsplit(".", 1) for o in key.split("...")]
        outputs = [{"id": i, "property": p} for i, p in names]
        answer = self.client.post(
            "/_dash-update-component",
            json={
                "output": key,
                "outputs": outputs if key.startswith("..") else outputs[0],
                "inputs": [part(spec["inputs"][0], first)],
                "state": [part(w, known.get(w["id"])) for w in spec["state"]],
                "changedPropIds": [],
            },
        )
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(self, verb, more=None, **message):
        """Send a message; returns the state that it was answered with."""
        self.turn += 1
        sent = {k: self.draft[k] for k in ("analysis", "at", "version")}
        sent |= {"verb": verb, "document": self.document, "turn": self.turn, **message}
        self.body = self.post(Model.SAVED, sent, **(more or {}))
        saved = self.body["response"][Model.SAVED]["data"]
        self.draft, self.load = saved["draft"], saved["load"]
        self.against = saved["against"] or self.against
        if self.load is not None:
            self.document = self.load
        assert self.draft["turn"] == self.turn
        return self.draft

    def save(self, what, **message):
        self.document = what
        return self.send("save", **message)

    @property
    def notice(self):
        return str(self.body.get("sideUpdate", {}).get(Shell.NOTICES, ""))

    def sheet(self, chosen="", search="", **more):
        """What the open sheet shows, as text."""
        asked = {"analysis": self.draft["analysis"], "at": self.draft["at"], "turn": 1}
        asked |= {"chosen": chosen, "search": search, **more}
        values = {Model.AGAINST: self.against}
        response = self.post(Model.ANALYSES_TREE, asked, **values)["response"]
        return {
            part: json.dumps(response[str(id)]["children"], ensure_ascii=False)
            for part, id in (("tree", Model.ANALYSES_TREE), ("list", Model.ANALYSES_LIST))
        }
