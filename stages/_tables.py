"""Reading raw tables: CSV through Arrow, and Parquet. What cannot be read is told by row and column.

Rows are counted from 1, without the header.
"""

import csv
import difflib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from forecasting.errors import DataError, ParamsError
from forecasting.series import parse_times, quoted, utc_times
from stages._params import Ingest

LONGEST_HEADER = 1_000_000  # characters; what has a longer first line is no table
NULLS = frozenset(pyarrow.csv.ConvertOptions().null_values)

RowHandler = Callable[[pyarrow.csv.InvalidRow], str]


def read_table(ingest: Ingest) -> pd.DataFrame:
    """Read the raw table's features over their times.

    Returns:
        float64 columns in the order asked for, over a DatetimeIndex named as the time column;
        empty cells are nan.

    Raises:
        DataError: The file, a column or a cell is not what it should be.
    """
    path = Path(ingest.raw)
    read = _read_parquet if ingest.raw.endswith(".parquet") else _read_csv
    try:
        _check_file(path)
        table = read(path, ingest)
    except OSError as unreadable:
        raise DataError(
            f"The raw table {path} cannot be read: {unreadable.strerror}. Mend the file's "
            "permissions, or name another table with ingest.raw."
        ) from None
    if not len(table):
        raise _no_rows(path)
    return table


def _check_file(path: Path) -> None:
    if not path.exists():
        tracked = Path(f"{path}.dvc").exists()
        way_out = (
            f"Fetch it: dvc pull {path}"
            if tracked
            else f"Put the table there and run `dvc add {path}`, or name another with ingest.raw."
        )
        raise DataError(f"The raw table {path} (ingest.raw) does not exist. {way_out}")
    if not path.is_file():
        raise DataError(
            f"The raw table {path} (ingest.raw) is no file. Name a .csv or .parquet file."
        )
    if path.stat().st_size == 0:
        raise DataError(f"The raw table {path} is empty: 0 bytes. Give a table with rows.")


def _no_rows(path: Path) -> DataError:
    return DataError(f"The raw table {path} has a header and no rows. Give a table with rows.")


def _read_csv(path: Path, ingest: Ingest) -> pd.DataFrame:
    header = _csv_header(path, ingest)
    features = _choose_features(header, ingest, path)
    types = {ingest.time: pa.string()} | dict.fromkeys(features, pa.float64())
    try:
        table = _arrow_csv(path, header, ingest, types)
    except (pa.ArrowInvalid, UnicodeDecodeError) as invalid:
        raise _explained(path, header, ingest, features, invalid) from None
    return _frame(table, features, ingest)


def _csv_header(path: Path, ingest: Ingest) -> list[str]:
    try:
        with path.open(encoding=ingest.encoding, errors="replace", newline="") as file:
            first = file.readline(LONGEST_HEADER).removeprefix("\ufeff")
    except (LookupError, ValueError):
        raise ParamsError(
            f"ingest.encoding={quoted(ingest.encoding)} is no known encoding. Write one such as "
            "utf-8 or latin-1."
        ) from None
    if "\ufffd" in first or "\0" in first:
        raise _not_text(path, ingest)
    try:
        (names,) = csv.reader([first], delimiter=ingest.separator, strict=True)
    except (csv.Error, ValueError) as broken:
        raise DataError(
            f"The first line of the raw table {path} is no header ({broken}): found "
            f"{quoted(first)}. Begin the table with the names of its columns, on one line."
        ) from None
    if not any(names):
        raise DataError(
            f"The first line of the raw table {path} is empty. Begin the table with the names of "
            "its columns."
        )
    if not first.endswith(("\n", "\r")):
        raise _no_rows(path)
    return [name.strip() for name in names]


def _is_text(path: Path, ingest: Ingest) -> bool:
    try:
        with path.open(encoding=ingest.encoding) as file:
            for _ in file:
                pass
    except UnicodeDecodeError:
        return False
    return True


