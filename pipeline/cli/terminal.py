"""A run as a person at a terminal has it: watched while it runs, its result printed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import typer

from foundation import paths
from foundation.errors import SetupError, StageFailedError, WorkspaceBusyError
from foundation.processes import sigterm_as_interrupt
from pipeline.cli.display.layout import filled, screen_width, table
from pipeline.cli.display.scores import scores_text
from pipeline.cli.display.show import print_json, progress
from pipeline.orchestration.prefect_setup import load_settings
from pipeline.runs.backup import held
from pipeline.runs.comparison_text import comparison_text
from pipeline.runs.execute import execute_run
from pipeline.runs.observer import TerminalObserver
from pipeline.runs.request import RunRequest, RunResult, Show
from pipeline.runs.stage import Event
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.git import git
from pipeline.versioning.raw_data import tracking_advice, untracked_sources
from pipeline.versioning.status import out_of_date

TAKEN_BACK = (
    "note: the overrides are taken back: params.yaml and results are as before.\n"
    "Finished stages are in the cache; the same command continues from them."
)

FILES = {
    "model": paths.MODEL.as_posix(),
    "forecast": paths.FORECAST_CSV.as_posix(),
    "report": paths.REPORT.as_posix(),
}
COMMITTED = "params.yaml dvc.lock data reports"  # what a commit of a run holds


def run_and_show(
    workspace: Checkout, request: RunRequest, *, without_prefect: bool, as_json: bool
) -> None:
    """Run as ordered, and print scores, places and verdict.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        without_prefect: Run without Prefect.
        as_json: Print the result for a program; progress then goes nowhere.

    Raises:
        PipelineError: The request is wrong, another run is in progress, or a stage failed.
    """
    before = _params(workspace)
    try:
        with sigterm_as_interrupt(), progress(quiet=as_json) as show:
            observer = TerminalObserver(show)
            if without_prefect or _nothing_to_watch(workspace, request, show):
                result = execute_run(workspace, request, observer)
            else:
                result = _watched(workspace, request, observer, show)
    except (KeyboardInterrupt, StageFailedError):
        as_before = _params(workspace) == before  # unless the user edited it
        if request.changes_params and not request.isolated and as_before:
            typer.echo(TAKEN_BACK, err=True)
        raise
    if as_json:
        print_json(_as_json(result))
    else:
        typer.echo(outcome_text(workspace, request, result, screen_width()))


def _as_json(result: RunResult) -> dict[str, Any]:
    kept = result.experiment
    return {
        "states": result.states,
        "metrics": result.metrics,
        "scores": result.scores,
        "experiment": kept.name if kept else None,
        **asdict(result.comparison),
    }


def _params(workspace: Checkout) -> bytes | None:
    path = workspace.root / paths.PARAMS
    return path.read_bytes() if path.is_file() else None


def _nothing_to_watch(workspace: Checkout, request: RunRequest, show: Show) -> bool:
    """Return True if everything is up to date and no Prefect server waits to hear so."""
    if request.isolated or request.refresh or request.push or request.changes_params:
        return False
    if "PREFECT_API_URL" in os.environ:
        return False  # known without asking DVC or importing Prefect
    show(Event(None, line="checking what is out of date"))
    try:
        with held(workspace, wait=False):  # DVC looks at no file that a run is about to write
            if out_of_date(workspace):
                return False
    except WorkspaceBusyError:
        return False
    load_settings()
    from pipeline.orchestration.server import configured_server

    return configured_server() is None


def _watched(
    workspace: Checkout, request: RunRequest, observer: TerminalObserver, show: Show
) -> RunResult:
    """Run as a Prefect flow; it takes two seconds to import Prefect."""
    quieten_prefect()
    from pipeline.orchestration.flows import watched_run
    from pipeline.orchestration.server import configured_server

    server = configured_server()
    how = f"reporting to Prefect at {server}" if server else "starting a temporary Prefect server"
    show(Event(None, line=how))
    with reporting_to_prefect(workspace, kept="The stages that finished are kept"):
        return watched_run(workspace, request, observer)


def quieten_prefect() -> None:
    """Load Prefect's settings for this process, which prints by itself what happens."""
    for level in ("HANDLERS_CONSOLE_LEVEL", "INTERNAL_LEVEL"):
        os.environ.setdefault(f"PREFECT_LOGGING_{level}", "CRITICAL")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    load_settings()


@contextmanager
def reporting_to_prefect(workspace: Checkout, *, kept: str) -> Iterator[None]:
    """Let flows in the block report to a Prefect server, the configured one or a temporary one.

    Args:
        workspace: The user's checkout.
        kept: What is not lost if the server falls silent.

    Raises:
        SetupError: The server does not answer, or stopped to.
        KeyboardInterrupt: Prefect ended the flow.
    """
    import httpx
    from prefect.exceptions import PrefectException, TerminationSignal

    from pipeline.orchestration.server import reporting

    with reporting(workspace) as url:
        try:
            yield
        except TerminationSignal:
            raise KeyboardInterrupt from None
        except (httpx.HTTPError, PrefectException) as failed:
            raise SetupError(
                f"The Prefect server at {url} stopped answering or refused ({failed}). {kept}: run again to continue from there, or with --no-prefect."
            ) from failed


def outcome_text(
    workspace: Checkout, request: RunRequest, result: RunResult, width: int | None = None
) -> str:
    """Describe what came of a run: scores, where things lie, whether it reproduced the commit."""
    parts = [
        f"\n{scores_text(result.scores, width)}",
        "\n".join(filled(sentence, width) for sentence in result.scores.sentences),
        table(_places(request, result), left={0, 1}),
    ]
    parts += [filled(note, width) for note in _notes(workspace, request)]
    said = comparison_text(result.comparison, result.states, recorded=result.recorded)
    return "\n\n".join([*parts, filled(said, width)])


def _places(request: RunRequest, result: RunResult) -> list[list[str]]:
    """Describe where the run lies, or which commands fetch it, and how it becomes a commit."""
    kept = result.experiment
    name = request.revision if kept is None else kept.name
    lines = [] if kept is None else [["kept as", f"the experiment {name}"]]
    if not request.isolated:
        lines = [*map(list, FILES.items()), *lines]
        if kept is not None and result.comparison.new_inputs:
            lines.append(["commit", f"git add {COMMITTED} && git commit -m 'new run'"])
            lines.append(["share", "dvc push, if there is a DVC remote"])
        return lines
    lines += [[file, f"dvc get . {path} --rev {name}"] for file, path in FILES.items()]
    if kept is not None:
        lines.append(["take over", f"dvc exp apply {name}"])
        lines.append(["branch", f"dvc exp branch {name} BRANCH"])
    return lines


def _notes(workspace: Checkout, request: RunRequest) -> list[str]:
    """Describe what another clone would lack, or this run lacks."""
    if not request.isolated:
        untracked = untracked_sources(workspace)
        return [f"note: {tracking_advice(path)}" for path in untracked]
    if leaves_out_changes(workspace, request.revision):
        return ["note: your uncommitted changes are not in this run: it starts from the commit"]
    return []


def leaves_out_changes(workspace: Checkout, revision: str) -> bool:
    """Return True if an isolated run of a revision lacks changes that the user may expect in it."""
    asked = ("status", "--porcelain", "--untracked-files=no", "--", ".")
    return revision == "HEAD" and bool(git(workspace.root, *asked))
