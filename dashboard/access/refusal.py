"""How a refusal reads: the same for what is not there and for what somebody may not see."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Response, abort, jsonify, make_response, request

from dashboard.access.endpoints import UPDATE
from dashboard.ids import Shell

NOTHING = "There is nothing at this address."


def notice(text: str | list[Any], kind: str) -> dict[str, Any]:
    """What the container of notices is sent; kind is "info", "done" or "fault", which stays."""
    shown: dict[str, Any] = {
        "action": "show", "message": text, "className": f"notice notice-{kind}",
    }  # fmt: skip
    return {"sendNotifications": [shown | ({"autoClose": False} if kind == "fault" else {})]}


def refuse(sentence: str, status: int) -> NoReturn:
    """End the request: a callback with a notice, as its own faults are, all else with a status."""
    if request.endpoint == UPDATE:
        side = {str(Shell.NOTICES): notice(sentence, "fault")}
        answer: Response = jsonify(multi=True, response={}, sideUpdate=side)
        abort(make_response(answer))
    abort(status, sentence)
