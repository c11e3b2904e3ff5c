"""Opening a table of text: where its header and its rows begin, and which lines are not rows."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from foundation.errors import DataError, ParamsError, quoted
from foundation.params.ingest import Ingest

LONGEST_LINE = 1_000_000  # characters; a file with a longer header is not a table
BLOCK = 1 << 24  # characters that are cleaned at once
SEPARATOR_LINE = re.compile(
    r"""sep=(?P<mark>.)["']?[;,\t]*\s*"""
)  # which spreadsheets write above the header


@dataclass(frozen=True)
class TextTable:
    """A table of text whose header has been read.

    Attributes:
        path: Its file, for the errors.
        ingest: How it is written.
        header: The names of its columns, of unnamed ones empty.
        skip: Lines above the first row.
        content: Its text, where it does not stand in the file so; UTF-8.
    """

    path: Path
    ingest: Ingest
    header: list[str]
    skip: int
    content: bytes | None = None

    @property
    def where(self) -> str:
        """How an error begins that is about the table."""
        return f"The raw table {self.path}"

    @property
    def names(self) -> list[str]:
        """The header, in which unnamed columns have names that no column can have."""
        return [name or f"\0{place}" for place, name in enumerate(self.header)]

    @property
    def is_cleaned(self) -> bool:
        """Whether lines have to be left out among the rows or below them."""
        return self.ingest.comment is not None or self.ingest.skip_footer > 0

    def open_text(self, errors: str = "strict") -> IO[str]:
        """Open the whole text, line ends as they are."""
        return open_text(self.path, self.content, self.ingest, errors=errors)

    def open_rows(self) -> Any:
        """Open what Arrow reads: the rows alone in UTF-8 if lines have to be left out, else all of it."""
        if self.is_cleaned:
            return pa.PythonFile(_Bytes(_clean(self)), mode="r")
        if self.content is not None:
            return pa.BufferReader(self.content)
        return pa.OSFile(str(self.path))


def open_text(path: Path, content: bytes | None, ingest: Ingest, *, errors: str) -> IO[str]:
    """Open a file, or the text that stands for it."""
    if content is None:
        return path.open(encoding=ingest.encoding, errors=errors, newline="")
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")


def open_table(path: Path, ingest: Ingest, content: bytes | None = None) -> TextTable:
    """Read the names of the columns.

    Args:
        path: The file.
        ingest: How it is written.
        content: Its text in UTF-8, where it does not stand in the file so.

    Raises:
        DataError: There is no header where it should be, or nothing follows it.
        ParamsError: The encoding is none.
    """
    _check_encoding(ingest.encoding)
    try:
        with open_text(path, content, ingest, errors="replace") as file:
            lines = _Lines(file, ingest)
            header = lines.header(path)
            names = [name.strip() for name in _cells(header, lines.number, path, ingest)]
            for _ in range(ingest.units_rows):
                lines.next_line()
            skip = lines.number
            if not lines.last.endswith(("\n", "\r")):
                raise no_rows(path)
            names = _without_trailing(names, lines.first_row(), ingest)
    except UnicodeError as broken:  # UTF-16 without its mark
        raise DataError(
            f"The raw table {path} is not text in {ingest.encoding}: {broken}.",
            "Give a CSV, a Parquet or an Excel file, or set ingest.encoding (such as utf-8).",
        ) from None
    return TextTable(path, ingest, names, skip, content)


class _Lines:
    """The first lines of a table, counted from 1."""

    def __init__(self, file: IO[str], ingest: Ingest) -> None:
        self.file, self.ingest = file, ingest
        self.number, self.last = 0, ""

    def next_line(self) -> str:
        """Return the next line that is not a comment; nothing at the end."""
        while True:
            self.last = self.file.readline(LONGEST_LINE)
            self.number += bool(self.last)
            if self.number == 1:
                self.last = self.last.removeprefix("\ufeff")
            if not self.ingest.comment or not self.last.startswith(self.ingest.comment):
                return self.last

    def header(self, path: Path) -> str:
        """Return the line of the header."""
        for _ in range(self.ingest.skip_rows):
            self.number += bool(self.file.readline())
        line = self.next_line()
        said = SEPARATOR_LINE.fullmatch(line.lstrip("\"'")) if self.number == 1 else None
        if said is not None and said["mark"] != self.ingest.separator:
            raise DataError(
                f"The first line of the raw table {path} says that {said['mark']!r} separates its cells, "
                f"and ingest.separator is {self.ingest.separator!r}.",
                f'Set ingest.separator: "{said["mark"]}".',
            )
        line = line if said is None else self.next_line()
        if "\ufffd" in line or "\0" in line:
            raise _not_text(path, self.ingest, self.number, line)
        return line

    def first_row(self) -> str:
        """Return the first row; nothing if there is none."""
        while (line := self.next_line()) and not line.strip():
            pass
        return line


