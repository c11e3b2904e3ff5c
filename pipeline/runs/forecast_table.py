"""A forecast as a table of texts, cut and laid out without a numeric library: numbers stay as they were written.

The stored file is long: `unique_id, ds, exactcast, exactcast-lo-80, exactcast-hi-80, ...`, sorted by both.
"""

import csv
import difflib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any

from foundation.errors import DataError, quoted

ID, TIME, NAME = "unique_id", "ds", "exactcast"
JOINT = "/"  # between the names of a series and of a target
SHOWN = 5  # names listed in a sentence


@dataclass(frozen=True)
class ForecastTable:
    """One row for each series and time.

    Attributes:
        header: The names of the columns.
        rows: The cells; empty where nothing is known.
    """

    header: list[str]
    rows: list[list[str]]

    @property
    def levels(self) -> list[str]:
        """The levels of the intervals, such as 80, in their order."""
        begin = f"{NAME}-lo-"
        return [name.removeprefix(begin) for name in self.header if name.startswith(begin)]

    def by_series(self) -> list[tuple[str, list[list[str]]]]:
        """Return each series with its rows."""
        return [(name, list(rows)) for name, rows in groupby(self.rows, key=itemgetter(0))]

    def first_steps(self, n_steps: int) -> "ForecastTable":
        """Keep the first steps of each series."""
        rows = [row for _, rows in self.by_series() for row in rows[:n_steps]]
        return replace(self, rows=rows)

    def first_series(self, most: int) -> tuple["ForecastTable", int]:
        """Keep the first series; return also how many are left out. A table without ids has a single one."""
        if self.header[0] != ID:
            return self, 0
        names = dict.fromkeys(row[0] for row in self.rows)
        kept = set(islice(names, most))
        rows = [row for row in self.rows if row[0] in kept]
        return replace(self, rows=rows), len(names) - len(kept)

    def only_series(self, names: Sequence[str]) -> "ForecastTable":
        """Keep some of the series; of one with several targets its own name is enough.

        Raises:
            DataError: There is no such series.
        """
        there = list(dict.fromkeys(row[0] for row in self.rows))
        for name in names:
            if not any(_is_of(each, name) for each in there):
                near = difflib.get_close_matches(name, there, n=1)
                hint = f"The nearest name is {quoted(near[0])}." if near else _listed(there)
                raise DataError(f"--series {name}: the forecast has no series of that name. {hint}")
        rows = [row for row in self.rows if any(_is_of(row[0], name) for name in names)]
        return replace(self, rows=rows)

    def only_levels(self, levels: Sequence[str]) -> "ForecastTable":
        """Keep some of the intervals, in the order asked for.

        Raises:
            DataError: An interval was not calibrated.
        """
        for level in levels:
            if level not in self.levels:
                raise DataError(
                    f"--level {level}: no interval of {level} per cent was calibrated, but of "
                    f"{', '.join(self.levels) or 'none'}. Name it in intervals.levels, then exactcast "
                    "run: the stage calibrate makes it."
                )
        wanted = [ID, TIME, NAME, *(name for level in levels for name in bound_names(NAME, level))]
        places = [self.header.index(name) for name in wanted]
        return ForecastTable(wanted, [[row[place] for place in places] for row in self.rows])


def bound_names(name: str, level: str) -> tuple[str, str]:
    """Name the columns of an interval, as the stage `forecast` does."""
    return f"{name}-lo-{level}", f"{name}-hi-{level}"


def _is_of(unique_id: str, name: str) -> bool:
    return unique_id == name or unique_id.startswith(f"{name}{JOINT}")


def _listed(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > SHOWN else ""
    return f"It has {', '.join(map(quoted, names[:SHOWN])) or 'none'}{more}."


def read_forecast(text: str) -> ForecastTable:
    """Read the content of forecasts/forecast.csv."""
    header, *rows = csv.reader(io.StringIO(text))
    return ForecastTable(header, rows)


def csv_text(table: ForecastTable) -> str:
    """Write a table as the stage `forecast` does."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([table.header, *table.rows])
    return buffer.getvalue()


def json_text(table: ForecastTable) -> str:
    """Write a table as a JSON list of objects: numbers as they were written, null where nothing is known."""
    quote = cache(json.dumps)  # the same times and names stand in many rows
    names = ",\n".join(f"    {quote(name).replace('%', '%%')}: %s" for name in table.header)
    layout = f"  {{\n{names}\n  }}"
    texts = [name in (ID, TIME) for name in table.header]
    rows = (
        [quote(cell) if text else cell or "null" for cell, text in zip(row, texts, strict=True)]
        for row in table.rows
    )
    listed = ",\n".join(layout % tuple(row) for row in rows)
    return f"[\n{listed}\n]" if listed else "[]"


def wide(table: ForecastTable, inputs: Mapping[str, Any]) -> ForecastTable:
    """Lay a table out with one row for each series and time, and the columns of each target.

    Args:
        table: Long.
        inputs: The description of the model's inputs: names the targets, and says whether there are
            many series.
    """
    targets, many = list(inputs["targets"]), inputs["id"] is not None
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for unique_id, rows in groupby(table.rows, key=itemgetter(0)):
        series, target = _split(unique_id, targets, many=many)
        for _, time, *cells in rows:
            found.setdefault((series, time), {})[target] = cells
    there = set(chain.from_iterable(found.values()))
    shown = [target for target in targets if target in there]
    nothing = [""] * (len(table.header) - 2)
    names = [name.replace(NAME, target, 1) for target in shown for name in table.header[2:]]
    lines = [
        [*([series] if many else []), time]
        + [cell for target in shown for cell in cells.get(target, nothing)]
        for (series, time), cells in found.items()
    ]
    return ForecastTable([*([ID] if many else []), TIME, *names], lines)


def _split(unique_id: str, targets: Sequence[str], *, many: bool) -> tuple[str, str]:
    """Return the names of the series and of the target that a unique id is made of."""
    if not many:
        return "", unique_id
    if len(targets) == 1:
        return unique_id, targets[0]
    target = max((t for t in targets if unique_id.endswith(f"{JOINT}{t}")), key=len)
    return unique_id.removesuffix(f"{JOINT}{target}"), target
