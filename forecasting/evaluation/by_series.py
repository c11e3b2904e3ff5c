"""Scores of each series: sums over blocks of windows, and the table of all series that they give."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.data.scaling import Scaling

SHOWN = 3  # best and worst series, each


@dataclass(frozen=True)
class SeriesSums:
    """What the errors add up to for each series and target.

    Attributes:
        counts: Forecast values of a target, shape (series,).
        squared: By forecaster, sums of (actual - forecast)^2, shape (series, targets).
        absolute: By forecaster, sums of |actual - forecast|, same shape.
    """

    counts: np.ndarray
    squared: Mapping[str, np.ndarray]
    absolute: Mapping[str, np.ndarray]

    def __add__(self, other: "SeriesSums") -> "SeriesSums":
        """Add the sums of other windows, by the same forecasters."""
        return SeriesSums(
            self.counts + other.counts,
            {name: sums + other.squared[name] for name, sums in self.squared.items()},
            {name: sums + other.absolute[name] for name, sums in self.absolute.items()},
        )


def series_sums(
    actual: np.ndarray, forecasts: Mapping[str, np.ndarray], *, series: np.ndarray, n_series: int
) -> SeriesSums:
    """Add up the errors of every forecaster, for each series.

    Args:
        actual: Observed values, shape (windows, horizon, targets).
        forecasts: Predicted values of the same shape by name of the forecaster.
        series: The number of each window's series, shape (windows,).
        n_series: How many series there are.
    """
    errors = {name: actual - values for name, values in forecasts.items()}
    return SeriesSums(
        np.bincount(series, minlength=n_series) * actual.shape[1],
        {name: _by_series(np.square(each), series, n_series) for name, each in errors.items()},
        {name: _by_series(np.abs(each), series, n_series) for name, each in errors.items()},
    )


def _by_series(errors: np.ndarray, series: np.ndarray, n_series: int) -> np.ndarray:
    """Sum over the steps, and over the windows of each series: to shape (series, targets)."""
    of_windows = errors.sum(axis=1)  # (windows, targets)
    columns = [np.bincount(series, weights=column, minlength=n_series) for column in of_windows.T]
    return np.stack(columns, axis=1)


def training_means(values: np.ndarray, seen: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Average what training sees of each series, nan where it sees nothing.

    Args:
        values: The series, shape (rows, targets); missing cells are nan and do not count.
        seen: Marks the rows that some training window reads or predicts, shape (rows,).
        offsets: Rows at which the series begin, and the number of rows.

    Returns:
        Shape (series, targets).
    """
    return _means_by_series(values.T, seen, offsets)


def mase_scales(
    values: np.ndarray, seen: np.ndarray, offsets: np.ndarray, *, season: int
) -> np.ndarray:
    """Average the error of the seasonal naive forecast over what training sees of each series.

        scale = mean |y[t] - y[t - season]|

    Args:
        values: The series, shape (rows, targets); missing cells are nan and do not count.
        seen: Marks the rows that some training window reads or predicts, shape (rows,).
        offsets: Rows at which the series begin, and the number of rows.
        season: Length of one season, in rows; 1 for the error of repeating the last value.

    Returns:
        Shape (series, targets); nan where training sees less than a season and a row.

    Source: Hyndman & Koehler (2006), International Journal of Forecasting 22(4); utilsforecast's `mase`.
    """
    rows = np.arange(len(values))
    inside = rows >= np.repeat(offsets[:-1], np.diff(offsets)) + season
    before = np.maximum(rows - season, 0)
    steps = (np.abs(column - column[before]) for column in values.T)
    return _means_by_series(steps, inside & seen & seen[before], offsets)


def _means_by_series(
    columns: Iterable[np.ndarray], used: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Average columns, one at a time, over the rows of each series that are used and not nan.

    Returns:
        Shape (series, columns); nan where a series has no such row.
    """
    means = []
    for column in columns:
        counted = used & ~np.isnan(column)
        sums = np.add.reduceat(np.where(counted, column, 0.0), offsets[:-1])
        counts = np.add.reduceat(counted, offsets[:-1], dtype=np.int64)
        means.append(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))
    return np.stack(means, axis=1)


def scores_by_series(
    sums: SeriesSums, *, names: Sequence[str], targets: Sequence[str], scales: np.ndarray
) -> pd.DataFrame:
    """Score every series that has windows, by target and forecaster.

        mse = mean (actual - forecast)^2, rmse = sqrt(mse), mae = mean |actual - forecast|,
        mase = mae / scale       (nan where the series has no scale, or one of 0)

    Args:
        sums: The errors.
        names: Of the series.
        targets: Their names.
        scales: Of MASE, shape (series, targets).

    Returns:
        Columns `series`, `target`, `forecaster` (categories), `values` (how many were forecast),
        `mse`, `rmse`, `mae` and `mase`, in units of the series; sorted by series, then as given.
    """
    scored = np.flatnonzero(sums.counts)
    forecasters = list(sums.squared)
    shape = (len(scored), len(targets), len(forecasters))
    counts = np.broadcast_to(sums.counts[scored, None, None], shape)
    mse = _stacked(sums.squared, scored) / counts
    mae = _stacked(sums.absolute, scored) / counts
    scale = np.where(scales > 0, scales, np.nan)[scored, :, None]
    codes = np.indices(shape)
    return pd.DataFrame(
        {
            "series": pd.Categorical.from_codes(scored[codes[0].ravel()], categories=list(names)),
            "target": pd.Categorical.from_codes(codes[1].ravel(), categories=list(targets)),
            "forecaster": pd.Categorical.from_codes(codes[2].ravel(), categories=forecasters),
            "values": counts.ravel(),
            "mse": mse.ravel(),
            "rmse": np.sqrt(mse).ravel(),
            "mae": mae.ravel(),
            "mase": (mae / scale).ravel(),
        }
    )


def _stacked(sums: Mapping[str, np.ndarray], scored: np.ndarray) -> np.ndarray:
    """Put the forecasters next to each other: shape (scored series, targets, forecasters)."""
    return np.stack([each[scored] for each in sums.values()], axis=2)


def standardised_mse(sums: SeriesSums, scaling: Scaling) -> pd.DataFrame:
    """Average the squared errors of each series over the targets, in squares of their scale.

    Returns:
        One row for each number of a series that has windows, one column for each forecaster.
    """
    scored = np.flatnonzero(sums.counts)
    counts = sums.counts[scored, None]
    return pd.DataFrame(
        {
            name: (squared[scored] / counts / np.square(scaling.scale)).mean(axis=1)
            for name, squared in sums.squared.items()
        },
        index=scored,
    )


def best_and_worst(errors: pd.Series) -> tuple[list[int], list[int]]:
    """Find the series of the least and of the greatest errors; none is both.

    Args:
        errors: By the number of the series.

    Returns:
        The best from the least error on, the worst from the greatest on; among equals the first. A
        series more is among the best where their number is odd.
    """
    n_worst = min(SHOWN, len(errors) // 2)
    best = errors.sort_values(kind="stable").index.tolist()[: min(SHOWN, len(errors) - n_worst)]
    rest = errors.drop(best).sort_values(ascending=False, kind="stable").index.tolist()
    return best, rest[:n_worst]


def count_won(errors: pd.DataFrame, *, model: str) -> int:
    """Count the series on which the model has less error than every baseline that has one.

    Args:
        errors: One row for each series, one column for each forecaster; undefined errors are nan.
        model: The column of the model.
    """
    best_baseline = errors.drop(columns=model).min(axis=1)  # which skips nan
    return int((errors[model] < best_baseline).sum())
