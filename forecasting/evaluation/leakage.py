"""How far what is scored was seen in training."""

import numpy as np
import pandas as pd

from forecasting.data.split import TEST, TRAIN
from forecasting.data.windows import covered_rows


def leaked_share(split: pd.DataFrame, *, earliest: np.ndarray, part: str = TEST) -> float:
    """Tell which share of the rows to be predicted in the scored part training has seen.

        leaked_share = |target rows of scored windows that a training window has seen| / |target rows|

    A training window has seen the rows in it, and those before it that its filled cells stand on.

    Args:
        split: The window table with its `part` column.
        earliest: For each row of the series, the earliest one whose value may enter what a window
            reads there (see `filling.earliest_rows`), shape (rows,).
        part: Which is scored.

    Returns:
        Between 0 (an honest split) and 1 (every tested value was seen in training).
    """
    scored, train = (split[split["part"] == each] for each in (part, TRAIN))
    predicted = covered_rows(
        scored["target_start"].to_numpy(), scored["target_stop"].to_numpy(), n_rows=len(earliest)
    )
    seen = covered_rows(
        earliest[train["input_start"].to_numpy()],
        train["target_stop"].to_numpy(),
        n_rows=len(earliest),
    )
    return float((predicted & seen).sum() / predicted.sum())
