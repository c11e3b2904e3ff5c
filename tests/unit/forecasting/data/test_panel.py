import numpy as np
import pandas as pd
import pytest

from forecasting.data.panel import listed, single, stack
from foundation.errors import DataError
from tests.support.panels import panel, without

DAYS = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03"], name="date").as_unit("us")


def stacked(ids, times, **levels):
    """Stack rows with value equal to their position in the table, from 1."""
    table = pd.DataFrame({"y": np.arange(1.0, len(times) + 1)}, index=times)
    columns = {"id": ids, **levels}
    texts = {name: pd.Categorical(column) for name, column in columns.items()}
    return stack(table, pd.DataFrame(texts, index=times))


def test_rows_are_sorted_by_series_and_keep_their_order_within_one():
    found = stacked(["b", "a", "b", "a", "b"], DAYS[[0, 0, 1, 1, 2]])

    assert found.names == ("a", "b")
    assert found.offsets.tolist() == [0, 2, 5]
    assert found.values[:, 0].tolist() == [2, 4, 1, 3, 5]
    assert found.times.equals(DAYS[[0, 1, 0, 1, 2]])
    assert found.times.name == "date"
    assert [found.row_in_table(row) for row in range(5)] == [2, 4, 1, 3, 5]


def test_a_table_sorted_by_series_stays_as_it_is():
    found = stacked(["a", "a", "b"], DAYS[[0, 1, 0]])

    assert found.raw_rows is None
    assert found.row_in_table(2) == 3
    assert found.codes.tolist() == [0, 0, 1]


def test_names_are_texts_and_sorted_as_such():
    assert stacked(["2", "10", "1"], DAYS[[0, 0, 0]]).names == ("1", "10", "2")
    assert stacked(["b", "a", "Z"], DAYS[[0, 0, 0]]).names == ("Z", "a", "b")


def test_categories_that_no_row_has_are_no_series():
    table = pd.DataFrame({"y": [1.0, 2.0]}, index=DAYS[[0, 1]])
    ids = pd.Categorical(["b", "b"], categories=["a", "b", "c"])
    found = stack(table, pd.DataFrame({"id": ids}, index=table.index))

    assert found.names == ("b",)
    assert found.offsets.tolist() == [0, 2]


def test_several_columns_are_one_name_with_a_slash_between_as_in_a_hierarchy():
    found = stacked(
        ["pt", "pt", "es", "pt"], DAYS[[0, 0, 0, 1]], shop=["2", "1", "1", "2"]
    )  # fmt: skip

    assert found.id == "id/shop"
    assert found.names == ("es/1", "pt/1", "pt/2")
    assert found.offsets.tolist() == [0, 1, 2, 4]
    assert found.values[:, 0].tolist() == [3, 2, 1, 4]


def test_two_series_that_would_get_one_name_are_refused():
    with pytest.raises(DataError, match=r"same name 'a/b/c', .* 'id', 'shop' \(ingest\.id\)"):
        stacked(["a/b", "a"], DAYS[[0, 0]], shop=["c", "b/c"])


def test_a_series_without_a_row_left_is_left_out():
    found = without(
        panel(("2024-01-01", [1, 2]), ("2024-01-01", [3]), ("2024-01-01", [4, 5])), [1, 2]
    )

    assert found.names == ("a", "c")
    assert found.offsets.tolist() == [0, 1, 3]
    assert found.values[:, 0].tolist() == [1, 4, 5]


def test_a_single_series_is_a_panel_of_one_without_a_name():
    table = pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=DAYS)
    found = single(table)

    assert found.offsets.tolist() == [0, 3]
    assert found.id is None
    assert (found.named(0), found.of(0)) == ("The series", "")
    pd.testing.assert_frame_equal(found.series(0), table)


def test_each_row_knows_its_series():
    found = panel(("2024-01-01", [1, 2]), ("2024-01-01", [3, 4, 5]))

    assert [found.series_of(row) for row in range(5)] == [0, 0, 1, 1, 1]
    assert found.of(found.series_of(2)) == " of series 'b'"
    assert found.longest_times().equals(found.times[2:])


def test_a_list_of_names_is_short():
    assert listed(["a"]) == "1 series ('a')"
    assert listed(["a", "b", "c", "d"]) == "4 series ('a', 'b', 'c', ...)"
