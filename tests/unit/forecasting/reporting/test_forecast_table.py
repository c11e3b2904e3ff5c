"""The tables, and what other projects' tools make of them."""

import numpy as np
import pandas as pd
import pytest
from darts import TimeSeries
from utilsforecast.evaluation import evaluate
from utilsforecast.losses import coverage, mae, rmse

from forecasting.intervals.newest_forecast import NewestForecast
from forecasting.reporting.forecast_table import long_table, series_ids, wide_table

LEVELS = [80, 97.5]
TIMES = np.array(
    [["2024-01-01T00", "2024-01-01T01"], ["2024-01-05T00", "2024-01-05T01"]], "datetime64[us]"
)
FORECASTS = np.array([[[1.0, 10], [2, 20]], [[3, 30], [4, 40]]])  # (series, steps, targets)
BOUNDS = FORECASTS + np.array([[-1, 1], [-2, 2]])[..., None, None, None]


def forecast(n_series=2, n_targets=2, levels=LEVELS):
    return NewestForecast(
        np.arange(n_series),
        FORECASTS[:n_series, :, :n_targets],
        BOUNDS[: len(levels), :, :n_series, :, :n_targets],
        TIMES[:n_series],
        levels,
        None,
    )


def long(names=("b", "a"), targets=("oil", "load"), *, has_id=True):
    ids = series_ids(names, targets, has_id=has_id)
    return long_table(forecast(len(ids), len(targets)), ids=ids)


def test_the_long_table_is_sorted_by_series_and_time():
    table = long()

    assert list(table.columns) == [
        "unique_id",
        "ds",
        "exactcast",
        "exactcast-lo-80",
        "exactcast-hi-80",
        "exactcast-lo-97.5",
        "exactcast-hi-97.5",
    ]
    assert table["unique_id"].tolist() == [
        *["a/load"] * 2,
        *["a/oil"] * 2,
        *["b/load"] * 2,
        *["b/oil"] * 2,
    ]
    assert table["exactcast"].tolist() == [30, 40, 3, 4, 10, 20, 1, 2]
    assert table["exactcast-lo-80"].tolist() == [29, 39, 2, 3, 9, 19, 0, 1]
    assert table["exactcast-hi-97.5"].tolist() == [32, 42, 5, 6, 12, 22, 3, 4]
    assert table["ds"].iloc[:2].tolist() == [*pd.DatetimeIndex(TIMES[1])]
    assert table["ds"].dtype == "datetime64[us]"


def test_series_are_named_by_their_id_where_there_is_one_target():
    assert long(targets=("oil",))["unique_id"].tolist() == ["a", "a", "b", "b"]


def test_a_single_series_is_named_by_its_targets():
    table = long(names=("",), has_id=False)

    assert table["unique_id"].tolist() == ["load", "load", "oil", "oil"]
    assert table["exactcast"].tolist() == [10, 20, 1, 2]


def test_without_levels_there_are_only_forecasts():
    ids = series_ids("ba", ["oil", "load"], has_id=True)

    assert list(long_table(forecast(levels=[]), ids=ids).columns) == [
        "unique_id",
        "ds",
        "exactcast",
    ]


def test_the_wide_table_has_the_columns_of_each_target():
    table = wide_table(forecast(), names=["a", "b"], targets=["oil", "load"])

    assert list(table.columns)[:5] == ["unique_id", "ds", "oil", "oil-lo-80", "oil-hi-80"]
    assert table["unique_id"].tolist() == ["a", "a", "b", "b"]
    assert table["load"].tolist() == [10, 20, 30, 40]
    assert table["load-lo-97.5"].tolist() == [8, 18, 28, 38]


def test_the_wide_table_of_a_single_series_has_no_id():
    table = wide_table(forecast(1), names=None, targets=["oil", "load"])

    assert list(table.columns)[:2] == ["ds", "oil"]
    assert table["oil"].tolist() == [1, 2]


def test_without_any_series_the_tables_have_no_rows():
    assert long([], has_id=True).empty
    assert wide_table(forecast(0), names=[], targets=["oil", "load"]).empty


def test_utilsforecast_scores_the_long_table():
    table = long()
    table["y"] = table["exactcast"] + [0.5, 1.5, 0, 0, 0, 0, 0, 0]  # the second lies outside

    scores = evaluate(table, metrics=[mae, rmse, coverage], level=[80], models=["exactcast"])

    found = scores.set_index(["unique_id", "metric"])["exactcast"]
    assert found["a/load", "mae"] == 1
    assert found["a/load", "rmse"] == pytest.approx(np.sqrt((0.25 + 2.25) / 2))
    assert found["a/load", "coverage_level80"] == 0.5
    assert found["b/oil", "coverage_level80"] == 1


def test_darts_reads_the_long_table_and_intervals_with_it():
    series = TimeSeries.from_group_dataframe(
        long(),
        group_cols="unique_id",
        time_col="ds",
        value_cols=["exactcast", "exactcast-lo-80", "exactcast-hi-80"],
        freq="h",
    )

    by_id = {one.static_covariates["unique_id"].iloc[0]: one for one in series}
    assert sorted(by_id) == ["a/load", "a/oil", "b/load", "b/oil"]
    assert by_id["b/oil"]["exactcast"].values().ravel().tolist() == [1, 2]
    assert by_id["b/oil"].start_time() == pd.Timestamp("2024-01-01 00:00")
