import numpy as np

from forecasting.data.filling import fill
from forecasting.data.scaling import Scaling
from forecasting.models.raw_units import raw_unit_model
from forecasting.training.inference import Forecaster
from tests.unit.forecasting.training.test_fit import network, waves


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
