"""Which formats read all times of a column: those that a cell allows are tried on every cell."""

import re
from collections.abc import Sequence
from itertools import product

import pandas as pd

from forecasting.data.time_formats import ISO8601, UNIX

UNIX_S, UNIX_MS = UNIX
EPOCH_DIGITS = {10: UNIX_S, 13: UNIX_MS}
MARKED = re.compile(r"(\d+)(\D)(\d+)\2(\d+)")  # 1/3/2024
MONTH_NAME = re.compile(r"(?P<a>\d*)(?P<m1>[-/., ]*)(?P<name>[A-Za-z]{3,9})(?P<m2>[-/., ]*)(?P<b>\d+)(?P<m3>,? )?(?P<c>\d{4})?")  # fmt: skip
CLOCK = re.compile(
    r"(?P<h>\d{1,2})(?P<mark>[:.h])(?P<m>\d{2})((?P<mark2>[:.])(?P<s>\d{2})(?P<f>\.\d+)?)?"
    r"(?P<p> ?[AaPp][Mm])?(?P<z> ?(Z|[+-]\d{2}:?\d{2}))?"
)
SPLIT = re.compile(r"(?P<date>.*?\d)(?P<gap>T|,?\s+)(?P<clock>\d{1,2}([:.h]\d{2}.*)?)")
PACKED = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def fitting_formats(texts: Sequence[str]) -> list[str]:
    """List every format that reads all of the texts.

    Args:
        texts: The cells that are not missing; time and date joined by a space if they are apart.

    Returns:
        `ISO8601` alone if it fits; `unix_s`, `unix_ms`, or formats of `strptime`; of two that differ
        in the order of day and month both.
    """
    if not texts:
        return []
    epoch = _epoch(texts)
    if epoch is not None and not _is_packed(texts):
        return [epoch]
    if not texts[0].strip().isdecimal() and reads_all(texts, ISO8601):
        return [ISO8601]
    return [each for each in _formats_of_ends(texts) if reads_all(texts, each)]


def _formats_of_ends(texts: Sequence[str]) -> list[str]:
    """List the formats that the first text or the last allows."""
    return list(dict.fromkeys(_candidates(texts[0].strip()) + _candidates(texts[-1].strip())))


def nearest_format(texts: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the format that reads most texts, and those that it does not; None if it reads few."""
    candidates = [ISO8601, *_formats_of_ends(texts)] if texts else []
    unread = {
        each: [text for text, bad in zip(texts, parsed(texts, each).isna(), strict=True) if bad]
        for each in candidates
    }
    best = min(candidates, key=lambda each: len(unread[each]), default=None)
    if best is None or 2 * len(unread[best]) > len(texts):
        return None, []
    return best, unread[best]


def reads_all(texts: Sequence[str], time_format: str) -> bool:
    """Return True if the format reads every text."""
    return bool(parsed(texts, time_format).notna().all())


def parsed(texts: Sequence[str], time_format: str) -> pd.DatetimeIndex:
    """Read texts as instants, or as local times without a zone; unreadable ones are NaT."""
    numbers = time_format in UNIX
    source = pd.Series(list(texts), dtype=object)
    if numbers:
        unit = "s" if time_format == UNIX_S else "ms"
        return pd.DatetimeIndex(pd.to_datetime(pd.to_numeric(source, errors="coerce"), unit=unit))
    try:
        read = pd.to_datetime(source, format=time_format, errors="coerce")
    except ValueError:  # offsets that differ
        read = pd.to_datetime(source, format=time_format, errors="coerce", utc=True)
    times = pd.DatetimeIndex(read)
    return times if times.tz is None else times.tz_convert(None)


def _epoch(texts: Sequence[str]) -> str | None:
    whole = [text.strip().removesuffix(".0") for text in texts]
    if not all(text.isdecimal() and text.isascii() for text in whole):
        return None
    lengths = {len(text) for text in whole}
    return EPOCH_DIGITS.get(lengths.pop()) if len(lengths) == 1 else None


def _is_packed(texts: Sequence[str]) -> bool:
    """Return True for ten digits that are year, month, day and hour, of a year that is likely."""
    hours = parsed(texts, PACKED[10])
    return bool(hours.notna().all() and (hours.year >= 1900).all() and (hours.year <= 2100).all())


def _candidates(text: str) -> list[str]:
    """List the formats that the shape of a text allows."""
    apart = SPLIT.fullmatch(text)
    dates = _date_formats(apart["date"] if apart else text)
    if apart is None:
        return dates
    clocks = _clock_formats(apart["clock"])
    return [f"{date}{apart['gap']}{clock}" for date, clock in product(dates, clocks)]


def _date_formats(text: str) -> list[str]:
    if text.isdecimal():
        return [PACKED[len(text)]] if len(text) in PACKED else []
    marked = MARKED.fullmatch(text)
    if marked is not None:
        mark = marked[2]
        year = "%Y" if 4 in (len(marked[1]), len(marked[4])) else "%y"
        first = [["%Y", "%m", "%d"]] if len(marked[1]) == 4 else []
        last = [["%d", "%m", year], ["%m", "%d", year]] if len(marked[1]) <= 2 else []
        short = [["%y", "%m", "%d"]] if year == "%y" else []
        return [mark.join(parts) for parts in [*first, *last, *short]]
    two = re.fullmatch(r"(\d{1,2})(\D)\d{4}|\d{4}(\D)\d{1,2}", text)
    if two is not None:
        return [f"%m{two[2]}%Y"] if two[2] else [f"%Y{two[3]}%m"]
    if len(text.split()) in (3, 4) and all(part.isdecimal() for part in text.split()):
        return [" ".join(["%Y", "%m", "%d", "%H"][: len(text.split())])]
    return _named_month(text)


def _named_month(text: str) -> list[str]:
    """List formats of dates with a month's name, such as 1-Mar-2024 or March 1, 2024."""
    found = MONTH_NAME.fullmatch(text)
    if found is None:
        return []
    month = ["%b"] if len(found["name"]) == 3 else ["%B"]
    if found["name"].lower() == "may":
        month = ["%b", "%B"]
    if found["c"]:  # March 1, 2024
        return [f"{m}{found['m2']}%d{found['m3'] or ''}%Y" for m in month] if not found["a"] else []
    year = "%Y" if len(found["b"]) == 4 else "%y"
    day = "%d" if found["a"] else ""
    return [f"{day}{found['m1']}{m}{found['m2']}{year}" for m in month]


def _clock_formats(text: str) -> list[str]:
    if text.isdecimal():
        return ["%H"]
    found = CLOCK.fullmatch(text)
    if found is None:
        return []
    hour = "%I" if found["p"] else "%H"
    seconds = f"{found['mark2']}%S" if found["s"] else ""
    fraction = ".%f" if found["f"] else ""
    half = found["p"] and found["p"][:-2] + "%p"
    zone = found["z"] and (" %z" if found["z"].startswith(" ") else "%z")
    return [f"{hour}{found['mark']}%M{seconds}{fraction}{half or ''}{zone or ''}"]
