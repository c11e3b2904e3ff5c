import numpy as np
import pytest

from forecasting.intervals.adaptive import AdaptiveIntervals
from forecasting.intervals.calibrate import Outcomes, calibrate, calibrate_adaptively


def outcomes(errors, *, made_at=None, forecast=0.0, scales=None):
    """Windows of one step and one target."""
    errors = np.array(errors, dtype=np.float64)[:, None, None]
    made_at = np.arange(len(errors)) if made_at is None else np.array(made_at)
    return Outcomes(made_at, np.full_like(errors, forecast), forecast + errors, scales)


NINE = outcomes([-4, -3, -2, -1, 0, 1, 2, 3, 4])


def test_offsets_come_from_some_windows_and_coverage_from_others():
    found = calibrate(NINE, outcomes([0, 5, -4, 4.5]), levels=[80], least=None)

    assert found.offsets.ravel().tolist() == [-4, 4]
    assert found.alphas.ravel().tolist() == [0.2]
    assert found.counts.tolist() == [[9]]
    assert found.tried.coverage.ravel().tolist() == [0.5]
    assert found.tried.mean_width.ravel().tolist() == [8]


def test_errors_of_many_series_are_pooled_in_the_unit_of_each_window():
    scales = np.array([10.0, 10, 10, 10, 1, 1, 1, 1, 1])[:, None]
    large_and_small = outcomes([-40, -30, -20, -10, 0, 1, 2, 3, 4], scales=scales)

    found = calibrate(
        large_and_small,
        outcomes([30, 30], scales=np.array([[10.0], [1.0]])),
        levels=[80],
        least=None,
    )

    assert found.offsets.ravel().tolist() == [-4, 4]
    assert found.tried.coverage.ravel().tolist() == [0.5]  # 30 is 3 of the first, 30 of the second
    assert found.tried.mean_width.ravel().tolist() == [(80 + 8) / 2]


def test_a_window_without_a_unit_neither_calibrates_nor_has_an_interval():
    scales = np.array([1.0] * 9 + [np.nan])[:, None]
    still = outcomes([-4, -3, -2, -1, 0, 1, 2, 3, 4, 100], scales=scales)

    found = calibrate(
        still, outcomes([0, 0], scales=np.array([[1.0], [np.nan]])), levels=[80], least=None
    )

    assert found.counts.tolist() == [[9]]
    assert found.offsets.ravel().tolist() == [-4, 4]
    assert found.tried.counts.ravel().tolist() == [1]


def test_the_least_value_bounds_the_intervals_that_are_tried():
    found = calibrate(NINE, outcomes([0.0], forecast=1.0), levels=[80], least=0)

    assert found.tried.mean_width.ravel().tolist() == [5]  # from 0 to 5, not from -3


def test_adaptive_intervals_replay_both_in_the_order_of_time():
    calibration = outcomes([9, -9, *np.arange(-8.0, 9)], made_at=[3, 1, *range(4, 21)])
    tried = outcomes([50, 50, 0], made_at=[32, 30, 31])

    found = calibrate_adaptively(
        calibration, tried, levels=[80], least=None, gamma=0.1, first_step=1, now=40
    )

    by_hand = AdaptiveIntervals(calibration.errors, [80], gamma=0.1)
    for row, error in [(1, -9.0), (3, 9.0), *zip(range(4, 21), np.arange(-8.0, 9), strict=True)]:
        by_hand.observe(row, np.full((1, 1, 1), error))
    widths = []
    for row, error in [(30, 50.0), (31, 0.0), (32, 50.0)]:
        lower, upper = by_hand.observe(row, np.full((1, 1, 1), error)).ravel()
        widths.append(upper - lower)
    assert found.tried.coverage.ravel().tolist() == pytest.approx([1 / 3])
    assert found.tried.mean_width.ravel().tolist() == pytest.approx([np.mean(widths)])
    assert found.offsets.tolist() == by_hand.offsets(40).tolist()
    assert found.alphas.tolist() == by_hand.alphas.tolist()


def test_series_of_one_date_share_its_offsets():
    tried = outcomes([50, 0, 0, 0], made_at=[30, 30, 31, 31])

    found = calibrate_adaptively(
        outcomes(np.arange(-9.0, 10)),
        tried,
        levels=[80],
        least=None,
        gamma=0.0,
        first_step=1,
        now=40,
    )

    assert found.offsets.ravel().tolist() == [-8, 8]  # gamma 0: as without outcomes
    assert found.tried.coverage.ravel().tolist() == [0.75]


def test_without_windows_to_try_there_is_no_coverage():
    none = outcomes([])

    for found in (
        calibrate(NINE, none, levels=[80], least=None),
        calibrate_adaptively(NINE, none, levels=[80], least=None, gamma=0.1, first_step=1, now=20),
    ):
        assert found.tried.counts.tolist() == [[[0]]]
        assert np.isnan(found.tried.coverage).all()
