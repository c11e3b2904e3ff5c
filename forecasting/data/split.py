"""Which part of the split each window belongs to, and how far the parts overlap."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from forecasting.data.windows import covered_rows, series_numbers, window_lengths
from foundation.errors import DataError

TRAIN, VALIDATION, TEST = SCORED = ("train", "validation", "test")
UNUSED = "unused"  # windows that would reach from one part into another
PARTS = (*SCORED, UNUSED)
CALIBRATION = "calibration"  # of the intervals: taken out of validation
PREDICTED = (VALIDATION, CALIBRATION, TEST)


def random_parts(n_windows: int, *, test_size: float, random_state: int) -> pd.Categorical:
    """Split at random, selecting the very windows that scikit-learn selects.

    `train_test_split(X, y, test_size=..., random_state=...)` on the materialised windows picks by
    position, so splitting the positions picks the same ones.

    Args:
        n_windows: Number of windows.
        test_size: Share of the windows that becomes the test part, rounded up.
        random_state: Seed of scikit-learn's shuffle.

    Returns:
        The part of each window, shape (n_windows,).

    Raises:
        DataError: A part would be empty.
    """
    from sklearn.model_selection import train_test_split  # a second to import: not for every stage

    if n_windows < 2 or not 0 < np.ceil(test_size * n_windows) < n_windows:
        raise DataError(
            f"A split with split.test_size={test_size} leaves a part empty: there are only "
            f"{n_windows} windows. Give a longer table or change split.test_size."
        )
    _, test = train_test_split(np.arange(n_windows), test_size=test_size, random_state=random_state)
    codes = np.full(n_windows, PARTS.index(TRAIN), dtype=np.int8)
    codes[test] = PARTS.index(TEST)
    return pd.Categorical.from_codes(codes, categories=list(PARTS))


@dataclass(frozen=True)
class Axis:
    """Where rows stand in time: their dates, numbered over all series.

    Attributes:
        dates: The distinct times of all series, rising, up to the last target of all.
        ranks: For each row the number of its date, shape (rows,); of later rows a greater one.
        offsets: Rows at which the series begin, and the number of rows.
    """

    dates: pd.DatetimeIndex
    ranks: np.ndarray
    offsets: np.ndarray

    def rows_before(self, rank: int) -> np.ndarray:
        """Find in each series the first row at or after a date, shape (series,)."""
        before = np.concatenate([[0], np.cumsum(self.ranks < rank)])
        return self.offsets[:-1] + np.diff(before[self.offsets])


def axis_of(
    times: pd.DatetimeIndex,
    offsets: np.ndarray | None = None,
    stops: np.ndarray | None = None,
) -> Axis:
    """Number the dates of one series, or of series below each other.

    Args:
        times: Of each row.
        offsets: Rows at which the series begin, and the number of rows; None for one series.
        stops: For each series the row after its last target; None for its end.
    """
    if offsets is None or len(offsets) == 2:
        last = len(times) if stops is None else stops[0]
        n_rows = len(times)
        return Axis(times[:last], np.arange(n_rows), np.array([0, n_rows], dtype=np.int64))
    ranks, dates = pd.factorize(times, sort=True)
    last = len(dates) if stops is None else ranks[stops - 1].max() + 1
    return Axis(dates[:last], ranks, offsets)


@dataclass(frozen=True)
class Borders:
    """Dates, by their number, at which the parts of a chronological split begin and end.

    For a single series these are its rows.

    Attributes:
        validation_from: First date that validation predicts.
        test_from: First date that the test predicts.
        test_until: The date after the last that the test predicts.
    """

    validation_from: int
    test_from: int
    test_until: int


def borders_by_share(n_dates: int, *, validation_size: float, test_size: float) -> Borders:
    """Give the last dates to the test part and those before to validation; shares are rounded up."""
    test_from = n_dates - int(np.ceil(test_size * n_dates))
    return Borders(test_from - int(np.ceil(validation_size * n_dates)), test_from, n_dates)


def borders_by_date(
    dates: pd.DatetimeIndex, *, validation_from: str, test_from: str, test_until: str | None
) -> Borders:
    """Find the dates that parts begin with; without `test_until` the test ends with the last."""
    asked = pd.DatetimeIndex([validation_from, test_from, *([test_until] if test_until else [])])
    numbers = [*map(int, dates.searchsorted(asked)), len(dates)]
    return Borders(*numbers[:3])


def chronological_parts(
    windows: pd.DataFrame, borders: Borders, *, gap: int, axis: Axis
) -> pd.Categorical:
    """Split in the order of time: a window belongs to the part that holds all its targets.

    What a window reads may lie before its part: at the time of the forecast it is the past. With a
    gap of a lookback or more, no target of one part is read by another, either. The borders are the
    same dates for all series.

    Args:
        windows: The window table.
        borders: Where the parts begin and end.
        gap: Steps left out at the end of training and of validation.
        axis: Where the rows stand in time.

    Returns:
        The part of each window, or UNUSED, shape (windows,).

    Raises:
        DataError: A part would be empty.
    """
    ranges = {
        TRAIN: (0, borders.validation_from, gap),
        VALIDATION: (borders.validation_from, borders.test_from, gap),
        TEST: (borders.test_from, borders.test_until, 0),
    }
    starts, stops = windows["target_start"].to_numpy(), windows["target_stop"].to_numpy()
    first_date, last_date = axis.ranks[starts], axis.ranks[stops - 1]
    codes = np.full(len(windows), PARTS.index(UNUSED), dtype=np.int8)
    for part, (first, last, left_out) in ranges.items():
        inside = (first_date >= first) & (last_date < last - left_out)
        inside &= _ends_before(windows, axis, rank=last, gap=left_out)
        if not inside.any():
            raise DataError(
                f"The chronological split leaves the {part} part empty: no window has all its "
                f"targets in {_range(axis, first, last - left_out)} (after a gap of {left_out}). "
                "Give a longer table, or change the sizes, dates or split.gap."
            )
        codes[inside] = PARTS.index(part)
    return pd.Categorical.from_codes(codes, categories=list(PARTS))


def _ends_before(windows: pd.DataFrame, axis: Axis, *, rank: int, gap: int) -> np.ndarray:
    """Mark windows that end a gap of rows before the date, where their series has rows after it.

    By the number of dates a gap may be shorter than its steps: the dates of series whose steps lie
    between each other's are more than the steps.
    """
    border = axis.rows_before(rank)
    latest = np.where(border < axis.offsets[1:], border - gap, axis.offsets[1:])
    stops = windows["target_stop"].to_numpy()
    return stops <= latest[series_numbers(windows)]


def _range(axis: Axis, first: int, last: int) -> str:
    if len(axis.offsets) == 2:
        return f"rows {first} to {last}"
    ends = [min(max(0, number), len(axis.dates) - 1) for number in (first, last)]
    return f"the time from {axis.dates[ends[0]]} to {axis.dates[ends[1]]}"


def gap_rows(gap: int | str, windows: pd.DataFrame) -> int:
    """Turn the parameter into rows: a number, or `lookback` for as many as a window reads."""
    if gap == "lookback":
        return window_lengths(windows)[0]
    return int(gap)


def check_chronological(split: pd.DataFrame, *, gap: int, axis: Axis) -> None:
    """Assert on the finished split that nothing of a later part can have been seen earlier.

    Args:
        split: The window table with its `part` column.
        gap: Steps that must lie between the targets of one part and those of the next.
        axis: Where the rows stand in time: what one series shows of a date is known of all.

    Raises:
        DataError: Targets of two parts lie closer than the gap, or an earlier part reads a date
            that a later one predicts.
    """
    parts = {part: split[split["part"] == part] for part in SCORED}
    parts[VALIDATION] = split[split["part"].isin([VALIDATION, CALIBRATION])]
    for earlier, later in pairwise(SCORED):
        seen = axis.ranks[parts[earlier]["target_stop"].to_numpy() - 1].max() + 1
        first = axis.ranks[parts[later]["target_start"].to_numpy()].min()
        if first - seen < gap:
            raise DataError(
                f"Leak: the {earlier} part reaches to {_date(axis, seen)}, and the {later} part is "
                f"scored from {_date(axis, first)}, less than the gap of {gap} rows later. The split "
                "is not to be trusted; run the stage split again."
            )


def _date(axis: Axis, rank: int) -> str:
    if len(axis.offsets) == 2:
        return f"row {rank}"
    return str(axis.dates[min(rank, len(axis.dates) - 1)])


def series_without(split: pd.DataFrame, part: str, *, n_series: int) -> np.ndarray:
    """Give the numbers of the series that have windows, but none in this part."""
    series = series_numbers(split)
    every = np.bincount(series, minlength=n_series)
    here = np.bincount(series[(split["part"] == part).to_numpy()], minlength=n_series)
    return np.flatnonzero((every > 0) & (here == 0))


def rows_known(windows: pd.DataFrame, offsets: np.ndarray) -> int:
    """Count the rows of its series before what a window predicts, the least of all windows."""
    starts = offsets[:-1][series_numbers(windows)]
    return int((windows["target_start"].to_numpy() - starts).min())


def monitored_part(split: pd.DataFrame) -> str:
    """Name the part that is watched while training: validation if there is one, else the test."""
    return VALIDATION if (split["part"] == VALIDATION).any() else TEST


def keeps_best(keep: str, monitored: str) -> bool:
    """Return True if the best epoch's weights are kept, not the last one's.

    Args:
        keep: The parameter train.keep: `last`, `best`, or `auto` for the best on a validation part.
        monitored: The part that is watched while training.
    """
    return keep == "best" or (keep == "auto" and monitored == VALIDATION)


def training_rows(split: pd.DataFrame, *, n_rows: int) -> np.ndarray:
    """Mark the rows that some training window reads or predicts: what a scaler may see.

    Args:
        split: The window table with its `part` column.
        n_rows: Length of the series.

    Returns:
        A mask of shape (n_rows,).
    """
    train = split[split["part"] == TRAIN]
    return covered_rows(
        train["input_start"].to_numpy(), train["target_stop"].to_numpy(), n_rows=n_rows
    )
