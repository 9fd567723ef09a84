"""Questions about matched models: sums by hand, and the faults of the original, one by one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import behaviors as bh
from engine.errors import EngineError

# four instances of two classes; the third counts in both
LABELS = ["cat", "cat", "dog", "dog"]
CLASSES = [["cat"], ["cat"], ["dog", "pet"], ["dog"]]
NAMES = ["cat", "dog"]
BASE = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]  # right, right, right, wrong
MODEL = [[0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.9, 0.1]]  # right, wrong, right, wrong


def made(scores: list[list[float]], ids: str = "abcd", **more: object) -> bh.Outputs:
    order = ["abcd".index(i) for i in ids]
    return bh.outputs(
        list(ids), {"scores": np.array([scores[k] for k in order])},
        [LABELS[k] for k in order], names=NAMES, classes=[CLASSES[k] for k in order], **more,
    )  # fmt: skip


@pytest.fixture
def two() -> bh.Matched:
    return bh.matched(("base", made(BASE)), [("small", made(MODEL))])


def test_classes_with_hand_sums(two: bh.Matched):
    found = bh.ask(two, bh.Question("correctness", relative=True))
    rows = {r.name: r for r in found.rows}
    assert [r.name for r in found.rows] == ["cat", "dog", "pet"]
    assert rows["cat"].values == [1.0, 0.5]
    assert rows["cat"].differences == [0.0, -0.5]  # (0.5 − 1) / 1
    assert rows["dog"].values == [0.5, 0.5]
    assert rows["pet"].count == 1


def test_the_row_of_the_data_set_counts_each_instance_once(two: bh.Matched):
    # the original adds class-relative changes weighted by counts: (2·−0.5 + 2·0 + 1·0) / 5 = −0.2
    found = bh.ask(two, bh.Question("correctness", relative=True))
    assert found.summary.count == 4
    assert found.summary.values == [0.75, 0.5]
    assert found.summary.differences[1] == pytest.approx((0.5 - 0.75) / 0.75)


def test_a_base_mean_of_zero_is_unknown_not_an_error():
    wrong = [[0.1, 0.9], [0.4, 0.6], [0.8, 0.2], [0.7, 0.3]]
    found = bh.ask(
        bh.matched(("base", made(wrong)), [("small", made(BASE))]),
        bh.Question("correctness", relative=True),
    )
    assert all(np.isnan(r.differences[1]) for r in found.rows)
    assert np.isnan(found.summary.differences[1])


def test_instances_are_matched_by_name_not_by_place():
    both = bh.matched(("base", made(BASE)), [("small", made(MODEL, "dbca"))])
    one = bh.matched(("base", made(BASE)), [("small", made(MODEL))])
    np.testing.assert_array_equal(
        both.sides[1].differences["true_confidence"], one.sides[1].differences["true_confidence"]
    )


def test_instances_that_a_model_lacks_are_unknown_and_counted():
    short = bh.outputs(
        ["a", "z"], {"scores": np.array([MODEL[0], MODEL[1]])}, ["cat", "cat"], names=NAMES
    )
    side = bh.matched(("base", made(BASE)), [("short", short)]).sides[1]
    assert (side.missing, side.extra) == (3, 1)
    assert np.isnan(side.differences["confidence"]).tolist() == [False, True, True, True]


def test_no_number_is_shown_as_such_and_not_as_zero():
    bad = [list(r) for r in MODEL]
    bad[0] = [float("nan"), 0.1]
    found = bh.matched(("base", made(BASE)), [("bad", made(bad))])
    answer = bh.ask(found, bh.Question("confidence", classes=False))
    assert np.isnan(answer.rows[0].values[1])
    assert answer.histogram.unknown.tolist() == [0, 1]
    assert answer.rows[0].said[1] == ""
    cat = bh.ask(found, bh.Question("confidence")).rows[0]
    assert cat.values[1] == pytest.approx(0.7)  # of the one that is known


def test_bounds_leave_instances_and_classes_are_reckoned_anew(two: bh.Matched):
    found = bh.ask(two, bh.Question("true_confidence", True, bounds={"small": (-1, -0.15)}))
    assert found.kept == 3  # b: 0.3 − 0.6; c: 0.6 − 0.8; d: 0.1 − 0.3; a fell by less
    assert {r.name: r.count for r in found.rows} == {"cat": 1, "dog": 2, "pet": 1}


def test_values_are_sorted_as_they_are_and_changes_by_their_size(two: bh.Matched):
    up = bh.ask(two, bh.Question("true_confidence", classes=False, by="small", order="up"))
    assert [r.name for r in up.rows] == ["d", "b", "c", "a"]
    by_size = bh.ask(two, bh.Question("true_confidence", True, False, by="small", order="down"))
    sizes = [abs(r.differences[1]) for r in by_size.rows]
    assert sizes == sorted(sizes, reverse=True)


def test_a_page_beyond_the_last_is_the_last_one():
    n = 120
    scores = np.random.default_rng(0).random((n, 2))
    some = bh.outputs(None, {"scores": scores}, ["0"] * n)
    found = bh.matched(("base", some), [("same", some)])
    first = bh.ask(found, bh.Question("confidence", classes=False))
    last = bh.ask(found, bh.Question("confidence", classes=False, page=9))
    assert [len(first.rows), first.count, last.page, len(last.rows)] == [50, 120, 2, 20]
    assert [r.name for r in last.rows][:2] == ["100", "101"]  # by number, not as words
    filtered = bh.Question("confidence", classes=False, bounds={"same": (0.6, 2)}, page=2)
    assert bh.ask(found, filtered).rows  # the page number does not outlive the filter


def test_predictions_and_what_they_turned_into(two: bh.Matched):
    found = bh.ask(two, bh.Question("correctness"))
    assert found.frequent["base"] == [("cat", 0.75), ("dog", 0.25)]
    changes = bh.ask(two, bh.Question("correctness", relative=True)).frequent
    assert changes == {"small": [("cat", "dog", 0.25)]}
    table = bh.confusion(two, 1, np.ones(4, bool), from_base=False)
    assert table.words == ("cat", "dog")
    assert table.counts.tolist() == [[1, 1], [1, 1]]


def test_calibration_of_a_group_is_the_mean_over_bins(two: bh.Matched):
    # one instance a bin: the mean size of confidence less correctness
    wrong = np.array([0.9 - 1, 0.6 - 1, 0.8 - 1, 0.7 - 0])
    found = bh.ask(two, bh.Question("calibration"))
    assert found.summary.values[0] == pytest.approx(abs(wrong).mean())


def test_metrics_that_only_compare_are_relative_and_say_so(two: bh.Matched):
    found = bh.ask(two, bh.Question("kl"))
    assert found.relative
    assert found.summary.differences[0] == 0


def test_whole_numbers_get_a_bar_each(two: bh.Matched):
    found = bh.ask(two, bh.Question("correctness", relative=True)).histogram
    assert found.edges.tolist() == [-1.5, -0.5, 0.5]
    assert found.counts[1].tolist() == [1, 3]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
@example([21.0, -5e-324])
@example([0.0, 5e-324])
@example([5e-324, -21.0])
def test_a_histogram_loses_no_instance(values: list[float]):
    shown = np.array([values])
    found = bh.histogram(shown, np.ones(len(values), bool))
    assert found.counts.sum() == len(values)
    assert found.edges[0] <= min(values)
    assert max(values) <= found.edges[-1]


def test_who_changes_most_over_all_models():
    shown = np.array([[0, 0, 0], [0.1, -0.9, np.nan], [0.1, -0.5, 0.2]])
    rows, size = bh.sensitive(shown, np.ones(3, bool), 2)
    assert rows.tolist() == [1, 2]
    assert size.tolist() == pytest.approx([0.7, 0.2])


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (bh.Question("nothing"), "is no comparison metric"),
        (bh.Question("kl", bounds={"who": (0, 1)}), "is no model"),
        (bh.Question("kl", inside="bird"), "is no class"),
        (bh.Question("kl", by="who"), "is no model"),
        (bh.Question("kl", order="sideways"), "is no order"),
    ],
)
def test_a_question_about_nothing_gets_a_sentence(two: bh.Matched, question, words: str):
    with pytest.raises(EngineError, match=words):
        bh.ask(two, question)


def test_labels_that_differ_are_refused():
    other = bh.outputs(["a"], {"scores": np.array([BASE[0]])}, ["dog"], names=NAMES)
    with pytest.raises(EngineError, match="has another label"):
        bh.matched(("base", made(BASE)), [("other", other)])


def test_a_file_of_the_originals_format():
    data = b"""{"status": "complete", "result": {"predictions": [
      {"id": 1, "label": "cat", "pred": "cat", "classes": ["cat", "pet"]},
      {"id": 0, "label": "dog", "pred": "cat", "classes": ["dog"]}],
      "comparisons": {"Correctness": {"comparison": "difference", "vectors": [[1], [0]],
                                      "options": {"relative": true}},
                      "KL Divergence": {"comparison": "kl_divergence",
                                        "vectors": [[0.5, 0.5], [0.25, 0.75]]}}}}"""
    read = bh.read_outputs(data, "predictions.json")
    found = bh.matched(("base", read), [("same", read)])
    assert [m.id for m in found.measures] == ["Correctness", "KL Divergence"]
    answer = bh.ask(found, bh.Question("Correctness"))
    assert {r.name: r.values[0] for r in answer.rows} == {"cat": 1, "dog": 0, "pet": 1}


def test_npz_and_parquet_give_the_same(tmp_path):
    scores = np.array(BASE, np.float32)
    np.savez(tmp_path / "p.npz", ids=np.arange(4), labels=np.array(LABELS), scores=scores,
             classes=np.array(NAMES))  # fmt: skip
    pl.DataFrame({
        "ids": range(4), "labels": LABELS, "scores": scores.tolist(),
        "predictions": ["cat", "cat", "dog", "cat"],
    }).write_parquet(tmp_path / "p.parquet")  # fmt: skip
    one, two = (bh.read_outputs((tmp_path / n).read_bytes(), n) for n in ("p.npz", "p.parquet"))
    assert one.said.tolist() == two.said.tolist() == ["cat", "cat", "dog", "cat"]
    np.testing.assert_array_equal(one.vectors["scores"], two.vectors["scores"])


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("p.txt", b"x", "no file of predictions"),
        ("p.json", b"{", "is no JSON"),
        ("p.json", b"[" * 100_000, "is no JSON"),
        ("p.json", b"[]", "no list of predictions"),
        ("p.json", b'{"predictions": []}', "holds no predictions"),
        ("p.json", b'{"predictions": [{"id": 1}, {"id": 1}]}', "twice"),
        ("p.json", b'{"predictions": [{}]}', "has no id"),
        ("p.json", b'{"predictions": [{"id": 1}], "comparisons": {"a": {"comparison": "x"}}}',
         "no comparison that is known"),
        ("p.npz", b"PK", "is no .npz file"),
        ("p.parquet", b"PAR1", "cannot be read as Parquet"),
    ],
)  # fmt: skip
def test_a_broken_file_gets_a_sentence(name: str, data: bytes, words: str):
    with pytest.raises(EngineError, match=words):
        bh.read_outputs(data, name)


def test_pickled_objects_are_never_read(tmp_path):
    np.savez(tmp_path / "p.npz", scores=np.array([{}], dtype=object))
    with pytest.raises(EngineError, match="cannot be read"):
        bh.read_outputs((tmp_path / "p.npz").read_bytes(), "p.npz")


def test_what_is_kept_between_questions_changes_no_answer(two: bh.Matched):
    asking = bh.Asking(two)
    questions = [
        bh.Question(measure, relative, rows, inside, bounds, by, order)
        for measure in ("correctness", "true_confidence")
        for relative in (False, True)
        for rows in (True, False)
        for inside in ("", "dog")
        for bounds in ({}, {"small": (0.3, 0.8)})
        for by, order in (("", ""), ("small", "down"))
    ]
    for _ in range(2):
        for question in questions:
            np.testing.assert_equal(repr(asking.ask(question)), repr(bh.ask(two, question)))


def test_counts_of_pairs_of_bars_leave_out_the_bound_of_the_first(two: bh.Matched):
    asking = bh.Asking(two)
    free = bh.Question("true_confidence")
    bound = bh.Question("true_confidence", bounds={"small": (0.0, 0.5)})
    pairs, spots = asking.crossed(bound), asking.spots(bound)
    own = asking.histogram(free).counts
    np.testing.assert_array_equal(pairs[1, :, 1].diagonal(), own[1])  # as without its bound
    np.testing.assert_array_equal(pairs[0, :, 0].diagonal(), asking.histogram(bound).counts[0])
    low = spots.edges[1:] <= 0.5 + 1e-9
    np.testing.assert_array_equal(pairs[1][low, 0].sum(axis=0), asking.histogram(bound).counts[0])
