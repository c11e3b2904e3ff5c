import numpy as np

from forecasting.intervals.coverage import coverage_sums
from forecasting.intervals.scales import window_scales


def bounds(lower, upper):
    """One level, one step, one target: (1, 2, windows, 1, 1)."""
    return np.array([[lower, upper]])[..., None, None]


def test_coverage_and_width_are_counted_where_something_was_observed():
    actual = np.array([1.0, 5.0, np.nan, 2.0])[:, None, None]

    sums = coverage_sums(actual, bounds([0.0, 0, 0, 2], [2.0, 4, 9, 3]))

    assert sums.counts.tolist() == [[[3]]]
    assert sums.inside.tolist() == [[[2]]]  # 2 lies on the lower end
    assert sums.mean_width.tolist() == [[[(2 + 4 + 1) / 3]]]


def test_sums_of_blocks_add_up():
    actual = np.arange(6.0)[:, None, None]
    ends = bounds(np.full(6, 1.0), np.full(6, 3.0))

    whole = coverage_sums(actual, ends)
    parts = coverage_sums(actual[:2], ends[:, :, :2]) + coverage_sums(actual[2:], ends[:, :, 2:])

    assert whole.coverage.tolist() == parts.coverage.tolist() == [[[0.5]]]
    assert whole.mean_width.tolist() == parts.mean_width.tolist() == [[[2.0]]]


def test_without_intervals_there_is_no_coverage():
    sums = coverage_sums(np.zeros((2, 1, 1)), np.full((1, 2, 2, 1, 1), np.nan))

    assert np.isnan(sums.coverage).all()
    assert np.isnan(sums.mean_width).all()


def test_the_scale_of_a_window_is_how_far_it_moves_in_a_step():
    inputs = np.array([[[0.0, 5], [2, 5], [1, 5], [4, 5]]])  # steps 2, 1, 3 and none

    assert window_scales(inputs)[0, 0] == 2
    assert np.isnan(window_scales(inputs)[0, 1])


def test_a_window_of_one_row_has_no_scale():
    assert np.isnan(window_scales(np.ones((3, 1, 2)))).all()
