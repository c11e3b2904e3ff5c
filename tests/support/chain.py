"""All stages in this process and one folder: quick, without DVC."""

import contextlib
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

from foundation.packages import LOCK_FILE
from foundation.params import load_params
from pipeline.runs.config_files import read_config
from pipeline.runs.overrides import apply_overrides
from stages import evaluate, ingest, simulate, split, train, windowing
from stages.storage import artifacts
from tests.support.project import ROOT


def run_chain(folder: Path, table: bytes, *overrides: str) -> dict[str, Any]:
    """Run every stage on a CSV, data/raw/table.csv, with overrides; return the scores."""
    _prepare(folder)
    raw = folder / "data/raw/table.csv"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(table)
    apply_overrides(folder, ["ingest.raw=data/raw/table.csv", *overrides])
    return _scores(folder, ingest, windowing, split, train, evaluate)


def run_config(folder: Path, config: str, *overrides: str) -> dict[str, Any]:
    """Run every stage, from the simulated table on, as a file of configs/ says; return the scores."""
    _prepare(folder)
    apply_overrides(folder, overrides, [read_config(ROOT / "configs" / config, root=ROOT)])
    return _scores(folder, simulate, ingest, windowing, split, train, evaluate)


def _prepare(folder: Path) -> None:
    for name in ("params.yaml", LOCK_FILE):
        shutil.copy(ROOT / name, folder / name)


def _scores(folder: Path, *stages: ModuleType) -> dict[str, Any]:
    with contextlib.chdir(folder):
        params = load_params()
        for stage in stages:
            stage.run(params)
        return artifacts.SCORES.load()
