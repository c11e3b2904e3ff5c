"""Forecasts that need no training: what a model must beat to be worth anything."""

import numpy as np
import pandas as pd

from forecasting.errors import ParamsError
from forecasting.partition import TRAIN, VALIDATION
from forecasting.ridge import fit_ridge, ridge_forecast
from forecasting.scaling import Scaling
from forecasting.windows import window_lengths


def repeat_last(values: np.ndarray, windows: pd.DataFrame, *, horizon: int) -> np.ndarray:
    """Forecast every step as the last row the window reads.

    Args:
        values: The series, shape (rows, features).
        windows: Rows of the window table.
        horizon: Steps to forecast.

    Returns:
        Shape (windows, horizon, features), in units of the series.
    """
    last = values[windows["input_stop"].to_numpy() - 1]  # (windows, features)
    return np.repeat(last[:, None, :], horizon, axis=1)


def seasonal_naive(
    values: np.ndarray, windows: pd.DataFrame, *, horizon: int, season: int
) -> np.ndarray:
    """Forecast each step as the latest known row at the same place in the season.

    The rows come from the series before the forecast, also from before the window's own lookback.

    Args:
        values: The series, shape (rows, features).
        windows: Rows of the window table.
        horizon: Steps to forecast.
        season: Length of one season, in rows (24 for hourly data with a daily cycle).

    Returns:
        Shape (windows, horizon, features), in units of the series.

    Raises:
        ParamsError: A window lies less than one season after the beginning of the series.
    """
    origins = windows["input_stop"].to_numpy()  # the first row not yet known
    if origins.min() < season:
        raise ParamsError(
            f"evaluate.season={season} is longer than the {origins.min()} rows known before the "
            "first test window, so the seasonal baseline has nothing to repeat. Choose a season no "
            "longer than windowing.lookback."
        )
    steps = np.arange(horizon) % season  # later seasons repeat the first
    return values[origins[:, None] - season + steps]


def ridge(
    values: np.ndarray, split: pd.DataFrame, windows: pd.DataFrame, *, scaling: Scaling
) -> np.ndarray:
    """Forecast with the linear model of `forecasting.ridge`, fitted on the training windows.

    Its penalty is chosen on the validation windows; where the split has none, on the last fifth of
    the training windows, which the fit then leaves out.

    Args:
        values: The series, shape (rows, features).
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
    scaled = scaling.apply(values)
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
    values: np.ndarray,
    split: pd.DataFrame,
    windows: pd.DataFrame,
    *,
    scaling: Scaling,
    season: int,
) -> dict[str, np.ndarray]:
    """Make the forecast of every baseline for the same windows, by name.

    Args:
        values: The series, shape (rows, features).
        split: The window table with its `part` column.
        windows: The rows of it to forecast.
        scaling: The standard scaling of the training rows; its centre is their mean.
        season: Length of one season, in rows.

    Returns:
        Arrays of shape (windows, horizon, features), in units of the series.
    """
    _, horizon = window_lengths(windows)
    mean = np.broadcast_to(scaling.center, (len(windows), horizon, values.shape[1]))
    return {
        "repeat_last": repeat_last(values, windows, horizon=horizon),
        "seasonal_naive": seasonal_naive(values, windows, horizon=horizon, season=season),
        "training_mean": mean,
        "ridge": ridge(values, split, windows, scaling=scaling),
    }
