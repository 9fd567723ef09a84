"""The command line: exact JSON, one sentence per fault, a quick --help."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from dashboard.cli import main
from tests import builders

ROOT = Path(__file__).parents[2]
TOTALS = {
    "latency_s", "energy_j", "energy_low_j", "energy_high_j", "memory_power_w", "size_bytes",
    "peak_bytes", "macs", "parameters",
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "small net.onnx"
    path.write_bytes(builders.conv_net().SerializeToString())
    return str(path)


def run(capsys, *arguments):
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    written = capsys.readouterr()
    return status, written.out, written.err


def test_targets(capsys):
    status, out, _ = run(capsys, "targets", "--json")
    body = json.loads(out)
    assert status == 0
    assert set(body) == {"targets"}
    assert len({t["id"] for t in body["targets"]}) >= 8
    status, out, _ = run(capsys, "targets")
    assert {line.split()[0] for line in out.splitlines()} == {t["id"] for t in body["targets"]}


def test_compile_prints_one_object(capsys, model):
    status, out, _ = run(capsys, "compile", model, "--target", "phone-npu", "--json")
    body = json.loads(out)
    assert status == 0
    assert set(body) == {"model", "target", "engine", "tasks", "unknown_ops", "totals"}
    assert set(body["totals"]) == TOTALS
    assert (body["model"], body["target"], body["unknown_ops"]) == ("small net", "phone-npu", [])


def test_a_preset_adds_the_baseline(capsys, model):
    arguments = ("compile", model, "--target", "phone-npu", "--preset", "int8")
    _, out, _ = run(capsys, *arguments, "--json")
    body = json.loads(out)
    assert set(body["baseline"]) == TOTALS
    assert body["totals"]["size_bytes"] < body["baseline"]["size_bytes"]
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert "baseline" in out
    assert "▼" in out


def test_bind(capsys, tmp_path):
    net = builders.Net()
    x = net.input("x", ("batch", 8))
    net.output(net.op("MatMul", x, net.weight(8, 4)))
    path = tmp_path / "open.onnx"
    path.write_bytes(net.model().SerializeToString())
    arguments = ("compile", str(path), "--target", "phone-npu", "--json")
    macs = []
    for bind in (("--bind", "batch=1"), ("--bind", "batch=16"), ()):
        _, out, err = run(capsys, *arguments, *bind)
        macs.append(json.loads(out)["totals"]["macs"])
    assert macs == [32, 512, 32]
    assert "batch = 1" in err  # the default is said, on stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "required: COMMAND"),
        (("frob",), "invalid choice"),
        (("compile",), "required: MODEL"),
        (("compile", "MODEL", "--target", "toaster"), "no such target"),
        (("compile", "MODEL", "--target", "phone-npu", "--preset", "x"), "no such preset"),
        (("compile", "MODEL", "--target", "phone-npu", "--bind", "batch"), "NAME=SIZE"),
        (("compile", "MODEL", "--target", "phone-npu", "--bind", "a=0"), "NAME=SIZE"),
        (("compile", "MODEL", "--target", "phone-npu", "--bind", "a=²"), "NAME=SIZE"),
        (("compile", "MODEL", "--target", "phone-npu", "--bind", "zz=2"), "no open size"),
        (("compile", "/nowhere.onnx", "--target", "phone-npu"), "nowhere.onnx: no such file"),
        (("compile", "/", "--target", "phone-npu"), "not a file"),
        (("compile", "pyproject.toml", "--target", "phone-npu"), "pyproject.toml: "),
        (("serve", "--port", "x"), "invalid int"),
        (("serve", "--port", "99999"), "65535"),
        (("serve", "--host", "0.0.0.0"), "this machine only"),
    ],
    ids=lambda a: " ".join(a)[:50] if isinstance(a, tuple) else "",
)
def test_a_fault_is_one_sentence(capsys, monkeypatch, model, arguments, says):
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, *(model if a == "MODEL" else a for a in arguments))
    assert status == 2
    assert out == ""
    assert says in err
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_help_is_quick_because_nothing_heavy_is_imported():
    program = (
        "import sys, dashboard.cli as c\n"
        "try: c.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'dash', 'polars', 'onnx', 'sqlalchemy', 'flask', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)


def test_serve_adds_the_models_prints_its_address_and_stops(tmp_path, model):
    command = [sys.executable, "-m", "dashboard", "serve", model, "--port", "0"]
    server = subprocess.Popen(
        [*command, "--data", str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        lines = [server.stderr.readline(), server.stderr.readline()]
        assert lines[0] == "small net: added\n"
        address = lines[1].split(" is at ")[1].split()[0]
        begun = time.monotonic()
        way, _, token = address.partition("?token=")
        asked = urllib.request.Request(way + "api/models")
        asked.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(asked, timeout=20) as answer:
            names = [m["name"] for m in json.load(answer)["models"]]
        assert "small net" in names
        assert time.monotonic() - begun < 10
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0
        server.stderr.close()
