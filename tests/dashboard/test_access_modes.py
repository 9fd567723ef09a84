"""Who is let in: in local mode by the token of the start, in proxy mode by the proxy's word."""

from __future__ import annotations

import http.client
import stat
import threading
from urllib.parse import urlsplit

import pytest

from dashboard.access import start_token
from dashboard.access.tokens import KEY_FILE, Tokens, key_of
from dashboard.app import create_app, wsgi
from dashboard.queries import Services
from dashboard.queries.jobs import JobQueries
from dashboard.serve import listen, serve
from engine.errors import EngineError

KEY = "k" * 40
PROXY = {
    "access": "proxy",
    "trusted_proxies": ("127.0.0.1",),
    "proxy_secret": "p" * 40,
    "secret": KEY,
    "admins": ("root@example.org",),
}
ANA = {"X-Proxy-Secret": "p" * 40, "X-Forwarded-User": "ana"}


@pytest.fixture
def started(settings, services):
    """An app with these settings instead of the usual ones."""

    def started(**changes):
        chosen = type(settings)(**{**settings.model_dump(), **changes})
        return create_app(chosen, services)

    return started


@pytest.fixture
def locked(started):
    return started(token=True)


@pytest.fixture
def hosted(started):
    return started(**PROXY).server.test_client()


@pytest.mark.parametrize(
    "path", ["/model/x", "/api/models", "/_dash-layout", "/_dash-dependencies"]
)
def test_without_the_token_nothing_is_told(locked, add, path):
    add("secret_net")
    answer = locked.server.test_client().get(path)
    assert answer.status_code == 401
    assert "secret_net" not in answer.text
    assert "dash" not in answer.text.lower()


def test_without_the_token_nothing_is_called(locked):
    client = locked.server.test_client()
    assert client.post("/_dash-update-component", json={}).status_code == 401
    assert client.post("/upload", data=b"x").status_code == 401


def test_the_first_page_says_where_the_address_stands(locked):
    answer = locked.server.test_client().get("/")
    assert answer.status_code == 200  # by which scripts know that we are up
    assert "Open the address in the terminal" in answer.text
    assert "_dash-config" not in answer.text
    assert "another start" not in answer.text
    again = locked.server.test_client().get("/?token=old")
    assert "another start" in again.text


def test_the_token_becomes_a_cookie_and_leaves_the_address(locked):
    client = locked.server.test_client()
    answer = client.get(f"/model/x?dock=code&token={start_token(locked.server)}&bind=1%3Ab")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/model/x?dock=code&bind=1%3Ab"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert start_token(locked.server) not in cookie
    assert client.get("/api/models").status_code == 200
    assert locked.server.test_client().get("/api/models").status_code == 401


def test_a_program_sends_the_token_as_a_header(locked):
    client = locked.server.test_client()
    sent = {"Authorization": f"Bearer {start_token(locked.server)}"}
    assert client.get("/api/models", headers=sent).status_code == 200
    for wrong in ("Bearer", "Bearer x", f"Basic {start_token(locked.server)}", "Bearer ä"):
        assert client.get("/api/models", headers={"Authorization": wrong}).status_code == 401


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example/x", "/\t/evil.example/x"])
def test_the_way_in_leads_nowhere_else(locked, path):
    environ = {"PATH_INFO": path, "QUERY_STRING": f"token={start_token(locked.server)}"}
    answer = locked.server.test_client().get("/", environ_overrides=environ)
    assert answer.status_code in (303, 308)
    assert not answer.headers["Location"].replace("\\", "/").startswith("//")
    assert "evil" not in (urlsplit(answer.headers["Location"]).hostname or "")


