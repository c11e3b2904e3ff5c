"""Forecasting from any windows of a series, compiled by XLA."""

import keras
import numpy as np
import tensorflow as tf

from forecasting.data.encoding import Statics
from forecasting.data.filling import FilledSeries
from forecasting.training.reader import FORECAST_BATCH, WindowReader, padded_batches, window_reader


class Forecaster:
    """A model and a series, to forecast from any of its windows; compiled when first called."""

    def __init__(
        self, model: keras.Model, series: FilledSeries, statics: Statics | None = None
    ) -> None:
        """Take a forecaster in raw units, as `load_model` gives it, and raw values, float64."""
        self._model = model
        self._reader = window_reader(series, model, statics)

    def forecast(self, starts: np.ndarray) -> np.ndarray:
        """Forecast from windows.

        Args:
            starts: First row of each window, shape (windows,).

        Returns:
            Shape (windows, horizon, features), float64, in units of the series.
        """
        batches = padded_batches(starts, min(FORECAST_BATCH, len(starts)))
        forecasts = [self._forecast(self._reader, batch).numpy() for batch in batches.starts]
        return np.concatenate(forecasts)[: len(starts)]

    @tf.function(jit_compile=True)
    def _forecast(self, reader: WindowReader, positions: tf.Tensor) -> tf.Tensor:
        return self._model(reader.inputs(positions), training=False)
