"""The formats of times: which can be used, and what a time in one looks like."""

import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from foundation.errors import ParamsError, quoted

ISO8601 = "ISO8601"
UNIX = {"unix_s": 1_000_000, "unix_ms": 1_000}  # since 1970-01-01 UTC: microseconds of one unit
EXAMPLE = datetime(2016, 7, 1, tzinfo=UTC)
WITNESS = datetime(2017, 11, 23, 14, 35, 46, 123456, tzinfo=UTC)  # shows what a format leaves out
UNITS = ("Y", "M", "D", "h", "m", "s", "us")
DIGITS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}


def example_of(time_format: str) -> str:
    """Write a time in a format, which shows it, and whether it can be used.

    Raises:
        ParamsError: It cannot be used, or leaves out a part of the time such as the date.
    """
    if time_format in UNIX:
        return f"{int(EXAMPLE.timestamp() * 1_000_000) // UNIX[time_format]}"
    if time_format == ISO8601:
        return "2016-07-01 00:00:00"
    try:
        text = EXAMPLE.strftime(time_format)
        pd.to_datetime(text, format=time_format)
    except (ValueError, re.error) as unusable:
        raise ParamsError(
            f"ingest.time_format={quoted(time_format)} cannot be used ({unusable}). Write ISO8601, "
            'unix_s, unix_ms, or a format of strptime such as "%d.%m.%Y %H:%M".'
        ) from None
    _check_whole(time_format)
    return text


def _check_whole(time_format: str) -> None:
    """Refuse a format that leaves out a part between two that it has, or the year."""
    text = WITNESS.strftime(time_format)
    read = pd.to_datetime(text, format=time_format)
    read = read if read.tzinfo is None else read.tz_convert(None)
    meant = np.datetime64(WITNESS.replace(tzinfo=None))
    if all(read.to_datetime64() != meant.astype(f"datetime64[{unit}]") for unit in UNITS):
        raise ParamsError(
            f"ingest.time_format={quoted(time_format)} does not hold the whole time: it writes "
            f"{WITNESS:%Y-%m-%d %H:%M:%S} as {text!r}, which reads as {read:%Y-%m-%d %H:%M:%S}. Write a "
            "format with year, month, day and every unit down to the finest (%p with %I); if date "
            "and time stand in two columns, list both in ingest.time."
        )


def as_iso8601(time_format: str) -> tuple[str, str] | None:
    """Return a regular expression of a format in digits, and what rewrites its texts to ISO 8601.

    Returns:
        The pattern and the replacement; None if the format has other parts than zero-padded
        numbers, such as names of months.
    """
    parts = re.findall(r"%(.)|([^%])", time_format)
    names = [name for name, _ in parts if name]
    if not {"Y", "m", "d"} <= set(names) <= set(DIGITS) or len(names) != len(set(names)):
        return None
    pattern = "".join(
        rf"(\d{{{DIGITS[name]}}})" if name else re.escape(text) for name, text in parts
    )
    place = {name: rf"\{number}" for number, name in enumerate(names, start=1)}
    clock = ":".join(place[name] for name in "HMS" if name in place)
    date = f"{place['Y']}-{place['m']}-{place['d']}"
    return f"^{pattern}$", f"{date} {clock}".strip()