def test_a_forged_or_foreign_cookie_opens_nothing(locked, settings):
    ours = Tokens(key_of(settings))
    theirs = Tokens("t" * 40)
    for value in ("local", theirs.pass_(), ours.of_link("local"), ours.pass_()[:-1], "x" * 3_000):
        client = locked.server.test_client()
        client.set_cookie(ours.cookie, value)
        assert client.get("/api/models").status_code == 401
    client = locked.server.test_client()
    client.set_cookie(ours.cookie, ours.pass_())
    assert client.get("/api/models").status_code == 200


def test_local_mode_answers_this_machine_only(client):
    for peer, status in (
        ("127.0.0.1", 200),
        ("::1", 200),
        ("", 200),
        ("10.0.0.7", 403),
        ("?", 403),
    ):
        answer = client.get("/api/models", environ_overrides={"REMOTE_ADDR": peer})
        assert answer.status_code == status, peer


def test_health_and_styles_are_open(locked):
    client = locked.server.test_client()
    assert client.get("/healthz").status_code == 200
    with client.get("/assets/tokens.css") as answer:
        assert answer.status_code == 200


def test_local_mode_listens_here_only(tmp_path):
    with pytest.raises(EngineError, match="this machine only"):
        serve([], {"host": "0.0.0.0", "data": tmp_path, "port": 0}, open_browser=False)


def test_the_key_is_the_persons_alone(settings):
    key = key_of(settings)
    path = settings.data / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_of(settings) == key
    assert list(settings.data.glob(f".{KEY_FILE}*")) == []
    path.chmod(0o644)
    with pytest.raises(EngineError, match="other users of this machine can read"):
        key_of(settings)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(EngineError, match="too short"):
        key_of(settings)


def test_two_servers_that_start_at_once_sign_with_one_key(settings):
    found = []
    work = [threading.Thread(target=lambda: found.append(key_of(settings))) for _ in range(8)]
    for each in work:
        each.start()
    for each in work:
        each.join()
    assert len(set(found)) == 1
    assert len(found) == 8


def test_a_token_is_for_one_purpose_and_one_key():
    ours = Tokens(KEY)
    assert ours.link_of(ours.of_link("abc")) == "abc"
    assert Tokens("o" * 40).link_of(ours.of_link("abc")) == ""
    for wrong in (
        "",
        "abc",
        "abc.",
        f"{ours.of_link('abc')}x",
        ours.pass_(),
        "ä.b",
        None,
        1,
        "x" * 999,
    ):
        assert ours.link_of(wrong) == ""
    assert not ours.is_pass(ours.of_link("local"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"trusted_proxies": ()}, "believes nobody"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, "cannot believe everybody"),
        ({"trusted_proxies": ("::/0",)}, "cannot believe everybody"),
        ({"trusted_proxies": ("proxy.example",)}, "no address"),
        ({"proxy_secret": ""}, "proxy_secret: .*expected at least 32"),
        ({"proxy_secret": "short"}, "proxy_secret: .*expected at least 32"),
        ({"secret": ""}, "secret: .*expected at least 32"),
        ({"secret": "p" * 40}, "two secrets are the same"),
    ],
)
def test_proxy_mode_does_not_start_without_what_it_rests_on(started, changes, says):
    with pytest.raises(EngineError, match=says) as caught:
        started(**PROXY | changes)
    assert "pppp" not in str(caught.value)


def test_proxy_mode_starts(hosted):
    assert hosted.get("/api/models", headers=ANA).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"X-Proxy-Secret": ""},
        {"X-Proxy-Secret": "q" * 40},
        {"X-Proxy-Secret": "p" * 39},
        {"X-Forwarded-User": ""},
        {"X-Forwarded-User": "local"},
        {"X-Forwarded-User": " ana"},
        {"X-Forwarded-User": "ana\u00a0".encode().decode("latin-1")},
        {"X-Forwarded-User": "ana,bob"},
        {"X-Forwarded-User": "a\x01na"},
        {"X-Forwarded-User": "a" * 201},
        {"X-Forwarded-User": "\xff"},
        {"X-Forwarded-User": "\uff41\uff4e\uff41".encode().decode("latin-1")},  # full width
        {"X-Forwarded-User": "a\u200bna".encode().decode("latin-1")},  # a space that is not seen
        {"X-Forwarded-Groups": "team,a\x02"},
    ],
    ids=repr,
)
def test_a_name_that_is_not_entirely_as_expected_is_nobody(hosted, change):
    answer = hosted.get("/api/models", headers=ANA | change)
    assert (answer.status_code, answer.json) == (401, {"error": "Sign in first."})


