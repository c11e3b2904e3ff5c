"""From window positions to what the network reads and what it should forecast, in tensors."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from forecasting.data.encoding import Statics
from forecasting.data.filling import FilledSeries
from forecasting.data.roles import FUTURE, PAST, STATIC, WINDOW, input_shapes

FORECAST_BATCH = 256  # windows read at once where nothing is learned; bounds memory, not the result


class WindowReader(NamedTuple):
    """The series as tensors, and how windows are gathered from it inside a compiled function.

    It is an argument of the compiled function. A series that the function only captured would be
    compiled into the program. What else a network may read has its place here, and nowhere else.

    Attributes:
        lookback: Rows that a window reads.
        horizon: Rows that it forecasts, the ones right after.
        n_targets: The first columns, which are forecast.
        n_future: The last columns, which are known for the horizon.
        line: `FilledSeries.line`, shape (rows, columns).
        last: `FilledSeries.last`, same shape; None where nothing is missing.
        known_at: `FilledSeries.known_at`, same shape; None where nothing is missing.
        statics: `Statics.values`, shape (series, columns); None where there are none.
        series: `Statics.codes`, shape (rows,); None where there are none.
    """

    lookback: int
    horizon: int
    n_targets: int
    n_future: int
    line: tf.Tensor
    last: tf.Tensor | None = None
    known_at: tf.Tensor | None = None
    statics: tf.Tensor | None = None
    series: tf.Tensor | None = None

    def inputs(
        self, starts: tf.Tensor, *, window: tf.Tensor | None = None
    ) -> tf.Tensor | dict[str, tf.Tensor]:
        """Collect what windows read, as `FilledSeries.read` does.

        Args:
            starts: First row of each window, int32, shape (batch,).
            window: What is read of the targets, shape (batch, lookback, targets), where it is not what
                the series has.

        Returns:
            Shape (batch, lookback, targets), or such a window and the other inputs, by name.
        """
        if window is not None and self.line.shape[-1] == self.n_targets and self.statics is None:
            return window
        rows = self._read(starts)  # (batch, lookback, columns)
        if rows.shape[-1] == self.n_targets and self.statics is None:
            return rows
        found = {WINDOW: rows[..., : self.n_targets] if window is None else window}
        if rows.shape[-1] > self.n_targets:
            found[PAST] = rows[..., self.n_targets :]
        if self.n_future:
            ahead = _gather(self.line, starts + self.lookback, self.horizon)
            found[FUTURE] = ahead[..., -self.n_future :]
        if self.statics is not None:
            found[STATIC] = tf.gather(self.statics, tf.gather(self.series, starts))
        return found

    def window(self, starts: tf.Tensor) -> tf.Tensor:
        """Collect what windows read of the targets: (batch,) to (batch, lookback, targets)."""
        return self._read(starts)[..., : self.n_targets]

    def targets(self, starts: tf.Tensor) -> tf.Tensor:
        """Collect the rows to forecast, which are observed: (batch,) to (batch, horizon, targets)."""
        rows = _gather(self.line, starts + self.lookback, self.horizon)
        return rows if rows.shape[-1] == self.n_targets else rows[..., : self.n_targets]

    def _read(self, starts: tf.Tensor) -> tf.Tensor:
        line = _gather(self.line, starts, self.lookback)
        if self.known_at is None:
            return line
        last = _gather(self.last, starts, self.lookback)
        known_at = _gather(self.known_at, starts, self.lookback)
        return tf.where(known_at < (starts + self.lookback)[:, None, None], line, last)


def window_reader(
    series: FilledSeries, model: keras.Model, statics: Statics | None = None
) -> WindowReader:
    """Prepare series for a model.

    Args:
        series: The columns of its window, and then those of its past.
        model: (batch, lookback, targets) to (batch, horizon, targets), or of several inputs by name.
        statics: The static covariates, if it reads any.
    """
    shapes = input_shapes(model)
    lookback, n_targets = shapes[WINDOW]
    n_future = shapes[FUTURE][-1] if FUTURE in shapes else 0
    missing = () if series.known_at is None else (series.last, series.known_at)
    reader = WindowReader(
        lookback,
        model.output_shape[1],
        n_targets,
        n_future,
        tf.constant(series.line),
        *map(tf.constant, missing),
    )
    if statics is None:
        return reader
    return reader._replace(statics=tf.constant(statics.values), series=tf.constant(statics.codes))


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
