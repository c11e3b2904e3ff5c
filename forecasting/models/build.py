"""The network: LSTM layers and a direct head, in plain Keras.

Covariates have inputs of their own. What is known of the past enters the LSTM layers with the window.
What is known of the horizon goes to the head next to the last state: from each step of the horizon a
straight path to each step of the forecast. What is known of the series goes to both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from forecasting.data.roles import FUTURE, PAST, STATIC, WINDOW
from forecasting.models.normalise import keras_inputs, with_normalisation


def build_network(
    *,
    lookback: int,
    n_features: int,
    horizon: int,
    layers: Sequence[Mapping[str, Any]],
    seed: int,
    normalise: str,
    n_past: int = 0,
    n_future: int = 0,
    n_static: int = 0,
) -> keras.Model:
    """Build the network on scaled values: (batch, lookback, features) to (batch, horizon, features).

    With covariates it takes a mapping of inputs by name, as `forecasting.data.roles` has them.

    Args:
        lookback: Rows read.
        n_features: Features read and predicted.
        horizon: Steps predicted at once by `Dense(horizon * features)`.
        layers: Arguments of `keras.layers.LSTM`, one mapping per layer, from input to output.
        seed: Seed of the orthogonal weights; the others come from Keras' global seed.
        normalise: What is taken off each window and put back on its forecast (see `normalise`).
        n_past: Covariates read over the lookback.
        n_future: Covariates read over the horizon.
        n_static: Covariates of the series.
    """
    shapes = {
        WINDOW: (lookback, n_features),
        PAST: (lookback, n_past),
        FUTURE: (horizon, n_future),
        STATIC: (n_static,),
    }
    inputs = keras_inputs({name: shape for name, shape in shapes.items() if shape[-1]})
    lstm = _lstm_layers(layers)  # first, as each layer draws the seeds of its weights
    head = [
        keras.layers.Dense(horizon * n_features, name="head"),
        keras.layers.Reshape((horizon, n_features), name="scaled_forecast"),
    ]
    if list(inputs) == [WINDOW]:
        network = keras.Sequential([inputs[WINDOW], *lstm, *head], name="network")
    else:
        network = keras.Model(inputs, _joined(inputs, lstm, head), name="network")
    _assign_orthogonal_weights(network, seed)
    return with_normalisation(network, normalise)


def _lstm_layers(layers: Sequence[Mapping[str, Any]]) -> list[keras.layers.LSTM]:
    return [
        # use_cudnn=False is what lets XLA compile Keras' own layer
        keras.layers.LSTM(**_keras_arguments(arguments), use_cudnn=False, name=f"lstm_{number}")
        for number, arguments in enumerate(layers, start=1)
    ]


def _joined(
    inputs: Mapping[str, keras.KerasTensor],
    lstm: Sequence[keras.layers.Layer],
    head: Sequence[keras.layers.Layer],
) -> keras.KerasTensor:
    """Lead every input to where it is read; return the forecast."""
    read = [inputs[name] for name in (WINDOW, PAST) if name in inputs]
    known = []  # next to the last state
    if FUTURE in inputs:
        known.append(keras.layers.Flatten(name="ahead")(inputs[FUTURE]))
    if STATIC in inputs:
        lookback = inputs[WINDOW].shape[1]
        read.append(keras.layers.RepeatVector(lookback, name="at_each_step")(inputs[STATIC]))
        known.append(inputs[STATIC])
    x = keras.layers.Concatenate(name="read")(read)  # (batch, lookback, columns)
    for layer in lstm:
        x = layer(x)
    if known:
        x = keras.layers.Concatenate(name="known")([x, *known])  # (batch, units + columns)
    for layer in head:
        x = layer(x)
    return x


def _keras_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `{l1, l2}` mappings into Keras regularizers; the rest is Keras' own already."""
    return {
        name: keras.regularizers.L1L2(**value) if isinstance(value, Mapping) else value
        for name, value in arguments.items()
    }


def _assign_orthogonal_weights(network: keras.Model, seed: int) -> None:
    """Redraw orthogonal weights with NumPy: TensorFlow's QR gives other bytes on other processors."""
    recurrent = [layer for layer in network.layers if isinstance(layer, keras.layers.LSTM)]
    for number, layer in enumerate(recurrent):
        for order, name in enumerate(("kernel", "recurrent")):
            if isinstance(
                getattr(layer.cell, f"{name}_initializer"), keras.initializers.Orthogonal
            ):
                weight = getattr(layer.cell, "kernel" if name == "kernel" else "recurrent_kernel")
                rng = np.random.default_rng([seed, number, order])
                weight.assign(orthogonal(tuple(weight.shape), rng))


def orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw a matrix with orthonormal rows or columns, whichever are fewer.

    Args:
        shape: (rows, columns).
        rng: The source of the normal numbers.

    Returns:
        float32, uniformly distributed over such matrices.

    Source: Saxe, McClelland & Ganguli (2013), arXiv 1312.6120; the signs as in Mezzadri (2007).
    """
    rows, columns = max(shape), min(shape)
    q, r = np.linalg.qr(rng.normal(size=(rows, columns)))
    q = q * np.sign(np.diag(r))  # else QR's own choice of signs would not be uniform
    return (q if shape[0] >= shape[1] else q.T).astype(np.float32)
