"""Which columns hold the time of a row, and in which format."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from forecasting.inspection.cells import CLOCK, DATE, MISSING, NUMBER, kind_of
from forecasting.inspection.findings import (
    CERTAIN,
    GUESS,
    LIKELY,
    OPEN,
    PROBLEM,
    Finding,
    Setting,
    counted,
    listed,
)
from forecasting.inspection.lines import TIME_WORD
from forecasting.inspection.times import fitting_formats, nearest_format, parsed

PARTS = ("year", "month", "day", "hour", "minute", "second")
PART_NAMES = {
    "year": "year yr yyyy año ano jahr annee",
    "month": "month mon mo mm mes monat mois",
    "day": "day dy dd dia día tag jour",
    "hour": "hour hr hh hora stunde heure",
    "minute": "minute min mi minuto",
    "second": "second sec ss segundo sekunde",
}
LARGEST = {"month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59}
PART_FORMATS = ("%Y", "%m", "%d", "%H", "%M", "%S")
YEARS = re.compile(r"(1[89]|20|21)\d{2}(\.0)?")
TRIED = 5_000  # texts on which formats are tried


@dataclass(frozen=True)
class Column:
    """A column of a table, as far as it was seen.

    Attributes:
        name: Its name in the header.
        kind: What most of its cells are.
        cells: Its cells as text, those of a part of the rows.
    """

    name: str
    kind: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Candidate:
    """Columns that may be the time, and the formats that read all of their texts.

    Attributes:
        names: The columns, whose texts are joined by a space.
        formats: At least one.
        said: Whether a name or the kind of the cells speaks for it, not its numbers alone.
        rises: Whether the times that were seen come in order, none twice.
    """

    names: tuple[str, ...]
    formats: tuple[str, ...]
    said: bool
    rises: bool


def describe_time(
    columns: Sequence[Column],
    *,
    names: Sequence[str] | None = None,
    time_format: str | None = None,
) -> list[Finding]:
    """Find the columns of times.

    Args:
        columns: All of the table.
        names: The columns of times where they are known.
        time_format: The format where it is known.

    Returns:
        Findings about the columns and about their format; a problem if nothing can be a time.
    """
    if names is None:
        candidates = list(_candidates(columns, time_format))
    else:
        known = [column for name in names for column in columns if column.name == name]
        candidates = list(_candidate(known, time_format, said=True)) if known else []
    if not candidates and names is not None:
        return []  # what is wrong is said where they are read
    if not candidates:
        return [_no_times(columns)]
    best = max(candidates, key=lambda c: (c.said, c.rises, len(c.names)))
    names = " and ".join(map(repr, best.names))
    others = [" ".join(c.names) for c in candidates if not set(c.names) & set(best.names)]
    reason = f"; {listed(others)} may be too" if others else ""
    sure = CERTAIN if best.said and not others else LIKELY if best.said else GUESS
    value: Setting = best.names[0] if len(best.names) == 1 else list(best.names)
    why = "its cells are times" if best.said else "its numbers can be read as times"
    found = Finding("time", names, sure, f"{why}{reason}", {"time": value})
    return [found, _format(best, columns)]


def _no_times(columns: Sequence[Column]) -> Finding:
    """Say which cell keeps a column of dates from being the time, if there is such a column."""
    for column in columns:
        texts = _texts([column]) if column.kind == DATE else []
        best, unread = nearest_format(texts)
        if best is not None and not column.name:
            return Finding("time", "a column without a name", PROBLEM, "name it in the header")
        if best is not None and unread:
            found = f"{column.name!r}, but {counted(len(unread), 'cell')} of it cannot be read"
            return Finding("time", found, PROBLEM, f"{best} does not read {unread[0]!r}")
    return Finding("time", "no column of times", PROBLEM, "no column is read by a known format")


def _format(best: Candidate, columns: Sequence[Column]) -> Finding:
    texts = _texts([_named(columns, name) for name in best.names])
    tried = f"read all {len(texts):,} different times that were tried"
    formats = best.formats
    even = [each for each in formats if len(formats) > 1 and _is_even(parsed(texts, each))]
    if len(formats) == 1:
        return _format_found(formats[0], CERTAIN, tried.replace("read", "reads", 1))
    if len(even) == 1:
        others = listed(each for each in formats if each != even[0])
        return _format_found(even[0], LIKELY, f"its steps are even, those of {others} are not")
    choices = tuple({"time_format": each} for each in formats)
    return Finding("time format", f"{' or '.join(formats)}", OPEN, f"both {tried}", choices=choices)


def _format_found(time_format: str, sure: str, reason: str) -> Finding:
    return Finding("time format", time_format, sure, reason, {"time_format": time_format})


def _candidates(columns: Sequence[Column], time_format: str | None) -> Iterator[Candidate]:
    """Yield every choice of columns that a format reads, the usual ones first."""
    dates = [column for column in columns if column.kind == DATE]
    clocks = [column for column in columns if column.kind == CLOCK]
    for column in dates:
        if clocks and not any(":" in cell for cell in column.cells[:20]):
            yield from _candidate([column, clocks[0]], time_format, said=True)
        else:
            hours = _part(columns, "hour")
            if hours is not None and ":" not in column.cells[0]:
                yield from _candidate([column, hours], time_format, said=True)
            yield from _candidate([column], time_format, said=True)
    parts = [_part(columns, part) for part in PARTS]
    if not dates and parts[0] is not None:
        given = [part for part in parts if part is not None]
        if given == [part for part in parts[: len(given)]]:
            known = " ".join(PART_FORMATS[: len(given)])
            yield from _candidate(given, time_format or known, said=True)
    if not dates:
        numbers = [c for c in columns if c.kind == NUMBER and _may_be_times(c)]
        for column in numbers:
            said = TIME_WORD.match(column.name) is not None
            yield from _candidate([column], time_format, said=said)


def _candidate(
    columns: Sequence[Column], time_format: str | None, *, said: bool
) -> Iterator[Candidate]:
    texts = _texts(columns)
    formats = fitting_formats(texts) if time_format is None else [time_format]
    names = tuple(column.name for column in columns)
    if texts and formats and all(names):
        times = parsed(texts, formats[0])
        if times.notna().all():
            rises = bool(times.is_monotonic_increasing and times.is_unique)
            yield Candidate(names, tuple(formats), said, rises)


def _texts(columns: Sequence[Column]) -> list[str]:
    """Join the cells of each row, as the raw table's reader does; every text once, without empty ones."""
    rows = zip(*(column.cells for column in columns), strict=True)
    joined = (" ".join(row) for row in rows if all(kind_of(cell) != MISSING for cell in row))
    texts = list(dict.fromkeys(joined))
    return texts[:: max(1, len(texts) // TRIED)]


def _named(columns: Sequence[Column], name: str) -> Column:
    return next(column for column in columns if column.name == name)


def _part(columns: Sequence[Column], part: str) -> Column | None:
    """Find the column that holds a part of the time, such as the month, by name and numbers."""
    for column in columns:
        if column.kind != NUMBER or column.name.lower().strip() not in PART_NAMES[part].split():
            continue
        if part == "year" and all(map(YEARS.fullmatch, column.cells)):
            return column
        if part != "year" and all(
            cell.strip().isdecimal() and int(cell) <= LARGEST[part] for cell in column.cells
        ):
            return column
    return None


def _may_be_times(column: Column) -> bool:
    """Return True for numbers with as many digits as times have; years only by their column's name."""
    first = column.cells[0].strip().removesuffix(".0") if column.cells else ""
    if not first.isdecimal():
        return False
    if len(first) == 4:
        return TIME_WORD.match(column.name) is not None and YEARS.fullmatch(first) is not None
    return len(first) in (6, 8, 10, 12, 13, 14)


def _is_even(times: pd.DatetimeIndex) -> bool:
    """Return True if the times, put in order, have one step, or one of the calendar."""
    ordered = times.unique().sort_values()
    if len(ordered) < 3:
        return False
    if len(set(ordered.to_series().diff().dropna())) == 1:
        return True
    with pd.option_context("future.infer_freq_returns_offset", True):
        return pd.infer_freq(ordered) is not None
