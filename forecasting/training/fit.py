"""Training: the loop over epochs around the compiled pass, with callbacks, and resumed where it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd

from forecasting.data.encoding import Statics
from forecasting.data.filling import FilledSeries
from forecasting.training.epoch import EpochProgram
from forecasting.training.learning_curve import Epoch, learning_curve
from forecasting.training.reader import FORECAST_BATCH, padded_batches, window_reader
from forecasting.training.state import Progress, Save, State
from foundation.errors import StageFailedError

Report = Callable[[int, float, float], None]


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        epochs: Passes over the training windows.
        batch_size: Windows per step; the last batch of an epoch may be smaller.
        optimizer: `name` and arguments of a Keras optimizer.
        loss: Name of a Keras loss.
        seed: The order of epoch e comes from `default_rng([seed, e])`, e from 0.
        keep_best: End with the weights of the lowest validation loss instead of the last ones.
        early_stopping: `patience` and `min_delta` of `keras.callbacks.EarlyStopping`.
        reduce_lr_on_plateau: Arguments of `keras.callbacks.ReduceLROnPlateau`.
        learning_rates: That of each epoch, as an earlier training had them; None to find them.
    """

    epochs: int
    batch_size: int
    optimizer: Mapping[str, Any]
    loss: str
    seed: int
    keep_best: bool = False
    early_stopping: Mapping[str, Any] | None = None
    reduce_lr_on_plateau: Mapping[str, Any] | None = None
    learning_rates: Sequence[float] | None = None


def fit(
    network: keras.Model,
    config: TrainingConfig,
    *,
    series: FilledSeries,
    statics: Statics | None = None,
    train_starts: np.ndarray,
    validation_starts: np.ndarray,
    report: Report = lambda epoch, loss, val_loss: None,
    resume: State | None = None,
    save: Save = lambda state: None,
) -> pd.DataFrame:
    """Train the network in place and return its learning curve, as `learning_curve` writes it.

    Args:
        network: (batch, lookback, features) to (batch, horizon, features), on scaled values; with
            covariates from a mapping of inputs by name.
        config: How.
        series: Scaled values, float32: the columns of the window, and then those of the past.
        statics: The static covariates, scaled, float32, if the network reads any.
        train_starts: First row of each training window, shape (windows,).
        validation_starts: The same for the monitored windows.
        report: Called after each epoch with its number from 1, loss and validation loss.
        resume: Where an interrupted training with the same arguments was; it ends with the very
            bytes of an uninterrupted one.
        save: Called after each epoch with a function that returns the state to resume from.

    Raises:
        StageFailedError: The loss is no longer a finite number.
    """
    _compile(network, config)
    program = EpochProgram(network, window_reader(series, network, statics))
    validation = padded_batches(validation_starts, FORECAST_BATCH)
    progress = Progress(network, keep_best=config.keep_best)
    callbacks = _callbacks(network, config)
    callbacks.on_train_begin()
    if resume is not None:
        progress.restore(resume, callbacks)
    for epoch in range(len(progress.history), config.epochs):
        if network.stop_training:
            break
        callbacks.on_epoch_begin(epoch)
        rate = float(network.optimizer.learning_rate)
        order = np.random.default_rng([config.seed, epoch]).permutation(train_starts)
        loss = program.train(padded_batches(order, config.batch_size))
        val_loss = program.validate(validation)
        _check_finite(loss, val_loss, epoch=epoch + 1)
        progress.add(Epoch(loss, val_loss, rate))
        report(epoch + 1, loss, val_loss)
        callbacks.on_epoch_end(epoch, {"loss": loss, "val_loss": val_loss})
        save(progress.state)
    callbacks.on_train_end()
    progress.finish()
    return learning_curve(progress.history, keep_best=config.keep_best)


def _compile(network: keras.Model, config: TrainingConfig) -> None:
    """Give the network its loss and a built optimizer."""
    arguments = dict(config.optimizer)
    optimizer = {"class_name": arguments.pop("name"), "config": arguments}
    network.compile(optimizer=keras.optimizers.get(optimizer), loss=config.loss)
    network.optimizer.build(network.trainable_variables)
    network.stop_training = False


def _callbacks(network: keras.Model, config: TrainingConfig) -> keras.callbacks.CallbackList:
    chosen: list[keras.callbacks.Callback] = []
    if config.early_stopping is not None:
        chosen.append(keras.callbacks.EarlyStopping(**config.early_stopping))
    if config.reduce_lr_on_plateau is not None:
        chosen.append(keras.callbacks.ReduceLROnPlateau(**config.reduce_lr_on_plateau))
    if config.learning_rates is not None:
        chosen.append(keras.callbacks.LearningRateScheduler(config.learning_rates.__getitem__))
    return keras.callbacks.CallbackList(chosen, model=network, epochs=config.epochs)


def _check_finite(loss: float, val_loss: float, *, epoch: int) -> None:
    if not (np.isfinite(loss) and np.isfinite(val_loss)):
        raise StageFailedError(
            f"Training diverged in epoch {epoch}: loss={loss}, val_loss={val_loss}. Lower "
            "train.optimizer.learning_rate, or set train.optimizer.clipnorm or model.scaler."
        )
