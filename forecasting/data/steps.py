"""The steps of a time axis: of one length, as hours, or the calendar's, as months."""

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, Day, Tick

from foundation.errors import ParamsError, quoted

OFF = -1  # the number of a time that lies on no step


class Steps(Protocol):
    """Times, as microseconds, to steps from a start and back; all of shape (rows,), int64."""

    def numbers(self, times: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Count the steps from each start to each time, OFF where the time is on none."""
        ...

    def times(self, numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Find the time so many steps after each start."""
        ...


@dataclass(frozen=True)
class EvenSteps:
    """Steps that all have the same length.

    Attributes:
        length: Microseconds.
    """

    length: int

    def numbers(self, times: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Divide the time since the start by the length."""
        number, rest = np.divmod(times - starts, self.length)
        return np.where(rest == 0, number, OFF)

    def times(self, numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Add the lengths to the start."""
        return starts + numbers * self.length


@dataclass(frozen=True)
class CalendarSteps:
    """Steps of the calendar; a time of day or a quarter of its own makes a grid of its own.

    Attributes:
        grids: Rising times; each start lies on one of them, or on none.
    """

    grids: tuple[np.ndarray, ...]

    def numbers(self, times: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Look both times up in the grid on which the start lies."""
        found = np.full(len(times), OFF)
        for grid in self.grids:
            first = _index(grid, starts)
            number = _index(grid, times)
            on_grid = (first != OFF) & (number != OFF)
            found[on_grid] = (number - first)[on_grid]
        return found

    def times(self, numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Go so many places on from the start in its grid."""
        found = np.empty(len(numbers), dtype=np.int64)
        for grid in self.grids:
            first = _index(grid, starts)
            rows = first != OFF
            found[rows] = grid[first[rows] + numbers[rows]]
        return found


def _index(grid: np.ndarray, times: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(grid, times), len(grid) - 1)
    return np.where(grid[at] == times, at, OFF) if len(grid) else np.full(len(times), OFF)


def parse_step(frequency: str, start: pd.Timestamp) -> BaseOffset:
    """Read the parameter ingest.frequency; a ParamsError where it is not a step forward."""
    try:
        with warnings.catch_warnings(action="error"):  # an old spelling may come to mean another
            step = to_offset(frequency)
            first, second = pd.date_range(start, periods=2, freq=step, unit="us")
            forward = first < second
    except (ValueError, OverflowError, Warning):
        forward = False
    if not forward:
        raise ParamsError(
            f"ingest.frequency={quoted(frequency)} is not a pandas frequency that goes forward by "
            "microseconds or more. Write one such as 15min, h, D or MS, or infer or rows."
        )
    return step


def steps_of(step: BaseOffset, starts: np.ndarray, *, last: int) -> Steps:
    """Lay out the steps of an offset from the starts of series to the last time of all.

    Args:
        step: A pandas offset.
        starts: The first time of each series, microseconds.
        last: The last time of all series.
    """
    if isinstance(step, Tick | Day):
        return EvenSteps(length_of(step))
    grids: list[np.ndarray] = []
    for start in np.unique(starts):
        if not any(_index(grid, start[None])[0] != OFF for grid in grids):
            ends = pd.DatetimeIndex([start, last], dtype="datetime64[us]")
            grids.append(pd.date_range(*ends, freq=step, unit="us").asi8)
    return CalendarSteps(tuple(grids))


def length_of(step: Tick | Day) -> int:
    """Return the microseconds of a step of fixed length."""
    length = pd.Timedelta(days=step.n) if isinstance(step, Day) else pd.Timedelta(step)
    return int(length // pd.Timedelta(microseconds=1))
