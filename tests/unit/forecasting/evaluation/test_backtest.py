import numpy as np
import pytest

from forecasting.evaluation.backtest import (
    SquaredErrors,
    backtest_scores,
    block_length,
    skill_interval,
)


def errors(model, ridge, folds, cutoffs=None):
    n = len(folds)
    values = {
        "model": np.array(model, dtype=float).reshape(n, -1),
        "ridge": np.array(ridge, dtype=float).reshape(n, -1),
        "repeat_last": np.full((n, len(model) // n), 8.0),
    }
    return SquaredErrors(
        values, np.array(folds), np.arange(n) if cutoffs is None else np.array(cutoffs)
    )


def test_errors_are_averaged_by_fold_by_step_and_over_all():
    # windows x steps: model [[1, 3], [3, 5], [2, 4]], ridge [[4, 4], [4, 4], [2, 12]]
    found = backtest_scores(
        errors([1, 3, 3, 5, 2, 4], [4, 4, 4, 4, 2, 12], [0, 0, 1]), model="model", seed=0
    )
    assert found["overall"]["mse"] == {"model": 3.0, "ridge": 5.0, "repeat_last": 8.0}
    assert found["overall"]["skill"] == pytest.approx(0.4)
    assert [fold["mse"]["model"] for fold in found["folds"]] == [3.0, 3.0]
    assert [fold["skill"] for fold in found["folds"]] == [0.25, pytest.approx(4 / 7)]
    assert [step["mse"]["model"] for step in found["steps"]] == [2.0, 4.0]
    assert found["overall"]["best_baseline"] == "ridge"
    assert found["steps"][1]["best_baseline"] == "ridge"


def test_series_with_one_cutoff_are_one_origin():
    found = backtest_scores(
        errors([1, 1, 1, 1], [2, 2, 2, 2], [0] * 4, [5, 7, 5, 7]), model="model", seed=0
    )
    assert found["origins"] == 2


def test_a_block_is_no_shorter_than_a_forecast_and_grows_with_the_cube_root_of_the_origins():
    assert block_length(1000, horizon=1) == 10
    assert block_length(1000, horizon=24) == 24
    assert block_length(28, horizon=1) == 4


def test_a_skill_that_is_the_same_at_every_origin_is_sure():
    ridge = np.arange(1.0, 21.0)
    assert skill_interval(ridge / 4, ridge, block=3, seed=1) == pytest.approx([0.75, 0.75])


def test_the_interval_holds_the_skill_and_is_the_same_for_the_same_seed():
    rng = np.random.default_rng(3)
    model, ridge = rng.gamma(2, 1, 60), rng.gamma(2, 2, 60)
    low, high = skill_interval(model, ridge, block=4, seed=1)
    assert low < 1 - model.sum() / ridge.sum() < high
    assert [low, high] == skill_interval(model, ridge, block=4, seed=1)
    assert [low, high] != skill_interval(model, ridge, block=4, seed=2)


def test_neighbours_that_resemble_each_other_make_the_interval_wider():
    model = np.repeat([1.0, 3.0], 50)  # a good half and a bad half
    ridge = np.full(100, 4.0)
    narrow, wide = (np.diff(skill_interval(model, ridge, block=b, seed=1))[0] for b in (1, 25))
    assert wide > 2 * narrow


def test_fewer_than_two_blocks_give_no_interval():
    assert skill_interval(np.ones(7), np.ones(7), block=4, seed=1) is None
    assert skill_interval(np.ones(9), np.zeros(9), block=2, seed=1) is None
