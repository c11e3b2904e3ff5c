import numpy as np
import pandas as pd
import pytest

from forecasting.data.assembly import panel_of
from forecasting.data.raw_table import RawTable
from forecasting.data.roles import Covariates
from foundation.errors import DataError

ROLES = Covariates(past=("sky",), future=("price",), static=("kind", "size"))
TIMES = pd.DatetimeIndex(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"], name="day")


def table(*, ids=True, zone=None, **columns):
    """Rows of the shops b and a in turn."""
    found = {
        "size": [60.0, 40.0, 60.0, np.nan],
        "price": [1.0, 2.0, 3.0, 4.0],
        "sales": [10.0, 20.0, 30.0, 40.0],
        "sky": ["rain", "clear", None, "rain"],
        "kind": ["city", "park", "city", "park"],
    } | columns
    frame = pd.DataFrame(found, index=TIMES)
    texts = frame.select_dtypes(exclude="number").apply(lambda column: column.astype("category"))
    shops = pd.DataFrame({"shop": ["b", "a", "b", "a"]}, index=TIMES, dtype="category")
    return RawTable(
        times=TIMES,
        ids=shops if ids else pd.DataFrame(index=TIMES),
        numbers=frame.select_dtypes("number"),
        texts=texts,
        time_zone=zone,
    )


def test_rows_are_stacked_by_series_and_columns_by_role():
    found = panel_of(table(zone="Europe/Lisbon"), ROLES)

    assert found.names == ("a", "b")
    assert found.columns == ("sales", "sky", "price")
    assert found.targets == ("sales",)
    assert found.labels == {"sky": ("clear", "rain"), "kind": ("city", "park")}
    np.testing.assert_array_equal(
        found.values, [[20, 0, 2], [40, 1, 4], [10, 1, 1], [30, np.nan, 3]]
    )
    assert found.statics.tolist() == [[1, 40], [0, 60]]  # kind and size of a and b
    assert found.covariates.time_zone == "Europe/Lisbon"


def test_a_table_without_covariates_is_the_series_as_it_stands():
    numbers = table().numbers[["sales"]]
    plain = RawTable(TIMES, pd.DataFrame(index=TIMES), numbers, pd.DataFrame(index=TIMES))
    found = panel_of(plain, Covariates())

    assert found.values.tolist() == [[10], [20], [30], [40]]
    assert found.columns == found.targets == ("sales",)
    assert found.statics is None
    assert not found.labels


def test_labels_that_no_row_has_are_left_out():
    given = table()
    given.texts["sky"] = given.texts["sky"].cat.add_categories(["hail"])

    assert panel_of(given, ROLES).labels["sky"] == ("clear", "rain")


@pytest.mark.parametrize(
    ("column", "cells", "sentence"),
    [
        ("kind", ["city", "park", "park", "park"],
         r"^Column 'kind' \(ingest\.static_covariates\) of series 'b' has more than one value: found 'city' "
         r"and 'park'\. .*ingest\.past_covariates"),
        ("size", [60.0, 40.0, 60.0, 41.5], r"series 'a' has more than one value: found 40\.0 and 41\.5\."),
        ("size", [np.nan, 40.0, np.nan, 40.0], r"'size' .* of series 'b' has no value in any row\."),
    ],
)  # fmt: skip
def test_a_static_covariate_has_one_value_per_series(column, cells, sentence):
    with pytest.raises(DataError, match=sentence):
        panel_of(table(**{column: cells}), ROLES)


def test_a_table_in_which_every_number_is_a_covariate_is_refused():
    roles = Covariates(past=("sales", "sky"), future=("price",), static=("kind", "size"))

    with pytest.raises(DataError, match="nothing to forecast"):
        panel_of(table(), roles)
