"""How fast a forecast is answered: stored, of a newer table, and of thousands of series."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench.panels import OVERRIDES, STAGES, TABLE, run_process, run_stage, write_table
from bench.rows import Row, print_rows, seconds
from bench.stages import timed
from pipeline.runs.overrides import apply_overrides
from tests.support.project import Project, copy_project

DEMO = ("train.epochs=1",)
FEW_WINDOWS = ("ingest.targets=[sales]", "split.method=random", "windowing.stride=10")
LIBRARIES = "import stages, tensorflow, keras"  # what a start of TensorFlow is
FORMATS = ("csv", "json", "parquet")


def measure_newer(project: Project, *, rounds: int) -> list[Row]:
    """Time the stored forecast of the demo, and forecasts of newer tables next to a start of TensorFlow."""
    root = project.root
    apply_overrides(root, DEMO)
    project.commit("fewer epochs")
    timed(root, "python", "-m", "pipeline", "run", "--no-prefect")
    stored, starts, newer = [], [], []
    lines = (root / "data/raw/demo.csv").read_text().splitlines(keepends=True)
    table = root.parent / "newer.csv"
    for number in range(rounds):
        table.write_text("".join([lines[0], *lines[-200 - number : -1 - number]]))
        stored.append(timed(root, "python", "-m", "pipeline", "forecast").seconds)
        starts.append(timed(root, "python", "-c", LIBRARIES).seconds)
        command = ("python", "-m", "pipeline", "forecast", "--input", str(table))
        newer.append(timed(root, *command).seconds)
    start = statistics.median(starts)
    more = [each - start for each in newer]
    return [
        Row("`exactcast forecast`, stored", "under 2 s", seconds(stored)),
        Row("start of TensorFlow and Keras", "", seconds(starts)),
        Row(
            "`exactcast forecast --input TABLE`: more than a start",
            "at most 3 s",
            f"{seconds(more)}; in all {seconds(newer)}",
        ),
    ]


def measure_many(folder: Path, *, series: int, rows: int) -> list[Row]:
    """Answer for many series: a step more than is stored, and the stored forecast in each format."""
    root = copy_project(folder).root
    write_table(root / TABLE, series=series, rows=rows)
    apply_overrides(root, [*OVERRIDES, *FEW_WINDOWS])
    for stage in STAGES:
        run_stage(stage, root)
    size = f"{series:,} series x 24 steps"
    found = [_of_format(root, size, how) for how in FORMATS]
    command = ("-m", "pipeline", "forecast", "--h", "25", "--output", "answer.csv")
    used = run_process(command, root)
    return [
        *found,
        Row(
            f"{size} and one more: `exactcast forecast --h 25`, which makes them",
            "under 30 s",
            f"{seconds([used.seconds])}, peak memory {used.gigabytes:.2f} GB",
        ),
    ]


def _of_format(root: Path, size: str, how: str) -> Row:
    command = ("forecast", "--format", how, "--output", f"answer.{how}")
    began = time.perf_counter()
    timed(root, "python", "-m", "pipeline", *command)
    return Row(
        f"{size}, stored: `exactcast forecast --format {how}`",
        "under 2 s",
        seconds([time.perf_counter() - began]),
    )


def main() -> None:
    """Measure in a temporary folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        rows = measure_newer(copy_project(Path(folder) / "demo"), rounds=1 if quick else 5)
        series = 20 if quick else 10_000
        print_rows([*rows, *measure_many(Path(folder) / "many", series=series, rows=100)])


if __name__ == "__main__":
    main()
