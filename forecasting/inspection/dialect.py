"""The dialect of a table of text: separator, lines above the header, comments, units, lines at the end."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forecasting.inspection.cells import CLOCK, DATE, MISSING, NUMBER, is_unit, kind_of, kinds_of

SEPARATORS = ",;\t| "
COMMENTS = "#%!/"
JUDGED = 1_000  # lines by which the separator is judged
TIME_WORD = re.compile(
    r"(date|time|timestamp|datetime|ds|datum|zeit|uhrzeit|fecha|hora|data|month|year|day|hour|"
    r"week|quarter|period|tmstamp|ts|t)\b|.*(date|time|stamp)",
    re.IGNORECASE,
)
SEPARATOR_LINE = re.compile(r"""["']?sep=(?P<mark>.)["']?[;,\t]*\s*""")
FOOTER = 50  # lines in which a footer is looked for

Row = list[str]


@dataclass(frozen=True)
class Dialect:
    """How the lines of a table are to be read.

    Attributes:
        separator: The mark between cells.
        others: Other marks that take the lines apart as well.
        fitting: Lines that have as many cells as most, of those judged.
        judged: How many lines were judged.
        n_cells: Cells of most lines.
        skip_rows: Lines above the header.
        header: The cells of the header; none if the first line is a row.
        sure_header: False if another line may be the header.
        units: The rows between the header and the first row of values.
        comment: What lines begin with that are no rows; None if there are none below the header.
        n_comments: How many lines begin with it, of those seen.
        footer: The lines below the last row.
        kinds: The kind of the cells of each column.
        first_row: The number of the first row's line, from 0.
    """

    separator: str
    others: list[str]
    fitting: int
    judged: int
    n_cells: int
    skip_rows: int
    header: Row
    sure_header: bool
    units: list[Row]
    comment: str | None
    n_comments: int
    footer: list[str]
    kinds: list[str]
    first_row: int


def split_line(line: str, separator: str) -> Row:
    """Split one line into its cells, quotes removed; what no reader can split is one cell."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line]


def find_dialect(
    head: Sequence[str],
    tail: Sequence[str] = (),
    *,
    separator: str | None = None,
    skip_rows: int | None = None,
) -> Dialect | None:
    """Find the dialect of a table of text.

    Args:
        head: Its first lines, without their ends.
        tail: Its last lines; none if the head is the whole table.
        separator: The mark between cells where it is known.
        skip_rows: The lines above the header where they are known.

    Returns:
        None if no mark separates the lines into two cells or more.
    """
    said = SEPARATOR_LINE.fullmatch(head[0]) if head else None
    separator = separator or (said["mark"] if said else None)
    comment = _comment(head)
    judged = _judged([line for line in head if line.strip() and not _is_comment(line, comment)])
    marks = SEPARATORS if separator is None else separator
    fits = {mark: _fit(judged, mark) for mark in marks}
    best = max(fits, key=fits.__getitem__)
    if fits[best][1] < 2:
        return None
    as_good = [mark for mark in fits if mark != best and fits[mark][0] == fits[best][0]]
    return _structure(
        head,
        tail,
        judged,
        separator=best,
        others=as_good,
        comment=comment,
        skip_rows=skip_rows,
    )


def _structure(
    head: Sequence[str],
    tail: Sequence[str],
    judged: Sequence[str],
    *,
    separator: str,
    others: list[str],
    comment: str | None,
    skip_rows: int | None,
) -> Dialect:
    """Find header, units and footer, once the separator is known."""
    rows = [split_line(line, separator) for line in judged]
    n_cells = _usual(rows)
    kinds = kinds_of(list(zip(*(row for row in rows if len(row) == n_cells), strict=True)))
    numbered = [
        (number, split_line(line, separator))
        for number, line in enumerate(head)
        if line.strip() and not _is_comment(line, comment)
    ]
    start = _first_row(numbered, kinds)
    first_row = numbered[start][0] if start < len(numbered) else len(head)
    above = _wide(numbered[:start], n_cells)
    if not above and comment is not None:  # the header itself begins with the mark, as in NumPy's
        above = _wide(
            [(n, split_line(line, separator)) for n, line in enumerate(head[:first_row])][-1:],
            n_cells,
        )
    if skip_rows is not None:
        above = [(number, row) for number, row in above if number >= skip_rows][:1]
    at, sure = _header(above, kinds)
    number, header = above[at] if above else (0, [])
    inside = [line for line in head[number + 1 :] if _is_comment(line, comment)]
    return Dialect(
        separator=separator,
        others=others,
        fitting=sum(len(row) == n_cells for row in rows),
        judged=len(rows),
        n_cells=n_cells,
        skip_rows=0 if number == 1 and SEPARATOR_LINE.fullmatch(head[0]) else number,
        header=[cell.strip() for cell in header],
        sure_header=sure,
        units=[row for line, row in numbered[:start] if header and number < line < first_row],
        comment=comment if inside else None,
        n_comments=len(inside),
        footer=_footer(tail or head[first_row:], separator, kinds, comment),
        kinds=kinds,
        first_row=first_row,
    )


def _comment(head: Sequence[str]) -> str | None:
    """Return the mark that some lines begin with, but not most."""
    for mark in COMMENTS:
        marked = sum(line.startswith(mark) for line in head)
        if 0 < marked < max(2, len(head) // 2):
            return mark
    return None


def _is_comment(line: str, comment: str | None) -> bool:
    return comment is not None and line.startswith(comment)


def _judged(lines: Sequence[str]) -> Sequence[str]:
    """Leave out the first quarter, at most twenty lines, where a preamble may stand."""
    return lines[min(20, len(lines) // 4) :][:JUDGED]


def _usual(rows: Sequence[Row]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _fit(lines: Sequence[str], mark: str) -> tuple[float, int]:
    """Rate a separator: by the lines with the usual number of cells, and the columns of values then."""
    rows = [split_line(line, mark) for line in lines]
    usual = _usual(rows)
    whole = [row for row in rows if len(row) == usual]
    if usual < 2 or 2 * len(whole) < len(rows):
        return 0, 0
    kinds = kinds_of(list(zip(*whole, strict=True)))
    typed = sum(kind in (NUMBER, DATE, CLOCK) for kind in kinds) / usual
    return round(len(whole) / len(rows) * (0.1 + typed), 2), usual


def _wide(rows: Sequence[tuple[int, Row]], n_cells: int) -> list[tuple[int, Row]]:
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


def _first_row(numbered: Sequence[tuple[int, Row]], kinds: Sequence[str]) -> int:
    if not any(kind in (NUMBER, DATE, CLOCK) for kind in kinds):
        return min(1, len(numbered))
    return next((at for at, (_, row) in enumerate(numbered) if _is_row(row, kinds)), len(numbered))


def _header(above: Sequence[tuple[int, Row]], kinds: Sequence[str]) -> tuple[int, bool]:
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


def _footer(
    lines: Sequence[str], separator: str, kinds: Sequence[str], comment: str | None
) -> list[str]:
    """Return the lines below the last row."""
    written = [line for line in lines if line.strip() and not _is_comment(line, comment)]
    below: list[str] = []
    for line in reversed(written[-FOOTER:]):
        if _is_row(split_line(line, separator), kinds):
            return below[::-1]
        below.append(line)
    return []
