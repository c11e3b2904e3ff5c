"""Run every measurement, print the table and write docs/benchmarks.md.

`--quick` runs all of them on small inputs, to see that they work; its figures mean nothing, so it
writes only where `--output` says.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import machine
from bench.epoch import TORCH, torch_version
from bench.rows import Row, read_rows
from bench.turns import user_environment

PAGE = Path("docs/benchmarks.md")
MEASUREMENTS = ("epoch", "checkpoint", "memory", "panels", "stages", "forecasts", "watching")
INTRODUCTION = f"""# Benchmarks

What the pipeline promises about time and memory, and what was found. `make bench` measures every figure and writes this whole page.

* **An epoch** of our compiled training against `model.fit` as one writes it in an afternoon (windows materialised, TensorFlow's defaults; also
  sealed and on one thread as ours is; also with Keras' own compilation), and against a plain PyTorch loop. All train `LSTM(50)` and `Dense(7)` with Adam
  and mean squared error, batch 16, on the same 80 % of the windows of 4,000 rows x 7, lookback 24, and pass over the other 20 % after every epoch.
  Each side is a process of its own. They take turns, an epoch each, so the drift of the machine affects all of them equally; a ratio is taken within a round.
  The first epoch, which builds and compiles, is reported on its own. Ours also runs without the environment seal, to see what the seal costs.
* **Checkpoints** are written after an epoch, to the disk that holds the repository, unless that would take more than 5 % of the time.
* **Memory** is the peak of the training process above what it held after the same work on 1,000 rows, TensorFlow and the program compiled. Training is
  left after some seconds: the pass is one compiled call, whose memory is taken before its first step.
* **Many series** are one long CSV, as `ingest.id` reads it; a single long series of as many rows shows what they add. Each stage is a process of its
  own; its memory is the most that the system saw it hold, the program and its packages included.
* **Forecasts**: the stored one; one of a newer table, by how much it takes longer than a start of TensorFlow and Keras; and those of many series,
  stored and made.
* **Prefect** is measured on six stages that take no time, each run making all of them: with a server that is up, with one that is started for the run, and unwatched.
* **The demo** runs in a temporary copy: each stage alone (its imports alone are the start-up), then the graph by DVC.

How to read it: a figure is a median with its smallest and largest value in brackets. Cores are often shared, so seconds move by a third from day to day;
trust the ratios. `{TORCH}=PYTHON make bench` also compares PyTorch; `PYTHON` is a Python with torch and NumPy, outside the locks:
`python -m venv .cache/bench-torch && .cache/bench-torch/bin/pip install torch==2.13.0 numpy` makes one.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Run every measurement.")
    parser.add_argument("--quick", action="store_true", help="Small inputs: see that it works.")
    parser.add_argument("--output", type=Path, help="The page to write.")
    options = parser.parse_args()
    workers = len(MEASUREMENTS) if options.quick else 1  # side by side, times would mean nothing
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(lambda name: measure(name, quick=options.quick), MEASUREMENTS)
        rows = [row for of_one in found for row in of_one]
    table = as_table(
        ("measure", "to reach", "found"), [(r.measure, r.to_reach, r.found) for r in rows]
    )
    print(table)
    output = options.output or (None if options.quick else PAGE)
    if output is not None:
        on = machine.describe() | {"torch": torch_version() or "not installed"}
        parts = [INTRODUCTION, table, "", as_table(("machine", ""), list(on.items())), ""]
        output.write_text("\n".join(parts), encoding="utf-8")


def measure(name: str, *, quick: bool) -> list[Row]:
    """Run one measurement in a process of its own."""
    print(f"measuring: {name}", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *(["--quick"] if quick else [])],
        capture_output=True,
        text=True,
        env=user_environment(),
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"bench.{name} failed:\n{done.stderr}")
    return read_rows(done.stdout.splitlines()[-1])


def as_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
