"""A small chain on an hourly table with the column `hour`, split in time order, for tests."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.storage.checkpoints import NO_CHECKPOINTS
from tests.support.chain import run_chain
from tests.support.covariates import csv

HOURLY = (
    "ingest.time=hour", "windowing.lookback=6", "windowing.horizon=2", "split.method=chronological",
    "split.gap=0", "train.epochs=2", "train.batch_size=64", "model.layers.0.units=8",
    "forecast.horizon=5", "evaluate.season=24",
)  # fmt: skip


def run_without_checkpoints(folder: Path, table: pd.DataFrame, *overrides: str) -> dict[str, Any]:
    """Run every stage on a table in a folder; return the scores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NO_CHECKPOINTS, "1")
        return run_chain(folder, csv(table), *overrides)
