"""The state of a training between two epochs, from which an interrupted one resumes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.training.learning_curve import Epoch


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


class Progress:
    """How far a training has come.

    Attributes:
        history: What each finished epoch left.
    """

    def __init__(self, network: Any, *, keep_best: bool) -> None:
        """Take a Keras network with a built optimizer, before its first epoch."""
        self._network = network
        self._keep_best = keep_best
        self._best_weights: Sequence[np.ndarray] = network.get_weights() if keep_best else []
        self.history: list[Epoch] = []

    def add(self, epoch: Epoch) -> None:
        """Note a finished epoch, and the network's weights if they are the best so far."""
        lowest = min((done.val_loss for done in self.history), default=np.inf)
        if self._keep_best and epoch.val_loss < lowest:
            self._best_weights = self._network.get_weights()
        self.history.append(epoch)

    def state(self) -> State:
        """Copy all that the rest of the training depends on."""
        values = [variable.numpy() for variable in self._variables()]
        return State(np.array(self.history), values, self._best_weights)

    def restore(self, state: State, callbacks: Any) -> None:
        """Bring a new training to where an interrupted one was.

        The callbacks hear of the finished epochs again, and so know again what they knew.

        Args:
            state: Where it was.
            callbacks: A `keras.callbacks.CallbackList` whose training has just begun.
        """
        self.history = [Epoch(*map(float, epoch)) for epoch in state.history]
        self._best_weights = state.best_weights
        for number, epoch in enumerate(self.history):
            callbacks.on_epoch_begin(number)
            callbacks.on_epoch_end(number, {"loss": epoch.loss, "val_loss": epoch.val_loss})
        for variable, value in zip(self._variables(), state.variables, strict=True):
            variable.assign(
                value
            )  # the learning rate among them, which a callback may have changed

    def finish(self) -> None:
        """Leave the network with the weights to keep."""
        if self._keep_best:
            self._network.set_weights(self._best_weights)

    def _variables(self) -> list[Any]:
        return [*self._network.variables, *self._network.optimizer.variables]
