"""Reading raw tables, from text, Excel and Parquet files: columns are chosen, numbers and times read.

Rows are counted from 1, without the header.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forecasting.data.order import check_order
from forecasting.data.panel import single, stack
from forecasting.data.raw_table import RawTable
from forecasting.data.time_formats import UNIX
from forecasting.data.timestamps import (
    Clock,
    parse_times,
    settle,
    typed_times,
    unix_times,
    zone_shown,
)
from forecasting.data.zones import zone_of
from foundation.errors import DataError, ParamsError, quoted
from foundation.params.ingest import Ingest
from stages.storage.columns import Chosen, Columns, choose_columns, instead, only_times
from stages.storage.csv import ReadColumns, broken_table, one_line, read_columns, read_text
from stages.storage.numbers import NULLS, replace_markers
from stages.storage.spreadsheets import sheet_as_text
from stages.storage.text_tables import TextTable, no_rows, open_table

LOOKED_AT = 50  # lines in which a header is looked for


def read_table(ingest: Ingest, columns: Columns | None = None) -> RawTable:
    """Read the raw table.

    Args:
        ingest: Where it is and how it is written.
        columns: What is wanted of it; None for the columns that have a role.

    Returns:
        Its rows from `from` to `until`, in the order of the file; the times of a series increase.

    Raises:
        DataError: The file, a column, a cell or the order of the times is not what it should be.
        ParamsError: The encoding, the format or the zone of times cannot be used.
    """
    if columns is None:
        targets = None if ingest.targets == "all" else ingest.targets
        columns = Columns(ingest.id_columns, numbers=targets, either=ingest.covariates)
    path = Path(ingest.raw)
    read = _read_parquet if ingest.raw.endswith(".parquet") else _read_text
    try:
        _check_file(path)
        table = read(path, ingest, columns)
    except OSError as unreadable:
        raise DataError(
            f"The raw table {path} cannot be read: {unreadable.strerror}.",
            "Correct the file's permissions, or name another table with ingest.raw.",
        ) from None
    return _part(table, ingest)


def _check_file(path: Path) -> None:
    if not path.exists():
        tracked = Path(f"{path}.dvc").exists()
        way_out = (
            f"Fetch it: dvc pull {path}"
            if tracked
            else f"Put the table there and run `dvc add {path}`, or name another with ingest.raw."
        )
        raise DataError(f"The raw table {path} (ingest.raw) does not exist.", way_out)
    if not path.is_file():
        raise DataError(
            f"The raw table {path} (ingest.raw) is not a file.",
            "Name a .csv, .parquet or .xlsx file.",
        )
    if path.stat().st_size == 0:
        raise DataError(f"The raw table {path} is empty: 0 bytes. Give a table with rows.")


def _read_text(path: Path, ingest: Ingest, columns: Columns) -> RawTable:
    content = None
    if ingest.raw.endswith(".xlsx"):
        content = sheet_as_text(path, ingest)
        ingest = ingest.model_copy(update={"separator": ","})
    text = open_table(path, ingest, content)
    _check_times(text.header, ingest, text)
    header = text.header if columns.numbers is not None else _named(text)
    read = read_columns(text, choose_columns(header, ingest, columns, where=text.where))
    return _raw_table(read, ingest, columns, path, lambda: _as_text(text))


def _as_text(text: TextTable) -> pd.DataFrame:
    named = [
        *filter(None, text.header)
    ]  # those that nobody asked for may be no text in the encoding
    cells = read_text(text, named, kind=pa.binary()).to_pandas()
    return cells.apply(lambda column: column.str.decode("utf-8", errors="replace"))


def _named(text: TextTable) -> list[str]:
    """Return the header without unnamed columns at its end that hold nothing."""
    header = list(text.header)
    while header[-1] == "":
        name = text.names[len(header) - 1]
        try:
            cells = read_text(text, [name])[name]
        except (pa.ArrowInvalid, UnicodeDecodeError) as invalid:
            raise broken_table(text, invalid) from None
        if not pc.all(pc.equal(pc.utf8_trim_whitespace(cells), "")).as_py():
            break
        header.pop()
    return header


def _check_times(header: list[str], ingest: Ingest, text: TextTable | None) -> None:
    """Check that the columns of times are there."""
    for name in ingest.times:
        if name not in header:
            hint = "Set ingest.time to the column of times."
            if text is not None:
                hint = _separator_hint(text) or _header_hint(text, name) or hint
            raise DataError(
                f"The raw table {ingest.raw} has no column {quoted(name)} (ingest.time)"
                f"{instead(name, header)}.",
                hint,
            )


def _separator_hint(text: TextTable) -> str | None:
    marks = [mark for mark in ";\t|," if len(text.header) == 1 and mark in text.header[0]]
    if not marks:
        return None
    return f"Its cells seem to be separated by {marks[0]!r}: set ingest.separator."


def _header_hint(text: TextTable, name: str) -> str | None:
    """Find the header further down."""
    with text.open_text(errors="replace") as file:
        for number, line in enumerate(islice(file, LOOKED_AT)):
            cells = [cell.strip(" \"'\r\n") for cell in line.split(text.ingest.separator)]
            if number >= text.skip and name in cells:
                return (
                    f"Line {number + 1} has that name: if it is the header, set ingest.skip_rows: "
                    f"{number}, and ingest.units_rows if rows of units follow it."
                )
    return None


@contextmanager
def readable_parquet(path: Path) -> Iterator[None]:
    """Say in one sentence that the file which the block reads is broken."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as broken:
        raise DataError(
            f"The raw table {path} is not a valid Parquet file: {one_line(broken)}. Write it again."
        ) from None


