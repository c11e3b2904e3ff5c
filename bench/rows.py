"""Rows of the table, and how its figures are written."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, what is to be reached, what was found."""

    measure: str
    to_reach: str
    found: str


def seconds(values: Sequence[float]) -> str:
    """Write a median with its spread: `0.21 s (0.20..0.24)`."""
    digits = 1 if statistics.median(values) >= 10 else 3 if max(values) < 0.1 else 2
    return _spread(values, digits, " s")


def ratio(values: Sequence[float]) -> str:
    """Write a median ratio with its spread: `4.6x (4.1..5.0)`."""
    return _spread(values, 2, "x")


def _spread(values: Sequence[float], digits: int, unit: str) -> str:
    median = f"{statistics.median(values):.{digits}f}{unit}"
    if len(values) == 1:
        return median
    return f"{median} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def print_rows(rows: Sequence[Row]) -> None:
    """Hand the rows to `bench.run`, which started this process."""
    print(json.dumps([asdict(row) for row in rows]))


def read_rows(printed: str) -> list[Row]:
    """Read what `print_rows` printed."""
    return [Row(**row) for row in json.loads(printed)]
