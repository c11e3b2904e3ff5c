from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.data.ahead import extend, known_steps
from forecasting.data.newest import newest_windows, windows_after
from forecasting.data.panel import Panel
from forecasting.data.roles import Covariates


def panel(*lengths, price=None):
    """Daily series with a load that equals its row, and a price known ahead where it is given."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    times = [pd.date_range("2024-01-01", periods=n, unit="us").to_numpy() for n in lengths]
    values = np.arange(float(offsets[-1]))[:, None]
    bare = Panel(
        values,
        pd.DatetimeIndex(np.concatenate(times), name="day"),
        offsets,
        tuple("abcdef"[: len(lengths)]),
        ("load",),
        id="shop",
    )
    if price is None:
        return bare
    values = np.column_stack([values, np.array(price, dtype=np.float64)])
    return replace(
        bare, values=values, columns=("load", "price"), covariates=Covariates(future=("price",))
    )


def ahead_of(found, *rows):
    """Forget the targets of rows, which then lie ahead."""
    found.values[list(rows), 0] = np.nan
    return found


def test_the_newest_window_ends_with_the_last_target():
    windows, sentences = newest_windows(panel(5, 4), lookback=3, n_ahead=2, skip_gaps=False)

    assert windows.to_dict("list") == {
        "series": [0, 1],
        "input_start": [2, 6],
        "input_stop": [5, 9],
        "target_start": [5, 9],
        "target_stop": [5, 9],  # nothing is known of the rows after the end
    }
    assert sentences == []


def test_a_series_shorter_than_the_lookback_is_named():
    windows, sentences = newest_windows(panel(5, 2, 1), lookback=3, n_ahead=2, skip_gaps=False)

    assert windows["series"].tolist() == [0]
    assert sentences == [
        "2 series ('b', 'c') cannot be forecast from the newest rows: fewer rows than "
        "windowing.lookback (3)."
    ]


def test_with_gaps_skipped_a_series_with_a_gap_at_its_end_is_named():
    found = panel(5, 5)
    found.values[[1, 7], 0] = np.nan  # the first lies before the newest window

    windows, sentences = newest_windows(found, lookback=3, n_ahead=2, skip_gaps=True)

    assert windows["series"].tolist() == [0]
    assert sentences == [
        "1 series ('b') cannot be forecast from the newest rows: a missing value among the last 3 "
        "rows, and ingest.gaps is skip."
    ]
    assert len(newest_windows(found, lookback=3, n_ahead=2, skip_gaps=False)[0]) == 2


def test_the_first_missing_future_covariate_is_named():
    found = ahead_of(panel(6, 6, price=[5] * 11 + [np.nan]), 4, 5, 10, 11)

    windows, sentences = newest_windows(found, lookback=3, n_ahead=2, skip_gaps=False)

    assert windows.to_dict("list") == {
        "series": [0],
        "input_start": [1],
        "input_stop": [4],
        "target_start": [4],
        "target_stop": [6],
    }
    assert sentences == [
        "1 series ('b') cannot be forecast from the newest rows: no value of 'price' "
        "(ingest.future_covariates) of series 'b' at 2024-01-06 00:00:00."
    ]


def test_a_series_that_ends_with_its_targets_has_nothing_known_ahead():
    found = ahead_of(panel(6, 6, price=[5] * 12), 4, 5)

    windows, sentences = newest_windows(found, lookback=3, n_ahead=2, skip_gaps=False)

    assert windows["series"].tolist() == [0]
    assert "future covariates known for 0 steps of series 'b', up to 2024-01-0" in sentences[0]
    assert ", and 2 are needed" in sentences[0]


@pytest.mark.parametrize(
    ("first", "known"), [(0, 2), (1, 1), (2, 0), (3, 2), (4, 1), (5, 3), (6, 2), (8, 0)]
)
def test_steps_are_known_up_to_the_first_missing_row_or_the_end_of_the_series(first, known):
    found = panel(5, 3, price=[5, 5, np.nan, 5, 5, 5, 5, 5])

    assert known_steps(found, np.array([first]), most=3).tolist() == [known]


def test_without_future_covariates_every_step_is_known():
    assert known_steps(panel(5), np.array([0, 5]), most=7).tolist() == [7, 7]


def test_series_get_rows_for_the_times_ahead():
    found = panel(3, 2)
    times = np.array(
        [["2024-01-04", "2024-01-05"], ["2024-01-03", "2024-01-04"]], dtype="datetime64[us]"
    )

    longer, moved = extend(found, times)

    assert longer.offsets.tolist() == [0, 5, 9]
    assert moved.tolist() == [0, 2]
    assert longer.values[:, 0].tolist()[:3] == [0, 1, 2]
    assert longer.values[5:7, 0].tolist() == [3, 4]
    assert np.isnan(longer.values[[3, 4, 7, 8], 0]).all()
    assert [time.day for time in longer.times] == [1, 2, 3, 4, 5, 1, 2, 3, 4]


def test_rows_that_the_table_has_ahead_are_kept():
    found = ahead_of(panel(5, 4, price=range(9)), 4)
    times = np.array(
        [["2024-01-05", "2024-01-06"], ["2024-01-05", "2024-01-06"]], dtype="datetime64[us]"
    )

    longer, moved = extend(found, times)

    assert longer.offsets.tolist() == [0, 6, 12]
    assert moved.tolist() == [0, 1]
    assert longer.values[4, 1] == 4  # a price known ahead
    assert np.isnan(longer.values[5]).all()
    assert [time.day for time in longer.times] == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]


def test_windows_after_a_time_end_later_and_before_the_newest_row():
    windows = windows_after(panel(6, 4, 2), pd.Timestamp("2024-01-03"), lookback=3, skip_gaps=False)
    assert windows["series"].tolist() == [0, 0]  # b and c have nothing after such a window
    assert windows["input_start"].tolist() == [1, 2]
    assert windows["input_stop"].tolist() == [4, 5]


def test_windows_after_a_time_may_not_read_a_gap_that_is_skipped():
    found = panel(7)
    found.values[2] = np.nan
    time = pd.Timestamp("2023-12-31")
    kept = windows_after(found, time, lookback=2, skip_gaps=True)
    assert kept["input_start"].tolist() == [0, 3, 4]
    assert windows_after(found, time, lookback=2, skip_gaps=False)["input_start"].tolist() == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip
