"""A run as a person at a terminal has it: watched while it goes on, its result printed."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from forecasting.errors import SetupError, StageFailed
from pipeline.graph import Graph, load_graph
from pipeline.order import Order, Outcome, Show, Step
from pipeline.prefect_setup import load_settings
from pipeline.previous import held
from pipeline.raw import tracking_advice, untracked_sources
from pipeline.reproduce import Event, sigterm_as_interrupt
from pipeline.run import carry_out
from pipeline.show import comparison_text, print_json, progress, score_table
from pipeline.status import out_of_date
from pipeline.workspace import Busy, git
from stages._params import PARAMS_FILE

TAKEN_BACK = (
    "note: the values of -S are taken back: params.yaml and results are as before.\n"
    "Finished stages are in the cache; the same command continues from them."
)


class Terminal:
    """Watches a run for the person who started it."""

    def __init__(self, show: Show) -> None:
        self._show = show

    def started(self, graph: Graph) -> None:
        """Nothing to do: each stage says when it starts."""

    def step(self, step: Step) -> str:
        """Do the step; say how it ended if it did not tell so itself."""
        told = False

        def show(event: Event) -> None:
            nonlocal told
            told = told or event.state is not None
            self._show(event)

        state = step.work(show)
        if not told:
            self._show(Event(step.name, state=state))
        return state

    def finished(self, root: Path, graph: Graph, outcome: Outcome) -> None:
        """Nothing to do: the result is printed at the end."""

    def identity(self) -> dict[str, Any]:
        """Nobody but a person watched."""
        return {}


def run_and_show(root: Path, order: Order, *, offline: bool, as_json: bool) -> None:
    """Run as ordered, and print scores, places and verdict.

    Args:
        root: The project's root.
        order: What is asked.
        offline: Without Prefect.
        as_json: Print the result for a program; progress then goes nowhere.

    Raises:
        PipelineError: The order is wrong, another run goes on, or a stage failed.
    """
    before = (root / PARAMS_FILE).read_bytes()
    try:
        with sigterm_as_interrupt(), progress(quiet=as_json) as show:
            watcher = Terminal(show)
            if offline or _nothing_to_watch(root, order):
                outcome = carry_out(root, order, watcher)
            else:
                outcome = _watched(root, order, watcher)
    except (KeyboardInterrupt, StageFailed):
        as_before = (root / PARAMS_FILE).read_bytes() == before  # unless the user edited it
        if order.overrides and not order.isolated and as_before:
            typer.echo(TAKEN_BACK, err=True)
        raise
    if as_json:
        kept = outcome.experiment
        print_json(
            {
                "states": outcome.states,
                "metrics": outcome.metrics,
                "experiment": kept.name if kept else None,
            }
            | asdict(outcome.comparison)
        )
    else:
        typer.echo(outcome_text(root, order, outcome))


def _nothing_to_watch(root: Path, order: Order) -> bool:
    """Tell whether everything is up to date and no Prefect server waits to hear so."""
    if order.isolated or order.refresh or order.push or order.overrides:
        return False
    if "PREFECT_API_URL" in os.environ:
        return False  # known without asking DVC or importing Prefect
    try:
        with held(root, wait=False):  # DVC looks at no file that a run is about to write
            if out_of_date(root):
                return False
    except Busy:
        return False
    load_settings()
    from pipeline.server import configured_server

    return configured_server() is None


def _watched(root: Path, order: Order, watcher: Terminal) -> Outcome:
    """Run as a Prefect flow; it takes two seconds to import Prefect."""
    for level in ("HANDLERS_CONSOLE_LEVEL", "INTERNAL_LEVEL"):  # we print ourselves
        os.environ.setdefault(f"PREFECT_LOGGING_{level}", "CRITICAL")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    load_settings()
    import httpx
    from prefect.exceptions import PrefectException, TerminationSignal

    from pipeline.flow import watched_run
    from pipeline.server import reporting

    with reporting(root) as url:
        try:
            return watched_run(root, order, watcher)
        except TerminationSignal:
            raise KeyboardInterrupt from None
        except (httpx.HTTPError, PrefectException) as failed:
            raise SetupError(
                f"The Prefect server at {url} stopped answering or refused ({failed}). The stages that "
                "finished are kept: run again to go on from there, or with --offline, unwatched."
            ) from failed


def outcome_text(root: Path, order: Order, outcome: Outcome) -> str:
    """Say what came of a run: scores, where things lie, whether it reproduced the commit."""
    metrics = outcome.metrics
    parts = [
        f"\n{score_table(metrics)}",
        f"{metrics['verdict']}\n{metrics['leak']['sentence']}",
    ]
    if not order.isolated:
        parts.append("model   models/model.keras\nreport  reports/report.html")
        untracked = untracked_sources(root, load_graph(root))
        parts += [f"note: {tracking_advice(path)}" for path in untracked]
    elif order.revision == "HEAD" and git(
        root, "status", "--porcelain", "--untracked-files=no", "--", "."
    ):
        parts.append(
            "note: your uncommitted changes are not in this run: it starts from the commit"
        )
    parts.append(comparison_text(outcome.comparison, outcome.states, recorded=outcome.recorded))
    parts += _kept(order, outcome)
    return "\n\n".join(parts)


def _kept(order: Order, outcome: Outcome) -> list[str]:
    """Say where the run is kept, and how it becomes a commit."""
    if outcome.experiment is None:
        return []
    name = outcome.experiment.name
    lines = [f"kept as the experiment {name}"]
    if order.isolated:
        lines.append(f"to take it into a branch: dvc exp branch {name} BRANCH")
    elif outcome.comparison.new_inputs:
        lines.append(
            "to commit it: git add params.yaml dvc.lock data reports && git commit -m 'what it tries' "
            "(and `dvc push`, if you have a remote)"
        )
    return ["\n".join(lines)]