def _read_parquet(path: Path, ingest: Ingest, columns: Columns) -> RawTable:
    with path.open("rb") as file, readable_parquet(path):
        parquet = pq.ParquetFile(file)
        header = parquet.schema_arrow.names
        _check_times(header, ingest, None)
        chosen = choose_columns(header, ingest, columns, where=f"The raw table {path}")
        table = parquet.read(columns=[*chosen.keys, *chosen.candidates])
        table.validate(full=True)

    def as_text() -> pd.DataFrame:
        with readable_parquet(path):
            return pq.read_table(path).to_pandas(ignore_metadata=True).astype(str)

    return _raw_table(_by_type(table, chosen, ingest), ingest, columns, path, as_text)


def _by_type(table: pa.Table, chosen: Chosen, ingest: Ingest) -> ReadColumns:
    """Tell columns of numbers from columns of text by their types."""
    numbers, texts, left_out = [], [], []
    for name in chosen.candidates:
        kind = table.schema.field(name).type
        if is_number_type(kind):
            numbers.append(name)
        elif is_text_type(kind) and name in chosen.either:
            texts.append(name)
        elif is_text_type(kind) and name in chosen.others:
            left_out.append(name)
        else:
            raise DataError(
                f"Column {quoted(name)} of the raw table {ingest.raw} holds no numbers but {kind}.",
                f"Convert it, or leave it out of {ingest.parameter_of(name)}.",
            )
    if not numbers and not texts:
        raise only_times(f"The raw table {ingest.raw}")
    return ReadColumns(table, numbers, texts, left_out)


