"""The cells of a forecast as a person reads them: on the terminal and in the Prefect UI."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from foundation.number_format import number_format
from pipeline.runs.forecast_table import NAME, ForecastTable, bound_names


def headings(levels: Sequence[str]) -> list[str]:
    """Name the cells of a row: time, forecast, and the interval of each level."""
    return ["time", "forecast", *(f"{level} %" for level in levels)]


def forecast_cells(table: ForecastTable, zone: str | None) -> list[tuple[str, list[list[str]]]]:
    """Write the rows of each series as texts, as `headings` names them.

    Args:
        table: Long.
        zone: The time zone in which times are shown; None shows them as they stand.
    """
    clock = clock_of(table, zone)
    places = [[table.header.index(name) for name in bound_names(NAME, x)] for x in table.levels]
    blocks = []
    for name, rows in table.by_series():
        write = writer_of(cell for row in rows for cell in row[2:])
        ends = [[[write(row[place]) for place in pair] for pair in places] for row in rows]
        texts = [[" to ".join(pair) if all(pair) else "" for pair in row] for row in ends]
        cells = [
            [clock(row[1]), write(row[2]), *text] for row, text in zip(rows, texts, strict=True)
        ]
        blocks.append((name, cells))
    return blocks


def writer_of(cells: Iterable[str]) -> Callable[[str], str]:
    """Return what writes the cells of one column, or of one series; nothing where nothing is known."""
    write = number_format(float(cell) for cell in cells if cell)
    return lambda cell: write(float(cell)) if cell else ""


def _zone(name: str) -> tzinfo:
    """Return the zone that `ingest.time_zone` names: of the IANA database, or an offset such as +01:00."""
    offset = datetime.strptime(name, "%z").tzinfo if name[0] in "+-" else None
    return offset or ZoneInfo(name)


def clock_of(table: ForecastTable, zone: str | None, *, place: int = 1) -> Callable[[str], str]:
    """Return what writes a time as clocks show it where the data come from, without empty seconds."""
    times = [row[place] for row in table.rows]
    with_time = any(" " in time for time in times)
    short = with_time and all(time.endswith(":00") for time in times)

    def shown(time: str) -> str:
        if zone is not None and with_time:
            known = datetime.fromisoformat(time).replace(tzinfo=UTC)
            time = known.astimezone(_zone(zone)).strftime("%Y-%m-%d %H:%M:%S")
        return time.removesuffix(":00") if short else time

    return shown
