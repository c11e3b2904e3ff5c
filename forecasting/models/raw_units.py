"""The forecaster in raw units: a network between its scaler and the way back, in plain Keras."""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import ops

from forecasting.data.roles import WINDOW, input_shapes
from forecasting.data.scaling import Scaling


def raw_unit_model(
    network: keras.Model,
    scaling: Scaling,
    covariates: Mapping[str, Scaling] | None = None,
    *,
    least: float | None = None,
) -> keras.Model:
    """Wrap the network so that it takes and returns units of the series, in float64.

    The scaler is `Rescaling` layers, whose float64 numbers are stored to the last bit;
    `Normalization` would round them to float32 and treat deviations below 1e-7 as 1e-7.

    Args:
        network: On scaled values.
        scaling: Of the window and of the forecast.
        covariates: Of every other input that the network has, by its name.
        least: The least value that is forecast; None for no bound.

    Returns:
        (batch, lookback, features) to (batch, horizon, features); with covariates it takes a mapping of
        inputs by name. Loads with plain Keras.
    """
    scalings = {WINDOW: scaling} | dict(covariates or {})
    inputs = {
        name: keras.Input(shape, dtype="float64", name=name)
        for name, shape in input_shapes(network).items()
    }
    scaled = {name: _scaled(inputs[name], scalings[name], name) for name in inputs}
    alone = list(inputs) == [WINDOW]
    forecast = network(scaled[WINDOW] if alone else scaled)
    unscaled = keras.layers.Rescaling(
        scaling.scale, offset=scaling.center, name="forecast", dtype="float64"
    )(forecast)
    bounded = unscaled if least is None else ops.maximum(unscaled, np.float64(least))
    return keras.Model(inputs[WINDOW] if alone else inputs, bounded, name="forecaster")


def _scaled(values: keras.KerasTensor, scaling: Scaling, name: str) -> keras.KerasTensor:
    center = keras.layers.Rescaling(
        1.0, offset=-scaling.center, name=_layer("center", name), dtype="float64"
    )
    scale = keras.layers.Rescaling(1.0 / scaling.scale, name=_layer("scale", name), dtype="float64")
    return scale(center(values))


def _layer(kind: str, name: str) -> str:
    """Name a layer of the scaler: those of the window have short names."""
    return kind if name == WINDOW else f"{name}_{kind}"


def scaling_of(model: keras.Model) -> Scaling:
    """Read the scaling of the window out of a model that `raw_unit_model` made, to the last bit."""
    return Scaling(-model.get_layer("center").offset, model.get_layer("forecast").scale)


def covariate_scaling_of(model: keras.Model, name: str) -> Scaling:
    """Read the scaling of another input; its scale is the inverse of the factor that is stored."""
    center, scale = (model.get_layer(_layer(kind, name)) for kind in ("center", "scale"))
    return Scaling(-center.offset, 1.0 / scale.scale)


def load_model(path: Path) -> keras.Model:
    """Load a trained forecaster, raw units in, raw units out; nothing in the file is executed."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)
