"""Forecasts that need no training: what a model must beat to be worth anything."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.filling import FilledSeries, Readable, Rescaled
from forecasting.data.scaling import Scaling
from forecasting.data.split import TRAIN, VALIDATION
from forecasting.data.windows import series_numbers, window_lengths
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


def ridge_weights(scaled: Readable, split: pd.DataFrame) -> np.ndarray:
    """Fit the linear model of `forecasting.models.ridge` on the training windows.

    Its penalty is chosen on the validation windows; where the split has none, on the last fifth of
    the training windows, which the fit then leaves out.

    Args:
        scaled: The series, standardised.
        split: The window table with its `part` column.
    """
    lookback, horizon = window_lengths(split)
    train = np.sort(split.loc[split["part"] == TRAIN, "input_start"].to_numpy())
    validation = split.loc[split["part"] == VALIDATION, "input_start"].to_numpy()
    if not len(validation) and len(train) > 1:
        train, validation = np.split(train, [len(train) - max(1, len(train) // 5)])
    return fit_ridge(
        scaled,
        train_starts=train,
        validation_starts=validation,
        lookback=lookback,
        horizon=horizon,
    )


@dataclass(frozen=True)
class Baselines:
    """Every baseline, fitted.

    Attributes:
        series: The series, of `rows` rows.
        scaled: The same, standardised.
        scaling: The standard scaling of the training rows.
        seasons: Length of a season, in rows, for each seasonal baseline.
        means: The mean of the training rows of each series, nan where it has none; shape (series,
            targets).
        weights: Those of ridge.
    """

    series: FilledSeries
    scaled: Readable
    scaling: Scaling
    seasons: Mapping[str, int]
    means: np.ndarray
    weights: np.ndarray

    def forecast(self, windows: pd.DataFrame) -> dict[str, np.ndarray]:
        """Make the forecast of every baseline for the same windows, by name.

        Args:
            windows: Rows of the window table.

        Returns:
            Arrays of shape (windows, horizon, targets), in units of the series.
        """
        lookback, horizon = window_lengths(windows)
        forecasts = {"repeat_last": repeat_last(self.series, windows, horizon=horizon)}
        for name, season in self.seasons.items():
            forecasts[name] = seasonal_naive(self.series, windows, horizon=horizon, season=season)
        starts = windows["input_start"].to_numpy()
        linear = ridge_forecast(self.scaled, weights=self.weights, starts=starts, lookback=lookback)
        mean = self.means[series_numbers(windows)]  # (windows, targets)
        return forecasts | {
            "training_mean": np.repeat(mean[:, None, :], horizon, axis=1),
            "ridge": self.scaling.invert(linear),
        }


def fit_baselines(
    series: FilledSeries,
    split: pd.DataFrame,
    *,
    scaling: Scaling,
    seasons: Mapping[str, int],
    means: np.ndarray | None = None,
) -> Baselines:
    """Fit what a baseline has to learn, on the training windows.

    Args:
        series: The series, of `rows` rows.
        split: The window table with its `part` column.
        scaling: The standard scaling of the training rows; its centre is their mean.
        seasons: Length of a season, in rows, for each seasonal baseline.
        means: The mean of the training rows of each of several series; None for a single one.
    """
    scaled = Rescaled(series, scaling.apply)
    centers = scaling.center[None] if means is None else means
    return Baselines(series, scaled, scaling, seasons, centers, ridge_weights(scaled, split))
