"""How many rows one season has: for the seasonal baseline, by the step of the series."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandas.tseries.offsets import BaseOffset, BusinessDay, Day, Tick, Week

from foundation.errors import ParamsError

DAY = pd.Timedelta(days=1)
WEEK = pd.Timedelta(weeks=1)
WEEKS_OF_YEAR, WORKDAYS_OF_WEEK, MONTHS_OF_YEAR = 52, 5, 12
MONTHS_OF_STEP = {
    "M": 1,
    "ME": 1,
    "MS": 1,
    "BME": 1,
    "BMS": 1,
    "QE": 3,
    "QS": 3,
    "BQE": 3,
    "BQS": 3,
}


def natural_season(times: pd.DatetimeIndex) -> int | None:
    """Find the season that the step of a series suggests, in rows.

    A day for steps below a day, a week for days and business days, a year for weeks, months and
    quarters; None where none of these is a whole number of steps, two or more.

    Args:
        times: The times of the series, in even steps.
    """
    step = offset_of(times[:1000])
    return None if step is None else _steps_of_season(step)


def step_of(times: pd.DatetimeIndex) -> str | None:
    """Name the step of a series as pandas does, such as `h` or `MS`; None where it is not even."""
    step = offset_of(times)
    return None if step is None else str(step.freqstr)


def offset_of(times: pd.DatetimeIndex) -> BaseOffset | None:
    """Return the step of a series as a pandas offset; None where it is not even, or too few rows tell."""
    if len(times) < 3:
        return None
    with pd.option_context("future.infer_freq_returns_offset", True):
        return pd.infer_freq(times)


def _steps_of_season(step: BaseOffset) -> int | None:
    if isinstance(step, Week) and step.n == 1:
        return WEEKS_OF_YEAR
    if isinstance(step, BusinessDay) and step.n == 1:
        return WORKDAYS_OF_WEEK
    months = MONTHS_OF_STEP.get(step.rule_code.split("-")[0])
    if months is not None:
        return _whole(MONTHS_OF_YEAR, months * step.n)
    if not isinstance(step, Tick | Day):
        return None
    length = pd.Timedelta(days=step.n) if isinstance(step, Day) else pd.Timedelta(step)
    if length == WEEK:
        return WEEKS_OF_YEAR
    return _whole(DAY.value, length.value) or _whole(WEEK.value, length.value)


def _whole(period: int, step: int) -> int | None:
    """Return how many steps a period has, if that is a whole number above 1."""
    return period // step if period % step == 0 and period // step > 1 else None


@dataclass(frozen=True)
class Season:
    """The seasons of the seasonal baselines.

    Attributes:
        rows: The length of the first; None leaves these baselines out.
        sentence: What a reader of the scores should know of the choice; None if nothing.
        others: The lengths of further ones.
    """

    rows: int | None
    sentence: str | None
    others: tuple[int, ...] = ()

    @property
    def lengths(self) -> dict[str, int]:
        """The length of each season by the name of its baseline."""
        named = {f"seasonal_naive_{rows}": rows for rows in self.others}
        return named if self.rows is None else {"seasonal_naive": self.rows} | named


def choose_season(
    asked: int | str | Sequence[int], times: pd.DatetimeIndex, *, known: int
) -> Season:
    """Choose the seasons of the seasonal baselines.

    Args:
        asked: The parameter evaluate.season: rows, several of them, or `auto` for the natural season.
        times: The times of the series, of many the longest.
        known: Rows before the first one that a test window predicts, of many series the least.

    Raises:
        ParamsError: A season asked for is longer than what is known.
    """
    natural = natural_season(times)
    if isinstance(asked, str):
        return _automatic(natural, known)
    first, *others = [asked] if isinstance(asked, int) else asked
    sentences = [_sentence(rows, natural, known) for rows in (first, *others)]
    fits = None in sentences
    return Season(first, None if fits else sentences[0], tuple(others))


def _sentence(rows: int, natural: int | None, known: int) -> str | None:
    """Say that a season is not the natural one or a multiple; None if it is."""
    suggested = f"The step of the table suggests a season of {natural} rows" if natural else ""
    if rows > known:
        raise ParamsError(
            f"evaluate.season={rows} is longer than the {known} rows known before the first test "
            "window, so the seasonal baseline has nothing to repeat. Set evaluate.season to auto or "
            f"to {known} or less, or lengthen windowing.lookback."
            + (f" {suggested}." if suggested else "")
        )
    fits = natural is None or rows % natural == 0
    return None if fits else f"{suggested}, evaluate.season is {rows}."


def _automatic(natural: int | None, known: int) -> Season:
    if natural is None:
        return Season(
            None,
            "There is no seasonal baseline: the step of the table suggests no season. Set "
            "evaluate.season to the rows of one.",
        )
    if natural > known:
        return Season(
            None,
            f"There is no seasonal baseline: a season has {natural} rows, and only {known} are known "
            f"before the first test window. Lengthen windowing.lookback to {natural}, or set "
            "evaluate.season.",
        )
    return Season(natural, None)
