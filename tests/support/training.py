"""A small network, and a series to train it on."""

from typing import Any

import keras
import numpy as np

from forecasting.models.build import build_network
from forecasting.training.determinism import seal_tensorflow

REFERENCE_LAYER = {
    "units": 50,
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "unit_forget_bias": True,
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": "orthogonal",
    "bias_initializer": "zeros",
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "return_sequences": False,
    "return_state": False,
    "kernel_regularizer": None,
    "recurrent_regularizer": None,
    "bias_regularizer": None,
}
ADAM = {"name": "adam", "learning_rate": 0.001, "clipnorm": None}


def waves(rows: int, features: int = 3) -> np.ndarray:
    """Sines of different periods with a little noise, shape (rows, features), float32."""
    time = np.arange(rows)[:, None]
    noise = np.random.default_rng(5).normal(scale=0.1, size=(rows, features))
    return (np.sin(time / (3.0 + np.arange(features))) + noise).astype(np.float32)


def network(
    *,
    lookback: int = 8,
    features: int = 3,
    horizon: int = 1,
    units: int = 8,
    seed: int = 42,
    **layer: Any,
) -> keras.Model:
    """Build a network of one layer in a process that is sealed with the same seed."""
    seal_tensorflow(seed)
    return build_network(
        lookback=lookback,
        n_features=features,
        horizon=horizon,
        layers=[REFERENCE_LAYER | {"units": units} | layer],
        seed=seed,
        normalise="none",
    )
