import numpy as np
import pytest

from forecasting.data.windows import (
    count_windows,
    covered_rows,
    gather_targets,
    observed_inputs,
    observed_targets,
    panel_windows,
    window_table,
    without_windows,
)
from foundation.errors import DataError


def test_a_window_predicts_the_rows_right_after_the_rows_it_reads():
    windows = window_table(7, lookback=3, horizon=2, stride=2)

    assert list(windows.columns) == ["input_start", "input_stop", "target_start", "target_stop"]
    assert windows.to_numpy().tolist() == [
        [0, 3, 3, 5],  # reads rows 0-2, predicts rows 3-4
        [2, 5, 5, 7],  # reads rows 2-4, predicts rows 5-6: the last row is used
    ]


@pytest.mark.parametrize(
    ("n_rows", "stride", "expected"), [(5, 1, 1), (6, 1, 2), (100, 1, 96), (6, 2, 1), (7, 2, 2)]
)
def test_every_window_that_fits_is_listed(n_rows, stride, expected):
    assert len(window_table(n_rows, lookback=3, horizon=2, stride=stride)) == expected


def test_a_series_shorter_than_one_window_says_what_is_missing():
    with pytest.raises(DataError, match=r"has 4 rows, .* needs 5 .*lookback=3 .*horizon=2"):
        window_table(4, lookback=3, horizon=2, stride=1)


def test_a_row_is_covered_from_the_start_of_a_range_to_before_its_stop():
    mask = covered_rows(np.array([1, 2, 6]), np.array([3, 4, 8]), n_rows=8)

    assert np.flatnonzero(mask).tolist() == [1, 2, 3, 6, 7]


def test_no_range_covers_no_row():
    nothing = np.array([], dtype=np.int64)

    assert not covered_rows(nothing, nothing, n_rows=4).any()


def test_targets_are_the_rows_of_each_horizon():
    values = np.arange(7.0)[:, None] + [
        0,
        100,
    ]  # value equals position; the second feature is 100 on
    windows = window_table(7, lookback=3, horizon=2, stride=2)

    assert gather_targets(values, windows).tolist() == [
        [[3, 103], [4, 104]],
        [[5, 105], [6, 106]],
    ]


def test_a_window_that_would_predict_a_missing_row_is_left_out():
    windows = window_table(8, lookback=3, horizon=2, stride=1)  # targets 3-4, 4-5, 5-6, 6-7
    observed = np.array([True, False, True, True, True, True, False, True])

    kept = observed_targets(windows, observed)

    assert kept["target_start"].tolist() == [3, 4]  # row 1 is only read
    assert kept.index.tolist() == [0, 1]


def test_a_series_without_a_window_to_predict_is_refused():
    windows = window_table(8, lookback=3, horizon=2, stride=1)

    with pytest.raises(DataError, match=r"Each of the 4 windows .* the 2 rows .*horizon"):
        observed_targets(windows, np.arange(8) % 2 == 0)


def test_no_window_crosses_from_one_series_into_the_next():
    windows = panel_windows(np.array([0, 6, 8, 13]), lookback=3, horizon=2, stride=1)

    assert windows.columns[0] == "series"
    assert windows.dtypes.astype(str).tolist() == ["int32"] + ["int64"] * 4
    assert windows.to_numpy().tolist() == [
        [0, 0, 3, 3, 5],
        [0, 1, 4, 4, 6],  # the last row of the first series, and the second of two rows has none
        [2, 8, 11, 11, 13],
    ]


def test_strides_begin_with_each_series():
    windows = panel_windows(np.array([0, 8, 15]), lookback=3, horizon=1, stride=3)

    assert windows["input_start"].tolist() == [0, 3, 8, 11]


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_windows_are_counted_as_they_are_listed(stride):
    offsets = np.array([0, 4, 13, 15, 40])
    geometry = {"lookback": 4, "horizon": 2, "stride": stride}

    assert count_windows(np.diff(offsets), **geometry) == len(panel_windows(offsets, **geometry))


def test_series_none_of_which_holds_a_window_are_refused():
    with pytest.raises(DataError, match=r"The longest series has 4 rows, but one window needs 5"):
        panel_windows(np.array([0, 4, 7]), lookback=3, horizon=2, stride=1)


def test_series_in_which_no_window_fits_are_found():
    windows = panel_windows(np.array([0, 2, 10, 13, 16]), lookback=3, horizon=1, stride=1)

    assert without_windows(windows, n_series=4).tolist() == [0, 2, 3]


def test_a_window_that_would_read_a_missing_row_is_left_out_where_gaps_are_skipped():
    windows = window_table(8, lookback=3, horizon=2, stride=1)

    kept = observed_inputs(windows, np.array([True, False, True, True, True, True, True, True]))

    assert kept["input_start"].tolist() == [2, 3]
    assert kept.index.tolist() == [0, 1]


def test_skipping_every_window_is_refused():
    windows = window_table(8, lookback=3, horizon=2, stride=1)

    with pytest.raises(
        DataError, match=r"Each of the 4 windows .* 3 rows that it reads, .*is skip"
    ):
        observed_inputs(windows, np.arange(8) % 3 != 2)
