"""Training and forecasting, each compiled by XLA into one function around the Keras model.

Shuffled window positions go in; a loop inside gathers each batch from the series, takes the
gradient and applies the optimiser; the mean loss comes out. Windows are never materialised, and
the series is an argument, never a captured constant, which would be compiled into the program.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from forecasting.errors import StageFailed
from forecasting.state import Save, State, restore

FORECAST_BATCH = 256  # windows forecast at once; bounds memory, not the result

Report = Callable[[int, float, float], None]


def fit(
    network: keras.Model,
    *,
    series: np.ndarray,
    train_starts: np.ndarray,
    validation_starts: np.ndarray,
    epochs: int,
    batch_size: int,
    optimizer: Mapping[str, Any],
    loss: str,
    seed: int,
    keep_best: bool = False,
    early_stopping: Mapping[str, Any] | None = None,
    reduce_lr_on_plateau: Mapping[str, Any] | None = None,
    report: Report = lambda epoch, loss, val_loss: None,
    resume: State | None = None,
    save: Save = lambda state: None,
) -> pd.DataFrame:
    """Train the network in place and return its learning curve.

    Args:
        network: (batch, lookback, features) to (batch, horizon, features), on scaled values.
        series: Scaled values, shape (rows, features), float32.
        train_starts: First row of each training window, shape (windows,).
        validation_starts: The same for the monitored windows.
        epochs: Passes over the training windows.
        batch_size: Windows per step; the last batch of an epoch may be smaller.
        optimizer: `name` and arguments of a Keras optimizer.
        loss: Name of a Keras loss.
        seed: The order of epoch e comes from `default_rng([seed, e])`, e from 0.
        keep_best: End with the weights of the lowest validation loss instead of the last ones.
        early_stopping: `patience` and `min_delta` of `keras.callbacks.EarlyStopping`.
        reduce_lr_on_plateau: Arguments of `keras.callbacks.ReduceLROnPlateau`.
        report: Called after each epoch with its number from 1, loss and validation loss.
        resume: Where an interrupted training with the same arguments was; it ends with the very
            bytes of an uninterrupted one.
        save: Called after each epoch with a function that returns the state to resume from.

    Returns:
        One row per epoch: `epoch` (from 1), `loss` (mean over the epoch, penalties included),
        `val_loss`.

    Raises:
        StageFailed: The loss is no longer a finite number.
    """
    arguments = dict(optimizer)
    network.compile(
        optimizer=keras.optimizers.get({"class_name": arguments.pop("name"), "config": arguments}),
        loss=loss,
    )
    network.optimizer.build(network.trainable_variables)
    variables = [*network.variables, *network.optimizer.variables]
    train_epoch, validate = _compiled(network, keras.losses.get(loss))
    callbacks = _callbacks(network, epochs, early_stopping, reduce_lr_on_plateau)
    rows = tf.constant(series)
    validation = tuple(map(tf.constant, padded_batches(validation_starts, FORECAST_BATCH)))

    history: list[tuple[float, float]] = []
    best_weights = network.get_weights() if keep_best else []

    def state() -> State:
        return State(np.array(history), [v.numpy() for v in variables], best_weights)

    network.stop_training = False
    callbacks.on_train_begin()
    if resume is not None:
        history, best_weights = restore(resume, variables, callbacks), resume.best_weights
    for epoch in range(len(history), epochs):
        if network.stop_training:
            break
        callbacks.on_epoch_begin(epoch)
        order = np.random.default_rng([seed, epoch]).permutation(train_starts)
        mean_loss = float(train_epoch(rows, *map(tf.constant, padded_batches(order, batch_size))))
        val_loss = float(validate(rows, *validation))
        _check_finite(mean_loss, val_loss, epoch=epoch + 1)
        if keep_best and val_loss < min((earlier for _, earlier in history), default=np.inf):
            best_weights = network.get_weights()
        history.append((mean_loss, val_loss))
        report(epoch + 1, mean_loss, val_loss)
        callbacks.on_epoch_end(epoch, {"loss": mean_loss, "val_loss": val_loss})
        save(state)
    callbacks.on_train_end()
    if keep_best:
        network.set_weights(best_weights)
    numbered = [(epoch, *losses) for epoch, losses in enumerate(history, start=1)]
    return pd.DataFrame(numbered, columns=["epoch", "loss", "val_loss"])


def padded_batches(starts: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut window positions into equal batches, filling up the last one.

    Returns:
        Positions, int32, and weights, float32: 1 for a window, 0 for padding; both of shape
        (batches, batch_size).
    """
    n_batches = -(-len(starts) // batch_size)
    positions = np.zeros(n_batches * batch_size, dtype=np.int32)
    weights = np.zeros(n_batches * batch_size, dtype=np.float32)
    positions[: len(starts)] = starts
    weights[: len(starts)] = 1.0
    shape = (n_batches, batch_size)
    return positions.reshape(shape), weights.reshape(shape)


def forecast(model: keras.Model, *, series: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Forecast from windows of the series.

    Args:
        model: A forecaster in raw units, as `network.load_model` gives it.
        series: Raw values, shape (rows, features), float64.
        starts: First row of each window, shape (windows,).

    Returns:
        Shape (windows, horizon, features), float64, in units of the series.
    """
    lookback = model.input_shape[1]

    @tf.function(jit_compile=True)
    def forecast_batch(rows: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
        return model(_gather(rows, positions, lookback), training=False)

    rows = tf.constant(series)
    batches, _ = padded_batches(starts, min(FORECAST_BATCH, len(starts)))
    forecasts = [forecast_batch(rows, tf.constant(batch)).numpy() for batch in batches]
    return np.concatenate(forecasts)[: len(starts)]


def _compiled(network: keras.Model, loss: Callable[..., tf.Tensor]) -> tuple[Any, Any]:
    """Compile one pass over the training batches, and one over the validation batches."""
    lookback, horizon = network.input_shape[1], network.output_shape[1]

    def batch_loss(
        rows: tf.Tensor, positions: tf.Tensor, weights: tf.Tensor, *, training: bool
    ) -> tf.Tensor:
        windows = _gather(rows, positions, lookback)  # (batch, lookback, features)
        targets = _gather(rows, positions + lookback, horizon)  # (batch, horizon, features)
        forecasts = network(windows, training=training)
        # as Keras sees `Dense(horizon * features)`: one vector per window
        flat = (len(targets), -1)
        errors = loss(tf.reshape(targets, flat), tf.reshape(forecasts, flat))  # (batch,)
        penalty = tf.add_n(network.losses) if network.losses else 0.0
        return tf.reduce_sum(errors * weights) / tf.reduce_sum(weights) + penalty

    def mean_over(batches: tf.Tensor, weights: tf.Tensor, step: Callable[..., Any]) -> tf.Tensor:
        """Loop over the batches inside the compiled program; weigh each loss by its windows."""

        def body(batch: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            loss_here = step(batches[batch], weights[batch])
            return batch + 1, total + loss_here * tf.reduce_sum(weights[batch])

        n_batches = batches.shape[0]
        _, total = tf.while_loop(
            lambda batch, total: batch < n_batches, body, (0, 0.0), maximum_iterations=n_batches
        )
        return total / tf.reduce_sum(weights)

    @tf.function(jit_compile=True)
    def train_epoch(rows: tf.Tensor, batches: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        def step(positions: tf.Tensor, batch_weights: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                value = batch_loss(rows, positions, batch_weights, training=True)
            variables = network.trainable_variables
            network.optimizer.apply(tape.gradient(value, variables), variables)
            return value

        return mean_over(batches, weights, step)

    @tf.function(jit_compile=True)
    def validate(rows: tf.Tensor, batches: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return mean_over(
            batches, weights, lambda here, w: batch_loss(rows, here, w, training=False)
        )

    return train_epoch, validate


def _gather(rows: tf.Tensor, starts: tf.Tensor, length: int) -> tf.Tensor:
    """Collect `length` rows from each start; (batch,) to (batch, length, features)."""
    return tf.gather(rows, starts[:, None] + tf.range(length))


def _callbacks(
    network: keras.Model,
    epochs: int,
    early_stopping: Mapping[str, Any] | None,
    reduce_lr_on_plateau: Mapping[str, Any] | None,
) -> keras.callbacks.CallbackList:
    chosen: list[keras.callbacks.Callback] = []
    if early_stopping is not None:
        chosen.append(keras.callbacks.EarlyStopping(**early_stopping))
    if reduce_lr_on_plateau is not None:
        chosen.append(keras.callbacks.ReduceLROnPlateau(**reduce_lr_on_plateau))
    return keras.callbacks.CallbackList(chosen, model=network, epochs=epochs)


def _check_finite(loss: float, val_loss: float, *, epoch: int) -> None:
    if not (np.isfinite(loss) and np.isfinite(val_loss)):
        raise StageFailed(
            f"Training diverged in epoch {epoch}: loss={loss}, val_loss={val_loss}. Lower "
            "train.optimizer.learning_rate, or set train.optimizer.clipnorm or train.scaler."
        )
