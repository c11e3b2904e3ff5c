"""Training and forecasting, each compiled by XLA into one function around the Keras model.

Shuffled window positions go in; a loop inside gathers each batch from the series, fills what is
missing, takes the gradient and applies the optimiser; the mean loss comes out. Windows are never
materialised, and the series is an argument, never a captured constant, which would be compiled into
the program.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from forecasting.data.filling import FilledSeries
from forecasting.training.state import Epoch, Save, State, restore
from foundation.errors import StageFailedError

FORECAST_BATCH = 256  # windows forecast at once; bounds memory, not the result

Report = Callable[[int, float, float], None]
Tensors = tuple[tf.Tensor, ...]  # the arrays of a series; one if nothing is missing


def fit(
    network: keras.Model,
    *,
    series: FilledSeries,
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
        series: Scaled values, float32.
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
        `val_loss`, `learning_rate` (at its beginning, float32), `kept` (1 for the epoch whose
        weights the network ends with, else 0).

    Raises:
        StageFailedError: The loss is no longer a finite number.
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
    rows = _tensors(series)
    validation = tuple(map(tf.constant, padded_batches(validation_starts, FORECAST_BATCH)))

    history: list[Epoch] = []
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
        rate = float(network.optimizer.learning_rate)
        order = np.random.default_rng([seed, epoch]).permutation(train_starts)
        mean_loss = float(train_epoch(rows, *map(tf.constant, padded_batches(order, batch_size))))
        val_loss = float(validate(rows, *validation))
        _check_finite(mean_loss, val_loss, epoch=epoch + 1)
        if keep_best and val_loss < min((done.val_loss for done in history), default=np.inf):
            best_weights = network.get_weights()
        history.append(Epoch(mean_loss, val_loss, rate))
        report(epoch + 1, mean_loss, val_loss)
        callbacks.on_epoch_end(epoch, {"loss": mean_loss, "val_loss": val_loss})
        save(state)
    callbacks.on_train_end()
    if keep_best:
        network.set_weights(best_weights)
    return _learning_curve(history, keep_best=keep_best)


def _learning_curve(history: Sequence[Epoch], *, keep_best: bool) -> pd.DataFrame:
    curve = pd.DataFrame(history, columns=Epoch._fields).astype({"learning_rate": np.float32})
    curve.insert(0, "epoch", np.arange(1, len(curve) + 1))
    kept = curve["val_loss"].idxmin() if keep_best else len(curve) - 1
    return curve.assign(kept=(curve.index == kept).astype(np.int64))


def kept_epoch(history: pd.DataFrame) -> int:
    """Return the epoch, from 1, whose weights a training ended with."""
    return int(history.loc[history["kept"] == 1, "epoch"].iloc[0])


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


def forecast(model: keras.Model, *, series: FilledSeries, starts: np.ndarray) -> np.ndarray:
    """Forecast from windows of the series.

    Args:
        model: A forecaster in raw units, as `network.load_model` gives it.
        series: Raw values, float64.
        starts: First row of each window, shape (windows,).

    Returns:
        Shape (windows, horizon, features), float64, in units of the series.
    """
    lookback = model.input_shape[1]

    @tf.function(jit_compile=True)
    def forecast_batch(rows: Tensors, positions: tf.Tensor) -> tf.Tensor:
        return model(_read(rows, positions, lookback), training=False)

    rows = _tensors(series)
    batches, _ = padded_batches(starts, min(FORECAST_BATCH, len(starts)))
    forecasts = [forecast_batch(rows, tf.constant(batch)).numpy() for batch in batches]
    return np.concatenate(forecasts)[: len(starts)]


def _compiled(network: keras.Model, loss: Callable[..., tf.Tensor]) -> tuple[Any, Any]:
    """Compile one pass over the training batches, and one over the validation batches."""
    lookback, horizon = network.input_shape[1], network.output_shape[1]

    def batch_loss(
        rows: Tensors, positions: tf.Tensor, weights: tf.Tensor, *, training: bool
    ) -> tf.Tensor:
        windows = _read(rows, positions, lookback)  # (batch, lookback, features)
        targets = _gather(rows[0], positions + lookback, horizon)  # (batch, horizon, features)
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
    def train_epoch(rows: Tensors, batches: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        def step(positions: tf.Tensor, batch_weights: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                value = batch_loss(rows, positions, batch_weights, training=True)
            variables = network.trainable_variables
            network.optimizer.apply(tape.gradient(value, variables), variables)
            return value

        return mean_over(batches, weights, step)

    @tf.function(jit_compile=True)
    def validate(rows: Tensors, batches: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return mean_over(
            batches, weights, lambda here, w: batch_loss(rows, here, w, training=False)
        )

    return train_epoch, validate


def _tensors(series: FilledSeries) -> Tensors:
    if series.known_at is None:
        return (tf.constant(series.line),)
    return tuple(map(tf.constant, (series.line, series.last, series.known_at)))


def _read(rows: Tensors, starts: tf.Tensor, lookback: int) -> tf.Tensor:
    """Collect what windows read, as `FilledSeries.read` does: (batch,) to (batch, lookback, features)."""
    line, *gaps = (_gather(each, starts, lookback) for each in rows)
    if not gaps:
        return line
    last, known_at = gaps
    return tf.where(known_at < (starts + lookback)[:, None, None], line, last)


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
        raise StageFailedError(
            f"Training diverged in epoch {epoch}: loss={loss}, val_loss={val_loss}. Lower "
            "train.optimizer.learning_rate, or set train.optimizer.clipnorm or train.scaler."
        )
