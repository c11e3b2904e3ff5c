import numpy as np

from forecasting.data.categories import carry_forward, find_categories, one_hot, unknown_rows

MISSING = np.nan
LABELS = ("city", "park", "station")
CODES = np.array([2, MISSING, 0, 2, MISSING])


def test_a_missing_category_is_the_last_known_one_of_its_own_series():
    offsets = np.array([0, 3, 5])

    assert carry_forward(CODES, offsets).tolist() == [2, 2, 0, 2, 2]
    assert np.isnan(carry_forward(CODES, np.array([0, 1, 5]))[1])


def test_categories_are_those_that_occur_sorted_as_text():
    assert find_categories(CODES, LABELS) == ("city", "station")
    assert find_categories(np.array([0.0, 1.0]), ("b", "a")) == ("a", "b")


def test_each_category_is_a_column_and_a_missing_cell_is_none_of_them():
    found = one_hot(CODES, LABELS, ("city", "station"))

    assert found.tolist() == [[0, 1], [0, 0], [1, 0], [0, 1], [0, 0]]


def test_a_category_without_a_label_in_the_table_is_a_column_of_zeros():
    assert one_hot(np.array([0.0]), ("city",), ("airport", "city")).tolist() == [[0, 1]]


def test_rows_of_another_category_are_marked_and_missing_ones_are_not():
    assert unknown_rows(CODES, LABELS, ("station",)).tolist() == [False, False, True, False, False]
