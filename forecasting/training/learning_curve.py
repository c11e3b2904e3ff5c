"""The learning curve: what each epoch of a training left, and which one was kept."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd


class Epoch(NamedTuple):
    """What a finished epoch leaves in the learning curve."""

    loss: float
    val_loss: float
    learning_rate: float


def learning_curve(history: Sequence[Epoch], *, keep_best: bool) -> pd.DataFrame:
    """Write the finished epochs as a table.

    Args:
        history: What each epoch left.
        keep_best: Whether the network ended with the weights of the lowest validation loss.

    Returns:
        One row per epoch: `epoch` (from 1), `loss` (mean over the epoch, penalties included),
        `val_loss`, `learning_rate` (at its beginning, float32), `kept` (1 for the epoch whose
        weights the network ends with, else 0).
    """
    curve = pd.DataFrame(history, columns=Epoch._fields).astype({"learning_rate": np.float32})
    curve.insert(0, "epoch", np.arange(1, len(curve) + 1))
    kept = curve["val_loss"].idxmin() if keep_best else len(curve) - 1
    return curve.assign(kept=(curve.index == kept).astype(np.int64))


def kept_epoch(curve: pd.DataFrame) -> int:
    """Return the epoch, from 1, whose weights a training ended with."""
    return int(curve.loc[curve["kept"] == 1, "epoch"].iloc[0])
