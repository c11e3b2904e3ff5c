"""Forecasts and what happened since, by hand."""

import numpy as np
import pandas as pd
import pytest

from forecasting.data.panel import Panel, single
from forecasting.evaluation.realised import known_values, realised

NAN = np.nan
HOURS = pd.date_range("2024-03-01", periods=4, freq="h", unit="us", name="hour")


def wanted(rows):
    ids, hours = zip(*rows, strict=True)
    times = [pd.Timestamp(f"2024-03-01 {hour:02}:00") for hour in hours]
    return pd.DataFrame({"id": ids, "time": pd.DatetimeIndex(times)})


def test_values_are_looked_up_by_target_and_time():
    table = pd.DataFrame(
        {"load": [0.0, 1.0, 2.0, 3.0], "oil": [10.0, NAN, 12.0, 13.0]}, index=HOURS
    )
    rows = [("oil", 0), ("load", 3), ("oil", 1), ("load", 4), ("gas", 2)]
    found = known_values(single(table), [["load", "oil"]], wanted(rows))
    np.testing.assert_array_equal(found["actual"], [10.0, 3.0, NAN, NAN, NAN])
    assert found["target"].fillna("none").tolist() == ["oil", "load", "oil", "load", "none"]


def test_values_of_many_series_are_looked_up_where_each_has_rows_of_its_own():
    panel = Panel(
        values=np.array([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0], [3.0, 8.0]]),
        times=HOURS[[0, 1, 1, 3]],  # a lacks hour 3, b has hours 1 and 3
        offsets=np.array([0, 2, 4]),
        names=("a", "b"),
        columns=("load", "oil"),
        id="shop",
    )
    ids = [["a/load", "a/oil"], ["b/load", "b/oil"]]
    rows = [("a/oil", 1), ("b/oil", 1), ("b/load", 3), ("a/load", 3), ("b/load", 0), ("c/oil", 1)]
    found = known_values(panel, ids, wanted(rows))
    np.testing.assert_array_equal(found["actual"], [6.0, 7.0, 3.0, NAN, NAN, NAN])
    assert found["target"].fillna("none").tolist() == ["oil", "oil", "load", "load", "load", "none"]


def test_errors_are_averaged_by_target_and_values_on_an_end_lie_inside():
    actual = [1.0, 2.0, NAN, 10.0]
    outcomes = pd.DataFrame({"actual": actual, "target": ["load", "load", "load", "oil"]})
    forecasts = np.array([2.0, 5.0, 0.0, 10.5])
    ends = np.array([[1.0, 3.0, -9.0, NAN], [3.0, 7.0, 9.0, NAN]])
    found = realised(outcomes, forecasts, {80.0: ends, 90.0: np.full((2, 4), NAN)})
    assert found.known == 3
    assert found.mae == {"load": pytest.approx(2.0), "oil": pytest.approx(0.5)}
    assert found.coverage == {
        80.0: 0.5,
        90.0: None,
    }  # 1 lies on an end, 2 below, 10 has no interval


def test_nothing_is_said_of_a_forecast_of_which_nothing_is_known():
    outcomes = pd.DataFrame({"actual": [NAN, NAN], "target": ["load", None]})
    found = realised(outcomes, np.zeros(2), {80.0: np.zeros((2, 2))})
    assert (found.known, found.mae, found.coverage) == (0, {}, {80.0: None})