@pytest.mark.parametrize("peer", ["10.0.0.7", "::1", "", "127.0.0.2"])
def test_only_the_proxy_is_believed(hosted, peer):
    answer = hosted.get("/api/models", headers=ANA, environ_overrides={"REMOTE_ADDR": peer})
    assert answer.status_code == 401


@pytest.mark.parametrize("user", ["ana", "ana@example.org", "Ana María", "王芳"])
def test_people_have_the_names_that_they_have(hosted, user):
    sent = ANA | {"X-Forwarded-User": user.encode().decode("latin-1")}
    assert hosted.get("/api/models", headers=sent).status_code == 200


def test_the_cookie_of_local_mode_is_nothing_to_a_proxy(hosted):
    hosted.set_cookie(Tokens(KEY).cookie, Tokens(KEY).pass_())
    assert hosted.get("/api/models", headers={"X-Proxy-Secret": "p" * 40}).status_code == 401
    assert hosted.get("/", headers={"X-Proxy-Secret": "p" * 40}).status_code == 401


def test_repeated_and_odd_headers_on_a_real_socket(settings, services):
    """What a test client cannot send: a header twice, and one with underscores."""
    chosen = type(settings)(**{**settings.model_dump(), **PROXY, "port": 0})
    server = listen(chosen, services)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        for extra, status in (
            ([], 200),
            ([("x-fOrWaRdEd-uSeR", "eve")], 401),
            ([("X_Forwarded_User", "eve")], None),  # dropped, or refused as a repetition
            ([("X-Proxy-Secret", "p" * 40)], 401),
        ):
            wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            wire.putrequest("GET", "/api/models")
            for name, value in [*ANA.items(), *extra]:
                wire.putheader(name, value)
            wire.endheaders()
            got = wire.getresponse()
            body = got.read()
            assert got.status == status or (status is None and got.status in (200, 401)), body
            wire.close()
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


def test_names_of_hosts_are_the_same_in_capitals(started):
    client = started(**PROXY, allowed_hosts=("Lens.Example.org",)).server.test_client()
    for host in ("lens.example.org", "LENS.example.org:8443"):
        assert client.get("/api/models", headers={**ANA, "Host": host}).status_code == 200


def test_people_can_read_when_it_cannot_be_noted_that_they_are_here(hosted, services, monkeypatch):
    def full() -> bool:
        raise EngineError("there is no room left on the disk of the data folder")

    monkeypatch.setattr(services.store.sharing, "seen", full)
    assert hosted.get("/api/models", headers=ANA).status_code == 200


def test_only_code_and_styles_may_be_kept_by_a_cache_between(hosted):
    for path in ("/", "/api/models", "/api/models/x", "/_dash-layout", "/nowhere", "/s/x"):
        kept = hosted.get(path, headers=ANA).cache_control
        assert (kept.private, bool(kept.no_cache)) == (True, True), path
    assert not hosted.get("/healthz").cache_control.private


def test_a_server_without_the_command_tidies_up_and_goes_on(monkeypatch, tmp_path):
    done: list[str] = []
    monkeypatch.setenv("PAREDOWN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(Services, "tidy", lambda _self: done.append("tidy"))
    monkeypatch.setattr(JobQueries, "active", lambda _self: done.append("jobs"))
    monkeypatch.setattr("atexit.register", lambda close: done.append(close.__name__))
    assert wsgi().test_client().get("/healthz").status_code == 200
    assert sorted(done) == ["close", "jobs", "tidy"]
