"""The state of a training between two epochs, from which an interrupted one resumes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class Epoch(NamedTuple):
    """What a finished epoch leaves in the learning curve."""

    loss: float
    val_loss: float
    learning_rate: float


@dataclass(frozen=True)
class State:
    """All that the rest of a training depends on, after a finished epoch.

    Attributes:
        history: The fields of `Epoch` for each finished epoch, shape (epochs, 3), float64.
        variables: Values of the network's and the optimizer's variables: weights, seeds of the
            dropout, moments, learning rate, steps.
        best_weights: The weights of the lowest validation loss so far; empty if they are not kept.
    """

    history: np.ndarray
    variables: Sequence[np.ndarray]
    best_weights: Sequence[np.ndarray]


Save = Callable[[Callable[[], State]], None]


def restore(state: State, variables: Sequence[Any], callbacks: Any) -> list[Epoch]:
    """Bring a new training to where an interrupted one was.

    The callbacks hear of the finished epochs again, and so know again what they knew.

    Args:
        state: Where it was.
        variables: Keras variables, in the order of `state.variables`.
        callbacks: A `keras.callbacks.CallbackList` whose training has just begun.

    Returns:
        What each finished epoch left.
    """
    history = [Epoch(*map(float, epoch)) for epoch in state.history]
    for number, epoch in enumerate(history):
        callbacks.on_epoch_begin(number)
        callbacks.on_epoch_end(number, {"loss": epoch.loss, "val_loss": epoch.val_loss})
    for variable, value in zip(variables, state.variables, strict=True):
        variable.assign(value)  # the learning rate among them, which a callback may have changed
    return history
