"""From window positions to what the network reads and what it should forecast, in tensors."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from forecasting.data.filling import FilledSeries

FORECAST_BATCH = 256  # windows read at once where nothing is learned; bounds memory, not the result


class WindowReader(NamedTuple):
    """The series as tensors, and how windows are gathered from it inside a compiled function.

    It is an argument of the compiled function. A series that the function only captured would be
    compiled into the program. What else a network may read has its place here, and nowhere else.

    Attributes:
        lookback: Rows that a window reads.
        horizon: Rows that it forecasts, the ones right after.
        line: `FilledSeries.line`, shape (rows, features).
        last: `FilledSeries.last`, same shape; None where nothing is missing.
        known_at: `FilledSeries.known_at`, same shape; None where nothing is missing.
    """

    lookback: int
    horizon: int
    line: tf.Tensor
    last: tf.Tensor | None = None
    known_at: tf.Tensor | None = None

    def inputs(self, starts: tf.Tensor) -> tf.Tensor:
        """Collect what windows read, as `FilledSeries.read` does.

        Args:
            starts: First row of each window, int32, shape (batch,).

        Returns:
            Shape (batch, lookback, features).
        """
        line = _gather(self.line, starts, self.lookback)
        if self.known_at is None:
            return line
        last = _gather(self.last, starts, self.lookback)
        known_at = _gather(self.known_at, starts, self.lookback)
        return tf.where(known_at < (starts + self.lookback)[:, None, None], line, last)

    def targets(self, starts: tf.Tensor) -> tf.Tensor:
        """Collect the rows to forecast, which are observed: (batch,) to (batch, horizon, features)."""
        return _gather(self.line, starts + self.lookback, self.horizon)


def window_reader(series: FilledSeries, model: keras.Model) -> WindowReader:
    """Prepare a series for a model: (batch, lookback, features) to (batch, horizon, features)."""
    lengths = model.input_shape[1], model.output_shape[1]
    if series.known_at is None:
        return WindowReader(*lengths, tf.constant(series.line))
    return WindowReader(*lengths, *map(tf.constant, (series.line, series.last, series.known_at)))


class Batches(NamedTuple):
    """Window positions in equal batches, the last one filled up.

    Attributes:
        starts: First row of each window, int32, shape (batches, batch_size).
        weights: 1 for a window, 0 for what fills up, float32, same shape.
    """

    starts: tf.Tensor
    weights: tf.Tensor


def padded_batches(starts: np.ndarray, batch_size: int) -> Batches:
    """Cut the first rows of windows, shape (windows,), into batches."""
    shape = (-(-len(starts) // batch_size), batch_size)
    padded, weights = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
    padded.flat[: len(starts)] = starts
    weights.flat[: len(starts)] = 1.0
    return Batches(tf.constant(padded), tf.constant(weights))


def _gather(rows: tf.Tensor, starts: tf.Tensor, length: int) -> tf.Tensor:
    """Collect `length` rows from each start: (batch,) to (batch, length, features)."""
    return tf.gather(rows, starts[:, None] + tf.range(length))
