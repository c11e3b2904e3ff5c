"""Reading a sheet of an Excel file as text, so that all options for text hold for it too."""

import csv
import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from foundation.errors import DataError, quoted
from foundation.params.ingest import Ingest

UNREADABLE = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, EOFError, TypeError)


def sheet_as_text(path: Path, ingest: Ingest) -> bytes:
    """Write a sheet as text in UTF-8, with commas between cells; a blank row becomes a blank line.

    Numbers are written in full with the decimal mark of `ingest`, times as its format asks.

    Raises:
        DataError: The file is not an Excel file, or the sheet is not clear.
    """
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # of styles and extensions, which hold no values
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            rows = [
                list(_shown(row)) for row in _sheet(book, path, ingest).iter_rows(values_only=True)
            ]
            book.close()
    except UNREADABLE as broken:
        raise DataError(
            f"The raw table {path} is not a valid Excel file: {' '.join(str(broken).split())}. Save it "
            "again as .xlsx, or as a CSV."
        ) from None
    width = len(rows[ingest.skip_rows]) if ingest.skip_rows < len(rows) else 0
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    for row in rows:
        if row:
            writer.writerow([_text(cell, ingest) for cell in row] + [""] * (width - len(row)))
        else:
            sink.write("\n")
    return sink.getvalue().encode()


def _sheet(book: Any, path: Path, ingest: Ingest) -> Any:
    names = book.sheetnames
    found = ", ".join(map(quoted, names[:8])) + (", ..." if len(names) > 8 else "")
    if ingest.sheet is None and len(names) > 1:
        raise DataError(
            f"The raw table {path} has more than one sheet: {found}.", "Name one with ingest.sheet."
        )
    if ingest.sheet is not None and ingest.sheet not in names:
        raise DataError(
            f"The raw table {path} has no sheet {quoted(ingest.sheet)} (ingest.sheet); it has {found}.",
            "Correct ingest.sheet.",
        )
    return book[ingest.sheet or names[0]]


def _shown(row: tuple[Any, ...]) -> Iterator[Any]:
    """Yield the cells up to the last that is filled."""
    filled = [place for place, cell in enumerate(row) if cell not in (None, "")]
    yield from row[: filled[-1] + 1 if filled else 0]


def _text(cell: Any, ingest: Ingest) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        return repr(cell).replace(".", ingest.decimal)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return _time_text(cell, ingest)
    return " ".join(str(cell).splitlines())


def _time_text(cell: dt.datetime | dt.date | dt.time, ingest: Ingest) -> str:
    """Write a time as the format asks; where several columns are joined, each its own part in ISO 8601."""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if "%" not in ingest.time_format or len(ingest.times) > 1 or isinstance(cell, dt.time):
        return str(cell)
    return cell.strftime(ingest.time_format)
