"""All stages in this process and one folder: quick, without DVC."""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from foundation.packages import LOCK_FILE
from foundation.params import load_params
from pipeline.runs.config_files import read_config
from pipeline.runs.overrides import apply_overrides
from stages import (
    calibrate,
    evaluate,
    forecast,
    ingest,
    predict,
    refit,
    simulate,
    split,
    train,
    windowing,
)
from stages.storage import artifacts
from tests.support.project import ROOT

AFTER_THE_TABLE = (
    ingest, windowing, split, train, predict, calibrate, refit, evaluate, forecast,
)  # fmt: skip


def run_chain(folder: Path, table: bytes, *overrides: str) -> dict[str, Any]:
    """Run every stage on a CSV, data/raw/table.csv, with overrides; return the scores."""
    run_stages(folder, table, overrides, AFTER_THE_TABLE)
    return _scores(folder)


def run_ingest(folder: Path, table: bytes, *overrides: str) -> pd.DataFrame:
    """Run ingest alone in the same way; return the series."""
    run_stages(folder, table, overrides, (ingest,))
    with contextlib.chdir(folder):
        return artifacts.SERIES.load()


def run_forecast(folder: Path, newer: bytes) -> None:
    """Forecast a newer table, data/newest/table.csv, in a folder where every stage has run."""
    path = folder / "data/newest/table.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(newer)
    apply_overrides(folder, ["forecast.input=data/newest/table.csv"])
    _run(folder, (forecast,))


def run_config(folder: Path, config: str, *overrides: str) -> dict[str, Any]:
    """Run every stage, from the simulated table on, as a file of configs/ says; return the scores."""
    _copy_settings(folder)
    apply_overrides(folder, overrides, [read_config(ROOT / "configs" / config, root=ROOT)])
    _run(folder, (simulate, *AFTER_THE_TABLE))
    return _scores(folder)


def run_stages(
    folder: Path, table: bytes, overrides: Sequence[str], stages: Sequence[ModuleType]
) -> None:
    """Run stages on a CSV, data/raw/table.csv, with overrides."""
    _copy_settings(folder)
    raw = folder / "data/raw/table.csv"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(table)
    apply_overrides(folder, ["ingest.raw=data/raw/table.csv", *overrides])
    _run(folder, stages)


def _copy_settings(folder: Path) -> None:
    for name in ("params.yaml", LOCK_FILE):
        shutil.copy(ROOT / name, folder / name)


def _run(folder: Path, stages: Sequence[ModuleType]) -> None:
    with contextlib.chdir(folder):
        params = load_params()
        for stage in stages:
            stage.run(params)


def _scores(folder: Path) -> dict[str, Any]:
    with contextlib.chdir(folder):
        return artifacts.SCORES.load()
