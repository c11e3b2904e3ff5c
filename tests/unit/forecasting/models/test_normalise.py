import keras
import numpy as np
import pytest
import tensorflow as tf

from forecasting.data.scaling import Scaling
from forecasting.models.build import build_network
from forecasting.models.normalise import normalise, with_normalisation
from forecasting.models.raw_units import load_model, raw_unit_model
from forecasting.training.determinism import seal_tensorflow
from stages.storage.artifacts import KerasModel

LAYER = {"units": 3, "return_sequences": False}
METHODS = ["none", "last", "mean", "window"]


def echo(method, values):
    """Give what a network reads of one window with one feature, and what 10 becomes on its way out."""
    window = keras.Input((len(values), 1))
    read, put_back = normalise(window, method)
    model = keras.Model(window, [read, put_back(0 * read[:, :1, :] + 10)])
    read, back = model(np.array(values, dtype=np.float32).reshape(1, -1, 1))
    return read.numpy().ravel().tolist(), float(back.numpy().item())


@pytest.fixture(autouse=True)
def sealed():
    seal_tensorflow(1)


def network(method):
    keras.utils.set_random_seed(1)
    return build_network(
        lookback=4, n_features=2, horizon=3, layers=[LAYER], seed=1, normalise=method
    )


def test_the_last_row_is_taken_off_and_put_back():
    assert echo("last", [1, 5, 3]) == ([-2, 2, 0], 13)


def test_the_mean_is_taken_off_and_put_back():
    assert echo("mean", [1, 5, 3]) == ([-2, 2, 0], 13)
    assert echo("mean", [1, 2, 6]) == ([-2, -1, 3], 13)


def test_a_window_is_divided_by_its_deviation():
    read, back = echo("window", [1, 5, 1, 5])  # mean 3, variance 4

    np.testing.assert_allclose(read, [-1, 1, -1, 1], rtol=2e-6)
    np.testing.assert_allclose(back, 23, rtol=2e-6)


@pytest.mark.parametrize("level", [0.0, 7.0])
def test_a_constant_window_is_read_as_zeros_and_forecast_near_its_level(level):
    read, back = echo("window", [level] * 4)

    assert read == [0] * 4
    assert back == pytest.approx(level + 10 * 1e-5**0.5, rel=1e-6)


@pytest.mark.parametrize("method", ["last", "mean", "window"])
def test_a_forecast_moves_with_its_window(method):
    model = network(method)
    windows = np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32)

    np.testing.assert_allclose(model(windows + 64), model(windows) + 64, atol=1e-4)


def test_a_forecast_is_as_wide_as_its_window():
    model = network("window")
    windows = np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32)

    np.testing.assert_allclose(model(windows * 64), model(windows) * 64, rtol=1e-3, atol=1e-2)


def test_without_normalisation_the_network_is_as_it_was():
    plain = network("none")

    assert with_normalisation(plain, "none") is plain
    assert plain.name == "network"


@pytest.mark.parametrize("method", METHODS)
def test_the_weights_do_not_depend_on_the_normalisation(method):
    for found, expected in zip(
        network(method).get_weights(), network("none").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", METHODS)
def test_the_saved_model_loads_in_safe_mode_and_is_the_same_bytes_each_time(method, tmp_path):
    scaling = Scaling(np.array([5.0, 100.0]), np.array([2.0, 30.0]))
    first, second = KerasModel(tmp_path / "a.keras"), KerasModel(tmp_path / "b.keras")
    model = raw_unit_model(network(method), scaling)
    first.save(model)
    second.save(raw_unit_model(network(method), scaling))
    windows = np.random.default_rng(0).normal(50, 20, size=(5, 4, 2))

    np.testing.assert_array_equal(load_model(first.path)(windows), model(windows))
    assert first.path.read_bytes() == second.path.read_bytes()


def test_no_inverse_square_root_is_compiled():
    model = network("window")

    @tf.function(jit_compile=True)
    def gradient(windows):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(model(windows, training=True)))
        return tape.gradient(loss, model.trainable_variables)

    compiled = gradient.experimental_get_compiler_ir(tf.zeros((2, 4, 2)))(stage="optimized_hlo")
    assert "sqrt" in compiled
    assert "rsqrt" not in compiled
