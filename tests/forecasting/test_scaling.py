import numpy as np
import pytest

from forecasting.errors import DataError
from forecasting.scaling import Scaling, check_scaling, fit_scaling

VALUES = np.array([[1.0, 10.0], [3.0, 10.5], [5.0, 12.0], [7.0, 11.5]])


def test_standard_scaling_uses_mean_and_population_deviation():
    scaling = fit_scaling(VALUES, method="standard", features=["a", "b"])

    assert scaling.center.tolist() == [4, 11]
    # deviations 3, 1, 1, 3: the mean of their squares is 5; and 1, 0.5, 1, 0.5: it is 0.625
    assert scaling.scale == pytest.approx([5**0.5, 0.625**0.5], rel=1e-15)


def test_minmax_scaling_brings_the_training_range_to_0_and_1():
    scaling = fit_scaling(VALUES, method="minmax", features=["a", "b"])

    assert scaling.apply(VALUES)[:, 1].tolist() == [0, 0.25, 1, 0.75]
    assert scaling.apply(np.array([13.0, 8.0])).tolist() == [2, -1]


def test_no_scaling_leaves_values_as_they_are():
    scaling = fit_scaling(VALUES, method="none", features=["a", "b"])

    assert (scaling.apply(VALUES) == VALUES).all()


@pytest.mark.parametrize("method", ["standard", "minmax", "none"])
def test_inverting_brings_the_values_back(method):
    scaling = fit_scaling(VALUES, method=method, features=["a", "b"])
    windows = np.arange(12.0).reshape(2, 3, 2)

    assert scaling.invert(scaling.apply(windows)) == pytest.approx(windows, rel=1e-14)


def test_a_small_movement_around_a_large_value_is_kept():
    scaling = fit_scaling(np.array([[1.5e9 - 10], [1.5e9 + 10]]), method="standard", features=["a"])

    assert scaling.apply(np.array([1.5e9 + 5])).tolist() == [0.5]


def test_tiny_values_are_scaled_as_well():
    scaling = fit_scaling(np.array([[1e-12], [3e-12]]), method="standard", features=["a"])

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
        fit_scaling(values, method=method, features=["moving", "flat"])


def test_a_model_scaled_by_other_rows_than_its_training_rows_is_a_leak():
    expected = Scaling(np.array([1.0]), np.array([2.0]))
    check_scaling(Scaling(np.array([1.0]), np.array([2.0])), expected)
    with pytest.raises(DataError, match=r"Leak: the model is scaled by \[1.0\] and \[2.5\]"):
        check_scaling(Scaling(np.array([1.0]), np.array([2.5])), expected)
