"""One pass over all batches of windows, compiled by XLA into one program around the Keras model.

Window positions go in. A loop inside gathers each batch from the series, takes the gradient and
applies the optimizer. The mean loss comes out. Windows are never materialised.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from forecasting.training.reader import Batches, WindowReader

BatchLoss = Callable[[WindowReader, tf.Tensor, tf.Tensor], tf.Tensor]


class EpochProgram:
    """The passes over the training and the validation windows; each is compiled when first called."""

    def __init__(self, network: keras.Model, reader: WindowReader) -> None:
        """Take a network that is compiled with its optimizer and its loss, and what it reads."""
        self._network = network
        self._reader = reader
        self._loss = keras.losses.get(network.loss)

    def train(self, batches: Batches) -> float:
        """Take one step of the optimizer per batch; return the mean loss of the windows.

        The loss of a batch is that before its step; penalties are included.
        """
        return float(self._train(self._reader, batches))

    def validate(self, batches: Batches) -> float:
        """Return the mean loss of the windows, penalties included; the network stays as it is."""
        return float(self._validate(self._reader, batches))

    @tf.function(jit_compile=True)
    def _train(self, reader: WindowReader, batches: Batches) -> tf.Tensor:
        return _mean_loss(self._step, reader, batches)

    @tf.function(jit_compile=True)
    def _validate(self, reader: WindowReader, batches: Batches) -> tf.Tensor:
        return _mean_loss(self._batch_loss, reader, batches)

    def _step(self, reader: WindowReader, starts: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._batch_loss(reader, starts, weights, training=True)
        variables = self._network.trainable_variables
        self._network.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _batch_loss(
        self,
        reader: WindowReader,
        starts: tf.Tensor,  # (batch,)
        weights: tf.Tensor,  # (batch,)
        *,
        training: bool = False,
    ) -> tf.Tensor:
        inputs = reader.inputs(starts)  # (batch, lookback, features), or such arrays by name
        targets = reader.targets(starts)  # (batch, horizon, features)
        forecasts = self._network(inputs, training=training)  # (batch, horizon, features)
        # one vector per window, as Keras sees the output of `Dense(horizon * features)`
        flat = (len(starts), -1)
        errors = self._loss(tf.reshape(targets, flat), tf.reshape(forecasts, flat))  # (batch,)
        penalty = tf.add_n(self._network.losses) if self._network.losses else 0.0
        return tf.reduce_sum(errors * weights) / tf.reduce_sum(weights) + penalty


def _mean_loss(batch_loss: BatchLoss, reader: WindowReader, batches: Batches) -> tf.Tensor:
    """Loop over the batches inside the compiled program; weigh the loss of each by its windows."""

    def body(batch: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        weights = batches.weights[batch]
        loss = batch_loss(reader, batches.starts[batch], weights)
        return batch + 1, total + loss * tf.reduce_sum(weights)

    n_batches = batches.starts.shape[0]
    _, total = tf.while_loop(
        lambda batch, total: batch < n_batches, body, (0, 0.0), maximum_iterations=n_batches
    )
    return total / tf.reduce_sum(batches.weights)
