"""The step of a table's times, and its gaps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Day, Tick

from forecasting.data.regularity import INFER, ROWS, are_business_days
from forecasting.data.steps import length_of, parse_step
from forecasting.data.timestamps import DAY
from forecasting.inspection.findings import (
    CERTAIN,
    FREQUENCY,
    GUESS,
    LIKELY,
    OPEN,
    PROBLEM,
    Finding,
    counted,
)

FINEST = 12  # parts of the usual step that rows in between may lie on
SHORT = 3  # steps of a gap that may be filled
NAMES = {
    "h": "hour", "D": "day", "B": "business day", "W": "week", "MS": "month", "ME": "month",
    "QS": "quarter", "QE": "quarter", "YS": "year", "YE": "year", "min": "minute", "s": "second",
}  # fmt: skip


@dataclass(frozen=True)
class Gaps:
    """The steps between the rows of all series.

    Attributes:
        step: The step as pandas names it.
        uneven: Rows that do not lie a whole number of steps after the one before.
        missing: Rows that are missing.
        longest: Steps that the longest gap lacks.
        start: The last time before it.
        stop: The first time after it.
        share: Of the steps, those that are the usual one.
    """

    step: str
    uneven: int
    missing: int
    longest: int
    start: pd.Timestamp
    stop: pd.Timestamp
    share: float


def describe_steps(times: pd.DatetimeIndex, series: np.ndarray | None) -> list[Finding]:
    """Describe step, gaps and order.

    Args:
        times: (rows,) As the file has them, without a zone.
        series: (rows,) The series of each row, as a number; None for one.

    Returns:
        Findings with `frequency` and `gaps`, a problem where nothing of them helps.
    """
    codes = np.zeros(len(times), dtype=np.int64) if series is None else series
    apart = _apart(times, codes)
    if (apart <= 0).any():
        return [_disorder(times, apart)]
    if len(apart) < 2:
        return [Finding("step", "too few rows to tell", PROBLEM, counted(len(times), "row"))]
    calendar = _calendar_step(times, apart)
    if calendar is not None:
        reason = f"all {len(apart):,} steps fit the calendar"
        return [Finding("step", _named(calendar), CERTAIN, reason, {FREQUENCY: INFER})]
    gaps = measure_gaps(times, series)
    if not gaps.missing and not gaps.uneven:
        reason = f"all {counted(len(apart), 'step')} have this length"
        return [Finding("step", _named(gaps.step), CERTAIN, reason, {FREQUENCY: INFER})]
    if series is None and are_business_days(times):
        reason = "all rows lie from Monday to Friday; the next row is taken as the next step"
        found = f"business days, {counted(gaps.missing - _weekends(times), 'day')} missing"
        return [Finding("step", found, LIKELY, reason, {FREQUENCY: ROWS})]
    share = f"{100 * gaps.share:.3g} % of the steps"
    if gaps.uneven:
        reason = f"{share} are {_named(gaps.step)}; {counted(gaps.uneven, 'row lies', 'rows lie')} between"
        choices = ({FREQUENCY: name} for name in (*_finer(apart), ROWS))
        return [Finding("step", "uneven", OPEN, reason, choices=tuple(choices))]
    return [
        Finding("step", _named(gaps.step), CERTAIN, f"{share}", {FREQUENCY: INFER}),
        _gaps(gaps),
    ]


def _finer(apart: np.ndarray) -> list[str]:
    """Name the step that fits all rows, if it is not much finer than the usual one."""
    values, counts = np.unique(apart, return_counts=True)
    usual, common = int(values[counts.argmax()]), int(np.gcd.reduce(values))
    return [_frequency(common)] if common * FINEST >= usual else []


def _gaps(gaps: Gaps) -> Finding:
    where = f"the longest of {counted(gaps.longest, 'step')}, from {gaps.start} to {gaps.stop}"
    return Finding("gaps", f"{counted(gaps.missing, 'row')} missing", CERTAIN, where)


def choose_gaps(n_missing: int, longest: int) -> list[Finding]:
    """Propose what is done about missing rows and cells; nothing where there are none.

    Args:
        n_missing: Rows and cells that are missing.
        longest: The longest run of them, in steps.
    """
    if not n_missing:
        return []
    if longest <= SHORT:
        found = f"no gap is longer than {counted(SHORT, 'step')}: filled where a window reads one, never predicted"
        return [
            Finding("missing", found, GUESS, settings={"gaps": "interpolate", "max_gap": SHORT})
        ]
    found = "windows with a missing value are left out"
    return [
        Finding("missing", found, GUESS, f"the longest gap is {longest:,} steps", {"gaps": "skip"})
    ]


def measure_gaps(
    times: pd.DatetimeIndex, series: np.ndarray | None, *, frequency: str = INFER
) -> Gaps:
    """Measure how the rows of each series lie on a step.

    Args:
        times: (rows,) Rising within each series.
        series: (rows,) The series of each row, as a number; None for one.
        frequency: The step; `infer` takes that which most rows have, as does one of the calendar.
    """
    codes = np.zeros(len(times), dtype=np.int64) if series is None else series
    apart = _apart(times, codes)
    values, counts = np.unique(apart, return_counts=True)
    step = int(values[counts.argmax()])
    if frequency != INFER:
        offset = parse_step(frequency, times[0])
        step = length_of(offset) if isinstance(offset, Tick | Day) else step
    whole, rest = np.divmod(apart, step)
    at = int(np.where(rest == 0, whole, 0).argmax())
    ordered = _ordered(times, codes)
    first = np.flatnonzero(_inside(codes))[at]
    return Gaps(
        _frequency(step),
        int((rest != 0).sum()),
        int(np.where(rest == 0, whole - 1, 0).sum()),
        int(whole[at]) - 1,
        ordered[first],
        ordered[first + 1],
        float((apart == step).mean()),
    )


def step_in_words(times: pd.DatetimeIndex) -> str:
    """Name the step of one series, such as `every hour`; without one, say that rows are steps."""
    apart = np.diff(times.asi8)
    if len(apart) and (apart == apart[0]).all():
        return _named(_frequency(int(apart[0])))
    calendar = _calendar_step(times, apart)
    return "each row a step" if calendar is None else _named(calendar)


def _frequency(length: int) -> str:
    """Name a step of so many microseconds as pandas does."""
    days, rest = divmod(length, DAY)
    return f"{days}D" if not rest else str(to_offset(pd.Timedelta(length, unit="us")).freqstr)


def _ordered(times: pd.DatetimeIndex, codes: np.ndarray) -> pd.DatetimeIndex:
    """Put series below each other; within each the rows keep their order."""
    return times if (np.diff(codes) >= 0).all() else times[np.argsort(codes, kind="stable")]


def _inside(codes: np.ndarray) -> np.ndarray:
    """Mark the steps inside a series. (rows - 1,) bool."""
    return np.diff(np.sort(codes)) == 0


def _apart(times: pd.DatetimeIndex, codes: np.ndarray) -> np.ndarray:
    """Return the microseconds from each row to the next of its series."""
    return np.diff(_ordered(times, codes).asi8)[_inside(codes)]


def _calendar_step(times: pd.DatetimeIndex, apart: np.ndarray) -> str | None:
    """Name a step of the calendar such as months that all rows have."""
    if not len(apart) or (apart == apart[0]).all():
        return None
    unique = times.unique().sort_values()
    with pd.option_context("future.infer_freq_returns_offset", True):
        step = pd.infer_freq(unique) if len(unique) > 2 else None
    if step is None or isinstance(step, Tick | Day):
        return None
    return str(step.freqstr)


def _named(step: str) -> str:
    """Write a step in words: `every hour`, `every 15 minutes`."""
    base = step.split("-")[0]
    digits = base[: len(base) - len(base.lstrip("0123456789"))]
    name = NAMES.get(base[len(digits) :])
    if name is None:
        return f"every {step}"
    return f"every {name}" if digits in ("", "1") else f"every {digits} {name}s"


def _weekends(times: pd.DatetimeIndex) -> int:
    """Count the days of weekends between the first date and the last."""
    first, last = times[0].date(), times[-1].date()
    return (last - first).days + 1 - (int(np.busday_count(first, last)) + 1)


def _disorder(times: pd.DatetimeIndex, apart: np.ndarray) -> Finding:
    doubled, back = int((apart == 0).sum()), int((apart < 0).sum())
    counts = [
        counted(n, one, many)
        for n, one, many in (
            (doubled, "doubled time", "doubled times"),
            (back, "time lies before the one above", "times lie before the one above"),
        )
        if n
    ]
    return Finding("order", ", ".join(counts), PROBLEM, "no column tells such rows apart")
