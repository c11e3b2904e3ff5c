"""The process whose memory is measured: it trains on a tiny series, then on the long one.

The baseline is what it holds after the tiny series: TensorFlow and the compiled program are there.
All windows of the long one are given, but training is left after some seconds: the pass is one
compiled call, which takes its memory before its first step.
"""

import stages  # noqa: F401, I001  the import is the seal

import os
import sys
import threading
from pathlib import Path

from bench.data import BATCH, SEED, UNITS, make_problem
from bench.memory import FEATURES, LOOKBACK
from forecasting.training.determinism import seal_tensorflow
from forecasting.data.filling import fill
from forecasting.models.build import build_network
from forecasting.training.fit import TrainingConfig, fit
from stages import train
from foundation.params import load_params

PARAMS = Path("params.yaml").resolve()


def measure(work: str, folder: Path, *, tiny: int, rows: int, leave_after: float) -> None:
    """Print the added bytes from within the training, and leave the process."""
    seal_tensorflow(SEED)
    run = run_fit if work == "fit" else run_stage
    run(folder / str(tiny), tiny)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here

    def leave() -> None:
        print(resident("VmHWM") - before, flush=True)
        os._exit(0)  # the compiled pass cannot be interrupted

    timer = threading.Timer(leave_after, leave)
    timer.start()
    run(folder / str(rows), rows)
    leave()


def run_fit(folder: Path, rows: int) -> None:
    """Train for one epoch on a float32 series; the folder is not needed."""
    problem = make_problem(rows, FEATURES, lookback=LOOKBACK)
    network = build_network(
        lookback=LOOKBACK,
        n_features=FEATURES,
        horizon=1,
        layers=[{"units": UNITS}],
        seed=SEED,
        normalise="none",
    )
    fit(
        network,
        TrainingConfig(
            epochs=1, batch_size=BATCH, optimizer={"name": "adam"}, loss="mse", seed=SEED
        ),
        series=fill(problem.series),
        train_starts=problem.train,
        validation_starts=problem.validation,
    )


def run_stage(folder: Path, rows: int) -> None:
    """Do the work of the train stage in the folder with its tables, for one epoch."""
    os.chdir(folder)
    params = load_params(PARAMS)
    one_epoch = params.train.model_copy(update={"epochs": 1})
    train.run(params.model_copy(update={"train": one_epoch}))


def resident(kind: str) -> int:
    """Read this process's memory in bytes: `VmRSS`, now, or `VmHWM`, its peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(kind):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {kind}: this measurement needs Linux.")


if __name__ == "__main__":
    measure(
        sys.argv[1],
        Path(sys.argv[2]),
        tiny=int(sys.argv[3]),
        rows=int(sys.argv[4]),
        leave_after=float(sys.argv[5]),
    )
