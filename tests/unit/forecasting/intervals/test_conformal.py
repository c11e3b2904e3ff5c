import numpy as np
import pytest

from forecasting.intervals.conformal import conformal_offsets, interval_bounds, least_errors

TWENTY = np.array([7, -3, 12, 1, -9, 4, 0, 15, -6, 2, 9, -1, 5, -12, 3, 20, -4, 8, -2, 6.0])
# in order: -12 -9 -6 -4 -3 -2 -1 0 1 2 3 4 5 6 7 8 9 12 15 20


@pytest.mark.parametrize(
    ("level", "lower", "upper"),
    [
        (50, -3, 8),  # 21 * 0.25 = 5.25: the 5th from either end
        (80, -9, 15),  # 21 * 0.1 = 2.1: the 2nd
        (90, -12, 20),  # 21 * 0.05 = 1.05: the 1st
        (90.4, -12, 20),  # 21 * 0.048 = 1.008
    ],
)
def test_offsets_are_the_errors_of_a_rank_worked_by_hand(level, lower, upper):
    assert conformal_offsets(TWENTY, [level]).tolist() == [[lower, upper]]


def test_a_level_that_needs_more_errors_has_no_offsets():
    assert np.isnan(conformal_offsets(TWENTY, [90.5, 95])).all()  # 21 * 0.0475 = 0.9975


@pytest.mark.parametrize(("level", "n"), [(50, 3), (80, 9), (90, 19), (95, 39), (99, 199)])
def test_the_fewest_errors_of_a_level_are_those_with_which_it_has_offsets(level, n):
    assert least_errors(level) == n
    assert not np.isnan(conformal_offsets(np.arange(float(n)), [level])).any()
    assert np.isnan(conformal_offsets(np.arange(n - 1.0), [level])).all()


def test_steps_and_targets_have_offsets_of_their_own_and_missing_errors_do_not_count():
    errors = np.stack([TWENTY, TWENTY + 100], axis=1)
    errors = np.concatenate([errors, [[np.nan, 500.0]]])

    offsets = conformal_offsets(errors, [80])

    # 22 * 0.1 = 2.2: of the second column, too, the 2nd from either end
    assert offsets.tolist() == [[[-9, 91], [15, 120]]]


def test_a_forecaster_that_is_too_low_is_corrected():
    lower, upper = conformal_offsets(TWENTY + 50, [80])[0]

    assert (lower, upper) == (41, 65)


def test_without_any_errors_there_are_no_offsets():
    assert np.isnan(conformal_offsets(np.empty((0, 2, 3)), [80])).all()
    assert conformal_offsets(np.empty((0, 2, 3)), [80]).shape == (1, 2, 2, 3)


def test_without_any_levels_nothing_is_found():
    assert conformal_offsets(TWENTY, []).shape == (0, 2)


def test_bounds_are_forecasts_with_offsets_in_the_units_of_each_window():
    forecasts = np.array([[[10.0], [20.0]], [[0.0], [1.0]]])  # (windows, steps, targets)
    offsets = np.array([[[[-1.0], [-2.0]], [[3.0], [4.0]]]])  # (levels, 2, steps, targets)

    bounds = interval_bounds(forecasts, offsets, scales=np.array([[10.0], [0.5]]))

    assert bounds[0, 0, :, :, 0].tolist() == [[0, 0], [-0.5, 0]]
    assert bounds[0, 1, :, :, 0].tolist() == [[40, 60], [1.5, 3]]


def test_no_bound_lies_below_the_least_value():
    forecasts = np.array([[[1.0, 4.0]]])
    offsets = np.array([[[[-5.0, -5.0]], [[-2.0, -2.0]]]])

    bounds = interval_bounds(forecasts, offsets, least=0)

    assert bounds[0, :, 0, 0].tolist() == [[0, 0], [0, 2]]
