"""Epoch time: our compiled epoch, Keras' `model.fit` and a plain PyTorch loop, taking turns.

All train the reference network on the same windows and validate once per epoch. The first epoch,
which compiles, is reported apart.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence

from bench.rows import Row, print_rows, ratio, seconds
from bench.turns import Side

TORCH = "EXACTCAST_TORCH_PYTHON"
OURS = "exactcast, sealed, one thread"
OURS_UNSEALED = "exactcast, unsealed, TensorFlow's own threads"
KERAS = "`model.fit`, unsealed, TensorFlow's own threads"
KERAS_SEALED = "`model.fit`, sealed, one thread"
KERAS_XLA = "`model.fit`, unsealed, with `use_cudnn=False, jit_compile=True`"


def measure(*, rows: int, features: int, rounds: int) -> list[Row]:
    """Let the sides train in turn and compare them, round by round."""
    commands = _commands(str(rows), str(features), str(rounds + 1))
    sides = {name: Side(command) for name, command in commands.items()}
    for _ in range(rounds):
        for side in sides.values():
            side.train_epoch()
    for side in sides.values():
        side.finish()
    return [
        *(
            Row(f"epoch of {name}", "", f"{seconds(s.epochs)}; the first {seconds([s.first])}")
            for name, s in sides.items()
        ),
        _compare(sides, [OURS_UNSEALED], "at least 0.97x: the seal costs at most 3 %"),
        _compare(sides, [KERAS], "at least 4x"),
        _compare(sides, [KERAS_SEALED], ""),
        _compare(sides, [KERAS_XLA], ""),
        _compare_torch(sides),
    ]


def _commands(*sizes: str) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    commands = {
        OURS: [*python, "bench.side_exactcast", *sizes, "sealed"],
        OURS_UNSEALED: [*python, "bench.side_exactcast", *sizes, "unsealed"],
        KERAS: [*python, "bench.side_keras", *sizes, "unsealed"],
        KERAS_SEALED: [*python, "bench.side_keras", *sizes, "sealed"],
        KERAS_XLA: [*python, "bench.side_keras", *sizes, "xla"],
    }
    if version := torch_version():
        for threads in ("1", "2"):
            name = f"PyTorch {version}, threads: {threads}"
            commands[name] = [os.environ[TORCH], "-m", "bench.side_torch", *sizes, threads]
    return commands


def torch_version() -> str | None:
    """Ask the Python that the environment names for its torch; None if it names none."""
    if not (python := os.environ.get(TORCH)):
        return None
    command = [python, "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _compare(sides: Mapping[str, Side], others: Sequence[str], to_reach: str) -> Row:
    """Divide the fastest of the others by ours, within each round."""
    name = min(others, key=lambda other: statistics.median(sides[other].epochs))
    ratios = [
        other / ours for other, ours in zip(sides[name].epochs, sides[OURS].epochs, strict=True)
    ]
    return Row(f"{name}: times our epoch", to_reach, ratio(ratios))


def _compare_torch(sides: Mapping[str, Side]) -> Row:
    others = [name for name in sides if name.startswith("PyTorch")]
    if others:
        return _compare(sides, others, "at least 1.5x")
    missing = f"torch not installed: see below how to name a Python that has it in `{TORCH}`"
    return Row("PyTorch: times our epoch", "at least 1.5x", missing)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print_rows(measure(rows=400 if quick else 4000, features=7, rounds=2 if quick else 12))
