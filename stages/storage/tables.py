"""Parquet files: tables, and the series as one of them."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecasting.data.panel import Panel
from foundation.files import write_bytes


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
        return pq.read_table(self.path, use_threads=False).to_pandas(use_threads=False)

    def save_blocks(self, frames: Iterable[pd.DataFrame]) -> None:
        """Write frames without an index below each other; they are never held together."""
        self._write_blocks(
            pa.Table.from_pandas(frame, preserve_index=False, nthreads=1) for frame in frames
        )

    def _write(self, table: pa.Table) -> None:
        self._write_blocks([table])

    def _write_blocks(self, tables: Iterable[pa.Table]) -> None:
        """Write tables with one schema, at least one."""
        buffer, rest = io.BytesIO(), iter(tables)
        first = next(rest)
        with pq.ParquetWriter(buffer, first.schema, compression="zstd") as writer:
            for table in chain([first], rest):
                writer.write_table(table)
        write_bytes(self.path, buffer.getvalue())


@dataclass(frozen=True)
class SeriesTable(Table):
    """Series in a Parquet file: columns over their times, or over id and time where there are many."""

    def save_panel(self, panel: Panel) -> None:
        """Write the series, sorted as they are."""
        if panel.id is None:
            self.save(panel.series(0))
            return
        ids = pa.DictionaryArray.from_arrays(panel.codes, pa.array(panel.names, pa.string()))
        columns = [pa.array(panel.values[:, number]) for number in range(len(panel.columns))]
        schema = _schema(panel)
        self._write(pa.table([*columns, ids, pa.array(panel.times.asi8)], schema=schema))

    def load_panel(self) -> Panel:
        """Read the series."""
        values, columns = self.load_values()
        *id_name, time_name = self._index_names()
        offsets, names = (
            self._read_ids(*id_name) if id_name else (np.array([0, len(values)]), ("",))
        )
        return Panel(
            values=values,
            times=pd.DatetimeIndex(self._read(time_name).to_numpy(), name=time_name),
            offsets=offsets,
            names=names,
            columns=tuple(columns),
            id=id_name[0] if id_name else None,
        )

    def load_values(self) -> tuple[np.ndarray, list[str]]:
        """Read the columns, without the index, one by one: a whole table takes four times its size.

        Returns:
            Float64 values of shape (rows, columns), and the names of the columns.
        """
        index = self._index_names()
        with pq.ParquetFile(self.path) as file:
            names = [name for name in file.schema_arrow.names if name not in index]
            values = np.empty((file.metadata.num_rows, len(names)), order="F")
            for number, name in enumerate(names):
                values[:, number] = file.read([name], use_threads=False)[name]
                pa.default_memory_pool().release_unused()  # Arrow would keep what reading took
        return values, names

    def load_offsets(self) -> np.ndarray:
        """Read the rows at which the series begin, and the number of rows; shape (series + 1,)."""
        *id_name, _ = self._index_names()
        if id_name:
            return self._read_ids(*id_name)[0]
        return np.array([0, pq.read_metadata(self.path).num_rows], dtype=np.int64)

    def _index_names(self) -> list[str]:
        names: list[str] = pq.read_schema(self.path).pandas_metadata["index_columns"]
        return names

    def _read(self, name: str) -> pa.ChunkedArray:
        return pq.read_table(self.path, columns=[name], use_threads=False)[name]

    def _read_ids(self, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
        """Read where each series begins, and its name."""
        ids = self._read(name).unify_dictionaries().combine_chunks()
        codes = ids.indices.to_numpy()
        first = np.flatnonzero(np.diff(codes, prepend=-1))
        offsets = np.append(first, len(codes))
        return offsets, tuple(ids.dictionary.take(pa.array(codes[first])).to_pylist())


def _schema(panel: Panel) -> pa.Schema:
    """Write the schema with which pandas reads id and time as the index."""
    none = np.arange(0)
    ids = pd.Categorical([], categories=pd.Index([], dtype="str"))
    index = pd.MultiIndex.from_arrays([ids, panel.times[none]], names=[panel.id, panel.times.name])
    frame = pd.DataFrame(panel.values[none], columns=list(panel.columns), index=index)
    read_by_pandas = pa.Table.from_pandas(frame, preserve_index=True).schema
    number = read_by_pandas.get_field_index(panel.id)
    dictionary = pa.field(panel.id, pa.dictionary(pa.int32(), pa.string()))
    return read_by_pandas.set(number, dictionary)
