"""Networks that read covariates: what reaches which forecast, and the saved model in raw units."""

import keras
import numpy as np
import pytest

from forecasting.data.roles import input_shapes
from forecasting.data.scaling import Scaling
from forecasting.models.build import build_network
from forecasting.models.raw_units import (
    covariate_scaling_of,
    load_model,
    raw_unit_model,
    scaling_of,
)
from forecasting.training.determinism import seal_tensorflow
from stages.storage.artifacts import KerasModel

COUNTS = {"past": 3, "future": 2, "static": 2}
SHAPES = {"window": (4, 2), "past": (4, 3), "future": (3, 2), "static": (2,)}


@pytest.fixture(autouse=True)
def sealed():
    seal_tensorflow(1)


def network(*names, normalise="none", layers=1):
    keras.utils.set_random_seed(1)
    inner = [{"units": 3, "return_sequences": True}] * (layers - 1)
    return build_network(
        lookback=4,
        n_features=2,
        horizon=3,
        layers=[*inner, {"units": 3, "return_sequences": False}],
        seed=1,
        normalise=normalise,
        **{f"n_{name}": COUNTS[name] for name in names},
    )


def inputs(*names, seed=0):
    rng = np.random.default_rng(seed)
    given = {name: rng.normal(size=(5, *SHAPES[name])) for name in SHAPES}
    return {name: given[name].astype(np.float32) for name in ("window", *names)}


@pytest.mark.parametrize(
    "names", [("past",), ("future",), ("static",), ("past", "future"), ("past", "future", "static")]
)
@pytest.mark.parametrize("normalise", ["none", "window"])
def test_there_is_an_input_for_each_role_that_has_columns(names, normalise):
    model = network(*names, normalise=normalise, layers=2)

    assert input_shapes(model) == {name: SHAPES[name] for name in ("window", *names)}
    assert model(inputs(*names)).shape == (5, 3, 2)


def test_without_covariates_there_is_one_input_without_a_name():
    assert network()(inputs()["window"]).shape == (5, 3, 2)
    assert input_shapes(network()) == {"window": (4, 2)}


@pytest.mark.parametrize("name", ["window", "past", "future", "static"])
def test_every_input_changes_the_forecast(name):
    model, given = network(*COUNTS), inputs(*COUNTS)
    other = given | {name: given[name] + 1}

    assert (np.abs(model(given) - model(other)) > 1e-4).all()


def test_what_is_known_ahead_enters_the_forecast_in_a_straight_line():
    model, given = network(*COUNTS), inputs(*COUNTS)
    step = np.zeros_like(given["future"])
    step[:, 2, 1] = 1

    forecasts = [
        np.asarray(model(given | {"future": given["future"] + n * step})) for n in range(3)
    ]

    np.testing.assert_allclose(forecasts[2] - forecasts[1], forecasts[1] - forecasts[0], atol=1e-6)


def test_a_forecast_moves_with_its_window_whatever_covariates_are():
    model, given = network(*COUNTS, normalise="last"), inputs(*COUNTS)
    moved = given | {"window": given["window"] + 64}

    np.testing.assert_allclose(model(moved), model(given) + 64, atol=1e-4)


SCALINGS = {
    "past": Scaling(np.array([5.0, 0, 0.1]), np.array([3.0, 1, 1 / 3])),
    "future": Scaling(np.array([0.0, 0.1]), np.array([1.0, 1 / 3])),
    "static": Scaling(np.array([7.0, 0.0]), np.array([1e-3, 1.0])),
}
WINDOW = Scaling(np.array([5.0, 100.0]), np.array([2.0, 30.0]))


@pytest.mark.parametrize("normalise", ["none", "mean"])
def test_the_saved_model_takes_raw_units_by_name_and_is_the_same_bytes_each_time(
    tmp_path, normalise
):
    inner = network(*COUNTS, normalise=normalise)
    model = raw_unit_model(inner, WINDOW, SCALINGS)
    first, second = KerasModel(tmp_path / "a.keras"), KerasModel(tmp_path / "b.keras")
    first.save(model)
    second.save(raw_unit_model(network(*COUNTS, normalise=normalise), WINDOW, SCALINGS))
    scaled = inputs(*COUNTS)
    raw = {
        name: values * (WINDOW if name == "window" else SCALINGS[name]).scale
        + (WINDOW if name == "window" else SCALINGS[name]).center
        for name, values in scaled.items()
    }

    loaded = load_model(first.path)

    np.testing.assert_array_equal(loaded(raw), model(raw))
    np.testing.assert_allclose(loaded(raw), WINDOW.invert(np.asarray(inner(scaled))), rtol=1e-5)
    assert first.path.read_bytes() == second.path.read_bytes()


def test_every_scaling_is_read_back_to_the_last_bit(tmp_path):
    file = KerasModel(tmp_path / "m.keras")
    file.save(raw_unit_model(network(*COUNTS), WINDOW, SCALINGS))
    loaded = load_model(file.path)

    np.testing.assert_array_equal(scaling_of(loaded).scale, WINDOW.scale)
    for name, expected in SCALINGS.items():
        found = covariate_scaling_of(loaded, name)
        np.testing.assert_array_equal(found.center, expected.center)
        np.testing.assert_array_equal(found.scale, expected.as_stored().scale)
