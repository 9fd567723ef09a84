"""The page of behaviors without a browser: what travels, what is missing, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from dash import no_update

from dashboard import findings
from dashboard.pages.behaviors import callbacks as page
from dashboard.pages.behaviors import sheets
from dashboard.queries import behaviors_sheets
from dashboard.queries.behaviors_table import crossed, table
from dashboard.urls_behaviors import BehaviorsView, parse, search
from engine import behaviors as bh
from engine.errors import EngineError
from engine.store import DataRow, PredictionRow
from tests.dashboard.test_operate import TREE

DATA = "d" * 64
MODELS = ("root", "p5", "odd")
LABELS = ["cat", "cat", "dog", "dog", "dog", "owl"]
RIGHT = [[3, 1, 0], [2, 1, 0], [0, 2, 1], [0, 4, 1], [1, 2, 0], [0, 0, 2]]
WRONG = [[3, 1, 0], [0, 1, 2], [0, 2, 1], [9, 4, 1], [1, 2, 0], [0, float("nan"), 2]]
NAMES = ["cat", "dog", "owl"]


def outputs(scores, labels=LABELS):
    return bh.outputs([f"i{k}" for k in range(len(scores))], {"scores": np.array(scores, float)},
                      labels, names=NAMES)  # fmt: skip


@pytest.fixture
def keep(services):
    """Keep predictions of a model, as a job does."""

    def keep(key, model, made, shown=None):
        def blob(body):
            with services.store.blobs.incoming() as path:
                path.write_bytes(body)
                return services.store.blobs.keep(path)

        shown = shown or bh.Instances("text", made.ids, made.labels,
                                      np.array([f"<b>text {i}</b>" for i in made.ids]))  # fmt: skip
        services.store.predictions.keep(
            key,
            DataRow(DATA, "six animals", made.count, shown.kind, blob(bh.dump_instances(shown))),
            PredictionRow(model, DATA, blob(bh.dumps(made)), "file", "made.npz", "", ""),
        )

    return keep


@pytest.fixture
def key(services, tmp_path, keep):
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(TREE))
    key = services.experiments.add(file, "tree.json")[0].id
    keep(key, "root", outputs(RIGHT))
    keep(key, "p5", outputs(WRONG))
    return key


@pytest.fixture
def view(services, key):
    rows = services.experiments.get(key)[1].rows
    return BehaviorsView(key, tuple(sorted(rows[m] for m in ("root", "p5"))), rows["root"])


def sent(services, view):
    return table(services.behaviors.desk(view))


def test_classes_beside_the_base(services, view):
    told = sent(services, view)
    assert told["models"][0]["name"] == "root"
    assert told["summary"]["count"] == "6 instances"
    rows = {r["name"]: r for r in told["rows"]}
    assert rows["cat"]["cells"][0][0] == "100.0 %"
    assert rows["cat"]["cells"][1][:2] == ["50.0 %", "▼ 50.0 (−27.3 to 90.5) points"]
    assert rows["owl"]["cells"][1][0] == "not known"  # its scores hold a NaN
    assert "NaN" in rows["owl"]["cells"][1][5]
    assert rows["cat"]["note"] == "2 instances"


def test_beside_values_a_change_is_in_points_and_a_relative_one_in_percent(
    services, keep, key, view
):
    keep(key, "root", outputs([RIGHT[0], [0, 1, 0], RIGHT[2], RIGHT[3], RIGHT[4], RIGHT[5]]))
    cat = sent(services, view)["rows"][0]["cells"]  # one of two was right, and is wrong now
    assert [c[0] for c in cat] == ["50.0 %", "50.0 %"]
    worse = [[0, 1, 0], [0, 1, 0], *RIGHT[2:]]
    keep(key, "p5", outputs(worse))
    told = sent(services, view)["rows"][0]["cells"][1]
    assert told[:2] == ["0.0 %", "▼ 50.0 (−27.3 to 90.5) points"]
    change = sent(services, replace(view, relative=True))["rows"][0]["cells"][1]
    assert change[0] == "▼ 100 (−55 to 181) %"


def test_underconfidence_is_drawn_below_zero_and_is_no_gain(services, view):
    told = sent(services, replace(view, metric="calibration", rows="instances"))
    text, _, _, left, width, _ = told["rows"][1]["cells"][0]  # right, and not sure
    assert text.startswith("−")
    assert left + width == pytest.approx(50, abs=0.1)
    for row in told["rows"]:
        assert {c[2] for c in row["cells"]} <= {"", "muted"}  # less of it may be worse
    classes = sent(services, replace(view, metric="calibration"))["rows"]
    assert {c[2] for row in classes for c in row["cells"]} <= {"", "muted"}  # nor has it interval


def test_a_base_that_the_address_does_not_count_among_its_models_is_one_of_them(services, view):
    alone = parse(view.experiment_id, search(replace(view, models=view.models[1:])))
    assert alone.base not in alone.models
    assert services.behaviors.desk(alone).view.models == view.models


def test_a_class_leads_to_its_instances_and_back(services, view):
    to = next(r for r in sent(services, view)["rows"] if r["name"] == "dog")["go"]
    inside = parse(view.experiment_id, to)
    told = sent(services, inside)
    assert [r["name"] for r in told["rows"]] == ["i2", "i3", "i4"]
    assert told["rows"][1]["said"][1] == ["✗", "cat", "was dog"]
    assert told["rows"][1]["text"] == "<b>text i3</b>"  # as text: the script makes no markup of it


def test_without_classes_the_table_opens_on_instances(services, key, keep, view):
    for model, scores in (("root", RIGHT), ("p5", WRONG)):
        keep(key, model, outputs(scores, None))
    told = sent(services, view)
    assert [r["name"] for r in told["rows"]] == [f"i{k}" for k in range(6)]
    assert told["pages"]["text"] == "1–6 of 6 instances"


def test_the_range_of_a_page_says_its_first_and_last_row(services, key, keep, view):
    for model in ("root", "p5"):
        keep(key, model, outputs([RIGHT[0]] * 120, ["cat"] * 120))
    pages = {n: sent(services, replace(view, rows="instances", page=n)) for n in (1, 2, 3, 9)}
    assert {n: told["pages"]["text"].split(" of ")[0] for n, told in pages.items()} == {
        1: "1–50", 2: "51–100", 3: "101–120", 9: "101–120",
    }  # fmt: skip
    assert [len(told["rows"]) for told in pages.values()] == [50, 50, 20, 20]


def test_a_change_of_one_instance_is_a_word(services, view):
    told = sent(services, replace(view, rows="instances", relative=True))
    assert [r["cells"][1][0] for r in told["rows"]][:4] == [
        "same",
        "now wrong",
        "same",
        "now wrong",
    ]


def test_a_bound_reaches_up_to_its_end_but_includes_the_last(services, view):
    p5 = next(k for k in view.models if k != view.base)
    plain = replace(view, metric="confidence", rows="instances")
    edges = sent(services, plain)["histogram"]["edges"]
    for low, high in pairwise(edges):
        told = sent(services, replace(plain, bounds=((p5, low, high),)))
        column = told["histogram"]["kept"][1]
        assert sum(column) == len(told["rows"]) == max(column, default=0)


def test_counts_of_pairs_foretell_what_a_bound_leaves(services, view):
    p5 = next(k for k in view.models if k != view.base)
    plain = replace(view, metric="confidence")
    h = sent(services, plain)["histogram"]
    n, m = len(h["edges"]) - 1, 2
    pairs = np.reshape(crossed(services.behaviors.desk(plain))["counts"], (m, n, m, n))
    for b in range(n):
        bound = replace(plain, bounds=((p5, h["edges"][b], h["edges"][b + 1]),))
        kept = sent(services, bound)["histogram"]["kept"]
        assert kept[0] == pairs[1, b, 0].tolist()


def test_counts_of_pairs_come_after_the_table_and_belong_to_it(app, services, key, view):
    told = sent(services, view)
    assert (
        crossed(services.behaviors.desk(replace(view, by=view.base)))["key"]
        == (
            told["histogram"]["key"]  # another order changes no count
        )
    )
    with app.server.app_context():
        assert page.pairs(told["histogram"]["key"], search(view), key)["counts"]
        assert page.pairs(None, search(view), key) is None


def test_sorts_turn_from_none_to_down_to_up(services, view):
    seen = []
    for _ in range(4):
        told = sent(services, view)
        seen.append((told["models"][1]["sort"], told["words"]))
        view = parse(view.experiment_id, told["models"][1]["go"])
    assert [s for s, _ in seen] == ["", "down", "up", ""]
    assert seen[0][1] == "Sorted by name"
    assert seen[1][1].endswith("largest first")


def test_the_page_says_what_is_missing(app, services, key, view):
    with app.server.app_context():
        rows = services.experiments.get(key)[1].rows
        bare = search(BehaviorsView(key, (rows["root"], rows["odd"])))
        assert page.drawn(bare, None, None, key, None)["data"] is None
        assert "Load predictions" in str(page.around("", bare, key, None)["notice"])
        part = search(replace(view, models=tuple(sorted(rows[m] for m in MODELS))))
        assert len(page.drawn(part, None, None, key, None)["data"]["models"]) == 2
        told = page.around("", part, key, None)
        assert "No predictions yet" in str(told["notice"])
        assert told["model"] == "odd"  # what an imported file would be of


def test_what_is_no_metric_or_class_is_said(app, services, key, view):
    with app.server.app_context():
        for odd in ({"metric": "<b>"}, {"inside": "<b>", "rows": "instances"}):
            ask = search(replace(view, **odd))
            assert page.drawn(ask, None, None, key, None)["data"] is None
            assert "This cannot be shown" in str(page.around("", ask, key, None)["notice"])
        with pytest.raises(EngineError, match="experiment"):
            services.behaviors.desk(BehaviorsView("nowhere"))


def test_a_flag_stays_and_goes(app, services, key, view):
    with app.server.app_context():
        ask = search(replace(view, rows="instances"))
        done = page.flagged({"id": "i3", "on": True}, ask, key)
        assert done != no_update
        told = sent(services, replace(view, rows="flagged"))
        assert [r["name"] for r in told["rows"]] == ["i3"]
        assert page.flagged({"id": "<b>", "on": True}, ask, key) == no_update
        page.flagged({"id": "i3", "on": False}, ask, key)
        assert sent(services, replace(view, rows="flagged"))["rows"] == []


def test_the_most_sensitive_come_first(services, view):
    told = sent(services, replace(view, rows="sensitive", metric="true_confidence"))
    assert told["rows"][0]["name"] == "i3"  # the base was surest of it, the other is not at all
    assert "i5" not in [r["name"] for r in told["rows"]]  # NaN is no change


def test_sheets_show_counts_and_instances(app, services, view):
    with app.server.app_context():
        p5 = next(k for k in view.models if k != view.base)
        for kind, words in (("confusion", "Label"), ("changes", "The base said")):
            desk = services.behaviors.desk(replace(view, sheet=kind, of=p5))
            assert words in str(sheets.sheet(desk))
        _, counts = behaviors_sheets.matrix(desk)
        assert (counts.words, counts.unknown) == (("cat", "dog", "owl"), 1)
        assert counts.counts.tolist() == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
        desk = services.behaviors.desk(replace(view, rows="instances", sheet="instance", of=3))
        found = behaviors_sheets.seen(desk, services.predictions)
        assert (found.id, found.label, found.drawn["text"]) == ("i3", "dog", "<b>text i3</b>")
        assert [(said, best[0][0]) for _, said, best in found.models] == [
            ("dog", "dog"), ("cat", "cat")]  # fmt: skip
        odd = replace(view, rows="instances", sheet="instance", of=99)
        with pytest.raises(EngineError, match="no such instance"):
            behaviors_sheets.seen(services.behaviors.desk(odd), services.predictions)


def test_rows_and_waveforms_are_drawn_small_and_large(app, services, key, keep, view):
    made, data = outputs(RIGHT), np.linspace(-1500, 2, 18).reshape(6, 3)
    for kind, small, large in (("row", "text", "Dl"), ("wave", "wave", "--wave")):
        services.predictions.forget(key, "root", DATA)
        services.predictions.forget(key, "p5", DATA)
        for model in ("root", "p5"):
            keep(key, model, made, bh.Instances(kind, made.ids, made.labels, data, ("a", "b", "c")))
        told = sent(services, replace(view, rows="instances"))["rows"][0]
        assert told[small].startswith(
            "a\N{NO-BREAK SPACE}−1,500" if kind == "row" else "data:image/svg"
        )
        with app.server.app_context():
            desk = services.behaviors.desk(replace(view, sheet="instance"))
            assert large in str(sheets.sheet(desk))


def test_what_a_spreadsheet_would_run_is_quoted(services, key, keep, view):
    labels = ["=1+1", "=1+1", "@b", "@b", "@b", "-c"]
    for model, scores in (("root", RIGHT), ("p5", WRONG)):
        keep(key, model, bh.outputs(None, {"scores": np.array(scores, float)}, labels,
                                    names=["=1+1", "@b", "-c"]))  # fmt: skip
    for rows in ("classes", "instances"):
        text = behaviors_sheets.as_csv(services.behaviors.desk(replace(view, rows=rows))).decode()
        assert "'=1+1" in text
        assert not [c for line in text.splitlines() for c in line.split(",") if c[:1] in "=@" and c]
    assert "NaN" in text  # what is not known is no 0


@pytest.fixture
def forty(services, keep, key):
    """Forty of each class: cats are all lost, the rest stand; five of them are named in a file."""
    labels = [w for w in NAMES for _ in range(40)]
    right = np.repeat(np.eye(3) * 0.8 + 0.1, 40, axis=0)
    lost = right.copy()
    lost[:40] = lost[:40, [1, 0, 2]]
    groups = [["<b>five</b>"] if k < 5 else [] for k in range(120)]
    for model, scores in (("root", right), ("p5", lost)):
        keep(key, model, bh.outputs(None, {"scores": scores}, labels, names=NAMES, groups=groups))


def test_groups_begin_with_the_most_harmed_and_small_ones_have_no_figure(services, forty, view):
    told = sent(services, replace(view, rows="groups"))
    first, *_, last = told["rows"]
    assert (first["name"], first["note"]) == ("cat", "40 instances, class")
    assert first["cells"][1][:3] == ["0.0 %", "▼ 100.0 (82.3–100.0) points", "worse"]
    assert first["said"][1][1] == "harmed out of proportion"
    assert (last["name"], last["cells"][1][0]) == ("<b>five</b>", "too few")
    assert [r["cells"][1][1] for r in told["rows"][1:-1]] == ["same"] * 2
    assert "all 3 groups together" in told["words"]
    assert told["pages"]["text"] == "1–4 of 4 groups"
    inside = parse(view.experiment_id, first["go"])
    assert (inside.rows, inside.inside) == ("instances", "cat")


def test_a_harmed_class_is_listed_with_its_evidence_and_what_may_help(app, services, forty, view):
    desk = services.behaviors.desk(view)
    told = services.findings.of_behaviors(desk, ())[0]
    assert (told.finding.kind, told.finding.where, told.base) == ("harmed", ("cat",), view.base)
    first, second = (parse(view.experiment_id, to) for _, to in told.ways)
    assert (first.rows, first.relative, first.by) == ("classes", True, told.row)
    assert (second.rows, second.inside) == ("instances", "cat")
    assert "/layers?" in told.pages[0][1]
    (cure,) = told.cures  # p5 is pruned; whether it has norms is not known
    assert (cure.remedy.operation, cure.state) == ("repair_layers", "off")
    assert "is not here" in cure.words  # there is no file to start from
    with app.server.test_request_context():
        text = str(page.stands_out(None, None, None, None, search(view), view.experiment_id))
        assert "A class harmed" in text
        assert "Button(" in text
        with pytest.raises(EngineError, match="not there any more"):
            findings.begin([told], "9.harmed.0.0", desk.row, desk.found)
        with pytest.raises(EngineError, match="is not here"):
            findings.begin([told], f"{told.key}.0", desk.row, desk.found)
        odd = replace(view, metric="no such")
        assert page.stands_out(None, None, None, None, search(odd), view.experiment_id) == []


def test_groups_of_few_instances_of_a_bound_and_of_an_order_are_said(services, forty, view):
    p5 = next(k for k in view.models if k != view.base)
    told = sent(services, replace(view, rows="groups", by=p5, up=True))
    assert [r["name"] for r in told["rows"]][2:] == ["cat", "<b>five</b>"]
    assert "least first" in told["words"]
    bound = replace(view, rows="groups", metric="confidence", bounds=((p5, 5.0, 6.0),))
    assert sent(services, bound)["rows"] == []


def test_groups_travel_as_a_file(services, forty, view):
    text = behaviors_sheets.as_csv(services.behaviors.desk(replace(view, rows="groups"))).decode()
    cat = next(line for line in text.splitlines() if line.startswith("cat,"))
    assert cat.split(",")[1:3] == ["class", "40"]
