"""Rolling origins: from which dates a backtest forecasts, and what the model of each fold may have seen."""

import math
from dataclasses import dataclass

from foundation.errors import DataError


@dataclass(frozen=True)
class Fold:
    """A model and the dates from which it forecasts; dates are given by their numbers.

    Attributes:
        first: The first date that it may read.
        validation_from: The first that validation predicts.
        test_from: The first that the test predicts: the one after the first cutoff.
        test_until: The date after the last that the test predicts.
        cutoffs: The last known date of each forecast.
    """

    first: int
    validation_from: int
    test_from: int
    test_until: int
    cutoffs: tuple[int, ...]


def rolling_folds(
    n_dates: int,
    *,
    horizon: int,
    n_windows: int,
    step_size: int,
    refit: int | None,
    validation_size: float,
    sliding: bool,
) -> list[Fold]:
    """Place the cutoffs so that the last forecast ends with the last date.

    Args:
        n_dates: Dates of all series.
        horizon: Steps of a forecast.
        n_windows: Cutoffs.
        step_size: Dates from one cutoff to the next.
        refit: After how many cutoffs a model is trained again; None for never.
        validation_size: Share of the dates before the test that validate.
        sliding: Whether each model reads as many dates before its first cutoff as the first one does;
            else all.

    Returns:
        A fold for each model, the earliest first.

    Raises:
        DataError: The first cutoff would be before the first date.
    """
    cutoffs = [n_dates - horizon - 1 - step_size * back for back in reversed(range(n_windows))]
    if cutoffs[0] < 1:
        raise DataError(
            f"A backtest of {n_windows} windows, {step_size} steps apart, with {horizon} steps each needs "
            f"more than {n_dates - cutoffs[0]} dates, and the series have {n_dates}. Take fewer windows or "
            "smaller steps."
        )
    every = refit or n_windows
    groups = [tuple(cutoffs[first : first + every]) for first in range(0, n_windows, every)]
    return [
        _fold(
            group,
            first=group[0] - cutoffs[0] if sliding else 0,
            horizon=horizon,
            validation_size=validation_size,
        )
        for group in groups
    ]


def _fold(cutoffs: tuple[int, ...], *, first: int, horizon: int, validation_size: float) -> Fold:
    test_from = cutoffs[0] + 1
    validation = math.ceil(validation_size * (test_from - first))
    return Fold(first, test_from - validation, test_from, cutoffs[-1] + horizon + 1, cutoffs)
