"""Split-conformal intervals: how far the actual values lay from forecasts of windows not trained on.

The offsets are signed: the lower and the upper end come from the two ends of the sorted errors, so
a forecaster that is too high or too low on the whole is corrected. Of n errors and a level of L per
cent, the lower offset is the k-th least error and the upper one the k-th greatest, with

    k = floor((n + 1) * (1 - L/100) / 2)

which is the finite-sample correction of Vovk, Gammerman and Shafer (2005): the next error lies between
them with a probability of at least L per cent, if the errors are exchangeable.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np


def least_errors(level: float) -> int:
    """Return how many errors a level needs: n >= 2 / (1 - level) - 1.

    Args:
        level: In per cent, between 0 and 100.
    """
    return int(-(-2 // _missed(level))) - 1


def offset_ranks(counts: np.ndarray, missed: Fraction) -> np.ndarray:
    """Return which of the least and of the greatest errors are the offsets.

    Args:
        counts: Numbers of errors, int, any shape.
        missed: Share of the actual values outside of the interval.

    Returns:
        Counted from 1, same shape; 0 where there are too few errors.
    """
    tail = missed / 2
    return (counts + 1) * tail.numerator // tail.denominator


def conformal_offsets(errors: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Find what is added to a forecast to get the ends of its intervals.

    Args:
        errors: Actual minus forecast, shape (windows, *columns); nan where nothing was observed.
        levels: In per cent.

    Returns:
        Lower and upper offsets, shape (levels, 2, *columns); nan where there are too few errors.
    """
    ordered = np.sort(errors, axis=0)  # nan come last
    counts = np.count_nonzero(~np.isnan(ordered), axis=0)
    ends = [ends_at(ordered, counts, offset_ranks(counts, _missed(level))) for level in levels]
    return np.stack(ends) if ends else np.empty((0, 2, *errors.shape[1:]))


def ends_at(ordered: np.ndarray, counts: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Take the errors of a rank from both ends.

    Args:
        ordered: Rising errors, nan last, shape (windows, *columns).
        counts: Those that are not nan, shape (*columns,).
        ranks: Counted from 1, same shape.

    Returns:
        Shape (2, *columns); nan where the rank is 0.
    """
    if not len(ordered):
        return np.full((2, *counts.shape), np.nan)
    places = np.stack([ranks - 1, counts - ranks])
    found = np.take_along_axis(ordered, np.clip(places, 0, len(ordered) - 1), axis=0)
    return np.where(ranks > 0, found, np.nan)


def interval_bounds(
    forecasts: np.ndarray,
    offsets: np.ndarray,
    *,
    scales: np.ndarray | None = None,
    least: float | None = None,
) -> np.ndarray:
    """Put the offsets on forecasts.

    Args:
        forecasts: Shape (windows, steps, targets).
        offsets: Shape (levels, 2, steps, targets).
        scales: What each window's errors were divided by, shape (windows, targets); None for nothing.
        least: The least value that a target can have; None for no bound.

    Returns:
        Lower and upper ends, shape (levels, 2, windows, steps, targets).
    """
    added = offsets[:, :, None]
    if scales is not None:
        added = added * scales[:, None]
    bounds = forecasts + added
    return bounds if least is None else np.maximum(bounds, least)


def _missed(level: float) -> Fraction:
    """Turn a level in per cent into the share outside of it, without the rounding of 1 - 0.9."""
    return 1 - Fraction(str(level)) / 100
