"""Our side: the compiled epoch of `forecasting.training.fit`, in a sealed process or in a plain one."""

import sys

from bench.data import BATCH, LOOKBACK, SEED, UNITS, make_problem
from bench.turns import Clock


def main(rows: int, features: int, epochs: int) -> None:
    """Train, and end each epoch on the clock."""
    from forecasting.data.filling import fill  # after the seal
    from forecasting.models.build import build_network
    from forecasting.training.fit import TrainingConfig, fit

    problem = make_problem(rows, features)
    clock = Clock()
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
            epochs=epochs, batch_size=BATCH, optimizer={"name": "adam"}, loss="mse", seed=SEED
        ),
        series=fill(problem.series),
        train_starts=problem.train,
        validation_starts=problem.validation,
        report=lambda epoch, loss, val_loss: clock.epoch_ends(),
    )


if __name__ == "__main__":
    if sys.argv[4] == "sealed":
        import stages  # noqa: F401  the import is the seal
        from forecasting.training.determinism import seal_tensorflow

        seal_tensorflow(SEED)
    main(*map(int, sys.argv[1:4]))
