import numpy as np
import pandas as pd
import pytest

from forecasting.data.ahead import times_ahead
from forecasting.data.panel import Panel, single
from forecasting.data.roles import Covariates


def series(times):
    return single(pd.DataFrame({"load": np.arange(float(len(times)))}, index=times))


def days(*texts):
    return pd.DatetimeIndex(texts, dtype="datetime64[us]")


def ahead(panel, frequency, n_steps=3):
    found = times_ahead(panel, frequency=frequency, n_steps=n_steps)
    return [[str(time) for time in pd.DatetimeIndex(row)] for row in found.times], found.sentence


@pytest.mark.parametrize("frequency", ["infer", "15min"])
def test_a_forecast_is_for_the_steps_after_the_last_row(frequency):
    times = pd.date_range("2024-02-28 23:15", periods=4, freq="15min", unit="us")

    found, sentence = ahead(series(times), frequency)

    assert found == [["2024-02-29 00:15:00", "2024-02-29 00:30:00", "2024-02-29 00:45:00"]]
    assert sentence is None


@pytest.mark.parametrize("frequency", ["infer", "MS"])
def test_months_follow_the_calendar(frequency):
    times = pd.date_range("2023-09-01", periods=4, freq="MS", unit="us")

    found, _ = ahead(series(times), frequency)

    assert found == [["2024-01-01 00:00:00", "2024-02-01 00:00:00", "2024-03-01 00:00:00"]]


def test_months_keep_their_time_of_day():
    times = pd.date_range("2023-10-31 06:00", periods=4, freq="ME", unit="us")

    found, _ = ahead(series(times), "ME", 1)

    assert found == [["2024-02-29 06:00:00"]]


def test_each_series_goes_on_from_its_own_end():
    times = pd.DatetimeIndex(
        [
            *pd.date_range("2024-01-01", periods=4, unit="us"),
            *pd.date_range("2024-03-01", periods=3, unit="us"),
        ]
    )
    panel = Panel(np.zeros((7, 1)), times, np.array([0, 4, 7]), ("a", "b"), ("load",), id="shop")

    found, _ = ahead(panel, "infer", 2)

    assert found == [
        ["2024-01-05 00:00:00", "2024-01-06 00:00:00"],
        ["2024-03-04 00:00:00", "2024-03-05 00:00:00"],
    ]


def test_rows_with_known_covariates_give_the_first_times():
    times = days("2024-01-01", "2024-01-02", "2024-01-05", "2024-01-09")  # no even steps
    panel = Panel(
        np.array([[1.0, 5], [2, 5], [np.nan, 6], [np.nan, 7]]),
        times,
        np.array([0, 4]),
        ("",),
        ("load", "price"),
        covariates=Covariates(future=("price",)),
    )

    assert ahead(panel, "rows", 2) == ([["2024-01-05 00:00:00", "2024-01-09 00:00:00"]], None)
    found, sentence = ahead(panel, "rows", 3)
    assert found[0][:2] == ["2024-01-05 00:00:00", "2024-01-09 00:00:00"]
    assert sentence is not None


def test_trading_days_are_assumed_to_go_on_on_business_days():
    traded = pd.bdate_range("2024-03-18", "2024-04-12", unit="us").drop(
        days("2024-03-29", "2024-04-01")
    )

    found, sentence = ahead(series(traded), "rows", 2)

    assert found == [["2024-04-15 00:00:00", "2024-04-16 00:00:00"]]  # the 12th is a Friday
    assert sentence == (
        "ingest.frequency is rows, so the table does not say when its next rows are: the times of the "
        "forecast are assumed, in steps of B."
    )


def test_rows_without_any_pattern_are_assumed_to_have_the_usual_step():
    times = days("2024-01-01", "2024-01-08", "2024-01-15", "2024-01-27", "2024-02-03")

    found, sentence = ahead(series(times), "rows", 1)

    assert found == [["2024-02-10 00:00:00"]]
    assert "assumed, in steps of 7D" in sentence
