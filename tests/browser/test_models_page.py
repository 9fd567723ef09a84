"""The list of models as a person meets it, in Chromium."""

from __future__ import annotations

import base64
import re

import pytest

from tests import builders

expect = pytest.importorskip("playwright.sync_api").expect

NAMES = "#models--list .model-link"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, model in (
        ("conv net.onnx", builders.conv_net()),
        ("mlp.onnx", builders.mlp()),
        ("residual.onnx", builders.residual_net()),
    ):
        (folder / name).write_bytes(model.SerializeToString())
    (folder / "page.onnx").write_text("<!DOCTYPE html><html>404</html>")
    return folder


def choose(page, *files):
    with page.expect_file_chooser() as chooser:
        page.click("#models--choose")
    chooser.value.set_files([str(f) for f in files])


def test_empty_then_chosen_files_appear_with_figures(page, live, files):
    page.goto(live.url)
    page.wait_for_selector(".empty >> text=Your models will be listed here")
    choose(page, files / "conv net.onnx", files / "mlp.onnx", files / "residual.onnx")
    expect(page.locator(".upload-done")).to_have_count(3, timeout=15_000)
    expect(page.locator(NAMES)).to_have_count(3)
    expect(page.locator("#models--list .bone")).to_have_count(0, timeout=15_000)
    assert sorted(page.locator(NAMES).all_inner_texts()) == ["conv net", "mlp", "residual"]
    latency = page.locator("#models--list tbody tr:first-child td:nth-child(3)").inner_text()
    assert float(latency) > 0
    page.locator(".upload-close").first.click()  # a finished line can be dismissed
    assert page.locator(".upload").count() == 2
    # the same files again are the first ones; one alone opens its page
    choose(page, files / "mlp.onnx", files / "residual.onnx")
    page.wait_for_selector("text=already here as “mlp”")
    assert page.locator(NAMES).count() == 3
    choose(page, files / "mlp.onnx")
    page.wait_for_selector("#model--page")
    page.wait_for_selector(".crumb-here >> text=mlp")
    page.go_back()
    expect(page.locator(NAMES)).to_have_count(3)


def test_a_bad_file_gets_its_sentence_and_nothing_is_stored(page, live, files):
    page.goto(live.url)
    choose(page, files / "page.onnx", files / "mlp.onnx")
    failed = page.wait_for_selector(".upload-failed .upload-state")
    sentence = failed.inner_text()
    assert sentence.startswith("this is ")  # the name stands beside it
    assert "web page" in sentence
    page.wait_for_selector(f"{NAMES} >> text=mlp")  # the good one of the two came through
    assert [row.name for row in live.services.store.models()] == ["mlp"]
    assert all("HTTP 400" in f or "status of 400" in f for f in page.faults)
    page.faults.clear()


def test_a_file_over_the_limit_is_not_even_sent(page, serving, tmp_path, files):
    with serving(tmp_path / "data", upload_bytes=2000) as live:
        page.goto(live.url)
        choose(page, files / "residual.onnx")
        page.wait_for_selector(".upload-failed >> text=too large; at most 2.0 kB")


def test_files_dropped_anywhere(page, live, files):
    page.goto(live.url)
    page.wait_for_selector("#models--choose")
    body = base64.b64encode((files / "mlp.onnx").read_bytes()).decode()
    page.evaluate(
        """body => {
            const bytes = Uint8Array.from(atob(body), c => c.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], "<b>dropped.onnx"));
            const send = kind => document.querySelector(".models-pane").dispatchEvent(
                new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
            send("dragenter");
            window.hint = getComputedStyle(document.querySelector(".drop-hint")).display;
            send("dragover");
            send("drop");
        }""",
        body,
    )
    assert page.evaluate("window.hint") == "grid"
    page.wait_for_selector("#model--page")  # a single file opens its model
    assert page.locator(".crumb-here").inner_text() == "<b>dropped"
    assert not page.is_visible(".drop-hint")


def test_cancel_an_upload_under_way(page, live, files):
    page.goto(live.url)
    page.route("**/upload", lambda route: None)  # the server never answers
    choose(page, files / "mlp.onnx")
    page.click(".upload-close >> text=Cancel")
    page.wait_for_selector(".upload", state="detached")
    assert live.services.store.models() == ()


def test_remove_asks_and_keep_keeps(page, live, files):
    live.add((files / "mlp.onnx").read_bytes(), "mlp")
    page.goto(live.url)
    page.hover("#models--list tbody tr")
    page.click("[aria-label='Remove mlp']")
    page.click("text=Keep")
    page.wait_for_selector("#models--remove-yes", state="hidden")
    assert page.locator(NAMES).count() == 1
    page.focus("[aria-label='Remove mlp']")  # and with the keyboard
    page.keyboard.press("Enter")
    page.click("#models--remove-yes")
    page.wait_for_selector(".empty")
    page.wait_for_selector("text=mlp was removed.")
    assert live.services.store.models() == ()


def test_search_sort_and_target_are_in_the_address(page, live, files):
    for name in ("conv net", "mlp", "residual"):
        live.add((files / f"{name}.onnx").read_bytes(), name)
    page.goto(live.url)
    page.click("button.sort >> text=Model")
    expect(page.locator(NAMES)).to_have_text(["conv net", "mlp", "residual"])
    expect(page.locator("th.head-name")).to_have_attribute("aria-sort", "ascending")
    page.fill("#models--search", "r")
    expect(page.locator(NAMES)).to_have_count(1)
    page.click("#models--target")
    page.click("[role=option] >> text=Raspberry")
    page.wait_for_url("**target=raspberry-pi-5**")
    address = page.url
    assert re.search(r"\?target=raspberry-pi-5&q=r&sort=name$", address)
    page.goto(address)
    page.wait_for_selector(NAMES)
    assert page.locator(NAMES).all_inner_texts() == ["residual"]
    assert page.input_value("#models--target") == "Raspberry Pi 5"


def test_dark_follows_the_system_and_a_choice_is_remembered(new_page, live):
    page = new_page(color_scheme="dark")
    page.goto(live.url)
    page.wait_for_selector(".empty")
    scheme = "document.documentElement.dataset.mantineColorScheme"
    assert page.evaluate(scheme) == "dark"
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click(".scheme-toggle")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
    assert page.evaluate("document.documentElement.dataset.agThemeMode") == "light"
    assert page.evaluate(ground) != dark
    page.reload()
    page.wait_for_selector(".empty")
    assert page.evaluate(scheme) == "light"


def test_two_people_see_their_own_target(new_page, live, files):
    live.add((files / "mlp.onnx").read_bytes(), "mlp")
    one, two = new_page(), new_page(locale="de-DE")  # two contexts, as two people have
    one.goto(f"{live.url}/?target=edge-tpu")
    two.goto(f"{live.url}/?target=h200")
    for page, target in ((one, "edge-tpu"), (two, "h200")):
        link = page.wait_for_selector(NAMES).get_attribute("href")
        assert f"target={target}" in link


def test_an_address_that_leads_nowhere(page, live):
    page.goto(f"{live.url}/nowhere")
    page.wait_for_selector("text=There is nothing at this address")
    page.click("text=To the list of models")
    page.wait_for_selector("#models--list")
