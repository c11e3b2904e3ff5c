"""The demo, stage by stage, and as `dvc repro`, in a temporary copy of the project."""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Row, print_rows, seconds
from bench.turns import user_environment
from pipeline.runs.overrides import apply_overrides
from pipeline.versioning.graph import load_graph
from tests.support.project import PROGRAMS, Project, copy_project

START_UPS = 5  # how often a command with nothing to do is timed
EPOCH = re.compile(r"epoch (\d+)/(\d+) ")


@dataclass(frozen=True)
class Timed:
    """A finished command.

    Attributes:
        seconds: From its start to its end.
        epochs: When each epoch was reported, in seconds from the start.
    """

    seconds: float
    epochs: list[float]

    @property
    def training(self) -> float:
        """Seconds of all epochs, the first taken as the mean of the others: it compiles too."""
        return (self.epochs[-1] - self.epochs[0]) * len(self.epochs) / (len(self.epochs) - 1)


def timed(root: Path, *command: str) -> Timed:
    """Run a command in the copy and note when each epoch ends."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    start = time.perf_counter()
    epochs, printed = [], []
    with subprocess.Popen(
        command,
        cwd=root,
        env=user_environment() | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line)
            if EPOCH.match(line):
                epochs.append(time.perf_counter() - start)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{''.join(printed)}")
    return Timed(time.perf_counter() - start, epochs)


def measure(root: Path, *, rounds: int) -> list[Row]:
    """Time every stage and its start-up in turn, then the whole graph, then the graph unchanged."""
    names = load_graph(root).order()
    starts: dict[str, list[float]] = {name: [] for name in names}
    stages: dict[str, list[Timed]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            starts[name].append(timed(root, "python", "-c", f"import stages.{name}").seconds)
            stages[name].append(timed(root, "python", "-m", f"stages.{name}"))
    repro = [timed(root, "dvc", "repro", "--force", "--no-run-cache") for _ in range(rounds)]
    unchanged = [timed(root, "dvc", "repro").seconds for _ in range(rounds)]
    n_epochs = len(repro[0].epochs)
    return [
        *(_stage_row(name, starts[name], stages[name]) for name in names),
        *_training_rows(starts["train"], stages["train"]),
        Row(
            f"`dvc repro --force --no-run-cache`, {n_epochs} epochs",
            "under 60 s with 100 epochs",
            seconds([run.seconds for run in repro]),
        ),
        Row(
            "of it, everything but the epochs",
            "under 25 s",
            seconds([run.seconds - run.training for run in repro]),
        ),
        Row("`dvc repro`, nothing changed", "under 2 s", seconds(unchanged)),
        _idle_row(root, "run", "--no-prefect", to_reach="at most 1.2 s"),
        _idle_row(root, "status", to_reach="at most 0.8 s"),
    ]


def _idle_row(root: Path, *command: str, to_reach: str) -> Row:
    """Time a command of ours when everything is up to date."""
    found = [timed(root, "python", "-m", "pipeline", *command).seconds for _ in range(START_UPS)]
    return Row(f"`exactcast {' '.join(command)}`, nothing changed", to_reach, seconds(found))


def measure_verification(project: Project, *, rounds: int) -> Row:
    """Time the verification of what was just run; it fails unless every byte comes out again."""
    project.commit("measured")
    verify = [timed(project.root, "python", "-m", "pipeline", "verify") for _ in range(rounds)]
    return Row(
        f"`exactcast verify`, {len(verify[0].epochs)} epochs, the environment being there",
        "under 75 s with 100 epochs",
        seconds([run.seconds for run in verify]),
    )


def _stage_row(name: str, starts: list[float], runs: list[Timed]) -> Row:
    whole = [run.seconds for run in runs]
    work = statistics.median(whole) - statistics.median(starts)
    return Row(
        f"stage `{name}`",
        "",
        f"{seconds(whole)}, of which start-up and imports {seconds(starts)}, work {work:.2f} s",
    )


def _training_rows(starts: list[float], runs: list[Timed]) -> list[Row]:
    """Divide the train stage's work: up to the first epoch's end, the epochs, and storing."""
    n_epochs = len(runs[0].epochs)
    first = [run.epochs[0] for run in runs]
    compiling = statistics.median(first) - statistics.median(starts)
    after = [run.seconds - run.epochs[-1] for run in runs]
    return [
        Row(
            "in `train`: to the end of the first epoch",
            "",
            f"{seconds(first)}, of which reading, building, compiling {compiling:.2f} s",
        ),
        Row(f"in `train`: {n_epochs} epochs", "", seconds([run.training for run in runs])),
        Row("in `train`: storing, and the process's end", "", seconds(after)),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_project(Path(folder) / "copy")
        if quick:
            apply_overrides(copy.root, ["train.epochs=3", "simulate.rows=600"])
        rounds = 1 if quick else 2
        rows = measure(copy.root, rounds=rounds)
        print_rows([*rows, measure_verification(copy, rounds=rounds)])
