"""What the lines of a table of text are: rows, the header, units, comments, or a footer."""

import csv
import re
from collections.abc import Sequence

from forecasting.inspection.cells import CLOCK, DATE, MISSING, NUMBER, is_unit, kind_of

TIME_WORD = re.compile(
    r"(date|time|timestamp|datetime|ds|datum|zeit|uhrzeit|fecha|hora|data|month|year|day|hour|"
    r"week|quarter|period|tmstamp|ts|t)\b|.*(date|time|stamp)",
    re.IGNORECASE,
)
FOOTER = 50  # lines in which a footer is looked for

Row = list[str]


def split_line(line: str, separator: str) -> Row:
    """Split one line into its cells, quotes removed; what no reader can split is one cell."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line]


def is_comment(line: str, comment: str | None) -> bool:
    """Return True for a line that begins with the mark of comments, if there is one."""
    return comment is not None and line.startswith(comment)


def wide_rows(rows: Sequence[tuple[int, Row]], n_cells: int) -> list[tuple[int, Row]]:
    """Keep the rows that are as wide as the table; a mark at the end of each row makes one cell more."""
    return [(number, row) for number, row in rows if len(row) in (n_cells, n_cells - 1)]


def _is_row(row: Row, kinds: Sequence[str]) -> bool:
    """Return True if each date is one, and most numbers are numbers or missing, one at least."""
    if len(row) != len(kinds):
        return False
    found = [kind_of(cell) for cell in row]
    if any(f != k for f, k in zip(found, kinds, strict=True) if k in (DATE, CLOCK)):
        return False
    numbers = [f for f, k in zip(found, kinds, strict=True) if k == NUMBER]
    fits = sum(f in (NUMBER, MISSING) for f in numbers) >= 0.75 * len(numbers)
    return fits and (NUMBER in numbers or any(k in (DATE, CLOCK) for k in kinds) or not numbers)


def first_row_of(numbered: Sequence[tuple[int, Row]], kinds: Sequence[str]) -> int:
    """Return the place of the first row of values; of texts alone, the second line."""
    if not any(kind in (NUMBER, DATE, CLOCK) for kind in kinds):
        return min(1, len(numbered))
    return next((at for at, (_, row) in enumerate(numbered) if _is_row(row, kinds)), len(numbered))


def choose_header(above: Sequence[tuple[int, Row]], kinds: Sequence[str]) -> tuple[int, bool]:
    """Choose the row of names among those above the rows; False if another one is as good."""
    if not above:
        return 0, False
    rated = [_likeness(row, kinds) for _, row in above]
    best = max(rated)
    return rated.index(best), rated.count(best) == 1


def _likeness(row: Row, kinds: Sequence[str]) -> int:
    """Rate how much a row looks like the names of columns."""
    named = [cell.strip() for cell in row if cell.strip()]
    times = [cell for cell, kind in zip(row, kinds, strict=False) if kind in (DATE, CLOCK)]
    return (
        2 * any(TIME_WORD.match(cell.strip(" #%!/")) for cell in times or row[:1])
        + (len(named) >= len(row) - 1)
        + (len(set(named)) == len(named) > 0)
        + (not any(map(is_unit, named)))
        + (not any(kind_of(cell) in (NUMBER, DATE, CLOCK) for cell in named))
    )


def footer_of(
    lines: Sequence[str], separator: str, kinds: Sequence[str], comment: str | None
) -> list[str]:
    """Return the lines below the last row."""
    written = [line for line in lines if line.strip() and not is_comment(line, comment)]
    below: list[str] = []
    for line in reversed(written[-FOOTER:]):
        if _is_row(split_line(line, separator), kinds):
            return below[::-1]
        below.append(line)
    return []
