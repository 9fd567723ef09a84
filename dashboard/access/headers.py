"""The headers of every answer: our own files only, framed by nobody but ourselves."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

HEADERS = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
)


def content_policy(script_hashes: Sequence[str]) -> str:
    """The Content-Security-Policy: our own files only, no eval, no plug-ins, no foreign frame.

    Inline styles are allowed because Dash and Mantine write `style` attributes.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )
