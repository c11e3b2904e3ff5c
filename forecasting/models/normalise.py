"""Normalisation of each window by itself: taken off what the network reads, put back on its forecast.

It needs no table of series, so a model forecasts series that it was never trained on. Nothing before
it is trained, so it needs no stop of the gradient.
"""

from collections.abc import Callable, Mapping

import keras
from keras import ops

from forecasting.data.roles import SCALED, WINDOW, input_shapes

LEAST_VARIANCE = 1e-5  # added, so that a constant window has a width to divide by

PutBack = Callable[[keras.KerasTensor], keras.KerasTensor]


def normalise(window: keras.KerasTensor, method: str) -> tuple[keras.KerasTensor, PutBack]:
    """Normalise a window, per feature.

    Args:
        window: Shape (batch, lookback, features).
        method: `last` takes off the last row, `mean` the mean over the rows; `window` takes off the
            mean and divides by the standard deviation, sqrt(variance + 1e-5).

    Returns:
        The window, and what brings a forecast (batch, horizon, features) back.

    Source: `last` as in NLinear, Zeng et al. (2023), AAAI; `window` is RevIN, Kim et al. (2022), ICLR,
    without its affine part.
    """
    if method == "last":
        last = window[:, -1:, :]  # (batch, 1, features)
        return window - last, lambda forecast: forecast + last
    mean = ops.mean(window, axis=1, keepdims=True)  # (batch, 1, features)
    centered = window - mean
    if method == "mean":
        return centered, lambda forecast: forecast + mean
    variance = ops.mean(ops.square(centered), axis=1, keepdims=True) + LEAST_VARIANCE
    width = ops.sqrt(variance)
    # not a division by the root: XLA may turn it into the processor's own inverse square root
    return centered * (width / variance), lambda forecast: forecast * width + mean


def keras_inputs(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, keras.KerasTensor]:
    """Make the inputs of a network on scaled values; a window alone says so in its name."""
    alone = list(shapes) == [WINDOW]
    return {
        name: keras.Input(shape, name=f"{SCALED}{name}" if alone else name)
        for name, shape in shapes.items()
    }


def with_normalisation(network: keras.Model, method: str) -> keras.Model:
    """Put the normalisation around a network on scaled values; `none` leaves it as it is."""
    if method == "none":
        return network
    inputs = keras_inputs(input_shapes(network))
    normalised, put_back = normalise(inputs[WINDOW], method)
    if list(inputs) == [WINDOW]:
        model = keras.Model(
            inputs[WINDOW], put_back(network(normalised)), name="normalised_network"
        )
    else:
        forecast = put_back(network(inputs | {WINDOW: normalised}))
        model = keras.Model(inputs, forecast, name="normalised_network")
    _name_operations(model)
    return model


def _name_operations(model: keras.Model) -> None:
    """Number the operations in the model; Keras numbers them by what the process made before."""
    operations = [op for op in model.operations if not isinstance(op, keras.layers.Layer)]
    for number, operation in enumerate(operations, start=1):
        operation.name = f"normalise_{number}"
