"""Every endpoint of the app and what it needs; the start fails for one that does not stand here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dashboard.access.needs import ADMIN, GUEST, OPEN, SIGNED_IN, Needs, What

UPDATE = "/_dash-update-component"  # each callback declares what it needs itself
JOIN = "links.join"  # a share link, which is opened under one's name
PAGES = frozenset({"/", "/<path:path>"})  # the frame; the page inside it is a callback's answer

_VIEW_MODEL = Needs(What.VIEW, "model", "model_id")
_VIEW_EXPERIMENT = Needs(What.VIEW, "experiment", "experiment_id")
_MODEL_FILES = Needs(What.VIEW, "model", "model_id", files=True)
_EDIT_EXPERIMENT = Needs(What.EDIT, "experiment", "experiment_id")

ENDPOINTS: Mapping[str, Needs] = MappingProxyType(
    {
        "_dash_assets.static": OPEN,
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": OPEN,
        "/_favicon.ico": OPEN,
        "/healthz": OPEN,
        **dict.fromkeys(PAGES, GUEST),
        "/_dash-layout": GUEST,
        "embed.page": GUEST,  # a link, which is all that the page has
        "/_dash-dependencies": GUEST,
        UPDATE: GUEST,
        "api.models": SIGNED_IN,
        "api.model": _VIEW_MODEL,
        "api.targets": GUEST,
        "api.usage": ADMIN,
        "api.drawing": _VIEW_MODEL,
        "api.model_file": _MODEL_FILES,
        "api.blocks": _VIEW_MODEL,
        "api.source": _MODEL_FILES,
        "api.source_text": _MODEL_FILES,
        "api.model_export": _VIEW_MODEL,
        "api.experiments": SIGNED_IN,
        "api.experiment": _VIEW_EXPERIMENT,
        "api.experiment_file": _VIEW_EXPERIMENT,
        "api.experiment_report": _VIEW_EXPERIMENT,
        "api.experiment_model_file": Needs(What.VIEW, "experiment", "experiment_id", files=True),
        "api.experiment_fits": _VIEW_EXPERIMENT,
        "api.fork_experiment": Needs(What.FORK, "experiment", "experiment_id"),
        JOIN: SIGNED_IN,
        "api.predictions": _VIEW_EXPERIMENT,
        "api.predict": _EDIT_EXPERIMENT,
        "api.forget_predictions": _EDIT_EXPERIMENT,
        "api.upload_predictions": _EDIT_EXPERIMENT,
        "api.nothing": GUEST,
        "api.upload": SIGNED_IN,
        "api.remove": Needs(What.OWN, "model", "model_id"),
        "api.upload_experiment": SIGNED_IN,
        "api.remove_experiment": Needs(What.OWN, "experiment", "experiment_id"),
    }
)
# Endpoints that Dash and Flask bring along and nobody needs.
REFUSED = frozenset({"static", "/_reload-hash"})
