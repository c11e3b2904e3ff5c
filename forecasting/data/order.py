"""The order of a series' times: each after the one before. Where it is not so, the likely cause is named."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from forecasting.data.panel import Panel
from forecasting.data.timestamps import TIME_OF_DAY, first_row
from foundation.errors import DataError, quoted

HOUR = 3_600_000_000  # microseconds; by as much the clock jumps back in autumn
MANY = 0.25  # share of rows with the time of another row; the end of daylight saving makes few
SEVERAL = "if the table holds several series below each other, name their column with ingest.id"
MORE_IDS = "if another column tells series apart too, add it to ingest.id"
ZONE = "if these are local times with daylight saving, set ingest.time_zone, such as Europe/Lisbon"


def check_order(panel: Panel, columns: Callable[[], pd.DataFrame] | None = None) -> None:
    """Check that in each series each time comes after the one before.

    Args:
        panel: The series, with times named as their column.
        columns: Reads the other columns of the raw table, features or not, as text: they show why
            times repeat. Called only where times are out of order.

    Raises:
        DataError: Times are doubled or unsorted.
    """
    steps = np.diff(panel.times.asi8)
    steps[panel.offsets[1:-1] - 1] = 1  # from the end of a series to the start of the next
    if (steps > 0).all():
        return
    before = first_row(steps <= 0)
    series = panel.series_of(before)
    first, second = panel.row_in_table(before), panel.row_in_table(before + 1)
    if steps[before] == 0:
        problem = (
            f"The time {panel.times[before]}{panel.of(series)} stands twice, in rows {first} and "
            f"{second} (doubled times in all: {(steps == 0).sum()})."
        )
    else:
        problem = (
            f"The times{panel.of(series)} are not sorted: row {second} ({panel.times[before + 1]}) "
            f"comes before row {first} ({panel.times[before]})."
        )
    raise DataError(problem, _advice(panel, columns, step=int(steps[before])))


def _advice(panel: Panel, columns: Callable[[], pd.DataFrame] | None, *, step: int) -> str:
    """Say what to do about a step that does not go forward, the likely cause first."""
    times = panel.times
    rows = pd.DataFrame({"series": panel.codes, "time": times})
    repeated = rows.duplicated(keep=False).mean() >= MANY
    others = pd.DataFrame()
    if repeated and columns is not None:
        others = columns()
        others = others if panel.raw_rows is None else others.iloc[panel.raw_rows]
    if repeated and (clock := _time_of_day(others)) is not None:
        return (
            f"Column {quoted(clock)} holds times of day: set ingest.time: [{times.name}, {clock}], and "
            "ingest.time_format to that of both, with a space between them."
        )
    key = _key(rows, others) if repeated else None
    if key is not None and panel.id is not None:
        return (
            f"Rows of one time in a series are told apart by column {quoted(key)} (different values: "
            f"{others[key].nunique()}). Add it to ingest.id."
        )
    if key is not None:
        return (
            f"The table seems to hold several series below each other, told apart by column "
            f"{quoted(key)} (different values: {others[key].nunique()}). Set ingest.id: {key}."
        )
    several = SEVERAL if panel.id is None else MORE_IDS
    causes = [several, ZONE] if repeated or step < -HOUR else [ZONE, several]
    if are_dates(times):
        causes = [several]
    if step < -HOUR:
        return f"Sort the table by time; {'; '.join(causes)}."
    last = "correct the times" if step == 0 else "sort the table by time"
    advice = "; ".join([*causes, f"else {last}"])
    return f"{advice[0].upper()}{advice[1:]}."


def are_dates(times: pd.DatetimeIndex) -> bool:
    """Return True if no time has a time of day, so that no clock was put forward or back."""
    return bool((times == times.normalize()).all())


def _time_of_day(columns: pd.DataFrame) -> str | None:
    return next((name for name in columns if columns[name].str.fullmatch(TIME_OF_DAY).all()), None)


def _key(rows: pd.DataFrame, columns: pd.DataFrame) -> str | None:
    """Name the column that, with series and time, identifies a row; of several, that of fewest values.

    Args:
        rows: `series` and `time` of each row.
        columns: Other columns of the same rows.
    """
    most = int(rows.value_counts().max())  # rows of one time in one series
    n_values = {
        name: columns[name].nunique()
        for name in columns
        if not rows.assign(value=columns[name].to_numpy()).duplicated().any()
    }
    # a column of measurements may identify rows, too, but has more values
    keys = {name: n for name, n in n_values.items() if n <= min(2 * most, len(rows) // 2)}
    return min(keys, key=keys.__getitem__, default=None)
