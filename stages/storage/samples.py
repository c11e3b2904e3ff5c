"""Parts of a raw table as it stands: which kind of file it is, its encoding, lines from all over it."""

import codecs
import io
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import DataError

WHOLE = 1 << 22  # bytes up to which all of a file is looked at
PART = 1 << 16  # bytes of each place of a larger one
N_PLACES = 24
BLOCK = 1 << 24
TEXT, PARQUET, EXCEL = "text", "Parquet", "Excel"
MAGIC = {b"PAR1": PARQUET, b"PK\x03\x04": EXCEL}
NOT_TABLES = {
    b"\x1f\x8b": "compressed (gzip)",
    b"BZh91AY&SY": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"%PDF-": "a PDF",
    b"\x89HDF": "an HDF5 file",
    b"CDF\x01": "a netCDF file",
    b"CDF\x02": "a netCDF file",
    b"ARROW1": "an Arrow file",
}
MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Lines:
    """Lines of a text, without their ends.

    Attributes:
        head: The first ones, at least.
        places: Whole lines from places after them, in their order.
        tail: The last ones, the very last at the end; none if the head has them all.
        n_bytes: How many bytes were looked at.
    """

    head: list[str]
    places: list[str]
    tail: list[str]
    n_bytes: int


def kind_of_file(path: Path) -> str:
    """Name the kind of a file by its content.

    Raises:
        DataError: There is no such file, it is empty, or not a table of a kind that is read.
    """
    if not path.exists():
        raise DataError(f"There is no file {path}. Correct the path.")
    if not path.is_file():
        raise DataError(f"{path} is not a file. Name a .csv, .parquet or .xlsx file.")
    with path.open("rb") as file:
        start = file.read(PART)
    if not start.strip():
        raise DataError(f"{path} is empty: {path.stat().st_size} bytes. Name a table with rows.")
    for magic, what in NOT_TABLES.items():
        if start.startswith(magic):
            raise DataError(f"{path} is {what}. Unpack or save it as .csv, .parquet or .xlsx.")
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), TEXT)


def encoding_of(path: Path) -> str:
    """Find the encoding of a text.

    Returns:
        `utf-8` where all of it is; `utf-16` by its mark or its zeros; else `cp1252`, or `latin-1`,
        in which every byte is a character.

    Raises:
        DataError: It has bytes that no text has.
    """
    with path.open("rb") as file:
        start = file.read(PART)
        if (marked := MARKS.get(start[:2])) is not None:
            return marked
        zeros = [start[odd::2].count(0) for odd in (0, 1)]
        if max(zeros) > len(start) / 3 and min(zeros) < len(start) / 50:
            return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        if 0 in start:
            raise DataError(f"{path} is not a table: its content is not text, Parquet or Excel.")
        file.seek(0)
        candidates = {
            name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "cp1252", "latin-1")
        }
        while block := file.read(BLOCK):
            for name, decoder in list(candidates.items()):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    del candidates[name]
                if name == "utf-8" and name in candidates:
                    break  # the others are needed only where it fails
    return next(iter(candidates))


def lines_of_file(path: Path, encoding: str) -> Lines:
    """Read lines from all over a text, all of them where it is small."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(WHOLE if size <= WHOLE else WHOLE // 4)
        if size <= WHOLE:
            return Lines(_lines(head, encoding), [], [], size)
        between = size - len(head) - 2 * PART
        starts = [len(head) + between * number // N_PLACES for number in range(N_PLACES)]
        places: list[str] = []
        for start in starts:
            file.seek(start // 4 * 4)  # no character is cut in UTF-16
            places += _lines(file.read(PART), encoding)[1:-1]
        file.seek((size - PART) // 4 * 4)
        tail = _lines(file.read(), encoding)[1:]
    n_bytes = len(head) + (N_PLACES + 1) * PART
    return Lines(_lines(head, encoding)[:-1], places, tail, n_bytes)


def lines_of_text(content: bytes) -> Lines:
    """Take all lines of a text in UTF-8."""
    return Lines(_lines(content, "utf-8"), [], [], len(content))


def _lines(data: bytes, encoding: str) -> list[str]:
    """Decode and split at the ends of lines alone, which `str.splitlines` does not."""
    if encoding == "utf-16" and data[:2] not in MARKS:
        encoding = "utf-16-le"
    text = data.decode(encoding, errors="replace").removeprefix("\ufeff")
    lines = io.StringIO(text, newline=None).read().split("\n")
    return lines[:-1] if not lines[-1] else lines
