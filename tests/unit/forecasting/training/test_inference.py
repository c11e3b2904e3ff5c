import keras
import numpy as np
import pytest

from forecasting.data.encoding import Statics
from forecasting.data.filling import fill
from forecasting.data.scaling import Scaling
from forecasting.models.build import build_network
from forecasting.models.raw_units import load_model, raw_unit_model
from forecasting.training.inference import Forecaster
from tests.support.training import network, waves


def test_forecasting_in_batches_equals_forecasting_at_once():
    values = waves(400).astype(np.float64)
    model = raw_unit_model(network(), Scaling(np.zeros(3), np.ones(3)))
    starts = np.arange(390)

    together = Forecaster(model, fill(values)).forecast(starts)
    apart = np.concatenate(
        [Forecaster(model, fill(values)).forecast(starts[i : i + 1]) for i in (0, 300, 389)]
    )

    assert together.shape == (390, 1, 3)
    np.testing.assert_allclose(together[[0, 300, 389]], apart, rtol=1e-6)


def test_the_compiled_functions_read_missing_cells_as_the_filled_series_does():
    values = waves(60).astype(np.float64)
    values[[3, 4, 9], 1] = np.nan
    values[[20, 41], :] = np.nan
    filled = fill(values)
    starts = np.arange(50)
    model = raw_unit_model(network(), Scaling(np.zeros(3), np.ones(3)))

    found = Forecaster(model, filled).forecast(starts)

    windows = filled.read(starts[:, None] + np.arange(8), starts[:, None] + 8)
    np.testing.assert_allclose(found, model(windows).numpy(), rtol=1e-5, atol=1e-6)


LAYER = {"units": 4, "return_sequences": False}


def small_model(*, horizon, **counts):
    """A network on two targets, and on covariates, in raw units."""
    keras.utils.set_random_seed(1)
    inner = build_network(
        lookback=8,
        n_features=2,
        horizon=horizon,
        layers=[LAYER],
        seed=1,
        normalise="last",
        **counts,
    )
    ones = {name[2:]: Scaling(np.zeros(n), np.ones(n)) for name, n in counts.items() if n}
    return raw_unit_model(inner, Scaling(np.array([1.0, -2]), np.array([3.0, 0.5])), ones)


@pytest.mark.parametrize(("horizon", "n_steps"), [(1, 12), (3, 7), (5, 10), (12, 20), (4, 3)])
def test_a_horizon_fed_back_equals_a_loop_written_with_keras_alone(tmp_path, horizon, n_steps):
    values = waves(60)[:, :2].astype(np.float64)
    small_model(horizon=horizon).save(tmp_path / "model.keras")
    starts = np.array([0, 17, 52])  # the last window ends with the series

    found = Forecaster(load_model(tmp_path / "model.keras"), fill(values)).forecast(
        starts, n_steps=n_steps
    )

    alone = keras.saving.load_model(tmp_path / "model.keras")
    for start, forecast in zip(starts, found, strict=True):
        known = values[start : start + 8]
        while len(known) < 8 + n_steps:
            known = np.concatenate([known, alone(known[None, -8:]).numpy()[0]])
        np.testing.assert_allclose(forecast, known[8 : 8 + n_steps], rtol=1e-6, atol=1e-7)


def test_the_first_steps_are_the_same_bytes_whether_or_not_more_are_fed_back():
    model, values = small_model(horizon=3), waves(400)[:, :2].astype(np.float64)
    forecaster, starts = Forecaster(model, fill(values)), np.arange(300)

    assert (
        forecaster.forecast(starts, n_steps=9)[:, :3].tobytes()
        == forecaster.forecast(starts).tobytes()
    )


def test_what_is_missing_in_a_window_is_fed_on_as_it_was_filled():
    model, values = small_model(horizon=2), waves(60)[:, :2].astype(np.float64)
    gappy = values.copy()
    gappy[[27, 28], 0] = np.nan  # the end of the window
    filled = values.copy()
    filled[[27, 28], 0] = values[26, 0]

    found = Forecaster(model, fill(gappy)).forecast(np.array([21]), n_steps=6)

    expected = Forecaster(model, fill(filled)).forecast(np.array([21]), n_steps=6)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_is_known_ahead_is_read_where_the_forecast_has_come_to():
    model = small_model(horizon=2, n_past=1, n_future=1, n_static=1)
    rows = waves(40).astype(np.float64)  # two targets, and a column known ahead
    statics = Statics(np.array([[0.7]]), np.zeros(40, dtype=np.int32))

    found = Forecaster(model, fill(rows), statics).forecast(np.array([5, 26]), n_steps=6)

    for start, forecast in zip((5, 26), found, strict=True):
        known = rows[start : start + 8, :2]
        for first in range(start, start + 6, 2):
            inputs = {
                "window": known[None, -8:],
                "past": rows[None, first : first + 8, 2:],
                "future": rows[None, first + 8 : first + 10, 2:],
                "static": statics.values,
            }
            known = np.concatenate([known, model(inputs).numpy()[0]])
        np.testing.assert_allclose(forecast, known[8:], rtol=1e-6, atol=1e-7)


def test_no_forecast_lies_below_the_least_value_and_what_is_fed_back_neither(tmp_path):
    keras.utils.set_random_seed(1)
    inner = build_network(
        lookback=8, n_features=2, horizon=1, layers=[LAYER], seed=1, normalise="last"
    )
    scaling = Scaling(np.zeros(2), np.ones(2))
    raw_unit_model(inner, scaling, least=0.25).save(tmp_path / "model.keras")
    model, values = load_model(tmp_path / "model.keras"), waves(60)[:, :2].astype(np.float64)

    found = Forecaster(model, fill(values)).forecast(np.arange(50), n_steps=5)
    free = Forecaster(raw_unit_model(inner, scaling), fill(values)).forecast(np.arange(50))

    assert found.min() == 0.25
    np.testing.assert_array_equal(found[:, :1], np.maximum(free, 0.25))
