"""Rows below the last target: what is known ahead, in the checks, the windows and the split."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecasting.data.gaps import trimmed_sentences
from forecasting.data.regularity import regular_panel
from forecasting.data.roles import Covariates
from forecasting.data.split import axis_of
from forecasting.data.windows import known_ahead, panel_windows
from foundation.errors import DataError
from tests.support.panels import panel

NO = np.nan
COLUMNS = ("sales", "visitors", "price")
ROLES = Covariates(past=("visitors",), future=("price",))


def series(*rows, others=()):
    """Shop a with these rows, and further ones."""
    days = [("2024-01-01", list(each)) for each in (rows, *others)]
    return dataclasses.replace(panel(*days, columns=COLUMNS), covariates=ROLES)


def regular(given, gaps="error"):
    return regular_panel(given, frequency="D", gaps=gaps, max_gap=2)


AHEAD = series([1, 9, 5], [2, 8, 6], [3, 7, 5], [NO, NO, 6], [NO, NO, 7])


@pytest.mark.parametrize("gaps", ["error", "skip", "interpolate"])
def test_rows_below_the_last_target_stay_where_future_covariates_are_known(gaps):
    found = regular(AHEAD, gaps)

    assert found.stops.tolist() == [3]
    assert found.ahead.tolist() == [False, False, False, True, True]
    np.testing.assert_array_equal(found.values, AHEAD.values)
    assert trimmed_sentences(AHEAD, found) == [
        "2 rows from 2024-01-04 00:00:00 on have only what is known ahead"
    ]


@pytest.mark.parametrize("gaps", ["error", "skip", "interpolate"])
def test_rows_below_the_last_target_without_a_future_covariate_are_left_out(gaps):
    given = series([1, 9, 5], [2, 8, 6], [3, 7, 5], [NO, 6, NO])

    assert len(regular(given, gaps).values) == 3


def test_without_future_covariates_later_rows_are_cut_or_refused():
    roles = Covariates(past=("visitors", "price"))
    given = dataclasses.replace(AHEAD, covariates=roles)

    assert len(regular(given, "skip").values) == 3
    with pytest.raises(
        DataError,
        match=r"'sales' of series 'a' has no value in row 4 .*No target has a value from there on\. "
        r"Cut these rows off, or name what is known in them in ingest\.future_covariates\.$",
    ):
        regular(given)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ([2, NO, 6], r"'visitors' of series 'a' has no value in row 2 \(2024-01-02 00:00:00"),
        ([2, 8, NO], r"'price' of series 'a' has no value in row 2 \(2024-01-02 00:00:00"),
        ([NO, 8, 6], r"'sales' of series 'a' has no value in row 2"),
    ],
)
def test_a_missing_covariate_is_refused_where_no_gap_is_accepted(row, sentence):
    with pytest.raises(DataError, match=sentence):
        regular(series([1, 9, 5], row, [3, 7, 5], [NO, NO, 6]))


def test_a_hole_in_what_is_known_ahead_is_refused_and_an_end_is_not():
    hole = series([1, 9, 5], [2, 8, 6], [3, 7, 5], [NO, NO, NO], [NO, NO, 7])
    with pytest.raises(DataError, match=r"'price' of series 'a' has no value in row 4"):
        regular(hole)

    two = dataclasses.replace(AHEAD, covariates=Covariates(future=("visitors", "price")))
    assert len(regular(two).values) == 5  # visitors are known for no day ahead, prices for two


def test_a_series_whose_covariates_begin_after_its_last_target_is_left_out():
    given = series([1, 9, 5], [2, 8, 6], [3, 7, 5], others=[[[4, 6, NO], [5, 5, NO], [NO, NO, 8]]])

    assert regular(given, "skip").names == ("a",)


def test_windows_end_with_the_targets_and_dates_with_those_of_all():
    given = regular(
        series(
            [1, 9, 5],
            [2, 8, 6],
            [3, 7, 5],
            [NO, NO, 6],
            others=[[[4, 1, 2], [5, 2, 4], [NO, NO, 1]]],
        )
    )
    windows = panel_windows(given.offsets, stops=given.stops, lookback=1, horizon=1, stride=1)
    axis = axis_of(given.times, given.offsets, given.stops)

    assert windows["target_start"].tolist() == [1, 2, 5]
    assert axis.dates.equals(pd.date_range("2024-01-01", periods=3, unit="us"))
    assert axis.ranks.tolist() == [0, 1, 2, 3, 0, 1, 2]
    alone = axis_of(given.times[:4], np.array([0, 4]), np.array([3]))
    assert (len(alone.dates), len(alone.ranks)) == (3, 4)


def test_a_window_whose_horizon_is_not_known_ahead_is_not_listed():
    windows = panel_windows(np.array([0, 6]), lookback=1, horizon=2, stride=1)
    known = np.array([True, True, True, False, True, True])

    kept = known_ahead(windows, known)

    assert kept["target_start"].tolist() == [1, 4]
    with pytest.raises(
        DataError, match=r"Each of the 4 windows has a missing future covariate among the 2"
    ):
        known_ahead(windows, ~known)


def test_gaps_inside_are_measured_up_to_the_last_target():
    rows = [[1, 9, 5], [2, 8, 6], [3, 7, 5], *[[NO, NO, NO]] * 5, [NO, NO, 7]]

    assert len(regular(series(*rows), "interpolate").values) == 9


def test_a_constant_covariate_is_shown_as_the_text_that_it_is():
    given = dataclasses.replace(
        series([1, 0, 5], [2, 0, 6], [3, 0, 5]), labels={"visitors": ("many",)}
    )
    with pytest.raises(
        DataError, match=r"'visitors' is constant: every row is 'many'\. .*past_covariates"
    ):
        regular(given)


def test_a_static_covariate_that_all_series_share_is_refused():
    given = series([1, 2, 5], [2, 0, 6], [3, 0, 5], others=[[[1, 2, 5], [2, 0, 6], [3, 0, 5]]])
    given = dataclasses.replace(
        given,
        covariates=dataclasses.replace(ROLES, static=("size",)),
        statics=np.array([[7.0], [7.0]]),
    )
    with pytest.raises(
        DataError, match=r"'size' is constant: every series is 7\.0\. .*static_covariates"
    ):
        regular(given)
