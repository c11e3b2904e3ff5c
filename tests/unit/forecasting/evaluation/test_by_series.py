import numpy as np
import pandas as pd
import pytest

from forecasting.data.scaling import Scaling
from forecasting.evaluation.by_series import (
    best_and_worst,
    count_won,
    mase_scales,
    scores_by_series,
    series_sums,
    standardised_mse,
    training_means,
)

NAN = np.nan
# three windows of two steps and one target: two of series 0, none of series 1, one of series 2
ACTUAL = np.array([[[1.0], [2.0]], [[3.0], [4.0]], [[10.0], [20.0]]])
ERRORS = np.array([[[1.0], [1.0]], [[-1.0], [3.0]], [[4.0], [0.0]]])
FORECASTS = {"model": ACTUAL + ERRORS, "last": ACTUAL}
SERIES = np.array([0, 0, 2])


def sums(rows=slice(None)):
    forecasts = {name: values[rows] for name, values in FORECASTS.items()}
    return series_sums(ACTUAL[rows], forecasts, series=SERIES[rows], n_series=3)


def test_errors_are_added_up_for_each_series():
    found = sums()

    assert found.counts.tolist() == [4, 0, 2]
    assert found.squared["model"].tolist() == [[12], [0], [16]]  # 1 + 1 + 1 + 9
    assert found.absolute["model"].tolist() == [[6], [0], [4]]


def test_blocks_add_up_to_all_windows():
    found = sums(slice(0, 1)) + sums(slice(1, 3))

    assert found.counts.tolist() == sums().counts.tolist()
    assert found.squared["model"].tolist() == sums().squared["model"].tolist()
    assert found.absolute["model"].tolist() == sums().absolute["model"].tolist()


def test_every_series_with_windows_is_scored_by_target_and_forecaster():
    scales = np.array([[3.0], [1.0], [NAN]])
    found = scores_by_series(sums(), names=["a", "b", "c"], targets=["y"], scales=scales)

    assert found.drop(columns="mase").to_numpy().tolist() == [
        ["a", "y", "model", 4, 3, 3**0.5, 1.5],
        ["a", "y", "last", 4, 0, 0, 0],
        ["c", "y", "model", 2, 8, 8**0.5, 2],
        ["c", "y", "last", 2, 0, 0, 0],
    ]
    np.testing.assert_array_equal(found["mase"], [0.5, 0, NAN, NAN])


def test_a_series_that_never_changed_has_no_mase():
    scales = np.zeros((3, 1))
    found = scores_by_series(sums(), names=["a", "b", "c"], targets=["y"], scales=scales)

    assert found["mase"].isna().all()


OFFSETS = np.array([0, 5, 7])
VALUES = np.array([1.0, 2, 4, 7, 100, 50, 60])[:, None]


def test_a_mean_is_of_the_rows_that_training_sees_in_a_series():
    seen = np.array([1, 1, 0, 1, 0, 0, 0], dtype=bool)

    np.testing.assert_allclose(training_means(VALUES, seen, OFFSETS), [[10 / 3], [NAN]])


def test_missing_values_do_not_count_in_a_mean():
    values = VALUES.copy()
    values[1] = NAN

    np.testing.assert_allclose(
        training_means(values, np.ones(7, dtype=bool), OFFSETS), [[112 / 4], [55]]
    )


@pytest.mark.parametrize(
    ("season", "expected"),
    [(1, [[(1 + 2 + 3) / 3], [10]]), (2, [[(3 + 5) / 2], [NAN]]), (9, [[NAN], [NAN]])],
)
def test_the_scale_of_mase_is_the_error_of_the_seasonal_naive_forecast_within_a_series(
    season, expected
):
    seen = np.array([1, 1, 1, 1, 0, 1, 1], dtype=bool)

    np.testing.assert_allclose(mase_scales(VALUES, seen, OFFSETS, season=season), expected)


def test_a_scale_leaves_out_pairs_with_a_missing_value():
    values = VALUES.copy()
    values[2] = NAN
    seen = np.ones(7, dtype=bool)

    np.testing.assert_allclose(mase_scales(values, seen, OFFSETS, season=1), [[(1 + 93) / 2], [10]])


def test_standardised_errors_are_averaged_over_the_targets():
    actual = np.zeros((1, 1, 2))
    forecasts = {"model": np.array([[[4.0, 30.0]]])}
    both = series_sums(actual, forecasts, series=np.array([1]), n_series=2)

    found = standardised_mse(both, Scaling(np.zeros(2), np.array([2.0, 10.0])))
    assert found.index.tolist() == [1]
    assert found["model"].tolist() == [(4 + 9) / 2]


def test_the_best_and_the_worst_series_are_different_ones():
    errors = pd.Series([5.0, 1, 9, 2, 2, 7, 8], index=[0, 1, 2, 3, 4, 6, 8])

    assert best_and_worst(errors) == ([1, 3, 4], [2, 8, 6])
    assert best_and_worst(errors[:4]) == ([1, 3], [2, 0])
    assert best_and_worst(errors[:3]) == ([1, 0], [2])
    assert best_and_worst(errors[:1]) == ([0], [])


def test_a_series_is_won_by_less_error_than_every_baseline_that_has_one():
    errors = pd.DataFrame(
        {"model": [1.0, 2, 3, 4], "last": [2.0, 2, 4, 9], "mean": [3.0, 9, 2, NAN]}
    )

    assert count_won(errors, model="model") == 2  # the first and the last; a tie is not won
