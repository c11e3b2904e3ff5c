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

    def forecast(self, starts: np.ndarray, *, n_steps: int | None = None) -> np.ndarray:
        """Forecast from windows.

        Steps beyond the model's horizon are fed back: the model reads its own forecasts as if they had
        happened, after the last rows of the window. What is known ahead is read where it stands.

        Args:
            starts: First row of each window, shape (windows,).
            n_steps: How many steps, of a model without past covariates; None for its horizon. What it
                knows ahead must have rows for whole horizons.

        Returns:
            Shape (windows, n_steps, targets), float64, in units of the series.
        """
        n_steps = n_steps or self._reader.horizon
        batches = padded_batches(starts, min(FORECAST_BATCH, len(starts)))
        forecasts = [self._of_batch(batch, n_steps) for batch in batches.starts]
        return np.concatenate(forecasts)[: len(starts)]

    def _of_batch(self, positions: tf.Tensor, n_steps: int) -> np.ndarray:
        reader, found = self._reader, [self._forecast(self._reader, positions)]
        if n_steps > reader.horizon:
            window = self._read(reader, positions)
        for shift in range(reader.horizon, n_steps, reader.horizon):
            window, forecast = self._feed_back(reader, positions + shift, window, found[-1])
            found.append(forecast)
        return np.concatenate([each.numpy() for each in found], axis=1)[:, :n_steps]

    @tf.function(jit_compile=True)
    def _forecast(self, reader: WindowReader, positions: tf.Tensor) -> tf.Tensor:
        return self._model(reader.inputs(positions), training=False)

    @tf.function(jit_compile=True)
    def _read(self, reader: WindowReader, positions: tf.Tensor) -> tf.Tensor:
        return reader.window(positions)

    @tf.function(jit_compile=True)
    def _feed_back(
        self, reader: WindowReader, positions: tf.Tensor, window: tf.Tensor, forecast: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the window that ends with the forecast, and the next forecast."""
        window = tf.concat([window, forecast], axis=1)[:, -reader.lookback :]
        return window, self._model(reader.inputs(positions, window=window), training=False)
