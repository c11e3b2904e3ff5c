"""Scaling of the features: fitted on training rows, stored in the model, undone in its output."""

from dataclasses import dataclass

import numpy as np

from forecasting.errors import DataError


@dataclass(frozen=True)
class Scaling:
    """An affine map per feature: scaled = (value - center) / scale.

    Attributes:
        center: Shape (features,), float64, in units of the series.
        scale: Same shape and units, above 0.
    """

    center: np.ndarray
    scale: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scale values of shape (..., features), in float64."""
        return (values - self.center) * (1.0 / self.scale)

    def invert(self, scaled: np.ndarray) -> np.ndarray:
        """Bring scaled values of shape (..., features) back to units of the series."""
        return scaled * self.scale + self.center


def fit_scaling(values: np.ndarray, *, method: str, features: list[str]) -> Scaling:
    """Fit the map on the rows that training may see.

    Args:
        values: Training rows, shape (rows, features).
        method: `standard` (mean and population standard deviation), `minmax` (training range to
            0..1) or `none` (values as they are).
        features: Names, for the error.

    Raises:
        DataError: A feature is constant over these rows, or its spread is not a finite number.
    """
    if method == "none":
        return Scaling(np.zeros(values.shape[1]), np.ones(values.shape[1]))
    if method == "standard":
        center, scale = values.mean(axis=0), values.std(axis=0)
    else:
        center, scale = values.min(axis=0), np.ptp(values, axis=0)
    constant = values.min(axis=0) == values.max(axis=0)  # a rounded deviation may not be 0
    with np.errstate(over="ignore", divide="ignore"):
        usable = ~constant & np.isfinite(center) & np.isfinite(scale) & np.isfinite(1.0 / scale)
    if not usable.all():
        name = features[int(np.flatnonzero(~usable)[0])]
        found = values[:, features.index(name)]
        raise DataError(
            f"Feature '{name}' cannot be scaled: over the {len(values)} training rows it spans "
            f"{found.min()} to {found.max()}. Leave it out of ingest.features, or give more rows."
        )
    return Scaling(center, scale)


def check_scaling(found: Scaling, expected: Scaling) -> None:
    """Assert that a model was scaled by what its training rows alone tell, to the last bit.

    Raises:
        DataError: It was not.
    """
    if not (
        np.array_equal(found.center, expected.center)
        and np.array_equal(found.scale, expected.scale)
    ):
        raise DataError(
            f"Leak: the model is scaled by {found.center.tolist()} and {found.scale.tolist()}, the "
            f"training rows give {expected.center.tolist()} and {expected.scale.tolist()}. The model "
            "is not of this split; run the stage train again."
        )
