"""`exactcast forecast`: the answer, cut to what was asked for, and printed."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from foundation.processes import sigterm_as_interrupt
from pipeline.cli.display.forecast import print_forecast
from pipeline.cli.display.formats import Format
from pipeline.cli.display.layout import announce
from pipeline.runs.checkout import this_workspace
from pipeline.runs.forecast_answer import Answer, Question, answer
from pipeline.runs.observer import TerminalObserver
from pipeline.runs.request import RunObserver
from pipeline.runs.stage import RAN, Event

SERIES_SHOWN = 10  # on a terminal, if none is named
FORMATS = {".csv": Format.csv, ".parquet": Format.parquet, ".json": Format.json}


def forecast_and_print(
    question: Question,
    *,
    series: Sequence[str],
    levels: str | None,
    how: Format | None,
    in_columns: bool,
    output: Path | None,
) -> None:
    """Answer a question, and print or write what was asked for of the answer.

    Args:
        question: What is asked.
        series: The series to show; all if empty.
        levels: The intervals to show, separated by commas; None shows all.
        how: The format; None takes that of the file's name, or text.
        in_columns: A column for each target instead of a row.
        output: The file to write; None prints.

    Raises:
        PipelineError: The question does not fit the model, or something that it needs is not there.
    """
    wanted = None if levels is None else _levels(levels)
    chosen = how or (FORMATS.get(output.suffix, Format.text) if output else Format.text)
    workspace = this_workspace()
    with sigterm_as_interrupt():
        found = _selected(answer(workspace, question, _observer()), series, wanted)
    most = None if series else SERIES_SHOWN
    print_forecast(workspace, found, how=chosen, in_columns=in_columns, output=output, most=most)


def _levels(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise typer.BadParameter(f"--level {text}: write it such as --level 80,90")
    return list(dict.fromkeys(f"{float(part):g}" for part in parts))


def _selected(found: Answer, series: Sequence[str], levels: Sequence[str] | None) -> Answer:
    table = found.table.only_series(series) if series else found.table
    if levels is not None:
        table = table.only_levels(levels)
    return replace(found, table=table)


def _observer() -> RunObserver:
    """Return who watches the run that a newer table needs: stdout is for the forecast."""

    def show(event: Event) -> None:
        if event.line is not None:
            announce(event.line)
        elif event.state == RAN:
            announce(f"{event.stage}: runs")

    return TerminalObserver(show)
