"""The steps after the end of series: their times, and what is known of them."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, BusinessDay, Day

from forecasting.data.panel import Panel
from forecasting.data.regularity import INFER, ROWS, are_business_days
from forecasting.data.seasons import offset_of
from forecasting.data.steps import parse_step


class TimesAhead(NamedTuple):
    """Times after the last target of each series.

    Attributes:
        times: Shape (series, steps), in microseconds.
        sentence: What a reader should know of them; None if nothing.
    """

    times: np.ndarray
    sentence: str | None


def times_ahead(panel: Panel, *, frequency: str, n_steps: int) -> TimesAhead:
    """Find the times of the next steps of each series.

    They go on in the step of the series. Where the table has rows below the last target, for future
    covariates, theirs come first. A table whose next row is the next step has no step: then it is
    assumed, and the sentence says so.

    Args:
        panel: Series in even steps.
        frequency: The parameter ingest.frequency.
        n_steps: How many.
    """
    times = panel.times.asi8
    step, assumed = _step(panel, frequency)
    lasts, which = np.unique(times[panel.offsets[1:] - 1], return_inverse=True)
    following = np.stack([_following(last, step, n_steps) for last in lasts])
    rows = panel.stops[:, None] + np.arange(n_steps)  # those in the table come first
    in_table = rows < panel.offsets[1:, None]
    later = rows - panel.offsets[1:, None]
    found = np.where(
        in_table,
        times[np.minimum(rows, len(times) - 1)],
        following[which[:, None], np.maximum(later, 0)],
    )
    sentence = None
    if assumed and not in_table.all():
        sentence = (
            f"ingest.frequency is {ROWS}, so the table does not say when its next rows are: the times of "
            f"the forecast are assumed, in steps of {step.freqstr}."
        )
    return TimesAhead(found.view("datetime64[us]"), sentence)


def _step(panel: Panel, frequency: str) -> tuple[BaseOffset, bool]:
    """Return the step of the series, and whether it is an assumption."""
    if frequency not in (INFER, ROWS):
        return parse_step(frequency, panel.times[0]), False
    times = panel.longest_times()
    inferred = offset_of(times)
    if inferred is not None:
        return inferred, frequency == ROWS
    if frequency == ROWS and are_business_days(times):
        return BusinessDay(), True
    lengths, counts = np.unique(np.diff(times.asi8), return_counts=True)
    usual = pd.Timedelta(int(lengths[counts.argmax()]), unit="us")
    whole_days = usual == pd.Timedelta(days=usual.days)
    return Day(usual.days) if whole_days else to_offset(usual), frequency == ROWS


def _following(last: int, step: BaseOffset, n_steps: int) -> np.ndarray:
    start = pd.Timestamp(last, unit="us")
    times = pd.date_range(start, periods=n_steps + 1, freq=step, unit="us")
    if times[0] != start:  # a time that is on none of the step's own
        times = pd.date_range(start, periods=n_steps, freq=step, unit="us").insert(0, start)
    return times[1:].asi8


def extend(panel: Panel, times: np.ndarray) -> tuple[Panel, np.ndarray]:
    """Give series rows for times after their last target, where the table has none.

    Args:
        panel: Series in even steps.
        times: Those after the last target of each series, shape (series, steps).

    Returns:
        The series, nothing known in the new rows; and by how many rows each series has moved, shape (series,).
    """
    lengths = np.maximum(panel.lengths, panel.stops - panel.offsets[:-1] + times.shape[1])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    moved = offsets[:-1] - panel.offsets[:-1]
    rows = np.arange(len(panel.values)) + np.repeat(moved, panel.lengths)
    values = np.full((offsets[-1], panel.values.shape[1]), np.nan, order="F")
    values[rows] = panel.values
    ahead = (panel.stops + moved)[:, None] + np.arange(times.shape[1])
    all_times = np.empty(len(values), dtype="datetime64[us]")
    all_times[ahead] = times
    all_times[rows] = panel.times
    index = pd.DatetimeIndex(all_times, name=panel.times.name)
    return replace(panel, values=values, times=index, offsets=offsets, raw_rows=None), moved


def known_steps(panel: Panel, first: np.ndarray, *, most: int) -> np.ndarray:
    """Count the steps for which all future covariates are known, from given rows on.

    Args:
        panel: The series.
        first: Rows of the first step, the end of their series at most, shape (windows,).
        most: Steps that are looked at.

    Returns:
        Shape (windows,), `most` at most; where there are no future covariates that very number.
    """
    n_future = len(panel.covariates.future)
    if not n_future:
        return np.full(len(first), most)
    unknown = np.isnan(panel.values[:, -n_future:]).any(axis=1)
    ends = np.repeat(panel.offsets[1:], panel.lengths)
    at = np.where(unknown, np.arange(len(unknown)), ends)
    following = np.minimum.accumulate(at[::-1])[::-1]  # the next row that is not known, or the end
    inside = first < len(unknown)
    found = np.where(inside, following[np.minimum(first, len(unknown) - 1)] - first, 0)
    return np.clip(found, 0, most)
