"""From a raw table, row by row, to series with their covariates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from forecasting.data.calendar import calendar_names
from forecasting.data.panel import Panel, single, stack
from forecasting.data.raw_table import RawTable
from forecasting.data.roles import Covariates, category_name
from forecasting.data.timestamps import first_row
from foundation.errors import DataError, quoted


def panel_of(table: RawTable, covariates: Covariates) -> Panel:
    """Put the columns of a raw table in order, and its rows below each other by series.

    Args:
        table: The raw table; its columns of numbers that are no covariates are the targets.
        covariates: The roles of the others.

    Returns:
        Series as the table has them: not checked for even steps or missing values.

    Raises:
        DataError: No target is left, a column has the name of a category or of the calendar, or a static
            covariate has several values in a series, or none.
    """
    covariates = replace(covariates, time_zone=table.time_zone)
    others = (*covariates.moving, *covariates.static)
    targets = [name for name in table.numbers if name not in others]
    if not targets:
        raise DataError(
            "Every column of numbers is a covariate, so there is nothing to forecast.",
            "Leave a column out "
            "of ingest.past_covariates, ingest.future_covariates and ingest.static_covariates.",
        )
    rows, labels = _in_numbers(table, [*targets, *others])
    _check_names([*targets, *others], covariates, labels)
    panel = single(rows) if table.ids.empty else stack(rows, table.ids)
    panel = replace(panel, covariates=covariates, labels=labels)
    return panel if not covariates.static else _with_statics(panel)


def _check_names(
    columns: Sequence[str], covariates: Covariates, labels: Mapping[str, Sequence[str]]
) -> None:
    """Refuse a column with the name that a part of the calendar or a category gets in the inputs."""
    taken = dict.fromkeys(calendar_names(covariates.calendar), "what is read of the calendar")
    for name, texts in labels.items():
        names = [category_name(name, text) for text in texts]
        taken |= dict.fromkeys(names, f"a category of column {quoted(name)}")
    for column in columns:
        if column in taken:
            raise DataError(
                f"Column {quoted(column)} ({covariates.parameter_of(column)}) has the name of {taken[column]}, "
                "so the inputs of the model could not be told apart. Rename the column."
            )


def _in_numbers(
    table: RawTable, names: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Write texts as the numbers of their labels: columns as float64, and the labels."""
    texts = {name: table.texts[name].cat.remove_unused_categories() for name in table.texts}
    labels = {name: tuple(map(str, column.cat.categories)) for name, column in texts.items()}
    if not texts:
        in_order = list(names) == list(table.numbers)
        return table.numbers if in_order else table.numbers[list(names)], labels
    columns = {
        name: _codes(texts[name]) if name in texts else table.numbers[name] for name in names
    }
    return pd.DataFrame(columns, index=table.times), labels


def _codes(column: pd.Series) -> np.ndarray:
    codes = column.cat.codes.to_numpy()
    return np.where(codes < 0, np.nan, codes)


def _with_statics(panel: Panel) -> Panel:
    """Take the static columns, the last ones, out of the rows: one value for each series."""
    names = panel.covariates.static
    n_moving = len(panel.columns) - len(names)
    statics = [_one_value(panel, name, n_moving + place) for place, name in enumerate(names)]
    return replace(
        panel,
        values=panel.values[:, :n_moving],
        columns=panel.columns[:n_moving],
        statics=np.column_stack(statics),
    )


def _one_value(panel: Panel, name: str, column: int) -> np.ndarray:
    """Find the value of a column in each series, shape (series,); missing cells do not count."""
    values = panel.values[:, column]
    low = np.fmin.reduceat(values, panel.offsets[:-1])
    high = np.fmax.reduceat(values, panel.offsets[:-1])
    if (several := low < high).any():
        series = first_row(several)
        found = " and ".join(panel.shown(name, value[series]) for value in (low, high))
        raise DataError(
            f"Column {quoted(name)} (ingest.static_covariates){panel.of(series)} has more than one "
            f"value: found {found}.",
            "Correct the table, or name the column in ingest.past_covariates or "
            "ingest.future_covariates.",
        )
    if (empty := np.isnan(low)).any():
        raise DataError(
            f"Column {quoted(name)} (ingest.static_covariates){panel.of(first_row(empty))} has no value in "
            "any row.",
            "Give the series a value, or leave the column out of ingest.static_covariates.",
        )
    return low
