"""Scripts and styles: sent compressed, kept by the browser, and what is asked never mixed up."""

from __future__ import annotations

from dashboard.delivery import MOST, Compressed

ZSTD = {"Accept-Encoding": "zstd"}


def test_a_script_is_compressed_and_then_only_confirmed(client):
    plain, packed = (
        client.get("/assets/js/_view.js"),
        client.get("/assets/js/_view.js", headers=ZSTD),
    )
    assert packed.headers["Content-Encoding"] == "zstd"
    assert len(packed.data) < len(plain.data) / 2
    again = client.get(
        "/assets/js/_view.js", headers=ZSTD | {"If-None-Match": packed.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/assets/js/_view.js").data == plain.data


def test_what_names_its_change_is_kept_for_good(client):
    assert "immutable" in client.get("/assets/js/_view.js?m=1").headers["Cache-Control"]
    assert client.get("/assets/js/_view.js").headers["Cache-Control"] == "no-cache"


def test_answers_are_never_taken_from_the_files(client):
    empty = client.get("/api/models", headers=ZSTD).data
    client.get("/assets/js/_view.js", headers=ZSTD)
    assert client.get("/api/models", headers=ZSTD).data == empty


def test_every_file_is_its_own(client):
    found = {client.get(f"/assets/{name}", headers=ZSTD).data for name in
             ("js/_view.js", "js/marks.js", "layout.css", "js/_view.js")}  # fmt: skip
    assert len(found) == 3


def test_only_so_many_files_are_kept():
    kept = Compressed()
    for k in range(MOST + 3):
        kept.set(f"zstd;{k}", b"x")
    kept.set("zstd;", b"an answer")
    assert (kept.get("zstd;0"), kept.get("zstd;3"), kept.get("zstd;")) == (None, b"x", None)
