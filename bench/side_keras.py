"""The reference side: what one writes in an afternoon, `model.fit` on materialised windows.

`unsealed` is the process as a user has it, with TensorFlow's own choice of threads and kernels;
`sealed` is the same code under our seal, on one thread; `xla` is `unsealed` with the two arguments
that let Keras compile each step (under a seal it would not: XLA is off with deterministic ops).
"""

import sys
from typing import Any

from bench.data import BATCH, LOOKBACK, SEED, UNITS, make_problem, materialised
from bench.turns import Clock


def main(rows: int, features: int, epochs: int, *, xla: bool) -> None:
    """Train, and end each epoch on the clock."""
    import keras

    problem = make_problem(rows, features)
    clock = Clock()
    model = keras.Sequential(
        [
            keras.Input((LOOKBACK, features)),
            keras.layers.LSTM(UNITS, **({"use_cudnn": False} if xla else {})),
            keras.layers.Dense(features),
        ]
    )
    model.compile(optimizer="adam", loss="mse", jit_compile=True if xla else "auto")
    x, y = materialised(problem.series, problem.train)
    model.fit(
        x,
        y,
        validation_data=materialised(problem.series, problem.validation),
        epochs=epochs,
        batch_size=BATCH,
        verbose=0,  # its progress bar would cost time
        callbacks=[_turns(clock)],
    )


def _turns(clock: Clock) -> Any:
    import keras

    return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: clock.epoch_ends())


if __name__ == "__main__":
    kind = sys.argv[4]
    if kind == "sealed":
        import stages  # noqa: F401  the import is the seal
        from forecasting.training.determinism import seal_tensorflow

        seal_tensorflow(SEED)
    main(*map(int, sys.argv[1:4]), xla=kind == "xla")
