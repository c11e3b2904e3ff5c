"""The folds of a backtest, as dates: `python -m stages.fold_dates WANTED`.

WANTED is a JSON object: `n_windows`, `step_size`, `refit` (a number, or null for never) and `sliding`. It
reads params.yaml and the series, and prints for each fold the parameters of its run and its cutoffs.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting.data.split import axis_of
from forecasting.evaluation.folds import Fold, rolling_folds
from foundation.errors import DataError, PipelineError
from foundation.params import Params, load_params
from stages.runner import check_code, check_seal
from stages.storage import artifacts


def folds(params: Params, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Place the folds in the series.

    Returns:
        For each `split`, the parameters of its section, `from`, the first time that it reads or None, and
        `cutoffs`, the last known time of each forecast.

    Raises:
        DataError: There are too few dates.
    """
    panel = artifacts.SERIES.load_panel()
    if params.windowing.stride != 1:
        raise DataError(
            f"A backtest needs windows at every row, and windowing.stride is {params.windowing.stride}: set "
            "it to 1."
        )
    dates = axis_of(panel.times, panel.offsets, panel.stops).dates
    found = rolling_folds(
        len(dates),
        horizon=params.windowing.horizon,
        validation_size=params.split.validation_size,
        **wanted,
    )
    return [_as_dates(fold, dates) for fold in found]


def _as_dates(fold: Fold, dates: pd.DatetimeIndex) -> dict[str, Any]:
    until = str(dates[fold.test_until]) if fold.test_until < len(dates) else None
    split = {
        "validation_from": str(dates[fold.validation_from]),
        "test_from": str(dates[fold.test_from]),
        "test_until": until,
    }
    return {
        "split": split,
        "from": str(dates[fold.first]) if fold.first else None,
        "cutoffs": [str(dates[cutoff]) for cutoff in fold.cutoffs],
    }


def main() -> None:
    """Print the folds, or why there are none, as JSON."""
    try:
        check_seal()
        check_code(Path.cwd())
        said: dict[str, Any] = {"folds": folds(load_params(), json.loads(sys.argv[1]))}
    except PipelineError as error:
        said = {"refused": str(error)}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
