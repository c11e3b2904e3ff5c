"""Many series in one array: stacked below each other, sorted by name and time.

Positions are rows of the stack, so what gathers windows needs to know nothing of series: a window
is a range of rows that lies inside one of them. A single series is a panel of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from forecasting.data.roles import NO_COVARIATES, Covariates
from foundation.errors import DataError, quoted

JOINT = "/"  # between the levels of a name, as in the unique_id of Nixtla's hierarchies
SHOWN = 3  # names listed in a sentence


@dataclass(frozen=True)
class Panel:
    """Series with the same columns and the same step, of any length and start.

    Attributes:
        values: Shape (rows, columns), float64; missing cells are nan, texts are the numbers of their
            labels.
        times: The time of each row, rising within a series; named as the time column.
        offsets: Rows at which the series begin, and the number of rows; shape (series + 1,), int64.
        names: The name of each series, sorted; a single empty one where the table has no id.
        columns: Their names: targets, past covariates, future covariates.
        id: The name of the id; None for a single series.
        raw_rows: For each row the one of the raw table that it comes from; None where these are the
            same.
        covariates: Which columns are no targets, and what else is read.
        labels: For each column of text its texts, sorted.
        statics: The static covariates of each series, shape (series, static covariates); None where
            there are none.
    """

    values: np.ndarray
    times: pd.DatetimeIndex
    offsets: np.ndarray
    names: tuple[str, ...]
    columns: tuple[str, ...]
    id: str | None = None
    raw_rows: np.ndarray | None = None
    covariates: Covariates = NO_COVARIATES
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statics: np.ndarray | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the columns that are forecast, the first ones."""
        return self.columns[: len(self.columns) - len(self.covariates.moving)]

    @property
    def stops(self) -> np.ndarray:
        """For each series the row after the last with a target; later ones have covariates only.

        Only future covariates reach further than the targets. Shape (series,).
        """
        ends = self.offsets[1:]
        if not self.covariates.future:
            return ends
        observed = ~np.isnan(self.values[:, : len(self.targets)]).all(axis=1)
        rows = np.where(observed, np.arange(len(observed)), -1)
        last = np.maximum.reduceat(rows, self.offsets[:-1])
        return np.where(last < 0, ends, last + 1)

    @property
    def last_time(self) -> pd.Timestamp:
        """The last time at which a series has a target."""
        return self.times[self.stops - 1].max()

    @property
    def ahead(self) -> np.ndarray:
        """Marks the rows after the last target of their series, shape (rows,)."""
        return np.arange(len(self.values)) >= np.repeat(self.stops, self.lengths)

    @property
    def lengths(self) -> np.ndarray:
        """The rows of each series, shape (series,)."""
        return np.diff(self.offsets)

    @property
    def codes(self) -> np.ndarray:
        """The number of each row's series, shape (rows,), int32."""
        return np.repeat(np.arange(len(self.names), dtype=np.int32), self.lengths)

    def series_of(self, row: int) -> int:
        """Return the number of the series that a row belongs to."""
        return int(np.searchsorted(self.offsets, row, side="right")) - 1

    def row_in_table(self, row: int) -> int:
        """Return the number of a row in the raw table, counted from 1."""
        return 1 + int(row if self.raw_rows is None else self.raw_rows[row])

    def named(self, series: int) -> str:
        """Write the series as the subject of a sentence."""
        return "The series" if self.id is None else f"Series {quoted(self.names[series])}"

    def of(self, series: int) -> str:
        """Write to which series something belongs; nothing where there is only one."""
        return "" if self.id is None else f" of series {quoted(self.names[series])}"

    def longest_times(self) -> pd.DatetimeIndex:
        """Return the times of the longest series, the first of them."""
        longest = int(self.lengths.argmax())
        return self.times[self.offsets[longest] : self.offsets[longest + 1]]

    def series(self, number: int) -> pd.DataFrame:
        """Return one of the series as a table over its times."""
        rows = slice(self.offsets[number], self.offsets[number + 1])
        return pd.DataFrame(self.values[rows], columns=list(self.columns), index=self.times[rows])

    def only_targets(self) -> "Panel":
        """Return the same series without covariates."""
        values = self.values[:, : len(self.targets)]
        return replace(
            self,
            values=values,
            columns=self.targets,
            covariates=NO_COVARIATES,
            labels={},
            statics=None,
        )

    def static(self, name: str) -> np.ndarray:
        """Return a static covariate, shape (series,)."""
        if self.statics is None:
            raise KeyError(name)
        return self.statics[:, self.covariates.static.index(name)]

    def shown(self, column: str, value: float) -> str:
        """Write a value of a column for a sentence: a number, or the text of a label."""
        return quoted(self.labels[column][int(value)]) if column in self.labels else str(value)

    def take(self, rows: np.ndarray) -> "Panel":
        """Keep the rows of a mask; a series without any is left out."""
        kept = np.concatenate([[0], np.cumsum(rows)])[self.offsets]
        filled = np.diff(kept) > 0
        return replace(
            self,
            values=self.values[rows],
            times=self.times[rows],
            offsets=np.concatenate([[0], kept[1:][filled]]),
            names=tuple(name for name, left in zip(self.names, filled, strict=True) if left),
            raw_rows=None if self.raw_rows is None else self.raw_rows[rows],
            statics=None if self.statics is None else self.statics[filled],
        )


def single(table: pd.DataFrame) -> Panel:
    """Take a table over times as a panel of one series without a name."""
    offsets = np.array([0, len(table)], dtype=np.int64)
    return Panel(table.to_numpy(), table.index, offsets, ("",), tuple(table.columns))


def stack(table: pd.DataFrame, ids: pd.DataFrame) -> Panel:
    """Sort a long table by its series; within a series the rows keep their order.

    Args:
        table: Float columns over a DatetimeIndex, in the order of the raw table.
        ids: The columns that tell the series apart, as categories of text, none missing; of several,
            a series' name is their texts with a slash between.

    Raises:
        DataError: Two series would get the same name.
    """
    codes, names = _joined(ids)
    by_name = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype=np.int32)
    rank[by_name] = np.arange(len(names))
    codes = rank[codes]
    order = None if (np.diff(codes) >= 0).all() else np.argsort(codes, kind="stable")
    return Panel(
        values=table.to_numpy() if order is None else table.to_numpy()[order],
        times=table.index if order is None else table.index[order],
        offsets=np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(names)))]),
        names=tuple(names[number] for number in by_name),
        columns=tuple(table.columns),
        id=JOINT.join(ids),
        raw_rows=order,
    )


def _joined(ids: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Number the series that have rows, and name them; in no special order."""
    first, *others = (ids[column].array for column in ids)
    codes, used = pd.factorize(first.codes)
    names = [str(first.categories[code]) for code in used]
    for level in others:
        n_texts = len(level.categories)
        codes, pairs = pd.factorize(codes.astype(np.int64) * n_texts + level.codes)
        names = [
            f"{names[pair // n_texts]}{JOINT}{level.categories[pair % n_texts]}" for pair in pairs
        ]
    if len(set(names)) < len(names):
        name = next(name for name in sorted(names) if names.count(name) > 1)
        raise DataError(
            f"Two series would have the same name {quoted(name)}, as texts in the columns "
            f"{', '.join(map(quoted, ids))} (ingest.id) contain {JOINT!r}. Write another mark into one "
            "of them."
        )
    return codes, names


def listed(names: Sequence[str]) -> str:
    """Write how many series there are, and the first names: `2 series ('a', 'b')`."""
    shown = ", ".join(map(quoted, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")
    return f"{len(names)} series ({shown})"
