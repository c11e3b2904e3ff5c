"""Parquet files: tables, and the series as one of them."""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecasting.data.panel import Panel
from forecasting.data.roles import NO_COVARIATES, Covariates
from foundation.files import write_bytes

ROLES = b"exactcast"  # the key of the covariates in the metadata of the file
TEXTS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Table:
    """A data frame in a Parquet file; its index is kept if it has a name."""

    path: Path

    def save(self, frame: pd.DataFrame) -> None:
        """Write the frame."""
        keep_index = frame.index.name is not None
        self._write(pa.Table.from_pandas(frame, preserve_index=keep_index, nthreads=1))

    def load(self) -> pd.DataFrame:
        """Read the frame."""
        frame = pq.read_table(self.path, use_threads=False).to_pandas(use_threads=False)
        pa.default_memory_pool().release_unused()  # Arrow would keep what reading took
        return frame

    def save_blocks(self, frames: Iterable[pd.DataFrame]) -> None:
        """Write frames without an index below each other; they are never held together."""
        self._write_blocks(
            pa.Table.from_pandas(frame, preserve_index=False, nthreads=1) for frame in frames
        )

    def _write(self, table: pa.Table) -> None:
        self._write_blocks([table])

    def _write_blocks(self, tables: Iterable[pa.Table], schema: pa.Schema | None = None) -> None:
        """Write tables with one schema, each in row groups of its own; without a schema at least one table."""
        buffer, rest = io.BytesIO(), iter(tables)
        first = [next(rest)] if schema is None else []
        with pq.ParquetWriter(buffer, schema or first[0].schema, compression="zstd") as writer:
            for table in chain(first, rest):
                writer.write_table(table)
        write_bytes(self.path, buffer.getvalue())


@dataclass(frozen=True)
class SeriesTable(Table):
    """Series in a Parquet file: columns over their times, or over id and time where there are many.

    Columns of text are dictionary-encoded, and static covariates repeated in every row. Which columns
    are covariates stands in the metadata; there is nothing about them where there are none.
    """

    def save_panel(self, panel: Panel) -> None:
        """Write the series, sorted as they are."""
        if panel.id is None and panel.covariates == NO_COVARIATES:
            self.save(panel.series(0))
            return
        columns = [_column(panel, name, values) for name, values in _values_by_name(panel)]
        if panel.id is not None:
            codes = pa.array(panel.codes)
            columns.append(
                pa.DictionaryArray.from_arrays(codes, pa.array(panel.names, pa.string()))
            )
        self._write(pa.table([*columns, pa.array(panel.times.asi8)], schema=_schema(panel)))

    def load_panel(self) -> Panel:
        """Read the series."""
        schema = pq.read_schema(self.path)
        *id_name, time_name = schema.pandas_metadata["index_columns"]
        covariates = _covariates(schema)
        index = {*id_name, time_name, *covariates.static}
        columns = [name for name in schema.names if name not in index]
        values, labels = self._read_columns(columns)
        offsets, names = (
            self._read_ids(*id_name) if id_name else (np.array([0, len(values)]), ("",))
        )
        statics, more_labels = self._read_columns(covariates.static)
        return Panel(
            values=values,
            times=pd.DatetimeIndex(self._read(time_name).to_numpy(), name=time_name),
            offsets=offsets,
            names=names,
            columns=tuple(columns),
            id=id_name[0] if id_name else None,
            covariates=covariates,
            labels=labels | more_labels,
            statics=statics[offsets[:-1]] if covariates.static else None,
        )

    def _read_columns(self, names: Sequence[str]) -> tuple[np.ndarray, dict[str, tuple[str, ...]]]:
        """Read columns one by one: a whole table takes four times its size.

        Returns:
            Float64 values of shape (rows, columns), texts as the numbers of their labels, and the labels.
        """
        labels = {}
        with pq.ParquetFile(self.path) as file:
            values = np.empty((file.metadata.num_rows, len(names)), order="F")
            for number, name in enumerate(names):
                column = file.read([name], use_threads=False)[name]
                if pa.types.is_dictionary(column.type):
                    values[:, number], labels[name] = _codes(column)
                else:
                    values[:, number] = column
                del column
                pa.default_memory_pool().release_unused()  # Arrow would keep what reading took
        return values, labels

    def _read(self, name: str) -> pa.ChunkedArray:
        return pq.read_table(self.path, columns=[name], use_threads=False)[name]

    def _read_ids(self, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
        """Read where each series begins, and its name."""
        ids = self._read(name).unify_dictionaries().combine_chunks()
        codes = ids.indices.to_numpy()
        first = np.flatnonzero(np.diff(codes, prepend=-1))
        offsets = np.append(first, len(codes))
        return offsets, tuple(ids.dictionary.take(pa.array(codes[first])).to_pylist())


def _values_by_name(panel: Panel) -> Iterable[tuple[str, np.ndarray]]:
    """Yield each column with its values in every row."""
    yield from zip(panel.columns, panel.values.T, strict=True)
    if panel.statics is not None:
        for name, values in zip(panel.covariates.static, panel.statics.T, strict=True):
            yield name, np.repeat(values, panel.lengths)


def _column(panel: Panel, name: str, values: np.ndarray) -> pa.Array:
    """Write numbers as they are, and the numbers of labels as their texts, of which all are used."""
    if name not in panel.labels:
        return pa.array(values)
    missing = np.isnan(values)
    numbers = values[~missing].astype(np.int32)
    used = np.flatnonzero(np.bincount(numbers))
    indices = np.zeros(len(values), dtype=np.int32)
    indices[~missing] = np.searchsorted(used, numbers)
    texts = pa.array([panel.labels[name][code] for code in used], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=missing), texts)


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read texts as the numbers of their sorted labels, missing ones as nan."""
    encoded = column.unify_dictionaries().combine_chunks()
    labels = encoded.dictionary.to_pylist()
    order = sorted(range(len(labels)), key=labels.__getitem__)
    places = np.append(np.argsort(order).astype(np.float64), np.nan)
    codes = encoded.indices.fill_null(len(labels)).to_numpy()
    return places[codes], tuple(labels[number] for number in order)


def _covariates(schema: pa.Schema) -> Covariates:
    stored = schema.metadata.get(ROLES)
    if stored is None:
        return NO_COVARIATES
    content = json.loads(stored)
    zone = content.pop("time_zone")
    return Covariates(**{role: tuple(names) for role, names in content.items()}, time_zone=zone)


def _schema(panel: Panel) -> pa.Schema:
    """Write the schema with which pandas reads the time, or id and time, as the index."""
    none = np.arange(0)
    texts = pd.Categorical([], categories=pd.Index([], dtype="str"))
    names = [*panel.columns, *panel.covariates.static]
    columns = {name: texts if name in panel.labels else np.empty(0) for name in names}
    index = panel.times[none]
    if panel.id is not None:
        index = pd.MultiIndex.from_arrays([texts, index], names=[panel.id, panel.times.name])
    schema = pa.Table.from_pandas(pd.DataFrame(columns, index=index), preserve_index=True).schema
    for name in [*panel.labels, *([] if panel.id is None else [panel.id])]:
        schema = schema.set(schema.get_field_index(name), pa.field(name, TEXTS))
    if panel.covariates == NO_COVARIATES:
        return schema
    roles = json.dumps(asdict(panel.covariates), sort_keys=True).encode()
    return schema.with_metadata(schema.metadata | {ROLES: roles})
