"""Reading a CSV through Arrow; what cannot be read is named by row and column.

Rows are counted from 1, without the header.
"""

import codecs
import csv
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from foundation.errors import DataError, ParamsError, quoted
from foundation.params.ingest import Ingest
from stages.storage.marks import check_marks, is_number, number_problem

LONGEST_HEADER = 1_000_000  # characters; a file with a longer first line is not a table

RowHandler = Callable[[pyarrow.csv.InvalidRow], str]


def read_columns(path: Path, header: list[str], ingest: Ingest, features: list[str]) -> pa.Table:
    """Read the time as text and the features as numbers, empty cells as null.

    Raises:
        DataError: A row or a cell is not what it should be.
    """
    types = {ingest.time: pa.string()} | dict.fromkeys(features, pa.float64())
    try:
        table = _arrow_csv(path, header, ingest, types)
    except (pa.ArrowInvalid, UnicodeDecodeError) as invalid:
        raise _explained(path, header, ingest, features, invalid) from None
    check_marks(read_text(path, header, ingest, features), ingest)
    return table


def read_text(
    path: Path,
    header: list[str],
    ingest: Ingest,
    columns: list[str],
    *,
    kind: pa.DataType = pa.string(),  # noqa: B008  a value, never changed
) -> pa.Table:
    """Read columns as the cells have them; the rows are known to be whole."""
    return _arrow_csv(path, header, ingest, dict.fromkeys(columns, kind))


def read_header(path: Path, ingest: Ingest) -> list[str]:
    """Read the names of the columns.

    Raises:
        DataError: The first line is not a header, or nothing follows it.
        ParamsError: The encoding is none.
    """
    _check_encoding(ingest.encoding)
    try:
        with path.open(encoding=ingest.encoding, errors="replace", newline="") as file:
            first = file.readline(LONGEST_HEADER).removeprefix("\ufeff")
    except UnicodeError as broken:  # UTF-16 without its mark
        raise DataError(
            f"The raw table {path} is not text in {ingest.encoding}: {broken}. Give a CSV or a Parquet "
            "file, or set ingest.encoding (such as utf-8)."
        ) from None
    if "\ufffd" in first or "\0" in first:
        raise _not_text(path, ingest)
    try:
        (names,) = csv.reader([first], delimiter=ingest.separator, strict=True)
    except (csv.Error, ValueError) as broken:
        raise DataError(
            f"The first line of the raw table {path} is not a header ({broken}): found "
            f"{quoted(first)}. Begin the table with the names of its columns, on one line."
        ) from None
    if not any(names):
        raise DataError(
            f"The first line of the raw table {path} is empty. Begin the table with the names of "
            "its columns."
        )
    if not first.endswith(("\n", "\r")):
        raise no_rows(path)
    return [name.strip() for name in names]


def _check_encoding(name: str) -> None:
    try:
        known = codecs.lookup(name).incrementaldecoder is not None  # Arrow decodes piece by piece
        "".encode(name)  # refuses codecs that are not of text
    except (LookupError, ValueError):
        known = False
    if not known:
        raise ParamsError(
            f"ingest.encoding={quoted(name)} is not a known encoding. Write one such as utf-8 or latin-1."
        )


def _is_text(path: Path, ingest: Ingest) -> bool:
    try:
        with path.open(encoding=ingest.encoding) as file:
            for _ in file:
                pass
    except UnicodeDecodeError:
        return False
    return True


def _not_text(path: Path, ingest: Ingest) -> DataError:
    """Name the first line that is not text; a character that cannot be decoded is read as U+FFFD."""
    with path.open(encoding=ingest.encoding, errors="replace", newline="") as file:
        lines = ((row, line) for row, line in enumerate(file) if "\ufffd" in line or "\0" in line)
        row, line = next(lines, (0, ""))
    where = f"row {row}" if row else "its first line"
    return DataError(
        f"The raw table {path} is not text in {ingest.encoding}: found {quoted(line)} in {where}. "
        "Give a CSV or a Parquet file, or set ingest.encoding (such as latin-1)."
    )


def _arrow_csv(
    path: Path,
    header: list[str],
    ingest: Ingest,
    types: dict[str, pa.DataType],
    on_wrong_row: RowHandler | None = None,
) -> pa.Table:
    return pyarrow.csv.read_csv(
        pa.OSFile(str(path)),
        pyarrow.csv.ReadOptions(
            column_names=header,
            skip_rows=1,
            encoding=ingest.encoding,
            block_size=1 << 24,
            use_threads=on_wrong_row is None,  # only one thread knows the number of a row
        ),
        pyarrow.csv.ParseOptions(delimiter=ingest.separator, invalid_row_handler=on_wrong_row),
        pyarrow.csv.ConvertOptions(
            column_types=types, include_columns=list(types), decimal_point=ingest.decimal
        ),
    )


def _explained(
    path: Path, header: list[str], ingest: Ingest, features: list[str], invalid: Exception
) -> DataError:
    """Read the file again as text, and say which cell or row is wrong."""
    if not _is_text(path, ingest):
        return _not_text(path, ingest)
    wrong_rows: list[pyarrow.csv.InvalidRow] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        wrong_rows.append(row)
        return "skip"

    types = dict.fromkeys([ingest.time, *features], pa.string())
    try:
        text = _arrow_csv(path, header, ingest, types, note)
    except pa.ArrowInvalid as broken:
        return DataError(
            f"The raw table {path} is not a valid CSV: {one_line(broken)}. Repair the file."
        )
    if wrong_rows:
        row = wrong_rows[0]
        return DataError(
            f"Row {row.number - 1} of the raw table {path} has another number of cells "
            f"({row.actual_columns}) than the header ({row.expected_columns}): found "
            f"{quoted(row.text)}. Repair the row, or set ingest.separator and ingest.decimal as "
            "the file has them."
        )
    for name in features:
        for row, cell in enumerate(text[name].to_pylist()):
            if not is_number(cell, ingest.decimal):
                return number_problem(text.select(features), name, row, ingest)
    return DataError(f"The raw table {path} cannot be read: {one_line(invalid)}. Repair the file.")


def one_line(error: Exception) -> str:
    """Bring what a library says into one line."""
    return " ".join(str(error).split()).rstrip(".")


def no_rows(path: Path) -> DataError:
    """Say that the table holds nothing but its header."""
    return DataError(f"The raw table {path} has a header and no rows. Give a table with rows.")
