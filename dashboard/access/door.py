"""The door of local mode: the token of the printed address becomes a cookie.

Without it, a page is one that says where the address stands; everything else is refused.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.access.identity import same
from dashboard.access.tokens import COOKIE_S, Tokens

ASKED = "token"  # in the query of the printed address
PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Paredown: locked</title>
    <link rel="icon" href="/_favicon.ico">
    <script src="/assets/js/theme.js"></script>
    <link rel="stylesheet" href="/assets/tokens.css">
    <link rel="stylesheet" href="/assets/layout.css">
    <link rel="stylesheet" href="/assets/components.css">
    <link rel="stylesheet" href="/assets/shell.css">
    <style>.empty > * { margin: 0 }</style>
  </head>
  <body>
    <main class="page">
      <header class="header"><span class="brand"><span class="brand-mark"></span>Paredown</span>
      </header>
      <div class="empty">
        <h1>Open the address in the terminal</h1>
        <p>WHY Other users of this machine could reach this page too, so Paredown answers only who
        has the token that was printed when it started.</p>
        <form class="door" action="/" method="get">
          <input class="search" name="token" aria-label="Token" placeholder="Token"
            autocomplete="off" required autofocus>
          <button class="button primary">Open</button>
        </form>
        <p class="muted">Started with <code>--no-token</code>, it asks for none.</p>
      </div>
    </main>
  </body>
</html>
"""


def opened(tokens: Tokens, token: str) -> AnyResponse | None:
    """The way in for an address with the token: the same without it, and the cookie.

    Args:
        tokens: what the cookie is signed with.
        token: of this start of the server.
    """
    if not same(request.args.get(ASKED, ""), token):
        return None
    rest = [(k, v) for k, v in request.args.items(multi=True) if k != ASKED]
    # the path alone, with one slash before it: "//elsewhere" and "/\\elsewhere" are other servers
    path = quote(request.path.lstrip("/\\"))
    address = f"/{path}{'?' if rest else ''}{urlencode(rest)}"
    answer = redirect(address, 303)
    answer.set_cookie(
        tokens.cookie, tokens.pass_(), max_age=COOKIE_S, httponly=True, samesite="Strict"
    )
    answer.cache_control.no_store = True
    return answer


def locked() -> Response:
    """The page for who has no token; "/" answers 200, by which scripts know that we are up."""
    wrong = "That token is of another start of Paredown, or incomplete. "
    text = PAGE.replace("WHY ", wrong if ASKED in request.args else "")
    answer = Response(text, 200 if request.path == "/" else 401, mimetype="text/html")
    answer.cache_control.no_store = True
    return answer
