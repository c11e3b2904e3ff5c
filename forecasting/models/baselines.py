"""Forecasts that need no training: what a model must beat to be worth anything."""

import numpy as np
import pandas as pd

from forecasting.data.filling import FilledSeries
from forecasting.data.scaling import Scaling
from forecasting.data.split import TRAIN, VALIDATION
from forecasting.data.windows import window_lengths
from forecasting.models.ridge import fit_ridge, ridge_forecast


def repeat_last(series: FilledSeries, windows: pd.DataFrame, *, horizon: int) -> np.ndarray:
    """Forecast every step as the last row the window reads.

    Args:
        series: The series, of `rows` rows.
        windows: Rows of the window table.
        horizon: Steps to forecast.

    Returns:
        Shape (windows, horizon, features), in units of the series.
    """
    origins = windows["input_stop"].to_numpy()  # the first row not yet known
    last = series.read(origins - 1, origins)  # (windows, features)
    return np.repeat(last[:, None, :], horizon, axis=1)


def seasonal_naive(
    series: FilledSeries, windows: pd.DataFrame, *, horizon: int, season: int
) -> np.ndarray:
    """Forecast each step as the latest known row at the same place in the season.

    The rows come from the series before the forecast, also from before the window's own lookback.

    Args:
        series: The series, of `rows` rows.
        windows: Rows of the window table, each at least one season after the first row.
        horizon: Steps to forecast.
        season: Length of one season, in rows (24 for hourly data with a daily cycle).

    Returns:
        Shape (windows, horizon, features), in units of the series.
    """
    origins = windows["input_stop"].to_numpy()[:, None]  # the first row not yet known
    steps = np.arange(horizon) % season  # later seasons repeat the first
    return series.read(origins - season + steps, origins)


def ridge(
    series: FilledSeries, split: pd.DataFrame, windows: pd.DataFrame, *, scaling: Scaling
) -> np.ndarray:
    """Forecast with the linear model of `forecasting.models.ridge`, fitted on the training windows.

    Its penalty is chosen on the validation windows; where the split has none, on the last fifth of
    the training windows, which the fit then leaves out.

    Args:
        series: The series, of `rows` rows.
        split: The window table with its `part` column.
        windows: The rows of it to forecast.
        scaling: The standard scaling of the training rows.

    Returns:
        Shape (windows, horizon, features), in units of the series.
    """
    lookback, horizon = window_lengths(split)
    train = np.sort(split.loc[split["part"] == TRAIN, "input_start"].to_numpy())
    validation = split.loc[split["part"] == VALIDATION, "input_start"].to_numpy()
    if not len(validation) and len(train) > 1:
        train, validation = np.split(train, [len(train) - max(1, len(train) // 5)])
    scaled = series.map(scaling.apply)
    weights = fit_ridge(
        scaled,
        train_starts=train,
        validation_starts=validation,
        lookback=lookback,
        horizon=horizon,
    )
    forecasts = ridge_forecast(
        scaled, weights=weights, starts=windows["input_start"].to_numpy(), lookback=lookback
    )
    return scaling.invert(forecasts)


def baseline_forecasts(
    series: FilledSeries,
    split: pd.DataFrame,
    windows: pd.DataFrame,
    *,
    scaling: Scaling,
    season: int | None,
) -> dict[str, np.ndarray]:
    """Make the forecast of every baseline for the same windows, by name.

    Args:
        series: The series, of `rows` rows.
        split: The window table with its `part` column.
        windows: The rows of it to forecast.
        scaling: The standard scaling of the training rows; its centre is their mean.
        season: Length of one season, in rows; None leaves the seasonal baseline out.

    Returns:
        Arrays of shape (windows, horizon, features), in units of the series.
    """
    _, horizon = window_lengths(windows)
    mean = np.broadcast_to(scaling.center, (len(windows), horizon, len(scaling.center)))
    forecasts = {"repeat_last": repeat_last(series, windows, horizon=horizon)}
    if season is not None:
        forecasts["seasonal_naive"] = seasonal_naive(
            series, windows, horizon=horizon, season=season
        )
    return forecasts | {
        "training_mean": mean,
        "ridge": ridge(series, split, windows, scaling=scaling),
    }
