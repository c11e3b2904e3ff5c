"""What the marks in numbers mean, decimals or thousands; and which cells are no numbers.

A mark is the decimal one for certain where a cell such as 0.5 or 12.25 shows it, and separates
thousands where it stands twice in a number or before another mark. Of groups of three alone
(1.234) both readings fit, unless whole numbers up to 999 next to them show that they are thousands.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forecasting.data.number_marks import GROUPING, THOUSANDS
from forecasting.inspection.cells import MISSING, NUMBER, kind_of
from forecasting.inspection.findings import (
    CERTAIN,
    GUESS,
    LIKELY,
    OPEN,
    PROBLEM,
    Finding,
    Setting,
    counted,
    listed,
)

GROUPED = re.compile(
    rf"[+-]?[1-9]\d{{0,2}}(?P<mark>[{GROUPING}])(\d{{2,3}}(?P=mark))*\d{{3}}"
    r"((?!(?P=mark))(?P<decimal>[,.])\d*)?"
)
DECIMAL = re.compile(r"[+-]?\d*(?P<mark>[,.])\d*([eE][+-]?\d+)?")
GROUP_OF_THREE = re.compile(r"[+-]?[1-9]\d{0,2}[,.]\d{3}")
SMALL, WHOLE = re.compile(r"[+-]?[1-9]\d{0,2}"), re.compile(r"[+-]?\d{4,}")


@dataclass(frozen=True)
class Marks:
    """How the cells of numbers are written, counted.

    Attributes:
        decimals: Cells that show what the decimal mark is, by mark.
        thousands: Cells that show what separates thousands, by mark.
        groups: Cells of one group of three, such as 1.234, by mark.
        small: Whole numbers from 1 to 999.
        large: Whole numbers without a mark from 1000.
        cells: All of them that are numbers.
    """

    decimals: Counter[str]
    thousands: Counter[str]
    groups: Counter[str]
    small: int
    large: int
    cells: int


def count_marks(cells: Iterable[str]) -> Marks:
    """Count how numbers are written."""
    decimals, thousands, groups = Counter[str](), Counter[str](), Counter[str]()
    small = large = n = 0
    for cell in cells:
        text = cell.strip(" \t")
        n += 1
        if GROUP_OF_THREE.fullmatch(text):
            groups[re.sub(r"[^.,]", "", text)] += 1
        elif (decimal := DECIMAL.fullmatch(text)) is not None:
            decimals[decimal["mark"]] += 1
        elif (grouped := GROUPED.fullmatch(text)) is not None:
            thousands[THOUSANDS[grouped["mark"]]] += 1
            if grouped["decimal"]:
                decimals[grouped["decimal"]] += 1
        small += SMALL.fullmatch(text) is not None
        large += WHOLE.fullmatch(text) is not None
    return Marks(decimals, thousands, groups, small, large, n)


def describe_numbers(columns: Sequence[Sequence[str]], *, separator: str | None) -> list[Finding]:
    """Say what the marks in the columns of numbers mean.

    Args:
        columns: The cells of each.
        separator: Separates the cells of the table, and so is not in them unless they are quoted.

    Returns:
        A finding about decimals, and one about thousands where there are any.
    """
    each = [count_marks(cells) for cells in columns]
    total = _total(each)
    if len(total.decimals) > 1:
        counts = listed(f"{n:,} cells with {mark!r}" for mark, n in total.decimals.most_common())
        return [Finding("decimal", "numbers with '.' and with ','", PROBLEM, counts)]
    if total.decimals:
        (mark, n), *_ = total.decimals.items()
        return _decimal_known(mark, n, total)
    if total.groups:
        return _groups_only(each, total, separator)
    thousands = _thousands(total.thousands, ".") if total.thousands else []
    mark = "," if "." in total.thousands else "."
    return [
        Finding("decimal", "whole numbers only", CERTAIN, settings={"decimal": mark}),
        *thousands,
    ]


def _total(each: Sequence[Marks]) -> Marks:
    return Marks(
        sum((marks.decimals for marks in each), Counter[str]()),
        sum((marks.thousands for marks in each), Counter[str]()),
        sum((marks.groups for marks in each), Counter[str]()),
        sum(marks.small for marks in each),
        sum(marks.large for marks in each),
        sum(marks.cells for marks in each),
    )


def _decimal_known(mark: str, n: int, total: Marks) -> list[Finding]:
    reason = f"shown by {counted(n, 'cell')} of {total.cells:,}"
    found = Finding("decimal", repr(mark), CERTAIN, reason, {"decimal": mark})
    other = Counter({m: k for m, k in total.groups.items() if m != mark})
    return [found, *_thousands(total.thousands + other, mark)]


def _thousands(counts: Counter[str], decimal: str) -> list[Finding]:
    """Say what separates thousands."""
    if not counts:
        return []
    if len(counts) > 1 or decimal in counts:
        return [Finding("thousands", f"several marks: {listed(map(repr, counts))}", PROBLEM)]
    ((mark, n),) = counts.items()
    reason = f"groups of three digits in {counted(n, 'cell')}"
    return [Finding("thousands", repr(mark), CERTAIN, reason, {"thousands": mark})]


def _groups_only(each: Sequence[Marks], total: Marks, separator: str | None) -> list[Finding]:
    """Judge groups of three, such as 1,000, which nothing but other cells can tell from decimals."""
    if len(total.groups) > 1:
        return [Finding("decimal", "1,000 and 1.000 in one table", PROBLEM)]
    ((mark, n),) = total.groups.items()
    other = "," if mark == "." else "."
    as_thousands: dict[str, Setting] = {"decimal": other, "thousands": mark}
    as_decimal: dict[str, Setting] = {"decimal": mark}
    with_groups = [marks for marks in each if marks.groups]
    small = sum(marks.small for marks in with_groups)
    large = sum(marks.large for marks in with_groups)
    if mark in total.thousands or (small and not large):
        reason = (
            f"{counted(n, 'cell')} with groups of three; the other {small:,} are whole, up to 999"
        )
        sure = CERTAIN if mark in total.thousands else LIKELY
        return [Finding("thousands", repr(mark), sure, reason, as_thousands)]
    if large or (mark == "." and separator == ","):
        reason = (
            f"numbers from 1000 are written without {mark!r}"
            if large
            else f"all {counted(n, 'cell')} have three decimals, as with a fixed format"
        )
        return [Finding("decimal", repr(mark), LIKELY, reason, as_decimal)]
    return [
        Finding(
            "decimal",
            f"{mark!r} separates thousands or decimals",
            OPEN,
            f"every cell with it has three digits after it ({counted(n, 'cell')})",
            choices=(as_decimal, as_thousands),
        )
    ]


def describe_markers(
    columns: dict[str, Sequence[str]], *, known: Sequence[str] = ()
) -> list[Finding]:
    """Say which texts stand for missing values in columns of numbers.

    Args:
        columns: The cells of each column of numbers, by name.
        known: What is read as missing in any case, such as an empty cell.
    """
    found: Counter[str] = Counter()
    where: dict[str, str] = {}
    for name, cells in columns.items():
        for cell in cells:
            text = cell.strip()
            if kind_of(text) != NUMBER and text not in known and text:
                found[text] += 1
                where.setdefault(text, name)
    if not found:
        return []
    sure = LIKELY if all(kind_of(text) == MISSING for text in found) else GUESS
    counts = listed(f"{text!r} in {counted(n, 'cell')}" for text, n in found.most_common())
    first = next(iter(found))
    return [
        Finding(
            "missing values",
            counts,
            sure,
            f"no numbers, in columns of numbers (such as {where[first]!r})",
            {"missing_values": sorted(found)},
        )
    ]
