"""The honest split of many series: the same dates for all of them."""

import numpy as np
import pandas as pd
import pytest

from forecasting.data.split import (
    Borders,
    axis_of,
    borders_by_date,
    borders_by_share,
    check_chronological,
    chronological_parts,
    random_parts,
    rows_known,
    series_without,
)
from forecasting.data.windows import panel_windows
from foundation.errors import DataError
from tests.support.panels import panel

# series a: 20 days from January 1; b: 12 days from January 9; c: 6 days from January 15
THREE = panel(
    ("2024-01-01", range(20)), ("2024-01-09", range(20, 32)), ("2024-01-15", range(32, 38))
)
AXIS = axis_of(THREE.times, THREE.offsets)
WINDOWS = panel_windows(THREE.offsets, lookback=2, horizon=1, stride=1)


def split_of(borders, *, gap, windows=WINDOWS, axis=AXIS):
    return windows.assign(part=chronological_parts(windows, borders, gap=gap, axis=axis))


def days(split, part):
    """The days of January that each series has as targets of a part."""
    rows = split[split["part"] == part]
    days = THREE.times[rows["target_start"]].day
    return {
        name: sorted(set(days[rows["series"] == code])) for code, name in enumerate(THREE.names)
    }


def test_shares_are_of_the_distinct_dates():
    assert len(AXIS.dates) == 20
    assert borders_by_share(20, validation_size=0.2, test_size=0.2) == Borders(12, 16, 20)
    by_date = borders_by_date(
        AXIS.dates, validation_from="2024-01-13", test_from="2024-01-17", test_until=None
    )
    assert by_date == Borders(12, 16, 20)


def test_the_borders_are_the_same_dates_for_every_series():
    split = split_of(Borders(12, 16, 20), gap=0)

    assert days(split, "train") == {"a": [*range(3, 13)], "b": [11, 12], "c": []}
    assert days(split, "validation") == {"a": [*range(13, 17)], "b": [*range(13, 17)], "c": []}
    assert days(split, "test") == {name: [17, 18, 19, 20] for name in "abc"}
    check_chronological(split, gap=0, axis=AXIS)


def test_a_gap_is_left_out_in_every_series():
    split = split_of(Borders(12, 16, 20), gap=2)

    assert days(split, "train") == {"a": [*range(3, 11)], "b": [], "c": []}
    assert days(split, "validation") == {"a": [13, 14], "b": [13, 14], "c": []}
    check_chronological(split, gap=2, axis=AXIS)


def test_a_series_that_ended_before_a_border_keeps_its_last_rows():
    ended = panel(("2024-01-01", range(20)), ("2024-01-01", range(20, 28)))
    axis = axis_of(ended.times, ended.offsets)
    windows = panel_windows(ended.offsets, lookback=2, horizon=1, stride=1)
    split = split_of(Borders(12, 16, 20), gap=2, windows=windows, axis=axis)

    assert (split.loc[split["series"] == 1, "part"] == "train").sum() == 6


def test_series_without_training_windows_are_found():
    split = split_of(Borders(12, 16, 20), gap=2)

    assert series_without(split, "train", n_series=3).tolist() == [1, 2]
    assert series_without(split, "test", n_series=3).tolist() == []
    assert series_without(split, "train", n_series=4).tolist() == [1, 2]  # no window, no part


def test_a_date_that_another_series_showed_fires_the_assertion():
    split = split_of(Borders(12, 16, 20), gap=0)
    leaked = split.copy()
    of_b = np.flatnonzero((split["series"] == 1) & (split["part"] == "validation"))
    leaked.loc[of_b[0], "part"] = "train"  # January 13, which validation predicts in series a

    with pytest.raises(DataError, match=r"the train part reaches to 2024-01-14 .* from 2024-01-13"):
        check_chronological(leaked, gap=0, axis=AXIS)


def test_a_gap_of_steps_holds_where_series_lie_between_each_others_steps():
    mixed = panel(("2024-01-01 00:00", range(20)), ("2024-01-01 00:30", range(20)), step="h")
    axis = axis_of(mixed.times, mixed.offsets)
    windows = panel_windows(mixed.offsets, lookback=3, horizon=1, stride=1)

    split = split_of(Borders(24, 32, 40), gap=3, windows=windows, axis=axis)

    train = split[(split["part"] == "train") & (split["series"] == 1)]
    assert train["target_stop"].max() == 20 + 12 - 3  # three rows, though they are six dates


def test_an_empty_part_is_named_by_its_time():
    with pytest.raises(
        DataError, match=r"the train part empty: .* time from 2024-01-01 00:00:00 to"
    ):
        split_of(Borders(2, 16, 20), gap=0)


def test_the_random_split_picks_windows_as_scikit_learn_does_whatever_series_they_are_of():
    from sklearn.model_selection import train_test_split

    _, test = train_test_split(WINDOWS, test_size=0.2, random_state=42)
    parts = random_parts(len(WINDOWS), test_size=0.2, random_state=42)
    assert sorted(test.index) == np.flatnonzero(parts == "test").tolist()


def test_what_is_known_is_counted_in_the_window_of_the_shortest_past():
    split = split_of(Borders(12, 16, 20), gap=0)

    assert rows_known(split[split["part"] == "test"], THREE.offsets) == 2  # c: January 15 and 16
    assert rows_known(split[split["part"] == "validation"], THREE.offsets) == 4  # b: from 9 to 12


def test_a_single_series_has_its_rows_as_dates():
    axis = axis_of(pd.date_range("2024-01-01", periods=3, freq="h"))

    assert axis.ranks.tolist() == [0, 1, 2]
    assert axis.rows_before(2).tolist() == [2]
