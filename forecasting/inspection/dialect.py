"""The dialect of a table of text: separator, lines above the header, comments, units, lines at the end."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forecasting.inspection.cells import CLOCK, DATE, NUMBER, kinds_of
from forecasting.inspection.lines import (
    Row,
    choose_header,
    first_row_of,
    footer_of,
    is_comment,
    split_line,
    wide_rows,
)

SEPARATORS = ",;\t| "
COMMENTS = "#%!/"
JUDGED = 1_000  # lines by which the separator is judged
SEPARATOR_LINE = re.compile(r"""["']?sep=(?P<mark>.)["']?[;,\t]*\s*""")


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
    judged = _judged([line for line in head if line.strip() and not is_comment(line, comment)])
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
        if line.strip() and not is_comment(line, comment)
    ]
    start = first_row_of(numbered, kinds)
    first_row = numbered[start][0] if start < len(numbered) else len(head)
    above = wide_rows(numbered[:start], n_cells)
    if not above and comment is not None:  # the header itself begins with the mark, as in NumPy's
        above = wide_rows(
            [(n, split_line(line, separator)) for n, line in enumerate(head[:first_row])][-1:],
            n_cells,
        )
    if skip_rows is not None:
        above = [(number, row) for number, row in above if number >= skip_rows][:1]
    at, sure = choose_header(above, kinds)
    number, header = above[at] if above else (0, [])
    inside = [line for line in head[number + 1 :] if is_comment(line, comment)]
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
        footer=footer_of(tail or head[first_row:], separator, kinds, comment),
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
