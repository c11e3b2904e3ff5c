"""Scaling of the features: fitted on training rows, stored in the model, undone in its output."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.data.roles import NO_COVARIATES, Covariates
from foundation.errors import DataError

CHUNK = 65_536  # rows scaled at once; bounds memory, not the result


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

    def apply_float32(self, values: np.ndarray) -> np.ndarray:
        """Scale values of shape (rows, features) in float64, and round the result to float32."""
        scaled = np.empty(values.shape, dtype=np.float32)
        for start in range(0, len(values), CHUNK):
            chunk = slice(start, start + CHUNK)
            scaled[chunk] = self.apply(values[chunk])
        return scaled

    def as_stored(self) -> "Scaling":
        """Return the scaling as it comes back from a file that keeps the inverse of the scale."""
        return Scaling(self.center, 1.0 / (1.0 / self.scale))

    def invert(self, scaled: np.ndarray) -> np.ndarray:
        """Bring scaled values of shape (..., features) back to units of the series."""
        return scaled * self.scale + self.center


def fit_scaling(
    values: np.ndarray,
    rows: np.ndarray,
    *,
    method: str,
    features: Sequence[str],
    covariates: Covariates = NO_COVARIATES,
    counted: str = "rows",
) -> Scaling:
    """Fit the map on the rows that training may see.

    Args:
        values: The series, shape (rows, features); missing cells are nan and do not count.
        rows: Marks the rows to fit on, shape (rows,).
        method: `standard` (mean and population standard deviation), `minmax` (training range to
            0..1) or `none` (values as they are).
        features: Names, for the error.
        covariates: Which of them are not targets, for the error.
        counted: What the rows are, for the error: `series` if each is one.

    Raises:
        DataError: A feature is constant over these rows, or its spread is not a finite number.
    """
    if method == "none":
        return Scaling(np.zeros(values.shape[1]), np.ones(values.shape[1]))
    seen = values[rows]
    low, high = np.fmin.reduce(seen), np.fmax.reduce(seen)  # which skip nan
    mean = np.nanmean if np.isnan(seen).any() else np.mean
    if method == "standard":
        center = mean(seen, axis=0)
        seen -= center  # in place: `seen.std(axis=0)`, the same number, takes one more copy
        scale = np.sqrt(mean(np.square(seen, out=seen), axis=0))
    else:
        center, scale = low, high - low
    moving = low < high  # a rounded deviation of what does not move may not be 0
    with np.errstate(over="ignore", divide="ignore"):
        usable = moving & np.isfinite(center) & np.isfinite(scale) & np.isfinite(1.0 / scale)
    if not usable.all():
        number = int(np.flatnonzero(~usable)[0])
        raise DataError(
            f"Feature '{features[number]}' cannot be scaled: over the {len(seen)} training {counted} it "
            f"spans {low[number]} to {high[number]}. Leave it out of "
            f"{covariates.parameter_of(features[number])}, or give more {counted}."
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
