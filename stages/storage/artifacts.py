"""Every artifact: where it lies, how it is read, and how it is written.

Every writer is canonical, the same content is the same bytes, and atomic: a reader finds the whole
file or none. This is the one list of paths; a test holds it against dvc.yaml.
"""

import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from foundation import paths
from foundation.files import write_bytes
from stages.storage.keras_archive import canonical_keras


class SavesItself(Protocol):
    """A Keras model, as far as this module needs it."""

    def save(self, filepath: str) -> None: ...


@dataclass(frozen=True)
class Table:
    """A data frame in a Parquet file; its index is kept if it has a name."""

    path: Path

    def save(self, frame: pd.DataFrame) -> None:
        buffer = io.BytesIO()
        keep_index = frame.index.name is not None
        table = pa.Table.from_pandas(frame, preserve_index=keep_index, nthreads=1)
        pq.write_table(table, buffer, compression="zstd")
        write_bytes(self.path, buffer.getvalue())

    def load(self) -> pd.DataFrame:
        return pq.read_table(self.path, use_threads=False).to_pandas(use_threads=False)

    def load_index(self) -> pd.Index:
        """Read the index alone, the times of a series."""
        names = pq.read_schema(self.path).pandas_metadata["index_columns"]
        return pq.read_table(self.path, columns=names, use_threads=False).to_pandas().index

    def load_values(self) -> tuple[np.ndarray, list[str]]:
        """Read the columns, without the index, one by one: a whole table takes four times its size.

        Returns:
            Float64 values of shape (rows, columns), and the names of the columns.
        """
        with pq.ParquetFile(self.path) as file:
            index = file.schema_arrow.pandas_metadata["index_columns"]
            names = [name for name in file.schema_arrow.names if name not in index]
            values = np.empty((file.metadata.num_rows, len(names)), order="F")
            for number, name in enumerate(names):
                values[:, number] = file.read([name], use_threads=False)[name]
                pa.default_memory_pool().release_unused()  # Arrow would keep what reading took
        return values, names


@dataclass(frozen=True)
class Csv:
    """A data frame in a CSV file, for people and for DVC's plots; numbers with all their digits."""

    path: Path

    def save(self, frame: pd.DataFrame) -> None:
        write_bytes(self.path, frame.to_csv(index=False, lineterminator="\n").encode())

    def load(self) -> pd.DataFrame:
        return pd.read_csv(self.path)


@dataclass(frozen=True)
class Json:
    """A JSON document with sorted keys; what is not a finite number is null."""

    path: Path

    def save(self, content: dict[str, Any]) -> None:
        text = json.dumps(_plain(content), indent=2, sort_keys=True, allow_nan=False)
        write_bytes(self.path, (text + "\n").encode())

    def load(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return content


@dataclass(frozen=True)
class Document:
    """A finished document: an image or a page."""

    path: Path

    def save(self, content: bytes) -> None:
        write_bytes(self.path, content)


@dataclass(frozen=True)
class KerasModel:
    """A Keras model, repacked without the time, the order and the compression of the day."""

    path: Path

    def save(self, model: SavesItself) -> None:
        with tempfile.TemporaryDirectory() as folder:
            packed = Path(folder) / "model.keras"
            model.save(str(packed))
            content = packed.read_bytes()
        write_bytes(self.path, canonical_keras(content))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


DEMO = Csv(paths.DEMO)
SERIES = Table(paths.SERIES)
WINDOWS = Table(paths.WINDOWS)
SPLIT = Table(paths.SPLIT)
MODEL = KerasModel(paths.MODEL)
TRAINING = Csv(paths.TRAINING)
METRICS = Json(paths.METRICS)
SCORES = Json(paths.SCORES)
PREDICTIONS = Table(paths.PREDICTIONS)
LOSS_PLOT = Document(paths.LOSS_PLOT)
FORECAST_PLOT = Document(paths.FORECAST_PLOT)
REPORT = Document(paths.REPORT)
