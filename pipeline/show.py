"""What a person sees: progress while a run goes on, and tables afterwards."""

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from pipeline.doctor import Finding
from pipeline.lockfile import Comparison
from pipeline.reproduce import RAN, Event
from pipeline.status import StageStatus

EPOCH = re.compile(r"epoch (?P<epoch>\d+)/(?P<epochs>\d+) (?P<scores>.*)")
MODEL = "model"


def table(rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> str:
    """Align rows of text in columns, those in `left` to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


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
                    total=int(epoch["epochs"]), unit="epoch", desc=event.stage, dynamic_ncols=True,
                    file=sys.stdout,
                )  # fmt: skip
            bar.set_postfix_str(epoch["scores"], refresh=False)
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


def _print(event: Event) -> None:
    """Print it whole: Ctrl-C may come between two writes, and print makes two."""
    sys.stdout.write(f"{_line(event)}\n")
    sys.stdout.flush()


def _line(event: Event) -> str:
    if event.line is not None:
        return event.line
    return f"{event.stage}: {'runs' if event.state == RAN else event.state}"


def score_table(metrics: Mapping[str, Any]) -> str:
    """Lay out the model beside its baselines: RMSE per feature in its own unit, and the skill."""
    names = [MODEL, *sorted(name for name in metrics["scores"] if name != MODEL)]
    header = ["RMSE", *(name.replace("_", " ") for name in names), "skill"]
    rows = [header]
    for feature in metrics["features"]:
        skill = metrics["skill"]["by_feature"][feature]
        errors = (metrics["scores"][n]["raw"]["by_feature"][feature]["rmse"] for n in names)
        rows.append([feature, *(f"{error:.4g}" for error in errors), _number(skill)])
    scaled = (metrics["scores"][n]["standardised"]["overall"]["rmse"] for n in names)
    skill = metrics["skill"]["overall"]
    rows.append(["all, standardised", *(f"{error:.4g}" for error in scaled), _number(skill)])
    return table(rows)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def comparison_text(comparison: Comparison, states: Mapping[str, str], *, recorded: bool) -> str:
    """Say whether the outputs equal the committed dvc.lock, and what to do next."""
    ran = sum(state == RAN for state in states.values())
    how = f"{ran} of {len(states)} stages ran"
    if comparison.identical:
        return (
            f"identical: all {comparison.n_outputs} outputs equal the committed dvc.lock, byte for "
            f"byte ({how})"
        )
    if comparison.new_inputs:
        what = "no dvc.lock is committed" if not recorded else some(comparison.new_inputs)
        return f"new inputs, nothing to compare with ({what}; {how})"
    return (
        f"DIFFERENT: {len(comparison.different)} of {comparison.n_outputs} outputs differ from the "
        f"committed dvc.lock although the inputs are the same: {some(comparison.different)} ({how})"
    )


def some(items: Sequence[str], most: int = 4) -> str:
    """Name the first few."""
    return ", ".join(items[:most]) + (
        f", and {len(items) - most} more" if len(items) > most else ""
    )


def status_text(statuses: Sequence[StageStatus]) -> str:
    """Lay out which stages are out of date, and why."""
    lines = []
    width = max(len(status.stage) for status in statuses)
    for status in statuses:
        state = "out of date" if status.out_of_date else "up to date"
        lines.append(f"{status.stage.ljust(width)}  {state}  {some(status.reasons)}".rstrip())
    if not any(status.out_of_date for status in statuses):
        lines.append("Everything is up to date.")
    return "\n".join(lines)


def findings_text(findings: Sequence[Finding]) -> str:
    """Lay out what the doctor found."""
    width = max(len(finding.name) for finding in findings)
    return "\n".join(
        f"{'ok  ' if finding.ok else 'MEND'}  {finding.name.ljust(width)}  {finding.text}"
        for finding in findings
    )


def print_json(content: Any) -> None:
    """Print what a program can read."""
    typer.echo(json.dumps(content, indent=2, sort_keys=True))
