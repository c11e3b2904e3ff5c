"""What each column may be used as, from facts about its cells over the whole table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.sentinels import Sentinel, find_sentinels, is_code
from forecasting.inspection.findings import (
    FUTURE,
    GUESS,
    LIKELY,
    PROBLEM,
    STATIC,
    TARGETS,
    Finding,
    Setting,
    counted,
    listed,
)


@dataclass(frozen=True)
class Facts:
    """What was seen of a column over the whole table.

    Attributes:
        name: Its name.
        is_text: Whether it holds text.
        n_observed: Cells with a value.
        n_missing: Cells without one, those after its last value aside.
        longest: The longest run of missing cells inside a series.
        last: The last time with a value; None if there is none.
        is_constant: Whether all values are the same.
        is_static: Whether the values of each series are the same, and series differ.
        counts_rows: Whether it numbers the rows.
        sentinels: Values that may stand for missing ones.
    """

    name: str
    is_text: bool
    n_observed: int
    n_missing: int
    longest: int
    last: pd.Timestamp | None
    is_constant: bool
    is_static: bool
    counts_rows: bool
    sentinels: tuple[Sentinel, ...]


def facts_of(
    name: str,
    column: Any,
    *,
    times: pd.DatetimeIndex,
    codes: np.ndarray | None,
) -> Facts:
    """Look at a column.

    Args:
        name: Its name.
        column: (rows,) Numbers with nan, or categories of text.
        times: (rows,) The times.
        codes: (rows,) The series of each row, as a number; None for one series.
    """
    is_text = not isinstance(column, np.ndarray)
    values = column
    if is_text:
        values = np.where(column.codes < 0, np.nan, column.codes)
    observed = ~np.isnan(values)
    found = () if is_text else tuple(find_sentinels(values))
    code_values = [each.value for each in found if is_code(each.value)]
    observed &= ~np.isin(values, code_values)
    present = values[observed]
    last = times[observed].max() if observed.any() else None
    inside = np.zeros(len(times), dtype=bool) if last is None else times <= last
    return Facts(
        name,
        is_text,
        int(observed.sum()),
        int((inside & ~observed).sum()),
        _longest_run(inside & ~observed, codes),
        last,
        bool(present.size and (present == present[0]).all()),
        codes is not None and _is_static(values, codes),
        not is_text and codes is None and _counts_rows(values),
        found,
    )


def _counts_rows(values: np.ndarray) -> bool:
    return bool(len(values) > 2 and values[0] in (0, 1) and (np.diff(values) == 1).all())


def _longest_run(marked: np.ndarray, codes: np.ndarray | None) -> int:
    """Return the length of the longest run of marked rows of one series."""
    begins = ~marked
    if codes is not None:
        order = np.argsort(codes, kind="stable")
        marked, codes = marked[order], codes[order]
        begins = ~marked | (np.diff(codes, prepend=-1) != 0)
    runs = np.bincount(np.cumsum(begins)[marked])
    return int(runs.max(initial=0))


def _is_static(values: np.ndarray, codes: np.ndarray) -> bool:
    groups = pd.Series(values).groupby(codes)
    return bool((groups.min() == groups.max()).all() and groups.ngroups > 1)


def describe_roles(facts: Sequence[Facts], *, all_named: bool) -> list[Finding]:
    """Say what the columns may be used as.

    Args:
        facts: Of every column but times and ids.
        all_named: Whether these are all of the table, each with a name, so that `all` can name them.
    """
    findings = list(_asides(facts))
    numbers = [each for each in facts if not each.is_text]
    kept = [each for each in numbers if _is_series(each)]
    static = [each.name for each in facts if each.is_static and not each.is_constant]
    if static:
        findings.append(
            Finding("static", listed(static), LIKELY, "one value for each series", {STATIC: static})
        )
    lasts = [each.last for each in kept if each.last is not None]
    end = max(lasts, default=None)
    ahead = [each.name for each in kept if each.last == end]
    behind = [each.name for each in kept if each.last != end]
    targets = behind or ahead
    if behind:
        stop = max(each.last for each in kept if each.name in behind and each.last is not None)
        findings.append(
            Finding(
                "future",
                listed(ahead),
                LIKELY,
                f"known until {end}, the others until {stop}",
                {FUTURE: ahead},
            )
        )
    if not targets:
        return [*findings, Finding("targets", "no column of numbers that vary", PROBLEM)]
    everything = all_named and len(targets) == len(numbers)
    value: Setting = "all" if everything else targets
    reason = "which of them are forecast, and which only read, is yours to say"
    findings.append(Finding("targets", listed(targets), GUESS, reason, {TARGETS: value}))
    return findings


def _is_series(each: Facts) -> bool:
    return bool(each.n_observed and not (each.is_constant or each.is_static or each.counts_rows))


def _asides(facts: Iterable[Facts]) -> Iterable[Finding]:
    """Yield what is left out, and why."""
    texts = [each.name for each in facts if each.is_text and not each.is_static]
    if texts:
        yield Finding("text", listed(texts), "", "left out; may be used as categories")
    empty = [each.name for each in facts if not each.n_observed]
    if empty:
        yield Finding("empty", listed(empty), "", "no value in any row: left out")
    constant = [each.name for each in facts if each.is_constant and not each.is_text]
    if constant:
        yield Finding("constant", listed(constant), "", "one value in all rows: left out")
    counters = [each.name for each in facts if each.counts_rows]
    if counters:
        yield Finding("row numbers", listed(counters), "", "each row one more: left out")


def describe_sentinels(facts: Iterable[Facts]) -> list[Finding]:
    """Say which numbers seem to stand for missing values."""
    findings: list[Finding] = []
    codes: dict[float, list[str]] = {}
    for each in facts:
        for found in each.sentinels:
            where = (
                f"{found.value:.6g} in {each.name!r}, {counted(found.n_rows, 'row')}; all others "
                f"{found.low:.6g} to {found.high:.6g}"
            )
            if is_code(found.value):
                codes.setdefault(found.value, []).append(where)
            else:
                reason = "far from all others: if it stands for missing values, list it in missing_values"
                findings.append(Finding("extreme", where, "", reason))
    if codes:
        found_in = listed([where for places in codes.values() for where in places], most=3)
        values: list[str | int | float] = [
            int(value) if value == int(value) else value for value in sorted(codes)
        ]
        reason = "a usual code for a missing value, far from all others"
        findings.append(
            Finding("missing values", found_in, LIKELY, reason, {"missing_values": values})
        )
    return findings
