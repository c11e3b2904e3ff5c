"""What the marks in a CSV's numbers mean, decimal or thousands: shown by the file, never guessed.

Read with the wrong meaning, 1,000 is 1 next to 912. Whether a mark is the decimal mark is shown by
a cell such as 0.5, 12.25 or 1234.567. Without such a cell in the whole file, a column of whole
numbers up to 999 and of groups of three (912, 1,000) is refused; a column in which every cell has
three decimals (9.131, 10.626) is read as it is configured, as nothing but its unit is in doubt.
"""

import json
import re

import pyarrow as pa
import pyarrow.compute as pc

from forecasting.data.number_marks import GROUPING, THOUSANDS
from forecasting.data.timestamps import TIME_OF_DAY
from foundation.errors import DataError, quoted
from foundation.params.ingest import Ingest
from stages.storage.numbers import are_missing, is_plain

GROUPED = re.compile(  # 1,000 or 1,000,000.5 or 1,00,000
    rf"[+-]?[1-9]\d{{0,2}}(?P<mark>[{GROUPING}])(?P<more>(\d{{2,3}}(?P=mark))*)\d{{3}}"
    r"((?!(?P=mark))(?P<decimal>[.,])\d+)?"
)
WHOLE = r"^[+-]?[1-9]\d{0,2}$"
LONGEST_MARKER = 20  # characters of what may stand for a missing value
NEUTRAL = r"^[+-]?(0|9{3,})$"  # both meanings agree on zeros and on codes such as -9999


def check_marks(text: pa.Table, ingest: Ingest) -> None:
    """Refuse a column whose decimal mark seems to separate thousands.

    Args:
        text: The columns of numbers as text.
        ingest: Says which mark is the decimal one.

    Raises:
        DataError: One does; names its first such cell.
    """
    mark = ingest.decimal
    if _is_decimal(text, mark):
        return
    for name in text.column_names:
        if _is_in_thousands(text[name], mark, ingest):
            row = pc.index(_matches(text[name], _group(mark)), True).as_py()
            cell = text[name][row].as_py().strip()
            raise DataError(
                f"Column {quoted(name)}, row {row + 1}: {quoted(cell)} would be read as "
                f"{float(cell.replace(mark, '.'))}, but {mark!r} seems to separate thousands: every "
                "cell with it ends in a group of three digits, every other is a whole number up to "
                "999.",
                f"If it does, {_set_thousands(mark, None, ingest)}. If it is the decimal mark, "
                f"write all cells of the column with three decimals, such as 912{mark}000.",
            )


def number_problem(text: pa.Table, name: str, row: int, ingest: Ingest) -> DataError:
    """Describe a cell that is not a number, and what to do, judged by the cells of its file.

    Args:
        text: The columns of numbers as text.
        name: The cell's column.
        row: Its position, from 0.
        ingest: Says which mark is the decimal one.
    """
    cell = text[name][row].as_py()
    advice = _thousands_advice(text, name, cell, ingest) or _other_advice(
        text, name, cell, row, ingest
    )
    return DataError(
        f"Column {quoted(name)}, row {row + 1}: {quoted(cell)} is not a number.", advice
    )


def _group(mark: str) -> str:
    return rf"^[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}$"


def _matches(cells: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.match_substring_regex(pc.utf8_trim(cells, " \t"), pattern)


def _has_groups(text: pa.Table, mark: str) -> bool:
    groups = rf"^[+-]?[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})+([.,]\d+)?$"
    return any(pc.any(_matches(cells, groups)).as_py() for cells in text.columns)


def _is_decimal(text: pa.Table, mark: str) -> bool:
    """Return True if a cell is a number with the mark that cannot be thousands, such as 0.5."""
    number = rf"^[+-]?\d*{re.escape(mark)}\d*([eE][+-]?\d+)?$"
    return any(
        pc.any(pc.and_not(_matches(cells, number), _matches(cells, _group(mark)))).as_py()
        for cells in text.columns
    )


def _is_in_thousands(cells: pa.ChunkedArray, mark: str, ingest: Ingest) -> bool:
    """Return True for groups of three next to whole numbers up to 999, and nothing else."""
    grouped, whole = _matches(cells, _group(mark)), _matches(cells, WHOLE)
    missing = are_missing(cells, ingest)
    known = pc.or_(pc.or_(grouped, whole), pc.or_(_matches(cells, NEUTRAL), missing))
    return pc.all(known).as_py() and pc.any(grouped).as_py() and pc.any(whole).as_py()


def _thousands_advice(text: pa.Table, name: str, cell: str, ingest: Ingest) -> str | None:
    """Say what to do about a mark between thousands; None if there is none in the cell."""
    number = GROUPED.fullmatch(cell.strip(" \t"))
    if number is None:
        return None
    mark, decimal = number["mark"], number["decimal"]
    if number["more"] or decimal or mark not in ".,":
        return f"{mark!r} seems to separate thousands: {_set_thousands(mark, decimal, ingest)}."
    if _is_decimal(text, mark):
        return None
    if _is_in_thousands(text[name], mark, ingest):
        return f"{mark!r} seems to separate thousands: {_set_thousands(mark, None, ingest)}."
    return (
        f"The file does not show whether {mark!r} separates thousands or decimals. If thousands: "
        f"{_set_thousands(mark, None, ingest)}. If decimals: {_lower(_set_decimal(mark, ingest))}"
    )


def _other_advice(text: pa.Table, name: str, cell: str, row: int, ingest: Ingest) -> str:
    other = "," if ingest.decimal == "." else "."
    if re.fullmatch(TIME_OF_DAY, cell):
        return f"It is a time of day: set ingest.time: [{', '.join([*ingest.times, name])}]."
    if not is_plain(cell, other):
        marker = f"list it: ingest.missing_values: [{json.dumps(cell, ensure_ascii=False)}]"
        missing = marker if len(cell) <= LONGEST_MARKER else "empty it"
        units = "if the row holds units, set ingest.units_rows: 1; " if row == 0 else ""
        return (
            f"Correct the cell, or, if it stands for a missing value, {missing} (see ingest.gaps); "
            f"{units}or leave the column out of {ingest.parameter_of(name)}."
        )
    if _is_decimal(text, ingest.decimal):
        return (
            f"The file has numbers with '.' and with ',': write all of them with {ingest.decimal!r} "
            "(ingest.decimal)."
        )
    if _has_groups(text, ingest.decimal):
        return (
            f"{other!r} seems to be the decimal mark, and {ingest.decimal!r} to separate thousands: "
            f"{_set_thousands(ingest.decimal, other, ingest)}."
        )
    return f"{other!r} seems to be the decimal mark: {_lower(_set_decimal(other, ingest))}"


def _set_thousands(mark: str, decimal: str | None, ingest: Ingest) -> str:
    """Say how to read numbers with a mark between thousands, and with a decimal mark if one is known."""
    mark = THOUSANDS[mark]
    decimal = decimal or ingest.decimal
    if mark == decimal:
        decimal = "," if mark == "." else "."
    thousands = f'ingest.thousands: "{mark}"'
    if decimal == ingest.decimal:
        return f"set {thousands}"
    if decimal == ingest.separator:
        return f"set {thousands}, and write the decimals with another mark than {decimal!r}, as it separates the cells"
    return f'set {thousands} and ingest.decimal: "{decimal}"'


def _set_decimal(mark: str, ingest: Ingest) -> str:
    if mark == ingest.separator:
        return f"Write the numbers with {ingest.decimal!r}, as {mark!r} separates the cells."
    return f'Set ingest.decimal: "{mark}".'


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
