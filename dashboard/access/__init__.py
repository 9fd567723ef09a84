"""Who may do what: one gate before every request, closed unless something was declared.

Every route stands in `ENDPOINTS`, every callback says what it `Needs`; the start fails for what
does neither.  Start reading in `gate.py`.
"""

from dashboard.access.endpoints import ENDPOINTS, REFUSED, UPDATE
from dashboard.access.gate import install, start_token
from dashboard.access.headers import HEADERS
from dashboard.access.needs import (
    ADMIN,
    EDIT_EXPERIMENT,
    EDIT_MODEL,
    FORK_EXPERIMENT,
    FORK_MODEL,
    GUEST,
    MAKE_MODEL,
    OPEN,
    REMOVE_EXPERIMENT,
    REMOVE_MODEL,
    SIGNED_IN,
    VIEW_EXPERIMENT,
    VIEW_MODEL,
    Needs,
    What,
    needed,
    needing,
)
from dashboard.access.refusal import NOTHING, notice
from dashboard.access.tokens import Tokens, tokens

__all__ = [
    "ADMIN",
    "EDIT_EXPERIMENT",
    "EDIT_MODEL",
    "ENDPOINTS",
    "FORK_EXPERIMENT",
    "FORK_MODEL",
    "GUEST",
    "HEADERS",
    "MAKE_MODEL",
    "NOTHING",
    "OPEN",
    "REFUSED",
    "REMOVE_EXPERIMENT",
    "REMOVE_MODEL",
    "SIGNED_IN",
    "UPDATE",
    "VIEW_EXPERIMENT",
    "VIEW_MODEL",
    "Needs",
    "Tokens",
    "What",
    "install",
    "needed",
    "needing",
    "notice",
    "start_token",
    "tokens",
]
