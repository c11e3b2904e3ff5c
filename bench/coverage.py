"""How many actual values intervals hold, and how wide they are, step by step, on a table of ETTh1's form.

`python -m bench.coverage ETTh1.csv` trains once for each horizon on a chronological split and prints a
Markdown table for docs/LOG.md. The table is not part of the repository; `make bench` leaves this out.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.panels import run_stage
from bench.run import as_table
from pipeline.runs.overrides import apply_overrides
from tests.support.project import copy_project

TABLE = Path("data/raw/table.csv")
HORIZONS, LEVELS, STEPS = (24, 96), (80, 90), (1, 6, 12, 24, 48, 96)
OVERRIDES = (
    f"ingest.raw={TABLE}", "ingest.time=date", "windowing.lookback=96", "train.batch_size=32",
    "split.method=chronological", "split.gap=0", "split.validation_from=2017-06-26",
    "split.test_from=2017-10-24", "split.test_until=2018-02-21",
)  # fmt: skip # 12, 4 and 4 months, as in papers


def measure(table: Path, folder: Path, *, horizon: int, epochs: int) -> list[list[str]]:
    """Train, and calibrate the same forecasts as they are and adaptively.

    Args:
        table: A CSV with a column `date` and hourly rows.
        folder: For the copy of the project.
        horizon: How many steps the model predicts.
        epochs: Of the training.

    Returns:
        The rows of the table.
    """
    root = copy_project(folder).root
    (root / TABLE).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(table, root / TABLE)
    steps = (
        f"windowing.horizon={horizon}",
        f"forecast.horizon={horizon}",
        f"train.epochs={epochs}",
    )
    apply_overrides(root, [*OVERRIDES, *steps])
    for stage in ("ingest", "windowing", "split", "train", "predict"):
        run_stage(stage, root)
    rows = []
    for adaptive in (False, True):
        apply_overrides(root, [f"intervals.adaptive={str(adaptive).lower()}"])
        run_stage("calibrate", root)
        intervals = pd.read_parquet(root / "models/intervals.parquet")
        deviations = pd.read_parquet(root / "data/series.parquet").std()
        kind = "adaptive" if adaptive else "static"
        rows += [_row(f"{horizon} steps, {kind}", intervals, deviations, level) for level in LEVELS]
    run_stage("evaluate", root)
    skill = json.loads((root / "reports/metrics.json").read_text(encoding="utf-8"))
    print(f"{horizon} steps, {epochs} epochs: {json.dumps(skill)}", flush=True)
    return rows


def _row(name: str, intervals: pd.DataFrame, deviations: pd.Series, level: float) -> list[str]:
    """Average over targets: the share inside, and the width in deviations of the target."""
    here = intervals[intervals["level"] == level]
    widths = here["mean_width"] / here["target"].astype("str").map(deviations)
    by_step = here.assign(width=widths).groupby("step")[["coverage", "width"]].mean()
    cells = [
        f"{by_step.loc[step, 'coverage']:.1%}, {by_step.loc[step, 'width']:.2f}"
        if step in by_step.index
        else ""
        for step in STEPS
    ]
    return [name, f"{level} %", f"{by_step['coverage'].mean():.1%}", *cells]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in a temporary folder and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--horizons", type=int, nargs="+", default=HORIZONS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row
            for horizon in options.horizons
            for row in measure(
                options.table.absolute(),
                Path(folder) / str(horizon),
                horizon=horizon,
                epochs=options.epochs,
            )
        ]
    head = ["forecast", "nominal", "all steps", *(f"step {step}" for step in STEPS)]
    print(as_table(head, rows))


if __name__ == "__main__":
    main()
