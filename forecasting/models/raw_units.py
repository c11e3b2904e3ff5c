"""The forecaster in raw units: a network between its scaler and the way back, in plain Keras."""

from pathlib import Path

import keras

from forecasting.data.scaling import Scaling


def raw_unit_model(network: keras.Model, scaling: Scaling) -> keras.Model:
    """Wrap the network so that it takes and returns units of the series, in float64.

    The scaler is three `Rescaling` layers, whose float64 numbers are stored to the last bit;
    `Normalization` would round them to float32 and treat deviations below 1e-7 as 1e-7.

    Returns:
        (batch, lookback, features) to (batch, horizon, features); loads with plain Keras.
    """
    exact = {"dtype": "float64"}
    window = keras.Input(network.input_shape[1:], dtype="float64", name="window")
    centered = keras.layers.Rescaling(1.0, offset=-scaling.center, name="center", **exact)(window)
    scaled = keras.layers.Rescaling(1.0 / scaling.scale, name="scale", **exact)(centered)
    forecast = network(scaled)
    unscaled = keras.layers.Rescaling(
        scaling.scale, offset=scaling.center, name="forecast", **exact
    )(forecast)
    return keras.Model(window, unscaled, name="forecaster")


def scaling_of(model: keras.Model) -> Scaling:
    """Read the scaling out of a model that `raw_unit_model` made, to the last bit."""
    return Scaling(-model.get_layer("center").offset, model.get_layer("forecast").scale)


def load_model(path: Path) -> keras.Model:
    """Load a trained forecaster, raw units in, raw units out; nothing in the file is executed."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)
