"""What a raw table holds, read as a whole with the parameters that a first look proposes.

A large table is read a few columns at a time, so that memory does not grow with its width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.data.assembly import panel_of
from forecasting.data.raw_table import RawTable
from forecasting.data.regularity import ROWS, regular_panel
from forecasting.inspection.cells import MISSING, NUMBER, TEXT, kind_of
from forecasting.inspection.clock import describe_clock
from forecasting.inspection.findings import (
    FREQUENCY,
    ID,
    TARGETS,
    Finding,
    counted,
    is_clear,
    listed,
    settings_of,
    settled,
)
from forecasting.inspection.ids import describe_ids, find_ids, joined
from forecasting.inspection.roles import Facts, describe_roles, describe_sentinels, facts_of
from forecasting.inspection.steps import (
    choose_gaps,
    describe_steps,
    measure_gaps,
    step_in_words,
)
from forecasting.inspection.time_columns import Column
from foundation.params.ingest import Ingest
from stages.storage.columns import Columns, covariates_of
from stages.storage.first_look import FirstLook, Given
from stages.storage.raw_tables import read_table

AT_ONCE = 250_000_000  # bytes of a file whose columns are read together
MOST_IDS = 12  # columns that may tell series apart, those with the fewest values


@dataclass(frozen=True)
class Rows:
    """Which time and which series each row has.

    Attributes:
        times: (rows,) As the file has them.
        codes: (rows,) The number of its series; None for one series.
    """

    times: pd.DatetimeIndex
    codes: np.ndarray | None


def look_closer(first: FirstLook, ingest: Ingest, given: Given) -> list[Finding]:
    """Read all of a table, and describe ids, steps, gaps and the roles of columns.

    Args:
        first: What a part of it shows; clear.
        ingest: The parameters with which it is read.
        given: The parameters that the user gave, which are not guessed.

    Raises:
        DataError: It cannot be read so.
    """
    others = [column for column in first.columns if column.name and column.name not in ingest.times]
    place = {column.name: number for number, column in enumerate(first.columns)}
    groups = _groups(others, first.size)
    table = _read(ingest, next(groups, []))
    findings, ids = _describe_ids(table, others, ingest, given)
    rows = Rows(table.times, joined([_codes(table, name) for name in ids]) if ids else None)
    facts = _facts(table, rows, without=ids)
    del table
    for group in groups:
        facts += _facts(_read(ingest, group), rows, without=ids)
    facts.sort(key=lambda each: place[each.name])
    steps = settled(_describe_steps(rows, ingest), given)
    roles = describe_roles(facts, all_named=first.is_whole and "" not in place)
    return [
        *findings,
        *steps,
        *describe_sentinels(facts),
        *_gaps(rows, facts, steps, ingest.frequency),
        *roles,
    ]


def _groups(columns: Sequence[Column], size: int) -> Iterator[list[str]]:
    """Yield the columns in groups that are read together: first all that may be ids, if there are any."""
    ids = _id_candidates(columns)
    others = [column.name for column in columns if column.name not in ids]
    length = max(1, -(-len(columns) // (1 + size // AT_ONCE)))
    first = max(0, length - len(ids))
    yield [*ids, *others[:first]]
    for start in range(first, len(others), length):
        yield others[start : start + length]


def _id_candidates(columns: Sequence[Column]) -> list[str]:
    """List the columns that may tell series apart: text first, and whole numbers, none missing."""
    fitting = [
        column
        for column in columns
        if column.kind in (TEXT, NUMBER)
        and all(_may_be_id(column.kind, cell) for cell in set(column.cells))
    ]
    fewest = sorted(fitting, key=lambda column: len(set(column.cells)))[:MOST_IDS]
    return [column.name for column in sorted(fewest, key=lambda column: column.kind != TEXT)]


def _may_be_id(kind: str, cell: str) -> bool:
    return kind_of(cell) != MISSING and (kind == TEXT or cell.strip().isdecimal())


def _read(ingest: Ingest, names: Sequence[str]) -> RawTable:
    return read_table(ingest, Columns(numbers=(), either=names, any_order=True))


def _codes(table: RawTable, name: str) -> np.ndarray:
    """Number the different values of a column. (rows,) int64, -1 for missing ones."""
    if name in table.texts:
        return table.texts[name].cat.codes.to_numpy().astype(np.int64)
    return pd.factorize(table.numbers[name])[0].astype(np.int64)


def _describe_ids(
    table: RawTable, columns: Sequence[Column], ingest: Ingest, given: Given
) -> tuple[list[Finding], list[str]]:
    """Find the columns that tell series apart where times are doubled."""
    if ID in given:
        return [], ingest.id_columns
    if table.times.is_unique:
        return [], []
    known = {*table.numbers, *table.texts}
    codes = {name: _codes(table, name) for name in _id_candidates(columns) if name in known}
    n_series = find_ids(table.times, codes)
    if not n_series:
        return [], []
    return [describe_ids(n_series)], list(next(iter(n_series)))


def _facts(table: RawTable, rows: Rows, *, without: Sequence[str]) -> list[Facts]:
    columns = {
        **{name: table.numbers[name].to_numpy() for name in table.numbers},
        **{name: table.texts[name].array for name in table.texts},
    }
    return [
        facts_of(name, column, times=rows.times, codes=rows.codes)
        for name, column in columns.items()
        if name not in without
    ]


def _describe_steps(rows: Rows, ingest: Ingest) -> list[Finding]:
    if ingest.time_zone is None:
        one = rows.times if rows.codes is None else rows.times[rows.codes == 0]
        if clock := describe_clock(one):
            return clock
    return describe_steps(rows.times, rows.codes)


def _gaps(
    rows: Rows, facts: Sequence[Facts], steps: Sequence[Finding], frequency: str
) -> list[Finding]:
    """Propose what is done about missing rows and cells, unless the steps are not known."""
    if not is_clear(steps):
        return []
    n_missing = sum(each.n_missing for each in facts if not each.is_text)
    longest = max((each.longest for each in facts if not each.is_text), default=0)
    if frequency != ROWS and settings_of(steps).get(FREQUENCY) != ROWS:
        gaps = measure_gaps(rows.times, rows.codes, frequency=frequency)
        n_missing, longest = n_missing + gaps.missing, max(longest, gaps.longest)
    return choose_gaps(n_missing, longest)


def read_as_proposed(first: FirstLook, ingest: Ingest) -> str:
    """Read a table as ingest will, and say what series it gives.

    Args:
        first: What a part of it shows.
        ingest: All parameters; of a large file, not all targets are read again.

    Raises:
        PipelineError: It cannot be read so.
    """
    targets = _targets(first, ingest)
    again = targets[: max(1, len(targets) * AT_ONCE // first.size)]
    some = Columns(ingest.id_columns, again, ingest.covariates)
    panel = regular_panel(
        panel_of(
            read_table(ingest, some if len(again) < len(targets) else None), covariates_of(ingest)
        ),
        frequency=ingest.frequency,
        gaps=ingest.gaps,
        max_gap=ingest.max_gap,
    )
    several = "" if panel.id is None else f"{len(panel.names):,} series, "
    step = step_in_words(panel.longest_times())
    part = f" (gaps are checked in {listed(again)} alone)" if len(again) < len(targets) else ""
    return (
        f"{several}{counted(len(panel.values), 'row')} x {counted(len(targets), 'column')}, {step}, from "
        f"{panel.times.min()} to {panel.times.max()}{part}"
    )


def _targets(first: FirstLook, ingest: Ingest) -> list[str]:
    """List the columns that are read as targets."""
    named: list[str] | Literal["all"] = getattr(ingest, TARGETS)
    if named != "all":
        return named
    others = {*ingest.times, *ingest.id_columns, *ingest.covariates}
    return [each.name for each in first.columns if each.kind == NUMBER and each.name not in others]
