"""Scaling of everything that a model reads: numbers by what training rows tell, the rest as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from forecasting.data.encoding import Statics, trained_series
from forecasting.data.roles import FUTURE, PAST, STATIC, WINDOW, ModelInputs
from forecasting.data.scaling import Scaling, fit_scaling
from forecasting.data.split import training_rows


@dataclass(frozen=True)
class InputScaling:
    """The scaling of encoded rows and of encoded static covariates.

    Attributes:
        inputs: What the model reads.
        rows: Of the columns of `encoded_rows`.
        static: Of those of `encoded_statics`; None where there are none.
    """

    inputs: ModelInputs
    rows: Scaling
    static: Scaling | None = None

    @property
    def window(self) -> Scaling:
        """The scaling of what is forecast."""
        return self._of_columns(slice(None, len(self.inputs.targets)))

    @property
    def covariates(self) -> dict[str, Scaling]:
        """The scaling of every other input that the model has."""
        columns, found = self.inputs.columns(), {}
        if PAST in columns:
            found[PAST] = self._of_columns(slice(len(columns[WINDOW]), None))
        if FUTURE in columns:  # the last columns of the past are those of the horizon
            found[FUTURE] = self._of_columns(slice(-len(columns[FUTURE]), None))
        if self.static is not None:
            found[STATIC] = self.static
        return found

    def _of_columns(self, columns: slice) -> Scaling:
        return Scaling(self.rows.center[columns], self.rows.scale[columns])


def fit_input_scaling(
    rows: np.ndarray,
    statics: Statics | None,
    *,
    inputs: ModelInputs,
    split: pd.DataFrame,
    method: str,
) -> InputScaling:
    """Fit the scaling on the rows and on the series that training windows read or predict.

    Args:
        rows: Encoded rows, shape (rows, columns); missing numbers are nan.
        statics: Encoded static covariates.
        inputs: What the model reads.
        split: The window table with its `part` column.
        method: As `fit_scaling` takes it.

    Raises:
        DataError: A column is constant over these rows, or over these series.
    """
    columns = inputs.columns()
    names = columns[WINDOW] + columns.get(PAST, [])
    seen = training_rows(split, n_rows=len(rows))
    fitted = partial(_fitted, inputs=inputs, method=method)
    of_rows = fitted(rows, seen, names, counted="rows")
    if statics is None:
        return InputScaling(inputs, of_rows)
    trained = trained_series(split, n_series=len(statics.values))
    of_series = fitted(statics.values, trained, columns[STATIC], counted="series")
    return InputScaling(inputs, of_rows, of_series)


def _fitted(
    values: np.ndarray,
    seen: np.ndarray,
    names: Sequence[str],
    *,
    inputs: ModelInputs,
    method: str,
    counted: str,
) -> Scaling:
    """Fit the scaling of the numbers, shape (columns,); what is not scaled keeps its values."""
    scaled = np.array([inputs.is_scaled(name) for name in names])
    fit = partial(fit_scaling, method=method, covariates=inputs.covariates, counted=counted)
    if scaled.all():
        return fit(values, seen, features=names)
    numbers = [name for name, is_scaled in zip(names, scaled, strict=True) if is_scaled]
    center, scale = np.zeros(len(names)), np.ones(len(names))
    if numbers:
        fitted = fit(values[:, scaled], seen, features=numbers)
        center[scaled], scale[scaled] = fitted.center, fitted.scale
    return Scaling(center, scale)
