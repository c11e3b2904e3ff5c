"""`exactcast sweep`: the trials while they run, their table, the best one and how it becomes a commit."""

from collections.abc import Sequence
from typing import Any

from foundation.number_format import format_number
from pipeline.cli.display.layout import filled, table
from pipeline.cli.display.runs import some_looks
from pipeline.cli.display.study import check_mark, run_json
from pipeline.cli.studies import run_and_print
from pipeline.runs.overrides import yaml_text
from pipeline.studies.run_many import StudyRun
from pipeline.studies.study_files import FOLDER
from pipeline.studies.sweep import SweepRequest, SweepResult, run_sweep, validation_error
from pipeline.versioning.checkout import Checkout


def sweep_and_print(
    workspace: Checkout, request: SweepRequest, *, without_prefect: bool, as_json: bool
) -> int:
    """Run a sweep and print what came of it; return the exit code.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        without_prefect: Report nothing to Prefect.
        as_json: Print JSON.

    Raises:
        PipelineError: As `run_sweep`.
    """
    return run_and_print(
        workspace,
        "sweep",
        lambda observer: run_sweep(workspace, request, observer),
        as_json=sweep_json if as_json else None,
        text=sweep_text,
        revision=request.revision,
        without_prefect=without_prefect,
    )


def sweep_json(result: SweepResult) -> dict[str, Any]:
    """Return a sweep for a program."""
    return {
        "name": result.name,
        "commit": result.plan.commit,
        "trials": [run_json(run) for run in result.trials],
        "best": result.best.planned.number,
        "winner": run_json(result.winner),
        "looks": result.looks,
    }


def sweep_text(result: SweepResult, width: int | None = None) -> str:
    """Lay out a sweep: a line for each trial, the best one, its test, and the next command."""
    names = result.plan.varied
    rows = [["trial", *_short(names), "validation mse", "seconds", "state"]]
    rows += [_row(result, run, names) for run in result.trials]
    parts = [table(rows, left={len(rows[0]) - 1}, width=width)]
    parts += [filled(line, width) for line in _sentences(result)]
    return "\n\n".join(parts)


def _row(result: SweepResult, run: StudyRun, names: Sequence[str]) -> list[str]:
    error = validation_error(run.result.metrics) if run.result else None
    best = " (best)" if run is result.best else ""
    return [
        str(run.planned.number),
        *map(yaml_text, result.plan.values(run.planned, names)),
        format_number(error) if run.result else "-",
        f"{run.result.seconds:.1f}" if run.result else "-",
        f"{run.state}{best}{check_mark(run)}",
    ]


def _short(names: Sequence[str]) -> list[str]:
    """Shorten names to their last words where these differ."""
    last = [name.rpartition(".")[2] for name in names]
    return [word if last.count(word) == 1 else name for name, word in zip(names, last, strict=True)]


def _sentences(result: SweepResult) -> list[str]:
    trials = [f"Trial {run.planned.number}: {run.reason}" for run in result.trials if run.reason]
    return [*trials, _winner_sentence(result), f"plan and trials: {FOLDER / result.name}"]


def _winner_sentence(result: SweepResult) -> str:
    winner = result.winner
    if winner.result is None:
        return f"The best trial could not be scored on the test: {winner.reason}"
    metrics, name = winner.result.metrics, winner.result.name
    return (
        f"Best by validation: trial {result.best.planned.number}. On the test its error is "
        f"{format_number(metrics.get('mse'))}, skill {format_number(metrics.get('skill'))}; that part is "
        f"{some_looks(max(1, result.looks))}. It is kept as {name}; to take it over: dvc exp apply {name}"
    )
