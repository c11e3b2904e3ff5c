"""A run as a person at a terminal has it: watched while it goes on, its result printed."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from pipeline.graph import Graph, load_graph
from pipeline.raw import tracking_advice, untracked_sources
from pipeline.reproduce import Event
from pipeline.run import Order, Outcome, Show, carry_out
from pipeline.show import comparison_text, print_json, progress, score_table


class Terminal:
    """Watches a run for the person who started it."""

    def __init__(self, show: Show) -> None:
        self._show = show

    def step(self, name: str, work: Callable[[Show], str]) -> str:
        """Do the step; say how it ended if it did not tell so itself."""
        told = False

        def show(event: Event) -> None:
            nonlocal told
            told = told or event.state is not None
            self._show(event)

        state = work(show)
        if not told:
            self._show(Event(name, state=state))
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
    with progress(quiet=as_json) as show:
        outcome = carry_out(root, order, Terminal(show))
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
