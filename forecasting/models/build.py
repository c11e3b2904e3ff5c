"""The network: LSTM layers and a direct head, in plain Keras."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from forecasting.models.normalise import with_normalisation


def build_network(
    *,
    lookback: int,
    n_features: int,
    horizon: int,
    layers: Sequence[Mapping[str, Any]],
    seed: int,
    normalise: str,
) -> keras.Model:
    """Build the network on scaled values: (batch, lookback, features) to (batch, horizon, features).

    Args:
        lookback: Rows read.
        n_features: Features read and predicted.
        horizon: Steps predicted at once by `Dense(horizon * features)`.
        layers: Arguments of `keras.layers.LSTM`, one mapping per layer, from input to output.
        seed: Seed of the orthogonal weights; the others come from Keras' global seed.
        normalise: What is taken off each window and put back on its forecast (see `normalise`).
    """
    network = keras.Sequential(name="network")
    network.add(keras.Input((lookback, n_features), name="scaled_window"))
    for number, arguments in enumerate(layers, start=1):
        # use_cudnn=False is what lets XLA compile Keras' own layer
        network.add(
            keras.layers.LSTM(**_keras_arguments(arguments), use_cudnn=False, name=f"lstm_{number}")
        )
    network.add(keras.layers.Dense(horizon * n_features, name="head"))
    network.add(keras.layers.Reshape((horizon, n_features), name="scaled_forecast"))
    _assign_orthogonal_weights(network, seed)
    return with_normalisation(network, normalise)


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
