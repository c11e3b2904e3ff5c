"""Sides that train in processes of their own and take turns, epoch by epoch.

While one side trains an epoch the others wait for a line on their standard input. A drift of the
machine thus affects all sides equally, and a ratio within a round means something on shared cores.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence

# What numeric libraries read: a side gets none of it, but what it pins itself
PREFIXES = ("TF_", "XLA_", "KERAS_", "OMP_", "MKL_", "OPENBLAS_", "NPY_", "ONEDNN_", "MPL", "CUDA_")


class Clock:
    """A side's half: tells how long each epoch took, then waits for its next turn."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def epoch_ends(self) -> None:
        """Report the seconds of the epoch that ends here, and wait."""
        print(time.perf_counter() - self._start, flush=True)
        sys.stdin.readline()
        self._start = time.perf_counter()


class Side:
    """The other half: a started side, which has trained its first epoch and waits.

    Attributes:
        first: Seconds of the first epoch, building and compiling included.
        epochs: Seconds of each epoch after it.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=user_environment() | {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
        )
        self.first = self._read()
        self.epochs: list[float] = []

    def train_epoch(self) -> None:
        """Give the side its turn and note the seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.epochs.append(self._read())

    def finish(self) -> None:
        """Let the side end.

        Raises:
            RuntimeError: It failed.
        """
        self._process.communicate("\n")
        if self._process.returncode != 0:
            raise RuntimeError(f"{self._process.args!r} failed: its error stands above.")

    def _read(self) -> float:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended early: its error stands above.")
        return float(line)


def user_environment() -> dict[str, str]:
    """Give the variables of a fresh shell: nothing that steers a numeric library."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
