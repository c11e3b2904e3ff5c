"""Ridge regression in closed form on last-value-subtracted windows: the linear forecast to beat.

One set of weights for all features. It is at the level of the best published networks on ETTh1, in
about a second, and has no seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.data.filling import Readable

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
BLOCK = 512  # windows gathered at once; bounds memory, not the result


@dataclass(frozen=True)
class Gram:
    """What least squares needs to know of a set of windows, whatever their number.

    Attributes:
        inputs: X'X, shape (lookback + 1, lookback + 1).
        products: X'Y, shape (lookback + 1, horizon).
        targets: Sum of the squares of Y.
    """

    inputs: np.ndarray
    products: np.ndarray
    targets: float

    def squared_error(self, weights: np.ndarray) -> float:
        """Sum of squared errors of the forecasts X @ weights over these windows."""
        fitted = (weights * (self.inputs @ weights)).sum()
        return float(self.targets - 2 * (weights * self.products).sum() + fitted)


def fit_ridge(
    series: Readable,
    *,
    train_starts: np.ndarray,
    validation_starts: np.ndarray,
    lookback: int,
    horizon: int,
    penalties: Sequence[float] = PENALTIES,
) -> np.ndarray:
    """Fit on the training windows, with the penalty that is best on the validation windows.

        X = [window - last, 1],  Y = target - last
        weights = (X'X + penalty * trace(X'X) / (lookback + 1) * I)^-1 X'Y

    Args:
        series: The series, standardised.
        train_starts: First row of each training window, shape (windows,).
        validation_starts: The same for the windows that choose the penalty.
        lookback: Rows read.
        horizon: Rows predicted.
        penalties: Candidates, relative to the mean square of the inputs.

    Returns:
        Weights of shape (lookback + 1, horizon), the last row for the constant.

    Source: Hoerl & Kennard (1970), Technometrics 12(1); subtracting the last value as in NLinear,
    Zeng et al. (2023), AAAI.
    """
    train = _gram(series, train_starts, lookback, horizon)
    validation = _gram(series, validation_starts, lookback, horizon)
    scale = np.trace(train.inputs) / (lookback + 1)
    unit = np.eye(lookback + 1)
    candidates = [
        np.linalg.solve(train.inputs + penalty * scale * unit, train.products)
        for penalty in penalties
    ]
    return min(candidates, key=validation.squared_error)


def ridge_forecast(
    series: Readable, *, weights: np.ndarray, starts: np.ndarray, lookback: int
) -> np.ndarray:
    """Forecast with fitted weights.

    Args:
        series: The series, standardised.
        weights: What `fit_ridge` returned.
        starts: First row of each window, shape (windows,).
        lookback: Rows read.

    Returns:
        Shape (windows, horizon, features), standardised.
    """
    forecasts = []
    for block in _blocks(starts):
        windows = _gather(series, block, lookback)  # (block, features, lookback)
        last = windows[..., -1:]
        forecasts.append(last + (windows - last) @ weights[:-1] + weights[-1])
    return np.concatenate(forecasts).swapaxes(1, 2)


def _gram(series: Readable, starts: np.ndarray, lookback: int, horizon: int) -> Gram:
    inputs = np.zeros((lookback + 1, lookback + 1))
    products = np.zeros((lookback + 1, horizon))
    targets = 0.0
    for block in _blocks(starts):
        rows = _gather(series, block, lookback, horizon)  # (block, features, lookback + horizon)
        rows = (rows - rows[..., lookback - 1 : lookback]).reshape(-1, lookback + horizon)
        x = np.concatenate([rows[:, :lookback], np.ones((len(rows), 1))], axis=1)
        y = rows[:, lookback:]
        inputs += x.T @ x
        products += x.T @ y
        targets += float(np.square(y).sum())
    return Gram(inputs, products, targets)


def _blocks(starts: np.ndarray) -> list[np.ndarray]:
    return [starts[first : first + BLOCK] for first in range(0, len(starts), BLOCK)]


def _gather(series: Readable, starts: np.ndarray, lookback: int, horizon: int = 0) -> np.ndarray:
    rows = starts[:, None] + np.arange(lookback + horizon)
    return series.read(rows, starts[:, None] + lookback).swapaxes(1, 2)