def _not_text(path: Path, ingest: Ingest) -> DataError:
    """Name the first line that is no text; a character that cannot be decoded is read as U+FFFD."""
    with path.open(encoding=ingest.encoding, errors="replace", newline="") as file:
        lines = ((row, line) for row, line in enumerate(file) if "\ufffd" in line or "\0" in line)
        row, line = next(lines, (0, ""))
    where = f"row {row}" if row else "its first line"
    return DataError(
        f"The raw table {path} is no text in {ingest.encoding}: found {quoted(line)} in {where}. "
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
        return DataError(f"The raw table {path} is no CSV: {_reason(broken)}. Repair the file.")
    if wrong_rows:
        row = wrong_rows[0]
        return DataError(
            f"Row {row.number - 1} of the raw table {path} has another number of cells "
            f"({row.actual_columns}) than the header ({row.expected_columns}): found "
            f"{quoted(row.text)}. Repair the row, or set ingest.separator and ingest.decimal as "
            "the file has them."
        )
    for name in features:
        for number, cell in enumerate(text[name].to_pylist(), start=1):
            if not _is_number(cell, ingest.decimal):
                return _no_number(cell, row=number, column=name, ingest=ingest)
    return DataError(f"The raw table {path} cannot be read: {_reason(invalid)}. Repair the file.")


def _reason(error: Exception) -> str:
    """Bring what a library says into one line."""
    return " ".join(str(error).split()).rstrip(".")


def _is_number(cell: str, decimal: str) -> bool:
    """Tell whether Arrow reads the cell as a number, or as missing."""
    other = str.maketrans(f".{decimal}", f"{decimal}.")
    try:
        pa.array([cell.strip(" \t").translate(other)]).cast(pa.float64())
    except pa.ArrowInvalid:
        return cell in NULLS
    return True


def _no_number(cell: str, *, row: int, column: str, ingest: Ingest) -> DataError:
    other = "," if ingest.decimal == "." else "."
    hint = (
        f"If '{other}' is the decimal mark, set ingest.decimal: \"{other}\"."
        if _is_number(cell, other)
        else "Repair the cell, leave it empty (see ingest.gaps), or leave the column out of "
        "ingest.features."
    )
    return DataError(
        f"Column {quoted(column)} holds no number in row {row}: found {quoted(cell)}. {hint}"
    )


def _read_parquet(path: Path, ingest: Ingest) -> pd.DataFrame:
    with path.open("rb") as file:
        try:
            parquet = pq.ParquetFile(file)
            features = _choose_features(parquet.schema_arrow.names, ingest, path)
            table = parquet.read(columns=[ingest.time, *features])
            table.validate(full=True)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as broken:
            raise DataError(
                f"The raw table {path} is no readable Parquet file: {_reason(broken)}. Write it "
                "again."
            ) from None
    for name in features:
        kind = table.schema.field(name).type
        if not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        ):
            raise DataError(
                f"Column {quoted(name)} of the raw table {path} holds no numbers but {kind}. "
                "Convert it, or leave it out of ingest.features."
            )
    return _frame(table, features, ingest)


def _choose_features(header: list[str], ingest: Ingest, path: Path) -> list[str]:
    """Check the header, and name the columns to be forecast."""
    doubled = [name for name, count in Counter(header).items() if name and count > 1]
    if doubled:
        raise DataError(
            f"The raw table {path} has more than one column named {quoted(doubled[0])}. Rename "
            "them."
        )
    wanted = header if ingest.features == "all" else [ingest.time, *ingest.features]
    if ingest.time not in header:
        raise DataError(
            f"The raw table {path} has no column {quoted(ingest.time)} (ingest.time)"
            f"{_instead(ingest.time, header)}. {_separator_hint(header, ingest)}"
        )
    for name in wanted:
        if name not in header:
            raise DataError(
                f"The raw table {path} has no column {quoted(name)} (ingest.features)"
                f"{_instead(name, header)}. Mend ingest.features."
            )
    if "" in wanted:
        raise DataError(
            f"Column {header.index('') + 1} of the raw table {path} has no name. Name it, or list "
            "the columns to be forecast in ingest.features."
        )
    features = [name for name in wanted if name != ingest.time]
    if not features:
        raise DataError(
            f"The raw table {path} has no column but the time. Give at least one column of numbers."
        )
    return features


def _instead(name: str, header: list[str]) -> str:
    near = difflib.get_close_matches(name, header, n=1)
    if near:
        return f"; the nearest name is {quoted(near[0])}"
    shown = ", ".join(map(quoted, header[:8])) or "none"
    return f"; it has {shown}" + (", ..." if len(header) > 8 else "")


def _separator_hint(header: list[str], ingest: Ingest) -> str:
    marks = [mark for mark in ";\t|," if len(header) == 1 and mark in header[0]]
    if marks and ingest.raw.endswith(".csv"):
        return f"Its cells seem to be separated by {marks[0]!r}: set ingest.separator."
    return "Set ingest.time to the column of times."


def _frame(table: pa.Table, features: list[str], ingest: Ingest) -> pd.DataFrame:
    times = _times(table[ingest.time], ingest)
    # as from a CSV, what a double cannot hold to the last digit becomes the nearest one
    values = {name: table[name].cast(pa.float64(), safe=False).to_numpy() for name in features}
    return pd.DataFrame(values, index=times.rename(ingest.time), dtype=np.float64)


def _times(column: pa.ChunkedArray, ingest: Ingest) -> pd.DatetimeIndex:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = pd.Series(column.to_pylist(), dtype=object)
        return parse_times(texts, column=ingest.time, time_format=ingest.time_format)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(
            f"Column {quoted(ingest.time)} (ingest.time) holds no times but {kind}. Write it as "
            "timestamps, or name another column."
        )
    return utc_times(pd.DatetimeIndex(column.to_numpy()), column=ingest.time)
