"""Every artifact: where it lies, how it is read, and how it is written.

Every writer is canonical, the same content is the same bytes, and atomic: a reader finds the whole
file or none. This is the one list of paths; a test holds it against dvc.yaml.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from foundation import paths
from foundation.files import write_bytes
from stages.storage.keras_archive import canonical_keras
from stages.storage.predictions import PredictionTable
from stages.storage.tables import SeriesTable, Table


class SavesItself(Protocol):
    """A Keras model, as far as this module needs it."""

    def save(self, filepath: str) -> None: ...


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

    def copy(self, source: Path) -> None:
        """Take over a model that was saved before."""
        write_bytes(self.path, source.read_bytes())


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
SERIES = SeriesTable(paths.SERIES)
WINDOWS = Table(paths.WINDOWS)
SPLIT = Table(paths.SPLIT)
MODEL = KerasModel(paths.MODEL)
INPUTS = Json(paths.INPUTS)
TRAINING = Csv(paths.TRAINING)
METRICS = Json(paths.METRICS)
SCORES = Json(paths.SCORES)
PREDICTIONS = PredictionTable(paths.PREDICTIONS)
INTERVALS = Table(paths.INTERVALS)
FINAL_MODEL = KerasModel(paths.FINAL_MODEL)
NEWEST = PredictionTable(paths.NEWEST)
FORECAST = Table(paths.FORECAST)
FORECAST_CSV = Csv(paths.FORECAST_CSV)
NEWEST_PLOT = Document(paths.NEWEST_PLOT)
SCORES_BY_SERIES = Table(paths.SCORES_BY_SERIES)
LOSS_PLOT = Document(paths.LOSS_PLOT)
FORECAST_PLOT = Document(paths.FORECAST_PLOT)
REPORT = Document(paths.REPORT)
