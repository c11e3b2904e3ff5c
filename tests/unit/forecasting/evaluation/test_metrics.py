import numpy as np
import pytest

from forecasting.data.scaling import Scaling
from forecasting.evaluation.metrics import (
    add_sums,
    against_best,
    error_sums,
    overall,
    score_board,
    scores,
    skill,
    sums_by_unit,
)

# two windows, two steps, two features; the errors of the first are 1, -1, 3, 1, of the second 0
ACTUAL = np.array([[[1.0, 5.0], [2.0, 5.0]], [[3.0, 5.0], [6.0, 5.0]]])
FORECAST = np.array([[[0.0, 5.0], [3.0, 5.0]], [[0.0, 5.0], [5.0, 5.0]]])


def test_scores_average_over_all_windows_and_steps():
    found = scores(error_sums(ACTUAL, FORECAST))

    assert found["mse"].tolist() == [3, 0]  # (1 + 1 + 9 + 1) / 4
    assert found["rmse"] == pytest.approx([1.7320508075688772, 0])
    assert found["mae"].tolist() == [1.5, 0]  # (1 + 1 + 3 + 1) / 4


def test_r2_compares_with_the_mean_of_what_happened():
    # around the mean 3 the actual values lie -2, -1, 0, 3: the mean square is 14 / 4 = 3.5
    assert scores(error_sums(ACTUAL, FORECAST))["r2"][0] == pytest.approx(1 - 3 / 3.5)


def test_r2_is_undefined_where_the_actual_values_are_constant():
    assert np.isnan(scores(error_sums(ACTUAL, FORECAST))["r2"][1])


def test_r2_is_undefined_where_a_constant_has_a_rounded_mean():
    constant = np.full((3, 1, 1), 0.1)

    assert np.isnan(scores(error_sums(constant, constant))["r2"][0])


def test_sums_of_two_blocks_score_as_those_of_all_windows():
    whole = scores(error_sums(ACTUAL, FORECAST))
    blocks = error_sums(ACTUAL[:1], FORECAST[:1]) + error_sums(ACTUAL[1:], FORECAST[1:])

    for name, values in scores(blocks).items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-15)


def test_blocks_of_each_forecaster_and_unit_are_added():
    scaling = Scaling(center=np.zeros(2), scale=np.array([2.0, 1.0]))
    first = sums_by_unit(ACTUAL[:1], {"a": FORECAST[:1]}, scaling=scaling)
    second = sums_by_unit(ACTUAL[1:], {"a": FORECAST[1:]}, scaling=scaling)

    found = add_sums(first, second)["a"]
    assert (found["raw"].count, found["raw"].squared.tolist()) == (4, [12, 0])
    assert found["standardised"].squared.tolist() == [3, 0]


def test_overall_averages_the_features_and_takes_the_root_last():
    by_target = {
        "mse": np.array([9.0, 7.0]),
        "rmse": np.array([3.0, 7.0**0.5]),
        "mae": np.array([1.0, 4.0]),
        "r2": np.array([0.5, 0.0]),
    }

    assert overall(by_target) == pytest.approx({"mse": 8, "rmse": 8**0.5, "mae": 2.5, "r2": 0.25})


@pytest.mark.parametrize(("model", "baseline", "expected"), [(0, 4, 1), (1, 4, 0.75), (4, 4, 0), (6, 4, -0.5)])  # fmt: skip
def test_skill_is_the_share_of_the_squared_error_removed(model, baseline, expected):
    assert skill(model, baseline) == expected


def test_skill_against_a_perfect_baseline_is_undefined():
    assert np.isnan(skill(1.0, 0.0))


def test_the_best_baseline_is_the_one_with_the_smallest_error_that_is_defined():
    errors = {"lstm": 1.5, "drift": 2.0, "ridge": 3.0, "naive": None, "mean": float("nan")}

    assert against_best(errors, model="lstm") == ("drift", 0.25)  # 1 - 1.5 / 2
    assert against_best(errors | {"ridge": 1.0}, model="lstm") == ("ridge", -0.5)


@pytest.mark.parametrize(
    ("model", "drift", "best"),
    [(None, 2.0, "drift"), (float("nan"), 2.0, "drift"), (1.0, None, None)],
)
def test_a_skill_is_undefined_where_one_of_its_errors_is(model, drift, best):
    found, share = against_best({"lstm": model, "drift": drift}, model="lstm")

    assert found == best and np.isnan(share)


@pytest.fixture
def board():
    """The truth is 0. Scaled errors: model 1, 1; first 2, 2; second 4, 0.5 for features a, b."""
    shape = (2, 1, 2)

    def off_by(a, b):
        return np.broadcast_to(np.array([a, b]), shape)

    sums = sums_by_unit(
        np.zeros(shape),
        {"model": off_by(10.0, 1.0), "first": off_by(20.0, 2.0), "second": off_by(40.0, 0.5)},
        scaling=Scaling(center=np.array([5.0, 3.0]), scale=np.array([10.0, 1.0])),
    )
    return score_board(sums, model="model", targets=["a", "b"])


def test_the_board_scores_in_raw_and_in_standardised_units(board):
    model = board["scores"]["model"]

    assert model["raw"]["by_target"]["a"]["mse"] == 100
    assert model["standardised"]["by_target"]["a"]["mse"] == 1
    assert model["raw"]["overall"]["mae"] == 5.5
    assert model["standardised"]["overall"]["mae"] == 1


def test_the_best_baseline_is_chosen_overall_and_for_each_feature(board):
    # overall: first (4 + 4) / 2 = 4, second (16 + 0.25) / 2 = 8.125
    assert board["best_baseline"] == {
        "overall": "first",
        "by_target": {"a": "first", "b": "second"},
    }


def test_the_board_tells_the_skill_against_the_best_baseline(board):
    assert board["skill"] == {"overall": 0.75, "by_target": {"a": 0.75, "b": -3}}
    assert board["targets"] == ["a", "b"]