def is_number_type(kind: pa.DataType) -> bool:
    """Return True for the types that are read as numbers."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def is_text_type(kind: pa.DataType) -> bool:
    """Return True for the types that are read as text."""
    if pa.types.is_dictionary(kind):
        return is_text_type(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)


def _raw_table(
    read: ReadColumns,
    ingest: Ingest,
    columns: Columns,
    path: Path,
    as_text: Callable[[], pd.DataFrame],
) -> RawTable:
    if not len(read.table):
        raise no_rows(path)
    ids = pd.DataFrame({name: _categories(read.table[name]) for name in columns.ids})
    for name in ids:
        empty = (ids[name].isna() | (ids[name] == "")).to_numpy()
        if empty.any():
            row = int(np.flatnonzero(empty)[0])
            raise DataError(
                f"Column {quoted(name)} (ingest.id), row {row + 1}: the cell is empty, so the row belongs "
                "to no series. Correct the table."
            )
    series = ids.groupby(list(ids), observed=True).ngroup().to_numpy() if len(ids.columns) else None
    clock = _clock(read.table, ingest)
    times = settle(clock, column=ingest.time_name, time_zone=ingest.time_zone, series=series)
    times = times.rename(ingest.time_name)
    if not columns.any_order:
        bare = pd.DataFrame(index=times)
        check_order(
            single(bare) if series is None else stack(bare, ids),
            lambda: as_text().drop(columns=[*ingest.times, *columns.ids]),
        )
    # as from a CSV, what a double cannot hold to the last digit becomes the nearest one
    doubles = {name: read.table[name].cast(pa.float64(), safe=False) for name in read.numbers}
    numbers = {
        name: replace_markers(column, ingest.missing_values).to_numpy()
        for name, column in doubles.items()
    }
    missing = [*NULLS, *(marker for marker in ingest.missing_values if isinstance(marker, str))]
    texts = {name: _categories(read.table[name], missing) for name in read.texts}
    return RawTable(
        times,
        ids.set_axis(times),
        pd.DataFrame(numbers, index=times, dtype=np.float64),
        pd.DataFrame(texts, index=range(len(times))).set_axis(times),
        tuple(read.left_out),
        zone_shown(times, clock, ingest.time_zone),
    )


def _categories(column: pa.ChunkedArray, missing: list[str] | None = None) -> pd.Categorical:
    """Return texts as categories in sorted order, those that stand for missing values as nan."""
    encoded = column.cast(pa.string()).dictionary_encode().combine_chunks()
    texts = pd.Index(encoded.dictionary.to_pylist(), dtype=object)
    codes = encoded.indices.fill_null(-1).to_numpy()
    kept = texts[~texts.isin(missing or [])].sort_values()
    places = np.append(kept.get_indexer(texts), -1)
    return pd.Categorical.from_codes(places[codes], categories=kept)


def _clock(table: pa.Table, ingest: Ingest) -> Clock:
    """Read the times from one column, or from the joined texts of several."""
    column, name = table[ingest.times[0]], ingest.time_name
    if len(ingest.times) > 1:
        parts = [table[part].cast(pa.string()) for part in ingest.times]
        column = pc.binary_join_element_wise(*parts, " ")
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = pd.Series(column.cast(pa.string()), dtype=pd.ArrowDtype(pa.string()))
        return parse_times(texts, column=name, time_format=ingest.time_format)
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if is_number and ingest.time_format in UNIX:
        return unix_times(column, time_format=ingest.time_format, column=name)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(
            f"Column {quoted(name)} (ingest.time) holds no times but {kind}.",
            "Write it as timestamps, "
            "name another column, or, if it counts from 1970, set ingest.time_format: unix_s or unix_ms.",
        )
    return typed_times(_typed_times(column, name))


def _typed_times(column: pa.ChunkedArray, name: str) -> pd.DatetimeIndex:
    """Return times with the zone that their type has, or without one."""
    times = pd.DatetimeIndex(column.to_numpy())
    zone = getattr(column.type, "tz", None)
    if zone is None:
        return times
    try:
        return times.tz_localize(UTC).tz_convert(zone_of(zone))
    except ParamsError:
        raise DataError(
            f"The times in column {quoted(name)} have a zone that is not known: {quoted(zone)}. Write "
            "them in UTC."
        ) from None


def _part(table: RawTable, ingest: Ingest) -> RawTable:
    """Return the rows from `from` to `until`, both included; a date alone is the whole day."""
    first, last = getattr(ingest, "from"), ingest.until
    if first is None and last is None:
        return table
    wanted = np.ones(len(table.times), dtype=bool)
    if first is not None:
        wanted &= table.times >= datetime.fromisoformat(first)
    if last is not None and len(last) <= len("2024-01-01"):
        wanted &= table.times < datetime.fromisoformat(last) + timedelta(days=1)
    elif last is not None:
        wanted &= table.times <= datetime.fromisoformat(last)
    if not wanted.any():
        raise DataError(
            f"The raw table {ingest.raw} has no row from {first or 'its begin'} (ingest.from) to "
            f"{last or 'its end'} (ingest.until): its times go from {table.times.min()} to "
            f"{table.times.max()}. Correct the dates."
        )
    return table.at(wanted)
