"""A raw table that has been read: its columns by what they are used as, row by row as the file has them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class RawTable:
    """Columns of a raw table; every frame has the times as its index.

    Attributes:
        times: (rows,) One per row, in microseconds without a zone, named as their column; those of a
            series increase.
        ids: Which series a row belongs to: columns of categories, sorted, none missing.
        numbers: float64 columns in the order asked for; missing values are nan.
        texts: Columns of categories, sorted; missing values are nan.
        left_out: Columns of text that nobody asked for.
        time_zone: Where the clock shows other times, if `times` are UTC; None if they are local or of no
            known zone.
    """

    times: pd.DatetimeIndex
    ids: pd.DataFrame
    numbers: pd.DataFrame
    texts: pd.DataFrame
    left_out: tuple[str, ...] = ()
    time_zone: str | None = None

    def at(self, rows: np.ndarray) -> "RawTable":
        """Return the rows at these positions, or those that a mask marks.

        Args:
            rows: Positions, or (rows,) bool.
        """
        ids, numbers, texts = (f.iloc[rows] for f in (self.ids, self.numbers, self.texts))
        return RawTable(self.times[rows], ids, numbers, texts, self.left_out, self.time_zone)
