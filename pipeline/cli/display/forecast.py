"""The forecast as a person or a program reads it."""

import sys
import tempfile
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from foundation.errors import SetupError
from foundation.files import write_bytes
from pipeline.cli.display.formats import Format
from pipeline.cli.display.layout import GAP, announce, filled, screen_width, table_rows
from pipeline.runs.forecast_answer import Answer
from pipeline.runs.forecast_table import (
    ID,
    ForecastTable,
    csv_text,
    json_text,
    wide,
)
from pipeline.runs.forecast_text import clock_of, forecast_cells, headings, writer_of
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask


def print_forecast(
    checkout: Checkout,
    answer: Answer,
    *,
    how: Format,
    in_columns: bool,
    output: Path | None,
    most: int | None = None,
) -> None:
    """Print a forecast, or write it to a file; what a reader should know of it goes to stderr.

    Args:
        checkout: The user's checkout.
        answer: The forecast.
        how: The format.
        in_columns: One column per target instead of one row.
        output: The file to write; None prints.
        most: How many series a terminal is to show; None shows all.
    """
    table, left_out = wide(answer.table, answer.inputs) if in_columns else answer.table, 0
    if how is Format.text and output is None and screen_width() is not None and most is not None:
        table, left_out = table.first_series(most)
    content = _content(checkout, answer, table, how, in_columns=in_columns)
    if output is not None:
        write_bytes(output, content)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    in_rows = how is Format.text and output is None and not in_columns
    for remark in [
        *answer.remarks,
        *([_series_left_out(left_out)] if left_out else []),
        *(_levels_left_out(table, answer) if in_rows else []),
    ]:
        announce(filled(remark, screen_width()))
    place = output or answer.place
    if how is Format.text or output is not None:
        announce(
            f"forecast  {place}" if place else "forecast  kept nowhere: --output FILE writes it"
        )


def _series_left_out(number: int) -> str:
    return f"Not shown: {number:,} more series. --series NAME shows one, --format csv prints all."


def _levels_left_out(table: ForecastTable, answer: Answer) -> list[str]:
    """Say which intervals the terminal has no room for."""
    shown = levels_shown(table, answer.inputs.get("time_zone"), screen_width())
    left_out = ", ".join(level for level in table.levels if level not in shown)
    return (
        [f"The intervals of {left_out} per cent do not fit: --format csv has them."]
        if left_out
        else []
    )


def _content(
    checkout: Checkout, answer: Answer, table: ForecastTable, how: Format, *, in_columns: bool
) -> bytes:
    if how is Format.parquet:
        return _parquet(checkout, table)
    if how is Format.csv:
        return csv_text(table).encode()
    if how is Format.json:
        return f"{json_text(table)}\n".encode()
    zone = answer.inputs.get("time_zone")
    width = screen_width()
    text = wide_text(table, zone, width) if in_columns else forecast_text(table, zone, width)
    return f"{text}\n".encode()


def _parquet(checkout: Checkout, table: ForecastTable) -> bytes:
    """Have a process that may load numeric libraries write the table."""
    if sys.stdout.isatty():
        raise SetupError(
            "A Parquet file is not for a terminal. Name a file: --output forecast.parquet"
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "forecast.csv", Path(folder) / "forecast.parquet"
        source.write_text(csv_text(table), encoding="utf-8")
        command = ["-m", "stages.storage.forecast_file", str(source), str(target)]
        ask(checkout.root, [sys.executable, *command], name="Writing Parquet")
        return target.read_bytes()


def forecast_text(table: ForecastTable, zone: str | None, width: int | None) -> str:
    """Lay out the forecast of each series: time, forecast, and the intervals that fit into the width."""
    levels = levels_shown(table, zone, width)
    heads = headings(levels)
    blocks = [
        "\n".join([name, *table_rows([heads, *(row[: len(heads)] for row in rows)])])
        for name, rows in forecast_cells(table, zone)
    ]
    return "\n\n".join(blocks)


def levels_shown(table: ForecastTable, zone: str | None, width: int | None) -> list[str]:
    """Return the levels of the intervals that fit into the width, from the first on."""
    if width is None or not table.rows:
        return table.levels
    heads = headings(table.levels)
    rows = [heads, *(row for _, rows in forecast_cells(table, zone) for row in rows)]
    widths = [len(GAP) + max(map(len, column)) for column in zip(*rows, strict=True)]
    ends = list(accumulate(widths, initial=-len(GAP)))[3:]  # of each interval
    return [level for level, end in zip(table.levels, ends, strict=True) if end <= width]


def wide_text(table: ForecastTable, zone: str | None, width: int | None) -> str:
    """Lay out a table with a column for each target; the intervals are left to the other formats."""
    texts = 2 if table.header[0] == ID else 1
    names = table.header[texts:]
    shown = [
        place
        for place, name in enumerate(names, start=texts)
        if not any(name == bound for each in names for bound in _bounds(each, names))
    ]
    clock = clock_of(table, zone, place=texts - 1)
    writers = [(place, writer_of(row[place] for row in table.rows)) for place in shown]
    rows = [
        [*row[: texts - 1], clock(row[texts - 1]), *(write(row[place]) for place, write in writers)]
        for row in table.rows
    ]
    head = [*(["series"] if texts == 2 else []), "time", *(table.header[place] for place in shown)]
    return "\n".join(table_rows([head, *rows], left=set(range(texts)), width=width))


def _bounds(target: str, names: Sequence[str]) -> list[str]:
    begins = (f"{target}-lo-", f"{target}-hi-")
    return [name for name in names if name.startswith(begins)]
