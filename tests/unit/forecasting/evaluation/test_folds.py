import pytest

from forecasting.evaluation.folds import Fold, rolling_folds
from foundation.errors import DataError


def folds(**changed):
    wanted = {
        "horizon": 2, "n_windows": 4, "step_size": 3, "refit": 1, "validation_size": 0.25, "sliding": False,
    }  # fmt: skip
    return rolling_folds(30, **(wanted | changed))


def test_the_last_forecast_ends_with_the_last_date_and_cutoffs_are_a_step_apart():
    assert [fold.cutoffs for fold in folds()] == [(18,), (21,), (24,), (27,)]
    assert folds()[-1] == Fold(
        0, 21, 28, 30, (27,)
    )  # of 28 dates before the test a quarter validates


def test_a_fold_tests_from_its_first_cutoff_until_the_end_of_its_last_forecast():
    first, second = folds(refit=2)
    assert first == Fold(0, 14, 19, 24, (18, 21))
    assert second.cutoffs == (24, 27) and (second.test_from, second.test_until) == (25, 30)


def test_a_model_that_is_never_trained_again_is_one_fold():
    (only,) = folds(refit=None)
    assert only == Fold(0, 14, 19, 30, (18, 21, 24, 27))


def test_the_last_fold_takes_the_cutoffs_that_are_left():
    assert [len(fold.cutoffs) for fold in folds(refit=3)] == [3, 1]


def test_sliding_models_read_as_many_dates_as_the_first_one():
    found = folds(sliding=True)
    assert [fold.first for fold in found] == [0, 3, 6, 9]
    assert {fold.test_from - fold.first for fold in found} == {19}
    assert {fold.validation_from - fold.first for fold in found} == {14}


def test_too_few_dates_for_the_first_cutoff_are_refused():
    with pytest.raises(DataError, match="needs more than 31 dates, and the series have 30"):
        folds(n_windows=10, step_size=3, horizon=3)
