"""`exactcast backtest`: the folds while they run, and their scores beside those of the baselines."""

from collections.abc import Mapping
from typing import Any

from foundation.number_format import format_number
from foundation.score_table import Group, score_table
from pipeline.cli.display.layout import filled, table
from pipeline.cli.display.study import check_mark, run_json
from pipeline.cli.studies import run_and_print
from pipeline.runs.observer import NullObserver
from pipeline.studies.backtest import (
    FORECASTS,
    PLOT,
    SCORES,
    BacktestRequest,
    BacktestResult,
    run_backtest,
)
from pipeline.studies.study_files import FOLDER
from pipeline.versioning.checkout import Checkout

STEPS_SHOWN = 6


def backtest_and_print(
    workspace: Checkout, request: BacktestRequest, *, without_prefect: bool, as_json: bool
) -> int:
    """Run a backtest and print what came of it; return the exit code.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        without_prefect: Report nothing to Prefect.
        as_json: Print JSON.

    Raises:
        PipelineError: As `run_backtest`.
    """
    return run_and_print(
        workspace,
        "backtest",
        lambda observer: run_backtest(workspace, request, observer, NullObserver()),
        as_json=_as_json if as_json else None,
        text=backtest_text,
        revision=request.revision,
        without_prefect=without_prefect,
    )


def _as_json(result: BacktestResult) -> dict[str, Any]:
    folds = [
        run_json(run) | {"cutoffs": cutoffs}
        for run, cutoffs in zip(result.runs, result.cutoffs, strict=True)
    ]
    return {
        "name": result.name,
        "commit": result.plan.commit,
        "folds": folds,
        "scores": result.scores,
    }


def backtest_text(result: BacktestResult, width: int | None = None) -> str:
    """Lay out a backtest: errors by fold, by step and over all, and how sure the skill is."""
    scores = result.scores
    groups = [
        _group(f"fold {number}, from {cutoffs[0]}", row)
        for number, (cutoffs, row) in enumerate(
            zip(result.cutoffs, scores["folds"], strict=True), start=1
        )
    ]
    steps = scores["steps"]
    if len(steps) > 1:
        groups += [_group(f"step {n + 1}", steps[n]) for n in _some(len(steps))]
    laid = score_table([*groups, _group("all", scores["overall"])], error="mse")
    marks = [
        f"fold {run.planned.number}: {run.state}{check_mark(run)}, kept as {run.result.name}"
        for run in result.runs
        if run.result is not None
    ]
    parts = [table([laid.header, *laid.rows], width=width), "\n".join(marks)]
    place = FOLDER / result.name
    sentences = [
        _sentence(scores),
        f"forecasts, plot and scores: {place / FORECASTS}, {place / PLOT}, {place / SCORES}",
    ]
    return "\n\n".join([*parts, *(filled(each, width) for each in sentences)])


def _group(name: str, row: Mapping[str, Any]) -> Group:
    return Group(name, row["mse"], row["skill"])


def _some(n_steps: int) -> list[int]:
    """Choose steps to show: the first, the last, and some between them."""
    if n_steps <= STEPS_SHOWN:
        return list(range(n_steps))
    return sorted({round(n * (n_steps - 1) / (STEPS_SHOWN - 1)) for n in range(STEPS_SHOWN)})


def _sentence(scores: Mapping[str, Any]) -> str:
    """Say what the skill over all folds is, and between which bounds."""
    overall, n, block = scores["overall"], scores["origins"], scores["block"]
    skill = (
        f"Standardised squared errors over {n} origins. Skill {format_number(overall['skill'])} over "
        f"{overall['best_baseline']}"
    )
    if scores["interval"] is None:
        return (
            f"{skill}; how sure that is cannot be said: it takes {2 * block} origins or more. Take more "
            "windows."
        )
    low, high = map(format_number, scores["interval"])
    return f"{skill}, from {low} to {high} with 95 per cent (moving blocks of {block} origins)."
