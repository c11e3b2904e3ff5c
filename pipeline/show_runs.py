"""What a person sees of kept runs and of a proof."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from pipeline.lockfile import flat
from pipeline.runs import Run, compare_runs, load_run
from pipeline.show import print_json, progress, some, table
from pipeline.terminal import Terminal
from pipeline.verify import CannotVerify, Verdict, summary_line, verify
from stages._packages import LOCK_FILE

BY_HAND = "by hand, no record"
SHOWN = 10  # digits of a hash


def print_runs(root: Path, first: str, second: str | None, *, as_json: bool) -> None:
    """Print one run whole, or how a second one differs from it.

    Raises:
        SetupError: There is no such run.
    """
    run = load_run(root, first)
    if second is None:
        if as_json:
            print_json(asdict(run))
        else:
            typer.echo(run_text(run))
        return
    other = load_run(root, second)
    changes = compare_runs(root, run, other)
    if as_json:
        print_json({"runs": [asdict(run), asdict(other)], "changes": changes})
    else:
        typer.echo(two_runs_text(run, other, changes))


def verify_and_print(root: Path, revision: str, *, as_json: bool) -> int:
    """Prove a commit and print what came of it; return the exit code.

    Raises:
        SetupError: There is no such revision.
    """
    try:
        with progress(quiet=as_json) as show:
            verdict = verify(root, revision, watcher=Terminal(show))
    except CannotVerify as why:
        typer.echo(f"error: {why}", err=True)
        return 3
    if as_json:
        print_json(asdict(verdict) | {"identical": verdict.identical})
    else:
        typer.echo(f"\n{verdict_text(verdict)}")
    return 0 if verdict.identical else 1


def runs_text(runs: Sequence[Run]) -> str:
    """Lay out the kept runs, one line each."""
    if not runs:
        return "No run is kept yet. exactcast run makes one."
    rows = [["run", "when (UTC)", "skill", "mse", "verdict", "changed"]]
    for run in runs:
        skill, mse = run.scores.get("skill"), run.scores.get("mse", {}).get("model")
        rows.append(
            [run.name, run.when[:16].replace("T", " "), _number(skill), _number(mse), _verdict(run),
             some(run.changed) or "nothing"]
        )  # fmt: skip
    return table(rows, left={0, 4, 5})


def _verdict(run: Run) -> str:
    return BY_HAND if run.record is None else str(run.record.get("verdict", "unreadable record"))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def run_text(run: Run) -> str:
    """Lay out one run whole; packages by their number, for they are many."""
    facts = {"name": run.name, "commit": run.commit, "parent": run.parent or "none"}
    lines = [f"{name:<10}{value}" for name, value in facts.items()]
    lines += [f"{'changed':<10}{', '.join(run.changed) or 'nothing'}"]
    if run.record is None:
        return "\n".join([*lines, *_pairs("scores", run.scores), "", BY_HAND])
    record = run.record
    around = dict(record.get("surroundings", {}))
    packages = around.pop("packages", {})
    hashes = {
        out["path"]: out["md5"]
        for entry in record.get("lock", {}).values()
        for out in entry.get("outs", [])
    }
    lines += [
        f"{'started':<10}{run.when}",
        f"{'verdict':<10}{record.get('verdict')}",
        f"{'packages':<10}{len(packages)} (--json names them), {LOCK_FILE} {record.get('requirements')}",
    ]
    for name in ("scores", "states", "seconds", "raw", "watched_by", "parameters"):
        lines += _pairs(name, record.get(name, {}))
    return "\n".join([*lines, *_pairs("outputs", hashes), *_pairs("surroundings", around)])


def _pairs(title: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    return ["", title, *(f"  {name}  {value}" for name, value in flat(values).items())]


def two_runs_text(first: Run, second: Run, changes: Mapping[str, Sequence[str]]) -> str:
    """Lay out how two runs differ, and their scores side by side."""
    lines = [f"{first.name} -> {second.name}"]
    for kind, found in changes.items():
        lines += ["", kind, *(f"  {line}" for line in found or ["the same"])]
    if not (first.record and second.record):
        lines += ["", f"packages, processor: not known of {_without_record(first, second)}"]
    before, after = flat(first.scores), flat(second.scores)
    rows = [["scores", first.name, second.name]]
    rows += [
        [name, _number(before.get(name)), _number(after.get(name))] for name in {**before, **after}
    ]
    return "\n".join([*lines, "", table(rows)])


def _without_record(first: Run, second: Run) -> str:
    return " and ".join(run.name for run in (first, second) if not run.record)


def verdict_text(verdict: Verdict) -> str:
    """Lay out a proof: every output, what is false, and why it is not the same."""
    rows = [["stage", "output", "recorded", "reproduced", "verdict"]]
    rows += [
        [o.stage, o.path, o.recorded[:SHOWN], (o.reproduced or "none")[:SHOWN], o.verdict]
        for o in verdict.outputs
    ]
    parts = [table(rows, left={0, 1, 2, 3, 4})]
    apart = [output for output in verdict.outputs if not output.identical]
    if apart:
        parts.append("\n".join(f"{output.path}: {output.detail}" for output in apart))
    if verdict.false:
        parts.append("\n".join(["not as recorded:", *(f"  {one}" for one in verdict.false)]))
    if verdict.reasons:
        lines = [f"  {one}" for one in verdict.reasons]
        parts.append("\n".join(["why, as far as the records tell:", *lines]))
    return "\n\n".join([*parts, summary_line(verdict)])
