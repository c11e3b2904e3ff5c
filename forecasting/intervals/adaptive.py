"""Adaptive conformal inference: intervals that widen after misses and narrow after hits.

Gibbs and Candes (2021), "Adaptive conformal inference under distribution shift": each level keeps the
share alpha that it lets lie outside, and after each outcome

    alpha <- alpha + gamma * (target - miss)        target = 1 - level, miss = 1 or 0

The outcome of step h is known h rows after the forecast, and enters then.
"""

from collections.abc import Sequence

import numpy as np

from forecasting.intervals.conformal import ends_at

ROUNDING = 1e-9  # of products that are whole numbers but for it


class AdaptiveIntervals:
    """Offsets per level, step and target that follow the outcomes, time after time.

    Attributes:
        alphas: The share now let outside, shape (levels, steps, targets).
    """

    alphas: np.ndarray

    def __init__(
        self, errors: np.ndarray, levels: Sequence[float], *, gamma: float, first_step: int = 1
    ) -> None:
        """Start at the levels themselves.

        Args:
            errors: Errors that calibrate, shape (windows, steps, targets); nan where not observed.
            levels: In per cent.
            gamma: How far one outcome moves alpha.
            first_step: Which of the forecast's steps is the first of these.
        """
        self._ordered = np.sort(errors, axis=0)
        self._counts = np.count_nonzero(~np.isnan(errors), axis=0)
        self._gamma = gamma
        outside = (100 - np.array(levels, dtype=np.float64)) / 100
        self._targets = np.broadcast_to(outside[:, None, None], (len(levels), *errors.shape[1:]))
        self._least = np.broadcast_to(1 / (self._counts + 1), self._targets.shape)
        self.alphas = np.clip(self._targets, self._least, 1 - self._least)
        self._steps = first_step + np.arange(errors.shape[1])
        latest = int(self._steps[-1])  # as many rows back lie the forecasts with open outcomes
        self._misses = np.full((latest, *self._targets.shape), np.nan)
        self._made_at = np.full(latest, -latest)  # by the row, modulo their number
        self._row = -1  # up to which outcomes were taken in

    def offsets(self, at: int) -> np.ndarray:
        """Take in the outcomes known by then, and return the offsets.

        Args:
            at: The last known row, or date; not before that of an earlier call.

        Returns:
            Lower and upper offsets, shape (levels, 2, steps, targets); nan where nothing calibrates.
        """
        self._take_in(at)
        ranks = np.floor((self._counts + 1) * self.alphas / 2 + ROUNDING).astype(np.int64)
        ranks = np.minimum(np.maximum(ranks, 1), self._counts)  # 0 only where there are no errors
        return np.stack([ends_at(self._ordered, self._counts, each) for each in ranks])

    def observe(self, at: int, errors: np.ndarray) -> np.ndarray:
        """Note the errors of the forecasts made at one time, of one or many series.

        They count from the time on at which they are known: those of step h, h rows later.

        Args:
            at: The last known row, or date.
            errors: Actual minus forecast, shape (series, steps, targets); nan where nothing was observed.

        Returns:
            The offsets that these forecasts had, as `offsets` gives them.
        """
        offsets = self.offsets(at)
        place = at % len(self._made_at)
        self._misses[place], self._made_at[place] = _misses(errors, offsets), at
        return offsets

    def _take_in(self, at: int) -> None:
        """Let each outcome count in the row in which it becomes known, one for each step."""
        last = self._made_at.max() + len(self._made_at)  # nothing is left to come after it
        for row in range(self._row + 1, min(at, last) + 1):
            made_at = row - self._steps
            places = made_at % len(self._made_at)
            known = self._made_at[places] == made_at
            misses = np.moveaxis(self._misses[places, :, np.arange(len(places))], 0, 1)
            counted = known[:, None] & ~np.isnan(misses)
            moved = self.alphas + self._gamma * (self._targets - misses)
            moved = np.clip(moved, self._least, 1 - self._least)
            self.alphas = np.where(counted, moved, self.alphas)
        self._row = at


def _misses(errors: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the share of series outside, shape (levels, steps, targets); nan where none is known."""
    lower, upper = offsets[:, 0, None], offsets[:, 1, None]
    known = ~np.isnan(errors) & ~np.isnan(lower)
    outside = known & ((errors < lower) | (errors > upper))
    counts = known.sum(axis=1)
    return np.where(counts > 0, outside.sum(axis=1) / np.maximum(counts, 1), np.nan)
