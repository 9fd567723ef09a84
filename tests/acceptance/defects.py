"""Defects of Compress and Compare that must not come back, and the tests that would catch them."""

from __future__ import annotations

from dataclasses import dataclass

ANSWER = "tests/engine/behaviors/test_answer.py::"
LAYERS = "tests/engine/layers/test_layers.py::"
ORIGINAL = "tests/engine/layers/test_defects.py::"
PAGE = "tests/dashboard/test_behaviors.py::"
SAID = "tests/engine/behaviors/test_defects.py::"


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect: b of behaviors, l of layers.

    Args:
        id: short; words: what was wrong; tests: that would fail were it so here.
    """

    id: str
    words: str
    tests: tuple[str, ...]


DEFECTS = (
    Defect("b1", "the row of the data set was a mean of class-relative changes",
           (f"{ANSWER}test_the_row_of_the_data_set_counts_each_instance_once",)),
    Defect("b2", "instances of several classes counted several times in it",
           (f"{SAID}test_an_instance_of_three_classes_counts_once_in_the_whole",)),
    Defect("b3", "a base mean of zero was divided by",
           (f"{ANSWER}test_a_base_mean_of_zero_is_unknown_not_an_error",)),
    Defect("b4", "the page number outlived filters and orders",
           (f"{ANSWER}test_a_page_beyond_the_last_is_the_last_one",)),
    Defect("b5", "the range of rows on a page was off by one",
           (f"{SAID}test_pages_hold_every_row_once",
            f"{PAGE}test_the_range_of_a_page_says_its_first_and_last_row")),
    Defect("b6", "data without classes opened on an empty table of classes",
           (f"{SAID}test_without_classes_the_instances_are_there",
            f"{PAGE}test_without_classes_the_table_opens_on_instances")),
    Defect("b7", "what is no number was shown as 0",
           (f"{ANSWER}test_no_number_is_shown_as_such_and_not_as_zero",
            "tests/engine/behaviors/test_metrics.py::test_no_number_stays_no_number")),
    Defect("b8", "instances were matched by their places",
           (f"{ANSWER}test_instances_are_matched_by_name_not_by_place",)),
    Defect("b9", "five models at most",
           (f"{SAID}test_twelve_models_stand_beside_one_base",)),
    Defect("l1", "values outside the base's range were dropped",
           (f"{LAYERS}test_sums_by_hand",)),
    Defect("l2", "an edge of the bars was lost in one range of twenty-five",
           (f"{ORIGINAL}test_every_range_has_all_its_bars",)),
    Defect("l3", "layers of a small range fell into one or two bars",
           (f"{ORIGINAL}test_a_layer_of_a_small_range_has_bars_of_its_own",)),
    Defect("l4", "weights that came back were reckoned and never shown",
           (f"{ORIGINAL}test_weights_that_came_back_are_counted",)),
    Defect("l5", "modules around layers had no activations",
           (f"{ORIGINAL}test_activations_of_a_module_are_those_of_its_layers",)),
    Defect("l6", "models of other tensors were refused or crashed",
           (f"{ORIGINAL}test_tensors_without_a_counterpart_are_named",)),
    Defect("l7", "a model could not be taken out of the comparison",
           (f"{ORIGINAL}test_a_tree_of_one_model_less_is_a_tree",)),
    Defect("l8", "what has no figure spoiled the order",
           (f"{ORIGINAL}test_what_has_no_figure_comes_last_in_both_orders",)),
)  # fmt: skip
