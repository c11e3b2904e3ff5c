"""What a person sees of kept runs and of a verification."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from graphlib import TopologicalSorter
from typing import Any

import typer

from foundation.errors import CannotVerifyError
from foundation.number_format import format_number
from foundation.record_schema import Record, Surroundings
from pipeline.cli.display.layout import filled, screen_width, table, table_rows
from pipeline.cli.display.show import print_json, progress
from pipeline.runs.comparison_text import how_it_ended, reproduced, some
from pipeline.runs.history import Run, compare_runs, kept_runs, load_run
from pipeline.runs.observer import TerminalObserver
from pipeline.studies.looks import looks_of
from pipeline.verification.verify import Verdict, summary_line, verify
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.lockfile import Entries, flat, hashes

NO_RECORD = "by hand, no record"
INDENT = " " * 4
SHOWN = 10  # digits of a hash


def print_runs(workspace: Checkout, first: str, second: str | None, *, as_json: bool) -> None:
    """Print one run whole, or how a second one differs from it.

    Raises:
        SetupError: There is no such run.
    """
    run = load_run(workspace, first)
    if second is None:
        looks = looks_of(run.record, kept_runs(workspace))
        if as_json:
            print_json(asdict(run) | {"looks": looks})
        else:
            typer.echo(run_text(run, screen_width(), looks=looks))
        return
    other = load_run(workspace, second)
    changes = compare_runs(workspace, run, other)
    if as_json:
        print_json({"runs": [asdict(run), asdict(other)], "changes": changes})
    else:
        typer.echo(two_runs_text(run, other, changes, screen_width()))


def verify_and_print(workspace: Checkout, revision: str, *, as_json: bool) -> int:
    """Verify a commit and print what came of it; return the exit code.

    Raises:
        SetupError: There is no such revision.
    """
    try:
        with progress(quiet=as_json) as show:
            verdict = verify(workspace, revision, observer=TerminalObserver(show))
    except CannotVerifyError as why:
        typer.echo(f"error: {why}", err=True)
        return 3
    if as_json:
        print_json(asdict(verdict) | {"identical": verdict.identical})
    else:
        typer.echo(f"\n{verdict_text(verdict, screen_width())}")
    return 0 if verdict.identical else 1


def runs_text(runs: Sequence[Run], width: int | None = None) -> str:
    """Lay out the kept runs, one line each; on a narrow terminal, what each changed stands below it."""
    if not runs:
        return "No run is kept yet. exactcast run makes one."
    rows = [["run", "when (UTC)", "skill", "mse", "verdict"]]
    for run in runs:
        rows.append(
            [run.name, _minute(run.when), _number(run, "skill"),
             _number(run, "mse"), _verdict(run)]
        )  # fmt: skip
    changes = [some(run.changed) or "nothing" for run in runs]
    wide = [[*row, end] for row, end in zip(rows, ["changed", *changes], strict=True)]
    lines = table_rows(wide, left={0, 4, 5})
    if width is not None and max(map(len, lines)) > width:
        head, *narrow = table_rows(rows, left={0, 4}, width=width)
        lines = [head]
        for line, change in zip(narrow, changes, strict=True):
            lines += [line, filled(f"{INDENT}{change}", width, indent=INDENT)]
    return "\n".join(lines)


def _minute(when: str) -> str:
    return when[:16].replace("T", " ")


def _verdict(run: Run) -> str:
    if run.record is None:
        return "by hand"
    scored = f", scored on {run.metrics.part}" if run.metrics.part else ""
    return reproduced(run.record.verdict, run.record.states) + scored


def _number(run: Run, name: str) -> str:
    told = run.metrics.to_json()
    return format_number(told[name]) if name in told else "-"


def run_text(run: Run, width: int | None = None, *, looks: int | None = None) -> str:
    """Lay out a run on one screen; JSON has the rest.

    Args:
        run: The run.
        width: Of the terminal, if there is one.
        looks: How many kept runs scored its test part; None where it did not, or that is not known.
    """
    record = run.record or Record()
    states, lock, source = record.states, record.lock, record.forecast
    request = _in_order(lock)
    facts = {
        "run": run.name,
        "commit": run.commit,
        "parent": run.parent or "none",
        "when": f"{_minute(run.when)} UTC",
        "changed": ", ".join(run.changed) or "nothing",
        "config": "; ".join(f"{one.path} ({', '.join(one.overrides)})" for one in record.config),
        "set": ", ".join(record.overrides),
        "forecast": f"{source.table}, by the model of {source.model}" if source else "",
        "verdict": f"{_verdict(run)} ({how_it_ended(states)})" if states else NO_RECORD,
        "machine": ", ".join(map(str, filter(None, _machine(record.surroundings)))),
        "test": some_looks(looks) if looks else "",
        "scores": ", ".join(f"{name} {_value(value)}" for name, value in _flat(run).items()),
    }
    parts = [
        "\n".join(
            filled(f"{name:<9}{text}", width, indent=" " * 9)
            for name, text in facts.items()
            if text
        )
    ]
    if states:
        rows = [
            [name, states[name], f"{record.seconds.get(name, 0):.1f}"]
            for name in request
            if name in states
        ]
        parts.append(table([["stage", "state", "seconds"], *rows], left={0, 1}, width=width))
    outputs = [out for name in request for out in hashes(lock[name], "outs").items()]
    if outputs:
        rows = [[path, md5[:SHOWN]] for path, md5 in outputs]
        parts.append(table([["output", "md5"], *rows], left={0, 1}, width=width))
    return "\n\n".join([*parts, f"everything: exactcast show {run.name} --json"])


def some_looks(looks: int) -> str:
    """Say how often a test part was looked at."""
    return f"scored by {looks} kept {'run' if looks == 1 else 'runs'}, this one included"


def _in_order(lock: Entries) -> list[str]:
    """List stages in an order in which they can run: each after those whose outputs it reads."""
    made = {path: name for name in lock for path in hashes(lock[name], "outs")}
    before = {
        name: [made[path] for path in hashes(lock[name], "deps") if path in made] for name in lock
    }
    return list(TopologicalSorter(before).static_order())


def _machine(around: Surroundings) -> list[str | None]:
    """List what a run found around it."""
    packages = len(around.packages)
    return [
        around.processor.get("model"),
        around.python and f"Python {around.python}",
        f"{packages} packages" if packages else None,
    ]


def _flat(run: Run) -> dict[str, Any]:
    """List the numbers of a run by dotted name."""
    return flat(run.metrics.to_json())


def _value(value: Any) -> str:
    return format_number(value) if value is None or isinstance(value, float) else str(value)


def two_runs_text(
    first: Run, second: Run, changes: Mapping[str, Sequence[str]], width: int | None = None
) -> str:
    """Lay out how two runs differ, and their scores side by side."""
    lines = [f"{first.name} -> {second.name}"]
    for kind, found in changes.items():
        lines += ["", kind]
        lines += [filled(f"  {line}", width, indent=" " * 4) for line in found or ["the same"]]
    if not (first.record and second.record):
        lines += ["", f"packages, processor: not known of {_without_record(first, second)}"]
    before, after = _flat(first), _flat(second)
    rows = [["scores", first.name, second.name]]
    rows += [
        [name, _value(before.get(name, "-")), _value(after.get(name, "-"))]
        for name in sorted({*before, *after})
    ]
    return "\n".join([*lines, "", table(rows, width=width)])


def _without_record(first: Run, second: Run) -> str:
    return " and ".join(run.name for run in (first, second) if not run.record)


def verdict_text(verdict: Verdict, width: int | None = None) -> str:
    """Lay out a verification: every output, what is false, and why it is not the same."""
    rows = [["stage", "output", "recorded", "reproduced", "verdict"]]
    rows += [
        [o.stage, o.path, o.recorded[:SHOWN], (o.reproduced or "none")[:SHOWN], o.verdict]
        for o in verdict.outputs
    ]
    parts = [table(rows, left={0, 1, 2, 3, 4}, width=width)]
    apart = [output for output in verdict.outputs if not output.identical]
    if apart:
        parts.append(_list((f"{output.path}: {output.detail}" for output in apart), width))
    if verdict.false:
        false = _list((f"  {one}" for one in verdict.false), width)
        parts.append(f"not as recorded:\n{false}")
    if verdict.reasons:
        why = _list((f"  {one}" for one in verdict.reasons), width)
        parts.append(f"why, as far as the records show:\n{why}")
    return "\n\n".join([*parts, filled(summary_line(verdict), width)])


def _list(lines: Iterable[str], width: int | None) -> str:
    return "\n".join(filled(line, width, indent=INDENT) for line in lines)
