"""On data whose law does not change, intervals hold what they promise."""

import numpy as np
import pytest

from forecasting.intervals.adaptive import AdaptiveIntervals
from forecasting.intervals.conformal import conformal_offsets, interval_bounds
from forecasting.intervals.coverage import coverage_sums

LEVELS = (80, 90)
STEPS, PHI = 6, 0.8


def simulated(noise):
    """Forecasts of an autoregressive series, and what happened: (windows, steps, 1)."""
    n_rows = len(noise)
    series = np.zeros(n_rows)
    for row in range(1, n_rows):
        series[row] = PHI * series[row - 1] + noise[row]
    origins = np.arange(0, n_rows - STEPS, 2)
    steps = np.arange(1, STEPS + 1)
    forecasts = 0.5 + series[origins, None] * PHI**steps  # biased, which signed offsets take off
    return forecasts[..., None], series[origins[:, None] + steps][..., None]


@pytest.mark.parametrize("seed", range(5))
def test_coverage_at_every_step_is_within_three_points_of_the_level(seed):
    skewed = np.random.default_rng(seed).exponential(size=24_000) - 1
    forecasts, actual = simulated(skewed)
    half = len(forecasts) // 2

    offsets = conformal_offsets((actual - forecasts)[:half], LEVELS)
    sums = coverage_sums(actual[half:], interval_bounds(forecasts[half:], offsets))

    assert sums.coverage.shape == (2, STEPS, 1)
    for level, coverage in zip(LEVELS, sums.coverage, strict=True):
        assert np.abs(coverage - level / 100).max() < 0.03
    assert (np.diff(sums.mean_width[:, :4, 0], axis=1) > 0).all()  # later steps are less certain


@pytest.mark.parametrize("seed", range(5))
def test_adaptive_intervals_regain_their_level_after_the_noise_has_grown(seed):
    forecasts, actual = simulated(np.random.default_rng(seed).normal(size=12_000))
    errors, half = actual - forecasts, len(forecasts) // 2
    errors[half:] *= 1.3
    intervals = AdaptiveIntervals(errors[:half], LEVELS, gamma=0.02)

    offsets = [
        intervals.observe(2 * number, errors[number : number + 1])
        for number in range(half, len(errors))
    ]

    bounds = np.stack(offsets, axis=2)  # of errors: forecasts are 0
    adaptive = coverage_sums(errors[half:], bounds).coverage
    static = coverage_sums(errors[half:], np.broadcast_to(bounds[:, :, :1], bounds.shape)).coverage
    for level, followed, stayed in zip(LEVELS, adaptive, static, strict=True):
        assert np.abs(followed - level / 100).max() < 0.03
        assert (stayed < level / 100 - 0.03).all()
