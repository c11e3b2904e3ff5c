"""Time and peak memory of every stage on one table of many series, and of ingest on one long series."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from bench.rows import Row, print_rows, seconds
from bench.turns import user_environment
from pipeline.runs.overrides import apply_overrides
from tests.support.project import copy_project

COLUMNS = ("sales", "price", "visits")
STAGES = (
    "ingest", "windowing", "split", "train", "predict", "calibrate", "refit", "evaluate", "forecast",
)  # fmt: skip
TO_REACH = {"ingest": "within 6 GB, under 60 s"}
TABLE = Path("data/raw/panel.csv")
OVERRIDES = (
    f"ingest.raw={TABLE}", "ingest.time=time", "ingest.id=shop", "split.method=chronological",
    "train.epochs=1", "train.batch_size=1024",
)  # fmt: skip


def write_table(path: Path, *, series: int, rows: int) -> None:
    """Write series of random steps around levels of their own, the rows sorted by series."""
    rng = np.random.default_rng(7)
    times = np.datetime64("2024-01-01", "s") + np.arange(rows) * np.timedelta64(3600, "s")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    for number in range(series):
        steps = rng.normal(size=(rows, len(COLUMNS))).cumsum(axis=0)
        values = np.round(rng.uniform(50, 500) + steps, 2)
        columns = {name: values[:, column] for column, name in enumerate(COLUMNS)}
        shop = pa.repeat(pa.scalar(f"shop {number:05}"), rows)
        table = pa.table({"shop": shop, "time": times, **columns})
        writer = writer or csv.CSVWriter(str(path), table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


@dataclass(frozen=True)
class Used:
    """What a stage took: its seconds, and the most memory that it held at once, in GB."""

    seconds: float
    gigabytes: float


def run_stage(name: str, folder: Path) -> Used:
    """Run a stage in a copy of the project, in a process of its own."""
    return run_process(("-m", f"stages.{name}"), folder)


def run_process(arguments: Sequence[str], folder: Path) -> Used:
    """Run Python in a copy of the project; the memory is that of its largest process."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=user_environment(),
        stdout=sys.stderr,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed: its error stands above.")
    return Used(time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e9)


def measure(folder: Path, *, series: int, rows: int, stages: Sequence[str] = STAGES) -> list[Row]:
    """Write the table into a copy of the project, and run one stage after the other on it."""
    root = copy_project(folder / "copy").root
    write_table(root / TABLE, series=series, rows=rows)
    apply_overrides(root, OVERRIDES)
    size = f"{series:,} series x {rows:,} rows x {len(COLUMNS)} columns"
    found = {name: run_stage(name, root) for name in stages}
    return [
        Row(
            f"{size}: stage `{name}`{', 1 epoch, batch 1024' if name == 'train' else ''}",
            TO_REACH.get(name, "within 6 GB"),
            f"{seconds([used.seconds])}, peak memory {used.gigabytes:.2f} GB",
        )
        for name, used in found.items()
    ]


def main() -> None:
    """Measure in a temporary folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        series, rows = (20, 200) if quick else (10_000, 1_000)
        found = measure(Path(folder) / "many", series=series, rows=rows)
        found += measure(Path(folder) / "one", series=1, rows=series * rows, stages=("ingest",))
    print_rows(found)


if __name__ == "__main__":
    main()
