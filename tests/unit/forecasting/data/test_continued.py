"""Older and newer rows of the same series, put together by hand."""

import numpy as np
import pandas as pd

from forecasting.data.continued import continue_series
from forecasting.data.panel import Panel


def panel(**days: tuple[int, int]) -> Panel:
    """Series from one day of March to another; the value of a row is its day, and its series' place."""
    values = [
        [day + 100.0 * "abc".index(name)]
        for name, (first, last) in days.items()
        for day in range(first, last + 1)
    ]
    times = [f"2024-03-{day:02}" for first, last in days.values() for day in range(first, last + 1)]
    lengths = [last + 1 - first for first, last in days.values()]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Panel(
        np.array(values), pd.DatetimeIndex(times), offsets, tuple(days), ("sales",), id="shop"
    )


def test_a_table_that_has_grown_continues_its_series():
    found = continue_series(panel(a=(1, 3), b=(1, 2)), panel(a=(1, 5), b=(1, 4)))
    assert found.panel.values.ravel().tolist() == [1, 2, 3, 4, 5, 101, 102, 103, 104]
    assert found.panel.offsets.tolist() == [0, 5, 9]
    assert found.older.tolist() == [0, 2]  # the rows of b come after five of a, not three
    assert found.newer.tolist() == [0, 0]
    assert found.numbers.tolist() == [0, 1]


def test_a_table_of_the_newest_rows_continues_the_series_at_their_last_row():
    older, newer = panel(a=(1, 4)), panel(a=(3, 6))
    found = continue_series(older, newer)
    assert found.panel.values.ravel().tolist() == [1, 2, 3, 4, 5, 6]
    assert found.panel.times.day.tolist() == [1, 2, 3, 4, 5, 6]
    for row in range(len(newer.values)):
        assert found.panel.values[row + found.newer[0]] == newer.values[row]


def test_a_series_after_a_gap_and_a_new_one_stand_alone():
    newer = panel(a=(5, 6), c=(2, 3))
    found = continue_series(panel(a=(1, 2), b=(1, 2)), newer)
    assert found.panel.names == ("a", "b", "a", "c")
    assert found.panel.values.ravel().tolist() == [1, 2, 101, 102, 5, 6, 202, 203]
    assert found.panel.offsets.tolist() == [0, 2, 4, 6, 8]
    assert found.numbers.tolist() == [2, 3]
    assert found.newer.tolist() == [4, 4]


def test_nothing_newer_adds_nothing():
    older = panel(a=(1, 3), b=(2, 3))
    found = continue_series(older, panel(a=(2, 3)))
    assert found.panel.values.tolist() == older.values.tolist()
    assert found.numbers.tolist() == [0]
    assert found.newer.tolist() == [1]
