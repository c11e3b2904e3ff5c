"""Times as a stage has them, from text or typed."""

from typing import Any

import pandas as pd

from forecasting.data.timestamps import parse_times, settle, typed_times


def times_from(texts: Any, *, time_format: str = "ISO8601", **settled: Any) -> pd.DatetimeIndex:
    """Read texts of the column `time`; more arguments are those of `settle`."""
    clock = parse_times(pd.Series(texts, dtype=object), column="time", time_format=time_format)
    return settle(clock, column="time", **settled)


def times_of_type(times: pd.DatetimeIndex, **settled: Any) -> pd.DatetimeIndex:
    """Take typed times of the column `time`; more arguments are those of `settle`."""
    return settle(typed_times(times), column="time", **settled)
