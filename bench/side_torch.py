"""The PyTorch side: a plain loop around `nn.LSTM`; runs in a Python that has torch, without ours."""

import sys

import torch  # type: ignore[import-not-found, unused-ignore]

from bench.data import BATCH, SEED, UNITS, make_problem, materialised
from bench.turns import Clock


def main(rows: int, features: int, epochs: int, threads: int) -> None:
    """Train, and end each epoch on the clock."""
    torch.manual_seed(SEED)
    torch.set_num_threads(threads)
    problem = make_problem(rows, features)
    clock = Clock()
    x, y = map(torch.from_numpy, materialised(problem.series, problem.train))
    x_validation, y_validation = map(
        torch.from_numpy, materialised(problem.series, problem.validation)
    )
    lstm = torch.nn.LSTM(features, UNITS, batch_first=True)
    head = torch.nn.Linear(UNITS, features)
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], fused=True)

    def mean_squared_error(windows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        states, _ = lstm(windows)  # (batch, lookback, units)
        return torch.nn.functional.mse_loss(head(states[:, -1]), targets)

    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            mean_squared_error(x[batch], y[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            mean_squared_error(x_validation, y_validation).item()
        clock.epoch_ends()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
