"""What a person sees: progress while a run goes on, and tables afterwards."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from pipeline.cli.display.layout import announce, filled, number, screen_width, table
from pipeline.doctor import Finding
from pipeline.runs.scores import Scores, score_rows
from pipeline.runs.stage import RAN, RESTORED, UP_TO_DATE, Event
from pipeline.versioning.lockfile import IDENTICAL, Comparison
from pipeline.versioning.status import StageStatus

DECIMAL = re.compile(r"(?<==)\d+\.\d+(e[-+]\d+)?\b")
BAR = "{desc} |{bar}| {n_fmt}/{total_fmt}, {remaining} left{postfix}"
EPOCH = re.compile(r"epoch (?P<epoch>\d+)/(?P<epochs>\d+) (?P<scores>.*)")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Event], None]]:
    """Yield the function that shows a run's events: a bar for epochs on a terminal, else lines."""
    if quiet:
        yield lambda event: None
        return
    if not sys.stdout.isatty():
        yield _print
        return
    from tqdm import tqdm

    bar: Any = None

    def show(event: Event) -> None:
        nonlocal bar
        epoch = EPOCH.match(event.line or "")
        if epoch:
            if bar is None:
                bar = tqdm(
                    total=int(epoch["epochs"]), desc=event.stage, dynamic_ncols=True,
                    bar_format=BAR, file=sys.stdout,
                )  # fmt: skip
            bar.set_postfix_str(_losses(epoch["scores"]), refresh=False)
            bar.update(int(epoch["epoch"]) - bar.n)
            return
        close()
        _print(event)

    def close() -> None:
        nonlocal bar
        if bar is not None:
            bar.close()
            bar = None

    try:
        yield show
    finally:
        close()


def _losses(scores: str) -> str:
    """Write numbers such as that of `loss=0.0123456` with four digits."""
    return DECIMAL.sub(lambda found: number(float(found[0])), scores)


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


def score_table(scores: Scores, width: int | None = None) -> str:
    """Lay out the model beside its baselines: RMSE per target in its own unit, and the skill."""
    rows = score_rows(scores)
    return table([list(rows[0]), *(list(row.values()) for row in rows)], width=width)


def comparison_text(comparison: Comparison, states: Mapping[str, str], *, recorded: bool) -> str:
    """Say what ran, and whether the outputs equal the committed dvc.lock."""
    n, how = comparison.n_outputs, how_it_ended(states)
    if comparison.new_inputs:
        what = "no dvc.lock is committed" if not recorded else some(comparison.new_inputs)
        return f"new inputs, nothing to compare with ({what}; {how})"
    if comparison.different:
        return (
            f"DIFFERENT: {len(comparison.different)} of {n} outputs differ from the committed "
            f"dvc.lock although the inputs are the same: {some(comparison.different)} ({how})"
        )
    if reproduced(comparison.verdict, states) == IDENTICAL:
        return f"identical: all {n} outputs equal the committed dvc.lock, byte for byte ({how})"
    ran = "nothing ran" if set(states.values()) == {UP_TO_DATE} else how
    return f"{UP_TO_DATE}: outputs match dvc.lock; {ran} (exactcast verify re-runs every stage)"


def how_it_ended(states: Mapping[str, str]) -> str:
    """Count the stages that ran, and those that did not."""
    counted = Counter(states.values())
    others = [f"{counted[state]} {state}" for state in (RESTORED, UP_TO_DATE) if counted[state]]
    return ", ".join([f"{counted[RAN]} of {len(states)} stages ran", *others])


def reproduced(verdict: str, states: Mapping[str, str]) -> str:
    """Return the verdict on a run; it is `identical` only where every stage ran."""
    return UP_TO_DATE if verdict == IDENTICAL and set(states.values()) != {RAN} else verdict


def some(items: Sequence[str], most: int = 4) -> str:
    """Name the first few."""
    return ", ".join(items[:most]) + (
        f", and {len(items) - most} more" if len(items) > most else ""
    )


def status_text(statuses: Sequence[StageStatus], next_step: str, width: int | None = None) -> str:
    """Lay out which stages are out of date and why, and what to do."""
    column = max(len(status.stage) for status in statuses) + len("  out of date  ")
    lines = []
    for status in statuses:
        state = "out of date" if status.out_of_date else "up to date"
        line = f"{status.stage.ljust(column - 13)}{state}  {some(status.reasons)}".rstrip()
        lines.append(filled(line, width, indent=" " * column))
    return "\n".join([*lines, filled(next_step, width)])


def findings_text(findings: Sequence[Finding], width: int | None = None) -> str:
    """Lay out what the doctor found."""
    column = max(len(finding.name) for finding in findings)
    return "\n".join(
        filled(
            f"{'ok  ' if finding.ok else 'MEND'}  {finding.name.ljust(column)}  {finding.text}",
            width,
            indent=" " * (column + 8),
        )
        for finding in findings
    )


def print_json(content: Any) -> None:
    """Print what a program can read."""
    typer.echo(json.dumps(content, indent=2, sort_keys=True))
