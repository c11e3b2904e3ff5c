"""All stages after the raw table, in this process and one folder: quick, without DVC."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

from foundation.packages import LOCK_FILE
from foundation.params import load_params
from pipeline.runs.overrides import apply_overrides
from stages import evaluate, ingest, split, train, windowing
from stages.storage import artifacts
from tests.support.project import ROOT


def run_chain(folder: Path, table: bytes, *overrides: str) -> dict[str, Any]:
    """Run every stage on a CSV, data/raw/table.csv, with overrides; return the scores."""
    for name in ("params.yaml", LOCK_FILE):
        shutil.copy(ROOT / name, folder / name)
    raw = folder / "data/raw/table.csv"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(table)
    apply_overrides(folder, ["ingest.raw=data/raw/table.csv", *overrides])
    with contextlib.chdir(folder):
        params = load_params()
        for stage in (ingest, windowing, split, train, evaluate):
            stage.run(params)
        return artifacts.SCORES.load()