def _cells(line: str, number: int, path: Path, ingest: Ingest) -> list[str]:
    """Take a header apart."""
    where = "The first line" if number <= 1 else f"Line {number}"
    try:
        (names,) = csv.reader([line], delimiter=ingest.separator, strict=True)
    except (csv.Error, ValueError) as broken:
        raise DataError(
            f"{where} of the raw table {path} is not a header ({broken}): found {quoted(line)}.",
            "Begin "
            "the table with the names of its columns, on one line, or set ingest.skip_rows to the "
            "number of lines above them.",
        ) from None
    if not any(name.strip() for name in names):
        raise DataError(
            f"{where} of the raw table {path} is empty.",
            "Begin the table with the names of its columns, "
            "or set ingest.skip_rows to the number of lines above them.",
        )
    return names


def _without_trailing(names: list[str], row: str, ingest: Ingest) -> list[str]:
    """Give the header the number of cells of the first row, if a separator at the end is all that differs."""
    try:
        (cells,) = csv.reader([row], delimiter=ingest.separator, strict=True)
    except (csv.Error, ValueError):
        return names
    if len(cells) == len(names) + 1 and not cells[-1].strip():
        return [*names, ""]
    if len(cells) == len(names) - 1 and not names[-1]:
        return names[:-1]
    return names


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


def is_text(table: TextTable) -> bool:
    """Return True if the whole file can be decoded."""
    try:
        with table.open_text() as file:
            for _ in file:
                pass
    except UnicodeDecodeError:
        return False
    return True


def not_text(table: TextTable) -> DataError:
    """Name the first line that is not text; a character that cannot be decoded is read as U+FFFD."""
    with table.open_text(errors="replace") as file:
        lines = (
            (number, line)
            for number, line in enumerate(file, start=1)
            if "\ufffd" in line or "\0" in line
        )
        number, line = next(lines, (1, ""))
    return _not_text(table.path, table.ingest, number, line, skip=table.skip)


def _not_text(
    path: Path, ingest: Ingest, number: int, line: str, *, skip: int | None = None
) -> DataError:
    first = "its first line" if number == 1 else f"line {number}"
    where = first if skip is None or number <= skip else f"row {number - skip}"
    return DataError(
        f"The raw table {path} is not text in {ingest.encoding}: found {quoted(line)} in {where}.",
        "Give a CSV, a Parquet or an Excel file, or set ingest.encoding (such as latin-1).",
    )


def _clean(table: TextTable) -> Iterator[bytes]:
    """Yield the rows in UTF-8, without comments and footer."""
    mark = table.ingest.comment
    comment = None if mark is None else re.compile(rf"^{re.escape(mark)}.*\n?", re.MULTILINE)
    with table.open_text() as file:
        if hasattr(file, "reconfigure"):
            file.reconfigure(newline=None)
        for _ in range(table.skip):
            file.readline()
        rest = held = ""
        while block := file.read(BLOCK):
            whole, newline, rest = (rest + block).rpartition("\n")
            text = whole + newline
            held += text if comment is None else comment.sub("", text)
            cut = _footer_start(held, table.ingest.skip_footer)
            yield held[:cut].encode()
            held = held[cut:]
        held += rest if comment is None else comment.sub("", rest)
        yield held[: _footer_start(held, table.ingest.skip_footer)].encode()


def _footer_start(text: str, n_lines: int) -> int:
    """Return where the last lines of a text begin; blank lines do not count."""
    start = len(text)
    for _ in range(n_lines):
        start = text.rfind("\n", 0, len(text[:start].rstrip())) + 1
    return start


class _Bytes(io.RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        """Return True: the file is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a part of the buffer; 0 at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)


def no_rows(path: Path) -> DataError:
    """Say that the table holds nothing but its header."""
    return DataError(f"The raw table {path} has a header and no rows. Give a table with rows.")
