"""The seeded series that all sides train on; NumPy alone, so that every Python can make it."""

from dataclasses import dataclass

import numpy as np

LOOKBACK, BATCH, UNITS, SEED = 24, 16, 50, 42


@dataclass(frozen=True)
class Problem:
    """A scaled series and which windows train and which are monitored.

    Attributes:
        series: Shape (rows, features), float32, around 0 with deviation about 1.
        train: First row of each training window, 80 % of them, shape (windows,).
        validation: The same for the others.
    """

    series: np.ndarray
    train: np.ndarray
    validation: np.ndarray


def make_problem(rows: int, features: int, *, lookback: int = LOOKBACK) -> Problem:
    """Draw a series of daily waves with noise, and split its windows at random."""
    rng = np.random.default_rng(SEED)
    phase = 2 * np.pi * np.arange(features) / features  # (features,)
    series = rng.standard_normal((rows, features), dtype=np.float32)
    series *= 0.3
    for hour in range(24):  # in place: a copy of the waves would count as memory
        series[hour::24] += np.sin(2 * np.pi * hour / 24 + phase).astype(np.float32)
    starts = rng.permutation(rows - lookback)
    cut = len(starts) * 4 // 5
    return Problem(series, starts[:cut], starts[cut:])


def materialised(series: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Copy the windows out of the series, as `model.fit` wants them.

    Returns:
        Windows (windows, lookback, features) and their targets (windows, features).
    """
    return series[starts[:, None] + np.arange(LOOKBACK)], series[starts + LOOKBACK]
