"""Intervals from what became of forecasts: calibrated on some windows, tried on others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.intervals.adaptive import AdaptiveIntervals
from forecasting.intervals.conformal import conformal_offsets, interval_bounds
from forecasting.intervals.coverage import CoverageSums, coverage_sums


@dataclass(frozen=True)
class Outcomes:
    """Forecasts of windows and what happened, for some of their steps.

    Attributes:
        made_at: The date, by its number, of the last row that each window reads, shape (windows,).
        forecasts: Shape (windows, steps, targets).
        actual: Same shape; nan where nothing was observed.
        scales: What errors are divided by, shape (windows, targets); None for nothing.
    """

    made_at: np.ndarray
    forecasts: np.ndarray
    actual: np.ndarray
    scales: np.ndarray | None = None

    @property
    def errors(self) -> np.ndarray:
        """Actual minus forecast, in the unit in which errors are pooled."""
        errors = self.actual - self.forecasts
        return errors if self.scales is None else errors / self.scales[:, None]

    def take(self, windows: np.ndarray) -> "Outcomes":
        """Keep some of the windows."""
        scales = None if self.scales is None else self.scales[windows]
        return Outcomes(
            self.made_at[windows], self.forecasts[windows], self.actual[windows], scales
        )

    def by_time(self) -> Iterator[tuple[int, "Outcomes"]]:
        """Yield the windows of each date, in the order of time."""
        order = np.argsort(self.made_at, kind="stable")
        dates, firsts = np.unique(self.made_at[order], return_index=True)
        stops = np.append(firsts, len(order))[1:]
        for date, first, stop in zip(dates, firsts, stops, strict=True):
            yield int(date), self.take(order[first:stop])


@dataclass(frozen=True)
class Calibrated:
    """Offsets of the intervals, and how they did.

    Attributes:
        offsets: For the next forecast, shape (levels, 2, steps, targets); nan where too few errors.
        alphas: Share let outside, shape (levels, steps, targets).
        counts: Errors that calibrated, shape (steps, targets).
        tried: Over the windows that were tried.
    """

    offsets: np.ndarray
    alphas: np.ndarray
    counts: np.ndarray
    tried: CoverageSums


def calibrate(
    calibration: Outcomes,
    tried: Outcomes,
    *,
    levels: Sequence[float],
    least: float | None,
) -> Calibrated:
    """Find offsets that stay as they are.

    Args:
        calibration: The windows whose errors give the offsets.
        tried: Other windows, to measure the coverage on.
        levels: In per cent.
        least: The least value that a target can have; None for no bound.
    """
    errors = calibration.errors
    offsets = conformal_offsets(errors, levels)
    outside = (100 - np.array(levels, dtype=np.float64)) / 100
    alphas = np.broadcast_to(outside[:, None, None], (len(levels), *errors.shape[1:]))
    counts = np.count_nonzero(~np.isnan(errors), axis=0)
    return Calibrated(offsets, alphas, counts, _tried(tried, offsets, least))


def calibrate_adaptively(
    calibration: Outcomes,
    tried: Outcomes,
    *,
    levels: Sequence[float],
    least: float | None,
    gamma: float,
    first_step: int,
    now: int,
) -> Calibrated:
    """Find offsets that follow the outcomes of both, time after time.

    Args:
        calibration: The windows whose errors give the offsets.
        tried: Later windows, to measure the coverage on as it was at their times.
        levels: In per cent.
        least: The least value that a target can have; None for no bound.
        gamma: How far one outcome moves the share outside.
        first_step: Which of the forecast's steps is the first of these.
        now: The date, by its number, of the last known row.
    """
    errors = calibration.errors
    intervals = AdaptiveIntervals(errors, levels, gamma=gamma, first_step=first_step)
    for date, windows in calibration.by_time():
        intervals.observe(date, windows.errors)
    sums = _nothing_tried(intervals.alphas)
    for date, windows in tried.by_time():
        sums += _tried(windows, intervals.observe(date, windows.errors), least)
    counts = np.count_nonzero(~np.isnan(errors), axis=0)
    return Calibrated(intervals.offsets(now), intervals.alphas, counts, sums)


def _tried(windows: Outcomes, offsets: np.ndarray, least: float | None) -> CoverageSums:
    bounds = interval_bounds(windows.forecasts, offsets, scales=windows.scales, least=least)
    return coverage_sums(windows.actual, bounds)


def _nothing_tried(alphas: np.ndarray) -> CoverageSums:
    return CoverageSums(
        np.zeros(alphas.shape, np.int64), np.zeros(alphas.shape, np.int64), np.zeros(alphas.shape)
    )
