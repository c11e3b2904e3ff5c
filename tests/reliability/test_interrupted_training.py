"""An interrupted training ends like an uninterrupted one, wherever it was interrupted."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from forecasting.data.filling import fill
from forecasting.training.fit import TrainingConfig, fit
from forecasting.training.state import State
from tests.support.training import ADAM, network, waves

EPOCHS = 7
OPTIONS = {
    "everything": {
        "layer": {"dropout": 0.3, "recurrent_dropout": 0.2},
        "optimizer": ADAM | {"learning_rate": 0.5},  # so fast that the loss soon stops falling
        "keep_best": True,
        "early_stopping": {"patience": 3, "min_delta": 0.0},
        "reduce_lr_on_plateau": {"patience": 2, "factor": 0.5, "min_lr": 0.0},
    },
    "nothing": {
        "layer": {},
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "clipnorm": 0.5},
    },
}


@dataclass
class Trained:
    network: keras.Model
    history: pd.DataFrame
    states: list[State]  # after each epoch that it trained

    def weights(self) -> list[bytes]:
        return [weight.tobytes() for weight in self.network.get_weights()]


def train(options: dict[str, Any], resume: State | None = None) -> Trained:
    model, states = network(units=4, **options["layer"]), []
    chosen = {name: value for name, value in options.items() if name != "layer"}
    history = fit(
        model,
        TrainingConfig(epochs=EPOCHS, batch_size=16, loss="mse", seed=42, **chosen),
        series=fill(waves(60)),
        train_starts=np.arange(40),
        validation_starts=np.arange(40, 52),
        resume=resume,
        save=lambda state: states.append(state()),
    )
    return Trained(model, history, states)


@cache
def uninterrupted(options: str) -> Trained:
    return train(OPTIONS[options])


def test_the_run_below_stops_early_has_lowered_its_rate_and_had_its_best_epoch_before():
    whole = uninterrupted("everything")

    assert len(whole.history) == 6 < EPOCHS
    assert whole.history["val_loss"].idxmin() == 2  # the third epoch, then three no better
    assert float(whole.network.optimizer.learning_rate) == 0.25  # lowered once, after the fifth


@pytest.mark.parametrize(
    ("options", "finished"),
    [
        ("everything", 2),
        ("everything", 5),
        *(pytest.param("everything", epoch, marks=pytest.mark.slow) for epoch in (1, 3, 4)),
        ("everything", 6),
        ("nothing", 3),
        ("nothing", EPOCHS),
    ],
)
def test_a_training_goes_on_after_any_epoch_to_the_same_bytes_and_repeats_none(options, finished):
    whole = uninterrupted(options)
    resumed = train(OPTIONS[options], resume=whole.states[finished - 1])

    assert resumed.weights() == whole.weights()
    pd.testing.assert_frame_equal(resumed.history, whole.history, check_exact=True)
    assert len(resumed.states) == len(whole.history) - finished
    for again, state in zip(resumed.states, whole.states[finished:], strict=True):
        assert as_bytes(again) == as_bytes(state)  # so it may be interrupted again


def as_bytes(state: State) -> list[bytes]:
    return [array.tobytes() for array in (state.history, *state.variables, *state.best_weights)]
