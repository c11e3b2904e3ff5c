"""Which columns of a raw table are read, and as what."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forecasting.data.roles import Covariates
from foundation.errors import DataError, quoted
from foundation.params.ingest import Ingest


@dataclass(frozen=True)
class Columns:
    """The columns that are wanted, by what they are used as.

    Attributes:
        ids: Those that say which series a row belongs to; kept as text, 007 stays 007.
        numbers: Those that must hold numbers; None for every column without another role that
            holds numbers.
        either: Those that hold numbers or, if most of their cells are no numbers, text.
        any_order: Whether times may come in any order although there are no ids.
    """

    ids: Sequence[str] = ()
    numbers: Sequence[str] | None = None
    either: Sequence[str] = ()
    any_order: bool = False


def covariates_of(ingest: Ingest) -> Covariates:
    """Return the covariates by their roles."""
    return Covariates(
        past=tuple(ingest.past_covariates),
        future=tuple(ingest.future_covariates),
        static=tuple(ingest.static_covariates),
        calendar=tuple(ingest.calendar),
    )


@dataclass(frozen=True)
class Chosen:
    """The columns that are read, all of them in the header.

    Attributes:
        times: Their texts are joined to the time.
        ids: Read as text.
        numbers: Read as numbers, or refused.
        either: Read as numbers, or as text.
        others: Read as numbers, or left out if they hold text.
    """

    times: list[str]
    ids: list[str]
    numbers: list[str]
    either: list[str]
    others: list[str]

    @property
    def keys(self) -> list[str]:
        """The columns that say what a row is about: its time and its series."""
        return [*self.times, *self.ids]

    @property
    def candidates(self) -> list[str]:
        """Every column that may hold numbers."""
        return [*self.numbers, *self.either, *self.others]


def choose_columns(
    header: Sequence[str], ingest: Ingest, columns: Columns, *, where: str
) -> Chosen:
    """Find the columns in the header.

    Args:
        header: The names of all columns; an unnamed column that may be ignored is not among them.
        ingest: Names the columns of times.
        columns: Those that are wanted.
        where: The table, for the errors.

    Raises:
        DataError: A column is missing, unnamed, doubled, or nothing but the time is left.
    """
    doubled = [name for name, count in Counter(header).items() if name and count > 1]
    if doubled:
        raise DataError(
            f"{where} has more than one column named {quoted(doubled[0])}. Rename them."
        )
    for name in [*columns.ids, *(columns.numbers or ()), *columns.either]:
        if name not in header:
            parameter = "ingest.id" if name in columns.ids else ingest.parameter_of(name)
            raise DataError(
                f"{where} has no column {quoted(name)} ({parameter}){instead(name, header)}.",
                f"Correct {parameter}.",
            )
    named = {*ingest.times, *columns.ids, *columns.either}
    rest = [name for name in header if name not in named] if columns.numbers is None else []
    if "" in rest:
        raise DataError(
            f"Column {list(header).index('') + 1} of {where[0].lower()}{where[1:]} has no name.",
            "Name it, or list the columns to be forecast in ingest.targets.",
        )
    chosen = Chosen(
        list(ingest.times),
        list(columns.ids),
        list(columns.numbers or ()),
        list(columns.either),
        rest,
    )
    if not chosen.candidates:
        raise only_times(where)
    return chosen


def only_times(where: str) -> DataError:
    """Say that the table holds nothing to forecast."""
    return DataError(f"{where} has no column but the time. Give at least one column of numbers.")


def instead(name: str, header: Sequence[str]) -> str:
    """Say which name is nearest to one that is missing, or which there are."""
    near = difflib.get_close_matches(name, header, n=1)
    if near:
        return f"; the nearest name is {quoted(near[0])}"
    shown = ", ".join(map(quoted, header[:8])) or "none"
    return f"; it has {shown}" + (", ..." if len(header) > 8 else "")
