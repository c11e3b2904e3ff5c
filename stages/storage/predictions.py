"""Forecasts of windows in a Parquet file: written and read block by block, never held together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stages.storage.tables import Table

NEWEST = "newest"  # the part of the windows after which nothing is known
BATCH = 256  # windows that are forecast at once: blocks are filled with whole batches
MOST, VALUES = 65_536, 2**22  # windows of a block, and their values; bounds memory
SCHEMA = pa.schema(
    {
        "series": pa.int32(),
        "origin": pa.int64(),
        "part": pa.dictionary(pa.int32(), pa.string()),
        "forecast": pa.list_(pa.float64()),
    }
)


def windows_of_block(values: int) -> int:
    """Return how many windows a block has.

    Args:
        values: Of the forecast of one window.
    """
    return min(MOST, BATCH * max(1, VALUES // (values * BATCH)))


class Predictions(NamedTuple):
    """Forecasts of some windows of one part.

    Attributes:
        part: Of the split, or NEWEST.
        series: The number of each window's series, shape (windows,), int32.
        origins: The last row that each window reads, shape (windows,), int64.
        forecasts: Shape (windows, steps, targets); nan where a step could not be forecast.
    """

    part: str
    series: np.ndarray
    origins: np.ndarray
    forecasts: np.ndarray


@dataclass(frozen=True)
class PredictionTable(Table):
    """One row for each window, its forecast as a list: the targets of the first step, then the second."""

    def save_predictions(self, blocks: Iterable[Predictions]) -> None:
        """Write blocks below each other, each in row groups of its own."""
        self._write_blocks(map(_table, blocks), SCHEMA)

    def count(self, part: str) -> int:
        """Return how many windows of a part there are."""
        return sum(len(table) for table in self._tables(part, ["part"]))

    def blocks(self, part: str, *, n_targets: int) -> Iterator[Predictions]:
        """Read the windows of a part, as they were written, a row group at a time."""
        for table in self._tables(part, SCHEMA.names):
            series, origins = (table[name].to_numpy() for name in ("series", "origin"))
            values = table["forecast"].combine_chunks().flatten().to_numpy()
            yield Predictions(part, series, origins, values.reshape(len(table), -1, n_targets))

    def newest(self, *, n_targets: int, n_steps: int) -> Predictions:
        """Read the first steps of the forecasts of the newest rows."""
        blocks = list(self.blocks(NEWEST, n_targets=n_targets))
        return joined(blocks, n_targets=n_targets, n_steps=n_steps)

    def stream(self, part: str, *, n_targets: int) -> "Stream":
        """Read the windows of a part in their order, any number at a time."""
        return Stream(self.blocks(part, n_targets=n_targets))

    def _tables(self, part: str, columns: list[str]) -> Iterator[pa.Table]:
        with pq.ParquetFile(self.path) as file:
            for number in range(file.num_row_groups):
                parts = file.read_row_group(number, ["part"], use_threads=False)["part"]
                if len(parts) and parts[0].as_py() == part:  # a row group holds one part
                    yield file.read_row_group(number, columns, use_threads=False)
                    pa.default_memory_pool().release_unused()


def joined(blocks: list[Predictions], *, n_targets: int, n_steps: int) -> Predictions:
    """Put the first steps of the forecasts of the newest rows together; there may be no blocks."""
    none = np.empty(0, np.int32)
    nothing = Predictions(NEWEST, none, none, np.empty((0, n_steps, n_targets)))
    fields = zip(*_fields([nothing, *blocks], n_steps), strict=True)
    series, origins, forecasts = (np.concatenate(field) for field in fields)
    return Predictions(NEWEST, series, origins, forecasts)


class Stream:
    """Hands out windows in the order in which they were written."""

    def __init__(self, blocks: Iterator[Predictions]) -> None:
        self._blocks = blocks
        self._rest: list[Predictions] = []

    def take(self, n_windows: int) -> Predictions:
        """Return the next windows.

        Raises:
            StopIteration: There are fewer.
        """
        held = self._rest
        while sum(len(block.series) for block in held) < n_windows:
            held.append(next(self._blocks))
        series, origins, forecasts = (
            np.concatenate(field) for field in zip(*_fields(held), strict=True)
        )
        part = held[0].part
        self._rest = [
            Predictions(part, series[n_windows:], origins[n_windows:], forecasts[n_windows:])
        ]
        return Predictions(part, series[:n_windows], origins[:n_windows], forecasts[:n_windows])


def _fields(
    blocks: list[Predictions], n_steps: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for block in blocks:
        yield block.series, block.origins, block.forecasts[:, :n_steps]


def _table(block: Predictions) -> pa.Table:
    n_windows, n_steps, n_targets = block.forecasts.shape
    ends = np.arange(n_windows + 1, dtype=np.int32) * (n_steps * n_targets)
    values = pa.array(np.ascontiguousarray(block.forecasts).ravel())
    parts = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(n_windows, np.int32)), pa.array([block.part])
    )
    columns = [
        pa.array(block.series.astype(np.int32)),
        pa.array(block.origins.astype(np.int64)),
        parts,
        pa.ListArray.from_arrays(pa.array(ends), values),
    ]
    return pa.table(columns, schema=SCHEMA)
