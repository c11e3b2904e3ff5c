"""What a model reads of series, as numbers: categories as columns of 0 and 1, the calendar by each time.

Categories are those that training rows hold. One that a window of another part reads, or a forecast,
is refused by name: the model has never learned what it means.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecasting.data.calendar import calendar_columns, calendar_names
from forecasting.data.categories import carry_forward, find_categories, one_hot, unknown_rows
from forecasting.data.panel import Panel
from forecasting.data.roles import PAST, STATIC, WINDOW, ModelInputs
from forecasting.data.split import PREDICTED, TRAIN, training_rows
from forecasting.data.timestamps import first_row
from forecasting.data.windows import covered_rows, series_numbers
from foundation.errors import DataError, quoted


class Statics(NamedTuple):
    """The static covariates of series, and which of the series a row belongs to.

    Attributes:
        values: Shape (series, columns).
        codes: The number of each row's series, shape (rows,).
    """

    values: np.ndarray
    codes: np.ndarray


def trained_series(split: pd.DataFrame, *, n_series: int) -> np.ndarray:
    """Mark the series with training windows, shape (series,)."""
    train = (split["part"] == TRAIN).to_numpy()
    return np.bincount(series_numbers(split)[train], minlength=n_series) > 0


def find_inputs(panel: Panel, split: pd.DataFrame) -> ModelInputs:
    """Find out what a model reads of series: their columns, and the categories of training rows.

    Raises:
        DataError: A window of another part reads a category that no training window reads.
    """
    seen = training_rows(split, n_rows=len(panel.values))
    trained = trained_series(split, n_series=len(panel.names))
    categories = {
        name: find_categories(_codes(panel, name)[_marked(panel, name, seen, trained)], labels)
        for name, labels in panel.labels.items()
    }
    inputs = ModelInputs(panel.targets, panel.covariates, categories)
    check_categories(panel, inputs, split[split["part"].isin([TRAIN, *PREDICTED])])
    return inputs


def check_inputs(stored: ModelInputs, panel: Panel, split: pd.DataFrame) -> None:
    """Assert that a model reads what training rows alone tell.

    Raises:
        DataError: It does not.
    """
    expected = find_inputs(panel, split)
    if stored != expected:
        raise DataError(
            f"Leak: by the description of its inputs the model reads {stored.columns()}, the training "
            f"rows give {expected.columns()}. The model is not of this split; run the stage train again."
        )


def check_categories(
    panel: Panel, inputs: ModelInputs, windows: pd.DataFrame, *, n_ahead: int | None = None
) -> None:
    """Refuse windows that read a category which the model does not know.

    Args:
        panel: The series.
        inputs: What the model reads.
        windows: Rows of a window table.
        n_ahead: Steps after a window of which future covariates are read, as far as its series has
            rows; None for those that it predicts.

    Raises:
        DataError: There is one.
    """
    starts, n_rows = windows["input_start"].to_numpy(), len(panel.values)
    numbers, stops = series_numbers(windows), windows["input_stop"].to_numpy()
    ends = windows["target_stop"].to_numpy()
    if n_ahead is not None:
        ends = np.minimum(stops + n_ahead, panel.offsets[1:][numbers])
    past = covered_rows(starts, stops, n_rows=n_rows)
    both = covered_rows(starts, ends, n_rows=n_rows)
    series = np.bincount(numbers, minlength=len(panel.names)) > 0
    for name, labels in panel.labels.items():
        rows = both if name in panel.covariates.future else past
        codes = _codes(panel, name)
        unknown = unknown_rows(codes, labels, inputs.categories[name])
        unknown &= _marked(panel, name, rows, series)
        if unknown.any():
            raise _unknown_category(panel, inputs, name, codes, first_row(unknown))


def _unknown_category(
    panel: Panel, inputs: ModelInputs, name: str, codes: np.ndarray, place: int
) -> DataError:
    if name in panel.covariates.static:
        where = panel.of(place)
    else:
        where = f"{panel.of(panel.series_of(place))} at {panel.times[place]}"
    known = ", ".join(map(quoted, inputs.categories[name])) or "none"
    return DataError(
        f"Column {quoted(name)} ({panel.covariates.parameter_of(name)}){where} is "
        f"{panel.shown(name, codes[place])}, a category that no training window reads (known: {known}).",
        "Train on rows that have it, write it as one of the known ones, or leave the column out of "
        f"{panel.covariates.parameter_of(name)}.",
    )


def _codes(panel: Panel, name: str) -> np.ndarray:
    """Return what is read of a column of text: shape (rows,), or (series,) if it is static."""
    if name in panel.covariates.static:
        return panel.static(name)
    return carry_forward(panel.values[:, panel.columns.index(name)], panel.offsets)


def _marked(panel: Panel, name: str, rows: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Return the mask of the series for a static column, else that of the rows."""
    return series if name in panel.covariates.static else rows


def encoded_rows(panel: Panel, inputs: ModelInputs) -> np.ndarray:
    """Return what a model reads row by row: the columns of the window, and then those of the past.

    Returns:
        Shape (rows, columns), float64; missing numbers are nan. The panel's own values where there is
        nothing to encode.
    """
    entries = inputs.covariates.calendar
    if not inputs.categories and not entries:
        return panel.values
    columns = inputs.columns()
    names = columns[WINDOW] + columns.get(PAST, [])
    encoded = np.empty((len(panel.values), len(names)), order="F")
    place = 0
    for name in panel.columns:
        block = _encoded(panel, inputs, name)
        encoded[:, place : place + block.shape[1]] = block
        place += block.shape[1]
    if entries:
        zone = inputs.covariates.time_zone
        encoded[:, -len(calendar_names(entries)) :] = calendar_columns(
            panel.times, entries, time_zone=zone
        )
    return encoded


def encoded_statics(panel: Panel, inputs: ModelInputs) -> Statics | None:
    """Return the static covariates as a model reads them; None where it reads none."""
    if panel.statics is None or STATIC not in inputs.columns():
        return None
    blocks = [_encoded(panel, inputs, name) for name in inputs.covariates.static]
    return Statics(np.concatenate(blocks, axis=1), panel.codes)


def _encoded(panel: Panel, inputs: ModelInputs, name: str) -> np.ndarray:
    """Return the columns that one becomes, shape (rows or series, columns)."""
    if name in inputs.categories:
        return one_hot(_codes(panel, name), panel.labels[name], inputs.categories[name])
    if name in panel.covariates.static:
        return panel.static(name)[:, None]
    return panel.values[:, [panel.columns.index(name)]]
