"""Which part of the split each window belongs to, and how far the parts overlap."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from forecasting.data.windows import covered_rows, window_lengths
from foundation.errors import DataError

TRAIN, VALIDATION, TEST = SCORED = ("train", "validation", "test")
UNUSED = "unused"  # windows that would reach from one part into another
PARTS = (*SCORED, UNUSED)


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
class Borders:
    """Rows at which the parts of a chronological split begin and end.

    Attributes:
        validation_from: First row that validation predicts.
        test_from: First row that the test predicts.
        test_until: The row after the last that the test predicts.
    """

    validation_from: int
    test_from: int
    test_until: int


def borders_by_share(n_rows: int, *, validation_size: float, test_size: float) -> Borders:
    """Give the last rows to the test part and those before to validation; shares are rounded up."""
    test_from = n_rows - int(np.ceil(test_size * n_rows))
    return Borders(test_from - int(np.ceil(validation_size * n_rows)), test_from, n_rows)


def borders_by_date(
    times: pd.DatetimeIndex, *, validation_from: str, test_from: str, test_until: str | None
) -> Borders:
    """Find the rows at which dates begin; without `test_until` the test ends with the series."""
    dates = pd.DatetimeIndex([validation_from, test_from, *([test_until] if test_until else [])])
    rows = [*map(int, times.searchsorted(dates)), len(times)]
    return Borders(*rows[:3])


def chronological_parts(windows: pd.DataFrame, borders: Borders, *, gap: int) -> pd.Categorical:
    """Split in the order of time: a window belongs to the part that holds all its targets.

    What a window reads may lie before its part: at the time of the forecast it is the past. With a
    gap of a lookback or more, no target of one part is read by another, either.

    Args:
        windows: The window table.
        borders: Where the parts begin and end.
        gap: Rows left out at the end of training and of validation.

    Returns:
        The part of each window, or UNUSED, shape (windows,).

    Raises:
        DataError: A part would be empty.
    """
    ranges = {
        TRAIN: (0, borders.validation_from - gap),
        VALIDATION: (borders.validation_from, borders.test_from - gap),
        TEST: (borders.test_from, borders.test_until),
    }
    starts, stops = windows["target_start"].to_numpy(), windows["target_stop"].to_numpy()
    codes = np.full(len(windows), PARTS.index(UNUSED), dtype=np.int8)
    for part, (first, last) in ranges.items():
        inside = (starts >= first) & (stops <= last)
        if not inside.any():
            raise DataError(
                f"The chronological split leaves the {part} part empty: no window has all its "
                f"targets in rows {first} to {last} (after a gap of {gap}). Give a longer table, or "
                "change the sizes, dates or split.gap."
            )
        codes[inside] = PARTS.index(part)
    return pd.Categorical.from_codes(codes, categories=list(PARTS))


def gap_rows(gap: int | str, windows: pd.DataFrame) -> int:
    """Turn the parameter into rows: a number, or `lookback` for as many as a window reads."""
    if gap == "lookback":
        return window_lengths(windows)[0]
    return int(gap)


def check_chronological(split: pd.DataFrame, *, gap: int) -> None:
    """Assert on the finished split that nothing of a later part can have been seen earlier.

    Args:
        split: The window table with its `part` column.
        gap: Rows that must lie between the targets of one part and those of the next.

    Raises:
        DataError: Targets of two parts lie closer than the gap, or an earlier part reads a row
            that a later one predicts.
    """
    parts = {part: split[split["part"] == part] for part in SCORED}
    for earlier, later in pairwise(SCORED):
        seen = parts[earlier][["input_stop", "target_stop"]].to_numpy().max()
        first = parts[later]["target_start"].min()
        if first - seen < gap:
            raise DataError(
                f"Leak: the {earlier} part reaches to row {seen}, and the {later} part is scored "
                f"from row {first}, less than the gap of {gap} rows later. The split is not to be "
                "trusted; run the stage split again."
            )


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
