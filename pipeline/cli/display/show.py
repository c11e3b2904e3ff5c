"""What a person sees: progress during a run, and tables afterwards."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from foundation.epoch_line import read_epoch
from foundation.number_format import format_number
from pipeline.cli.display.layout import announce, filled, screen_width
from pipeline.runs.comparison_text import some
from pipeline.runs.stage import RAN, Event
from pipeline.versioning.status import StageStatus

if TYPE_CHECKING:
    from pipeline.doctor import Finding  # its checks take as long to import as all else here

DECIMAL = re.compile(r"(?<==)\d+\.\d+(e[-+]\d+)?\b")
BAR = "{desc} |{bar}| {n_fmt}/{total_fmt}, {remaining} left{postfix}"


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Event], None]]:
    """Yield the function that shows a run's events: a bar for epochs on a terminal, else lines."""
    if quiet:
        yield lambda event: None
        return
    if not sys.stdout.isatty():
        yield _print
        return
    bar = _EpochBar()
    try:
        yield bar.show
    finally:
        bar.close()


class _EpochBar:
    """A bar that grows with the epochs of a training; other events are printed below it."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, event: Event) -> None:
        """Move the bar if the event is an epoch, else print it."""
        epoch = read_epoch(event.line or "")
        if epoch is None:
            self.close()
            _print(event)
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=epoch.of,
                desc=event.stage,
                dynamic_ncols=True,
                bar_format=BAR,
                file=sys.stdout,
            )
        self._bar.set_postfix_str(_losses(epoch.losses), refresh=False)
        self._bar.update(epoch.number - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is, if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _losses(scores: str) -> str:
    """Write numbers such as that of `loss=0.0123456` with four digits."""
    return DECIMAL.sub(lambda found: format_number(float(found[0])), scores)


def _print(event: Event) -> None:
    """Print it whole: Ctrl-C may come between two writes, and print makes two."""
    line = event.line
    if line is None:
        line = f"{event.stage}: {'runs' if event.state == RAN else event.state}"
    if event.stage is None:
        announce(line)
        return
    sys.stdout.write(f"{filled(line, screen_width(), indent='  ')}\n")
    sys.stdout.flush()


def status_text(statuses: Sequence[StageStatus], next_step: str, width: int | None = None) -> str:
    """Lay out which stages are out of date and why, and what to do."""
    column = max(len(status.stage) for status in statuses) + len("  out of date  ")
    lines = []
    for status in statuses:
        state = "out of date" if status.out_of_date else "up to date"
        line = f"{status.stage.ljust(column - 13)}{state}  {some(status.reasons)}".rstrip()
        lines.append(filled(line, width, indent=" " * column))
    return "\n".join([*lines, filled(next_step, width)])


def findings_text(findings: Sequence["Finding"], width: int | None = None) -> str:
    """Lay out what the doctor found."""
    column = max(len(finding.name) for finding in findings)
    return "\n".join(
        filled(
            f"{'ok  ' if finding.ok else 'FIX '}  {finding.name.ljust(column)}  {finding.text}",
            width,
            indent=" " * (column + 8),
        )
        for finding in findings
    )


def print_json(content: Any) -> None:
    """Print what a program can read; typed content, such as a record, as its fields."""
    typer.echo(json.dumps(content, default=lambda each: each.to_json(), indent=2, sort_keys=True))
