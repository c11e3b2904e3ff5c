"""What checkpoints cost: the share of a training's time that goes into writing them.

They are written where the train stage writes them, to the disk that holds the repository.
"""

import stages  # noqa: F401, I001  the import is the seal

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from bench.data import BATCH, LOOKBACK, SEED, UNITS, make_problem
from bench.rows import Row, print_rows
from forecasting.training.determinism import seal_tensorflow
from forecasting.data.filling import fill
from forecasting.models.build import build_network
from forecasting.training.state import State
from forecasting.training.fit import TrainingConfig, fit
from stages.storage.checkpoints import Checkpoint, checkpoint_folder


def measure(*, rows: int, features: int, epochs: int) -> Row:
    """Train with checkpoints and time each epoch and what it writes; the first one compiles."""
    seal_tensorflow(SEED)
    problem = make_problem(rows, features)
    checkpoint = Checkpoint(checkpoint_folder(), "benchmark")
    written: list[float] = []
    ends: list[float] = []

    def save(state: Callable[[], State]) -> None:
        begun = time.perf_counter()
        checkpoint.save(state)
        ends.append(time.perf_counter())
        written.append(ends[-1] - begun)

    network = build_network(
        lookback=LOOKBACK,
        n_features=features,
        horizon=1,
        layers=[{"units": UNITS}],
        seed=SEED,
        normalise="none",
    )
    fit(
        network,
        TrainingConfig(
            epochs=epochs + 1, batch_size=BATCH, optimizer={"name": "adam"}, loss="mse", seed=SEED
        ),
        series=fill(problem.series),
        train_starts=problem.train,
        validation_starts=problem.validation,
        save=save,
    )
    checkpoint.remove()
    percent = 100 * sum(written[1:]) / (ends[-1] - ends[0])
    return Row(
        f"checkpoints: share of the time of {epochs} epochs",
        "under 5 %",
        f"{percent:.2g} %: {1000 * statistics.median(written[1:]):.1f} ms after an epoch of "
        f"{statistics.median(np.diff(ends)):.2f} s",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print_rows([measure(rows=400 if quick else 4000, features=7, epochs=3 if quick else 30)])
