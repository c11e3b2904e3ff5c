"""Reading raw tables, CSV and Parquet: the header is checked, the features chosen, the times read.

Rows are counted from 1, without the header.
"""

import difflib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecasting.data.order import check_order
from forecasting.data.timestamps import parse_times, utc_times
from foundation.errors import DataError, quoted
from foundation.params.ingest import Ingest
from stages.storage.csv import no_rows, one_line, read_columns, read_header, read_text


def read_table(ingest: Ingest) -> pd.DataFrame:
    """Read the raw table's features over their times.

    Returns:
        float64 columns in the order asked for, over an increasing DatetimeIndex named as the time
        column; empty cells are nan.

    Raises:
        DataError: The file, a column, a cell or the order of the times is not what it should be.
    """
    path = Path(ingest.raw)
    in_parquet = ingest.raw.endswith(".parquet")
    read = _read_parquet if in_parquet else _read_csv
    try:
        _check_file(path)
        table = read(path, ingest)
    except OSError as unreadable:
        raise DataError(
            f"The raw table {path} cannot be read: {unreadable.strerror}. Correct the file's "
            "permissions, or name another table with ingest.raw."
        ) from None
    if not len(table):
        raise no_rows(path)
    if not (table.index.is_monotonic_increasing and table.index.is_unique):
        check_order(table.index, (_parquet_text if in_parquet else _csv_text)(path, ingest))
    return table


def _csv_text(path: Path, ingest: Ingest) -> pd.DataFrame:
    header = read_header(path, ingest)
    named = [*filter(None, header)]  # those that nobody asked for may be no text in the encoding
    cells = read_text(path, header, ingest, named, kind=pa.binary()).to_pandas()
    return cells.apply(lambda column: column.str.decode("utf-8", errors="replace"))


def _parquet_text(path: Path, ingest: Ingest) -> pd.DataFrame:
    with _readable_parquet(path):
        return pq.read_table(path).to_pandas(ignore_metadata=True).astype(str)


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
            f"The raw table {path} (ingest.raw) is not a file. Name a .csv or .parquet file."
        )
    if path.stat().st_size == 0:
        raise DataError(f"The raw table {path} is empty: 0 bytes. Give a table with rows.")


def _read_csv(path: Path, ingest: Ingest) -> pd.DataFrame:
    header = read_header(path, ingest)
    features = _choose_features(header, ingest, path)
    return _frame(read_columns(path, header, ingest, features), features, ingest)


@contextmanager
def _readable_parquet(path: Path) -> Iterator[None]:
    """Say in one sentence that the file which the block reads is broken."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as broken:
        raise DataError(
            f"The raw table {path} is not a valid Parquet file: {one_line(broken)}. Write it again."
        ) from None


def _read_parquet(path: Path, ingest: Ingest) -> pd.DataFrame:
    with path.open("rb") as file, _readable_parquet(path):
        parquet = pq.ParquetFile(file)
        features = _choose_features(parquet.schema_arrow.names, ingest, path)
        table = parquet.read(columns=[ingest.time, *features])
        table.validate(full=True)
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
                f"{_instead(name, header)}. Correct ingest.features."
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
