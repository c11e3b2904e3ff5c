"""What a raw table seems to be by a part of it: the kind of file, the dialect, its columns of times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from forecasting.inspection.cells import NUMBER, kinds_of
from forecasting.inspection.dialect import Dialect, find_dialect
from forecasting.inspection.dialect_findings import describe_lines, describe_separator
from forecasting.inspection.findings import (
    CERTAIN,
    GUESS,
    OPEN,
    Finding,
    Setting,
    listed,
    settings_of,
)
from forecasting.inspection.lines import split_line
from forecasting.inspection.numbers import describe_markers, describe_numbers
from forecasting.inspection.time_columns import Column, describe_time
from foundation.errors import DataError
from foundation.params.ingest import Ingest
from stages.storage.numbers import NULLS
from stages.storage.raw_tables import is_number_type, is_text_type, readable_parquet
from stages.storage.samples import (
    EXCEL,
    PARQUET,
    Lines,
    encoding_of,
    lines_of_file,
    lines_of_text,
)
from stages.storage.spreadsheets import UNREADABLE, sheet_as_text

HEAD = 2_000  # lines in which header and separator are looked for
LAST = 200  # the last lines, in which a footer is looked for
CELLS = 400_000  # cells that are looked at

Given = Mapping[str, Setting]


@dataclass(frozen=True)
class FirstLook:
    """What a part of a table shows.

    Attributes:
        path: The file.
        kind: The kind of file.
        n_bytes: How many bytes were looked at.
        columns: Its columns, as far as they were seen.
        findings: What was found.
        is_whole: Whether all columns that the table has can be read.
    """

    path: Path
    kind: str
    n_bytes: int
    columns: list[Column] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    is_whole: bool = True

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    @property
    def settings(self) -> dict[str, Setting]:
        """The parameters that follow."""
        return settings_of(self.findings)


def look_at(path: Path, kind: str, ingest: Ingest, given: Given) -> FirstLook:
    """Look at a part of a raw table.

    Args:
        path: The file.
        kind: The kind of file.
        ingest: Parameters of the plainest table, for a workbook with those that are given.
        given: The parameters that the user gave, which are not guessed.

    Raises:
        DataError: It is not a table of a kind that is read.
    """
    if kind == PARQUET:
        return _parquet(path, given)
    if kind == EXCEL:
        return _excel(path, ingest, given)
    return _text(path, given)


def _text(path: Path, given: Given) -> FirstLook:
    encoding = str(given.get("encoding") or encoding_of(path))
    sure = CERTAIN if encoding.startswith("utf") else GUESS
    reason = "" if sure == CERTAIN else "it is not UTF-8; look whether its letters are right"
    found = Finding("encoding", encoding, sure, reason, {"encoding": encoding})
    lines = lines_of_file(path, encoding)
    return _of_lines(path, "text", lines, given, [found])


def _excel(path: Path, ingest: Ingest, given: Given) -> FirstLook:
    try:
        names = openpyxl.load_workbook(path, read_only=True).sheetnames
    except UNREADABLE as broken:
        raise DataError(
            f"{path} is not a valid Excel file: {' '.join(str(broken).split())}. Save it again as "
            ".xlsx, or as a CSV."
        ) from None
    if len(names) > 1 and "sheet" not in given:
        choices = tuple({"sheet": name} for name in names)
        found = Finding(
            "sheet", listed(names), OPEN, "the workbook has several sheets", choices=choices
        )
        return FirstLook(path, EXCEL, path.stat().st_size, [], [found])
    lines = lines_of_text(sheet_as_text(path, ingest))
    return _of_lines(path, EXCEL, lines, {**given, "separator": ","}, [])


def _of_lines(
    path: Path, kind: str, lines: Lines, given: Given, findings: list[Finding]
) -> FirstLook:
    separator, skip_rows = given.get("separator"), given.get("skip_rows")
    if not any(line.strip(", ") for line in lines.head):
        raise DataError(f"{path} has no cell that holds anything. Name a table with rows.")
    tail = lines.tail or (lines.head[-LAST:] if len(lines.head) > HEAD else [])
    dialect = find_dialect(
        lines.head[:HEAD],
        tail,
        separator=None if separator is None else str(separator),
        skip_rows=skip_rows if isinstance(skip_rows, int) else None,
    )
    if dialect is None:
        raise DataError(
            f"{path} is not a table: no mark separates its lines into cells. Its first line is "
            f"{lines.head[0][:60]!r}."
        )
    if kind != EXCEL:
        findings.append(describe_separator(dialect))
    findings += describe_lines(dialect)
    cells = _cells(lines, dialect)
    header = _full_header(dialect)
    if not cells:
        raise DataError(
            f"{path} has no row below the names of its columns. Name a table with rows."
        )
    kinds = kinds_of(cells)
    columns = [Column(*each) for each in zip(header, kinds, cells, strict=False)]
    if dialect.header:
        findings += _describe_columns(columns, given, separator=dialect.separator)
    return FirstLook(path, kind, lines.n_bytes, columns, findings)


def _full_header(dialect: Dialect) -> list[str]:
    """Name the cell after a mark at the end of each row, which the header may lack."""
    return dialect.header + [""] * (dialect.n_cells - len(dialect.header))


def _cells(lines: Lines, dialect: Dialect) -> list[list[str]]:
    """Split what was seen of the rows into columns, some rows of many."""
    below = lines.head[dialect.first_row :] + lines.places + lines.tail
    below = below[: len(below) - _footer_lines(below, len(dialect.footer))]
    step = max(1, len(below) * dialect.n_cells // CELLS)
    rows = (split_line(line, dialect.separator) for line in islice(below, 0, None, step))
    comment = dialect.comment
    whole = [
        row
        for row in rows
        if len(row) == dialect.n_cells and not (comment and row[0].startswith(comment))
    ]
    return [list(column) for column in zip(*whole, strict=True)]


def _footer_lines(lines: Sequence[str], n: int) -> int:
    """Count the lines of a footer with the blank ones in it."""
    found = count = 0
    while found < n and count < len(lines):
        count += 1
        found += bool(lines[-count].strip())
    return count


def _parquet(path: Path, given: Given) -> FirstLook:
    with path.open("rb") as file, readable_parquet(path):
        parquet = pq.ParquetFile(file)
        names = parquet.schema_arrow.names
        n_rows = max(20, min(HEAD, CELLS // max(1, len(names))))
        batch = next(parquet.iter_batches(batch_size=n_rows), None)
    if batch is None:
        raise DataError(f"{path} has no rows. Name a table with rows.")
    columns = []
    for name, column in zip(names, batch.columns, strict=True):
        cells = [_as_text(value) for value in column.to_pylist()]
        kind = NUMBER if is_number_type(column.type) else kinds_of([cells])[0]
        columns.append(Column(name, kind, cells))
    findings = _describe_time(columns, given)
    times = _as_list({**settings_of(findings), **given}.get("time"))
    others = {
        name: column.type
        for name, column in zip(names, batch.columns, strict=True)
        if name not in times and not (is_number_type(column.type) or is_text_type(column.type))
    }
    if others:
        found = listed(f"{name} ({kind})" for name, kind in others.items())
        findings.append(Finding("types", found, "", "neither numbers nor text: left out"))
    kept = [column for column in columns if column.name not in others]
    return FirstLook(path, PARQUET, batch.nbytes, kept, findings, is_whole=not others)


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _as_list(value: Setting) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _describe_time(columns: Sequence[Column], given: Given) -> list[Finding]:
    return describe_time(
        columns,
        names=[str(name) for name in _as_list(given["time"])] if "time" in given else None,
        time_format=str(given["time_format"]) if "time_format" in given else None,
    )


def _describe_columns(columns: Sequence[Column], given: Given, *, separator: str) -> list[Finding]:
    """Describe times, marks of numbers and markers of missing values in columns of text."""
    findings = _describe_time(columns, given)
    times = _as_list({**settings_of(findings), **given}.get("time", []))
    numbers = {
        each.name: each.cells for each in columns if each.kind == NUMBER and each.name not in times
    }
    if "decimal" not in given and "thousands" not in given:
        findings += describe_numbers(list(numbers.values()), separator=separator)
    return findings + describe_markers(numbers, known=NULLS)
