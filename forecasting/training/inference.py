"""Forecasting from any windows of a series, compiled by XLA."""

import keras
import numpy as np
import tensorflow as tf

from forecasting.data.filling import FilledSeries
from forecasting.training.reader import FORECAST_BATCH, WindowReader, padded_batches, window_reader


def forecast(model: keras.Model, *, series: FilledSeries, starts: np.ndarray) -> np.ndarray:
    """Forecast from windows of the series.

    Args:
        model: A forecaster in raw units, as `load_model` gives it.
        series: Raw values, float64.
        starts: First row of each window, shape (windows,).

    Returns:
        Shape (windows, horizon, features), float64, in units of the series.
    """

    @tf.function(jit_compile=True)
    def forecast_batch(reader: WindowReader, positions: tf.Tensor) -> tf.Tensor:
        return model(reader.inputs(positions), training=False)

    reader = window_reader(series, model)
    batches = padded_batches(starts, min(FORECAST_BATCH, len(starts)))
    forecasts = [forecast_batch(reader, batch).numpy() for batch in batches.starts]
    return np.concatenate(forecasts)[: len(starts)]
