import numpy as np
import pytest

from forecasting.intervals.adaptive import AdaptiveIntervals

CALIBRATION = np.arange(-9.0, 10)[:, None, None]  # 19 errors from -9 to 9, one step, one target


def alpha(intervals):
    return intervals.alphas.ravel().tolist()


def error(value, *, steps=1):
    return np.full((1, steps, 1), value)


def test_a_miss_lowers_alpha_and_a_hit_raises_it():
    intervals = AdaptiveIntervals(CALIBRATION, [80], gamma=0.1)

    assert intervals.observe(0, error(8.5)).ravel().tolist() == [-8, 8]  # 20 * 0.1: the 2nd
    intervals.observe(1, error(0.0))
    assert alpha(intervals) == pytest.approx([0.2 + 0.1 * (0.2 - 1)])  # 0.12
    intervals.offsets(2)
    assert alpha(intervals) == pytest.approx([0.12 + 0.1 * 0.2])  # 0.14


def test_the_outcome_of_a_step_enters_as_many_rows_later():
    errors = np.repeat(CALIBRATION, 3, axis=1)
    intervals = AdaptiveIntervals(errors, [80], gamma=0.1)
    intervals.observe(10, error(100.0, steps=3))

    seen = []
    for row in (10, 11, 12, 13, 20):
        intervals.offsets(row)
        seen.append(intervals.alphas.ravel().round(6).tolist())

    assert seen == [
        [0.2, 0.2, 0.2],
        [0.12, 0.2, 0.2],
        [0.12, 0.12, 0.2],
        [0.12, 0.12, 0.12],
        [0.12, 0.12, 0.12],
    ]


def test_forecasts_in_flight_are_all_taken_in_when_their_times_have_come():
    intervals = AdaptiveIntervals(np.repeat(CALIBRATION, 2, axis=1), [80], gamma=0.1)
    for row in range(3):
        intervals.observe(row, error(100.0, steps=2))

    intervals.offsets(5)

    assert alpha(intervals) == pytest.approx([1 / 20, 1 / 20])  # 0.2 - 3 * 0.08, clipped


def test_alpha_stays_between_the_least_and_the_greatest_that_the_errors_allow():
    intervals = AdaptiveIntervals(CALIBRATION, [80], gamma=0.5)

    for row in range(10):
        intervals.observe(row, error(100.0))
    assert intervals.offsets(10).ravel().tolist() == [-9, 9]  # the widest that was seen
    assert alpha(intervals) == [1 / 20]

    for row in range(10, 40):
        intervals.observe(row, error(0.0))
    intervals.offsets(40)
    assert alpha(intervals) == [19 / 20]
    assert intervals.offsets(40).ravel().tolist() == [
        -1,
        1,
    ]  # floor(20 * 0.475) = 9 from either end


def test_many_series_count_by_the_share_that_missed():
    intervals = AdaptiveIntervals(CALIBRATION, [80], gamma=0.1)
    four = np.array([0.0, 100.0, 1.0, np.nan])[:, None, None]  # one of three that are known

    intervals.observe(0, four)
    intervals.offsets(1)

    assert alpha(intervals) == pytest.approx([0.2 + 0.1 * (0.2 - 1 / 3)])


def test_what_was_never_observed_changes_nothing():
    intervals = AdaptiveIntervals(CALIBRATION, [80, 90], gamma=0.1)

    intervals.observe(0, error(np.nan))
    intervals.offsets(5)

    assert alpha(intervals) == pytest.approx([0.2, 0.1])


def test_a_step_without_calibration_has_no_offsets():
    errors = np.concatenate([CALIBRATION, np.full_like(CALIBRATION, np.nan)], axis=1)
    intervals = AdaptiveIntervals(errors, [80], gamma=0.1)

    offsets = intervals.observe(0, error(0.0, steps=2))

    assert offsets[0, :, :, 0].tolist()[0][0] == -8
    assert np.isnan(offsets[0, :, 1]).all()


def test_later_steps_are_followed_by_themselves_as_with_all_steps():
    rng = np.random.default_rng(3)
    calibration, errors = rng.normal(size=(30, 5, 2)), 2 * rng.normal(size=(40, 1, 5, 2))
    whole = AdaptiveIntervals(calibration, [80, 90], gamma=0.05)
    late = AdaptiveIntervals(calibration[:, 3:], [80, 90], gamma=0.05, first_step=4)

    for row, each in enumerate(errors):
        every = whole.observe(row, each)
        assert late.observe(row, each[:, 3:]).tolist() == every[:, :, 3:].tolist()
