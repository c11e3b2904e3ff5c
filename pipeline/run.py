"""A run in the workspace: override, reproduce, compare, report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from forecasting.errors import PipelineError, StageFailed
from pipeline.graph import Graph, load_graph
from pipeline.lockfile import canonicalise, committed_lock, compare, read_lock
from pipeline.overrides import apply_overrides
from pipeline.previous import forget_outputs, keep_outputs, put_back_all, put_back_unfinished
from pipeline.raw import check_present, tracking_advice, untracked_sources
from pipeline.reproduce import RAN, Event, reproduce
from pipeline.show import comparison_text, print_json, progress, read_metrics, score_table
from pipeline.workspace import digest, forget_run_cache_since, locked
from stages._files import write_bytes
from stages._params import PARAMS_FILE, load_params


def run_here(root: Path, overrides: Sequence[str], *, wait: bool, as_json: bool) -> None:
    """Bring the workspace up to date, and print scores and verdict.

    Args:
        root: The project's root.
        overrides: `key=value` changes of params.yaml.
        wait: Wait for another run in this workspace instead of refusing.
        as_json: Print the result for a program; progress then goes nowhere.

    Raises:
        PipelineError: The parameters are wrong, a stage failed, or another run goes on.
    """
    with locked(root, wait=wait):
        graph = prepare(root, overrides)
        with progress(quiet=as_json) as show:
            states = reproduce_or_put_back(root, graph, show)
        canonicalise(root, graph)
        recorded, now = committed_lock(root), read_lock(root)
        metrics = read_metrics(root)
    comparison = compare(graph, recorded, now)
    if as_json:
        print_json({"stages": states, "metrics": metrics} | asdict(comparison))
        return
    typer.echo(f"\n{score_table(metrics)}\n\n{metrics['verdict']}\n{metrics['leak']['sentence']}\n")
    typer.echo("model   models/model.keras\nreport  reports/report.html\n")
    for path in untracked_sources(root, graph):
        typer.echo(f"note: {tracking_advice(path)}")
    typer.echo(comparison_text(comparison, states, recorded=bool(recorded)))


def prepare(root: Path, overrides: Sequence[str]) -> Graph:
    """Apply the overrides if a run can start with them; else params.yaml stays as it was.

    Raises:
        PipelineError: A value is wrong, or a file that the run would read is not there.
    """
    before = (root / PARAMS_FILE).read_bytes() if overrides else None
    apply_overrides(root, overrides)
    try:
        load_params(root / PARAMS_FILE)
        graph = load_graph(root)
        check_present(root, graph)
    except PipelineError:
        if before is not None:
            write_bytes(root / PARAMS_FILE, before)
        raise
    return graph


def reproduce_or_put_back(
    root: Path, graph: Graph, show: Callable[[Event], None]
) -> dict[str, str]:
    """Reproduce; if that fails or is stopped, put the outputs of unfinished stages back.

    Raises:
        StageFailed: A stage failed, or its code changed while it ran: DVC records the code as it is
            after a stage, so that the lock would name code that never made the output.
    """
    keep_outputs(root, graph)
    started = time.time()
    before = source_hashes(root, graph)
    try:
        states = reproduce(root, graph.targets(), show=show)
    except BaseException:
        put_back_unfinished(root, graph)
        raise
    changed = sorted(
        path for path, digest in source_hashes(root, graph).items() if before[path] != digest
    )
    if changed and RAN in states.values():
        put_back_all(root, graph)
        forget_run_cache_since(root, started)
        raise StageFailed(
            f"This run is void: {', '.join(changed)} changed while it went on, so what made the "
            "outputs is not known. The earlier results are back; run again."
        )
    forget_outputs(root)
    return states


def source_hashes(root: Path, graph: Graph) -> dict[str, str | None]:
    """Hash everything that the pipeline reads and does not make."""
    paths = [*graph.sources(), str(PARAMS_FILE), "dvc.yaml"]
    return {
        path: digest(root / path, "sha256") if (root / path).is_file() else None for path in paths
    }
