"""Peak memory that training adds, on a series so long that materialised windows would not fit.

Once for `fit` alone, given a float32 series, and once for the whole work of the train stage, from
its tables, which are written here.
"""

import stages  # noqa: F401, I001  the import is the seal

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.data import SEED, make_problem
from bench.rows import Row, print_rows, ratio
from forecasting.data.split import random_parts
from forecasting.data.windows import window_table
from stages.storage import artifacts
from foundation.packages import LOCK_FILE

LOOKBACK, FEATURES, TINY = 96, 8, 1000
LOCK = LOCK_FILE.resolve()
WORKS = {
    "fit": "`fit` alone, its float32 series included",
    "stage": "the whole train stage, its tables included",
}


def write_tables(folder: Path, rows: int) -> None:
    """Write what the train stage reads, with the artifacts' own writers."""
    folder.mkdir()
    shutil.copy(LOCK, folder)
    os.chdir(folder)
    values = make_problem(rows, FEATURES).series.astype(np.float64)
    times = pd.date_range("2000-01-01", periods=rows, freq="min", name="time")
    names = [f"feature_{number}" for number in range(FEATURES)]
    artifacts.SERIES.save(pd.DataFrame(values, columns=names, index=times))
    windows = window_table(rows, lookback=LOOKBACK, horizon=1, stride=1)
    part = random_parts(len(windows), test_size=0.2, random_state=SEED)
    artifacts.SPLIT.save(windows.assign(part=part))


def added_bytes(work: str, folder: Path, *, root: Path, rows: int, leave_after: float) -> int:
    """Do one kind of work in a process of its own and return what memory it added."""
    command = [sys.executable, "-m", "bench.memory_of_training", work, str(folder)]
    sizes = [str(TINY), str(rows), str(leave_after)]
    done = subprocess.run(
        [*command, *sizes], cwd=root, stdout=subprocess.PIPE, text=True, check=True
    )
    return int(done.stdout.splitlines()[-1])


def table_row(work: str, *, rows: int, added: Sequence[int]) -> Row:
    """Compare the added memory with the series, and with what its windows would take."""
    series, windows = rows * FEATURES * 8, rows * LOOKBACK * FEATURES * 4
    return Row(
        f"peak memory added by {WORKS[work]}: {rows:,} rows x {FEATURES}, lookback {LOOKBACK}",
        "under 3x the series in float64",
        f"{ratio([each / series for each in added])}: {statistics.median(added) / 1e6:.0f} MB for "
        f"{series / 1e6:.1f} MB; materialised, its float32 windows are {windows / 1e6:,.0f} MB",
    )


def main() -> None:
    """Write the tables once, then measure each kind of work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rows, leave_after, rounds = (100_000, 3.0, 1) if quick else (1_000_000, 8.0, 3)
    root = Path.cwd()
    added: dict[str, list[int]] = {work: [] for work in WORKS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length in (TINY, rows):
            write_tables(folder / str(length), length)
        for _ in range(rounds):  # how much of the freed heap is used again differs from run to run
            for work, found in added.items():
                found.append(
                    added_bytes(work, folder, root=root, rows=rows, leave_after=leave_after)
                )
    print_rows([table_row(work, rows=rows, added=found) for work, found in added.items()])


if __name__ == "__main__":
    main()
