"""`paredown optimize` and `paredown options`: one object, a table, one sentence per fault."""

from __future__ import annotations

import json

import pytest

from dashboard.cli import main
from tests import builders
from tests.acceptance.recipes import BAD_BUDGETS, BAD_RECIPES

OBJECT = {"model", "target", "engine", "fps", "baseline", "totals", "touched", "recipe",
          "conversions", "budgets"}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "net.onnx"
    path.write_bytes(builders.residual_net(2, 16, 16).SerializeToString())
    return str(path)


def run(capsys, *arguments):
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    written = capsys.readouterr()
    return status, written.out, written.err


def test_optimize_prints_one_object(capsys, model):
    status, out, _ = run(capsys, "optimize", model, "--target", "phone-npu", "--preset", "int8",
                         "--budget", "latency=34ms", "--budget", "size<=1kB", "--json")  # fmt: skip
    body = json.loads(out)
    assert status == 0
    assert set(body) == OBJECT
    assert body["totals"]["size_bytes"] < body["baseline"]["size_bytes"]
    assert body["recipe"]["schema"] == 1
    assert [c["name"] for c in body["conversions"]] == ["fp16 → int8", "int8 → fp16"]
    assert [b["met"] for b in body["budgets"]] == [True, False]
    assert "the best preset" in body["budgets"][1]["sentence"]


def test_a_recipe_of_its_own_answer_gives_the_same(capsys, model, tmp_path):
    arguments = ("optimize", model, "--target", "ethos-u55-256", "--json")
    _, out, _ = run(capsys, *arguments, "--preset", "int8")
    first = json.loads(out)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(first["recipe"]), "utf-8")
    _, out, _ = run(capsys, *arguments, "--recipe", str(path))
    assert json.loads(out) == first


def test_without_a_recipe_it_is_the_baseline(capsys, model):
    _, out, _ = run(capsys, "optimize", model, "--target", "phone-npu", "--json")
    body = json.loads(out)
    assert body["totals"] == body["baseline"]
    assert (body["touched"], body["conversions"]) == (0, [])


def test_a_missed_budget_fails_only_when_strict(capsys, model):
    arguments = ("optimize", model, "--target", "phone-npu", "--budget", "latency=1ns")
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert "MISSED  Latency" in out
    assert run(capsys, *arguments, "--strict")[0] == 1
    assert run(capsys, *arguments[:-1], "latency=1s", "--strict")[0] == 0


def test_the_table_for_people(capsys, model):
    status, out, _ = run(capsys, "optimize", model, "--target", "raspberry-pi-5", "--preset",
                         "int8", "--budget", "heat=50%", "--budget", "battery=5%",
                         "--battery", "15Wh", "--use", "always-on", "--fps", "10")  # fmt: skip
    assert status == 0
    assert "net on Raspberry Pi 5" in out
    assert "1 rule" in out
    assert "(an assumption)" in out
    assert "▼" in out


def test_options_of_a_task_and_of_two(capsys, model):
    arguments = ("options", model, "--target", "phone-npu", "--task", "1")
    status, out, _ = run(capsys, *arguments, "--json")
    body = json.loads(out)
    assert status == 0
    assert set(body) == {"target", "tasks", "options"}
    assert len(body["options"]) > 50
    assert sum(o["current"] for o in body["options"]) == 1
    _, out, _ = run(capsys, *arguments, "--task", "0", "--json")
    assert [t["id"] for t in json.loads(out)["tasks"]] == [0, 1]
    status, out, _ = run(capsys, *arguments)
    assert (status, out.count("\n") <= 23) == (0, True)
    assert "worth a look" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("optimize", "MODEL", "--target", "toaster"), "no such target"),
        (("optimize", "MODEL", "--target", "phone-npu", "--preset", "x"), "no such preset"),
        (("optimize", "MODEL", "--target", "phone-npu", "--recipe", "/no.json"), "no such file"),
        (("optimize", "MODEL", "--target", "phone-npu", "--preset", "int8", "--recipe", "x"),
         "not allowed with"),
        (("optimize", "MODEL", "--target", "phone-npu", "--fps", "0"), "--fps: out of range"),
        (("optimize", "MODEL", "--target", "phone-npu", "--fps", "nan"), "--fps: out of range"),
        (("optimize", "MODEL", "--target", "phone-npu", "--budget", "latency=1s", "--use", "now"),
         "no such use"),
        (("optimize", "MODEL", "--target", "phone-npu", "--battery", "15MB"), "cannot be read"),
        (("options", "MODEL", "--target", "phone-npu", "--task", "999"), "no such task"),
        (("options", "MODEL", "--target", "phone-npu"), "required: --task"),
        *((("optimize", "MODEL", "--target", "phone-npu", f"--budget={text}"), says)
          for text, says in BAD_BUDGETS),
    ],
    ids=lambda a: " ".join(a[2:])[:60] if isinstance(a, tuple) else "",
)  # fmt: skip
def test_a_fault_is_one_sentence(capsys, model, arguments, says):
    status, out, err = run(capsys, *(model if a == "MODEL" else a for a in arguments))
    assert (status, out) == (2, "")
    assert says in err
    assert err.endswith(".\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("text", "says"), BAD_RECIPES[::4], ids=[s for _, s in BAD_RECIPES[::4]])
def test_a_bad_recipe_is_one_sentence(capsys, model, tmp_path, text, says):
    path = tmp_path / "bad.json"
    path.write_text(text, "utf-8")
    status, out, err = run(capsys, "optimize", model, "--target", "phone-npu", "--recipe",
                           str(path), "--json")  # fmt: skip
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert len(err) < 700
