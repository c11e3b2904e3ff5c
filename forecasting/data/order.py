"""The order of a series' times: each after the one before. Where it is not so, the likely cause is named."""

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


def check_order(panel: Panel, columns: pd.DataFrame | None = None) -> None:
    """Check that in each series each time comes after the one before.

    Args:
        panel: The series, with times named as their column.
        columns: All columns of a table without an id, features or not, as text: they show why times
            repeat.

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
    raise DataError(f"{problem} {_advice(panel, columns, step=int(steps[before]))}")


def _advice(panel: Panel, columns: pd.DataFrame | None, *, step: int) -> str:
    """Say what to do about a step that does not go forward, the likely cause first."""
    times = panel.times
    repeated = panel.id is None and times.duplicated(keep=False).mean() >= MANY
    others = (
        pd.DataFrame() if columns is None else columns.drop(columns=times.name, errors="ignore")
    )
    if repeated and (clock := _time_of_day(others)) is not None:
        return (
            f"Column {quoted(clock)} holds times of day: set ingest.time: [{times.name}, {clock}], and "
            "ingest.time_format to that of both, with a space between them."
        )
    if repeated and (key := _key(times, others)) is not None:
        return (
            f"The table seems to hold several series below each other, told apart by column "
            f"{quoted(key)} (different values: {others[key].nunique()}). Set ingest.id: {key}."
        )
    several = SEVERAL if panel.id is None else MORE_IDS
    if step < -HOUR:
        return f"Sort the table by time; {several}; {ZONE}."
    first, second = (several, ZONE) if repeated else (ZONE, several)
    last = "correct the times" if step == 0 else "sort the table by time"
    return f"{first[0].upper()}{first[1:]}; {second}; else {last}."


def _time_of_day(columns: pd.DataFrame) -> str | None:
    return next((name for name in columns if columns[name].str.fullmatch(TIME_OF_DAY).all()), None)


def _key(times: pd.DatetimeIndex, columns: pd.DataFrame) -> str | None:
    """Name the column that, with the time, identifies a row; of several, that of fewest values."""
    most = int(times.value_counts().max())  # rows of one time
    n_values = {
        name: columns[name].nunique()
        for name in columns
        if not pd.DataFrame({"time": times, "value": columns[name].to_numpy()}).duplicated().any()
    }
    # a column of measurements may identify rows, too, but has more values
    keys = {name: n for name, n in n_values.items() if n <= min(2 * most, len(times) // 2)}
    return min(keys, key=keys.__getitem__, default=None)
