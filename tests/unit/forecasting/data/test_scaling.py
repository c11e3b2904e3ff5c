import tracemalloc

import numpy as np
import pytest

from forecasting.data.scaling import Scaling, check_scaling, fit_scaling
from foundation.errors import DataError

VALUES = np.array([[1.0, 10.0], [3.0, 10.5], [5.0, 12.0], [7.0, 11.5]])
ALL = np.ones(4, dtype=bool)


def test_standard_scaling_uses_mean_and_population_deviation():
    scaling = fit_scaling(VALUES, ALL, method="standard", features=["a", "b"])

    assert scaling.center.tolist() == [4, 11]
    # deviations 3, 1, 1, 3: the mean of their squares is 5; and 1, 0.5, 1, 0.5: it is 0.625
    assert scaling.scale == pytest.approx([5**0.5, 0.625**0.5], rel=1e-15)


def test_minmax_scaling_brings_the_training_range_to_0_and_1():
    scaling = fit_scaling(VALUES, ALL, method="minmax", features=["a", "b"])

    assert scaling.apply(VALUES)[:, 1].tolist() == [0, 0.25, 1, 0.75]
    assert scaling.apply(np.array([13.0, 8.0])).tolist() == [2, -1]


@pytest.mark.parametrize(
    ("method", "center", "scale"), [("standard", [2, 10.25], [1, 0.25]), ("minmax", [1, 10], [2, 0.5])]
)  # fmt: skip
def test_only_the_marked_rows_are_fitted_on_and_all_stay_as_they_were(method, center, scale):
    values = VALUES.copy()
    rows = np.array([True, True, False, False])
    scaling = fit_scaling(values, rows, method=method, features=["a", "b"])

    assert (scaling.center.tolist(), scaling.scale.tolist()) == (center, scale)
    assert (values == VALUES).all()


def test_scaling_a_long_series_takes_one_copy_of_it_and_the_deviation_is_that_of_numpy():
    values = np.random.default_rng(3).normal(size=(500_000, 4))
    tracemalloc.start()
    scaling = fit_scaling(values, values[:, 0] > -2, method="standard", features=list("abcd"))
    scaled = scaling.apply_float32(values)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1.5 * values.nbytes
    assert scaling.scale.tolist() == values[values[:, 0] > -2].std(axis=0).tolist()
    np.testing.assert_array_equal(scaled, scaling.apply(values).astype(np.float32))


def test_no_scaling_leaves_values_as_they_are():
    scaling = fit_scaling(VALUES, ALL, method="none", features=["a", "b"])

    assert (scaling.apply(VALUES) == VALUES).all()


@pytest.mark.parametrize("method", ["standard", "minmax", "none"])
def test_inverting_brings_the_values_back(method):
    scaling = fit_scaling(VALUES, ALL, method=method, features=["a", "b"])
    windows = np.arange(12.0).reshape(2, 3, 2)

    assert scaling.invert(scaling.apply(windows)) == pytest.approx(windows, rel=1e-14)


def test_a_small_movement_around_a_large_value_is_kept():
    values = np.array([[1.5e9 - 10], [1.5e9 + 10]])
    scaling = fit_scaling(values, ALL[:2], method="standard", features=["a"])

    assert scaling.apply(np.array([1.5e9 + 5])).tolist() == [0.5]


def test_tiny_values_are_scaled_as_well():
    values = np.array([[1e-12], [3e-12]])
    scaling = fit_scaling(values, ALL[:2], method="standard", features=["a"])

    assert scaling.apply(np.array([3e-12])) == pytest.approx([1], rel=1e-12)


@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize(
    ("column", "found"),
    [([0.1, 0.1, 0.1], r"spans 0\.1 to 0\.1"), ([1e308, -1e308, 1e308], r"spans -1e\+308 to 1e\+308")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")  # which is what the error then says
def test_a_feature_without_a_usable_spread_is_named(method, column, found):
    values = np.stack([np.arange(3.0), np.array(column)], axis=1)

    with pytest.raises(DataError, match=rf"'flat' cannot be scaled: .*3 training rows .*{found}"):
        fit_scaling(values, ALL[:3], method=method, features=["moving", "flat"])


def test_a_model_scaled_by_other_rows_than_its_training_rows_is_a_leak():
    expected = Scaling(np.array([1.0]), np.array([2.0]))
    check_scaling(Scaling(np.array([1.0]), np.array([2.0])), expected)
    with pytest.raises(DataError, match=r"Leak: the model is scaled by \[1.0\] and \[2.5\]"):
        check_scaling(Scaling(np.array([1.0]), np.array([2.5])), expected)
