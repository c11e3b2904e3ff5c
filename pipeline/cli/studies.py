"""A study as a person at a terminal has it: watched by Prefect, too, where a server is configured."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import typer

from foundation.processes import sigterm_as_interrupt
from pipeline.cli.display.layout import announce, screen_width
from pipeline.cli.display.show import print_json
from pipeline.cli.display.study import StudyPrinter
from pipeline.cli.terminal import leaves_out_changes, quieten_prefect, reporting_to_prefect
from pipeline.studies.run_many import StudyObserver
from pipeline.versioning.checkout import Checkout


class StudyResult(Protocol):
    """What a study ends with."""

    @property
    def good(self) -> bool:
        """Whether it ended as it should."""


T = TypeVar("T", bound=StudyResult)


def run_and_print(
    workspace: Checkout,
    name: str,
    work: Callable[[StudyObserver], T],
    *,
    as_json: Callable[[T], Any] | None,
    text: Callable[[T, int | None], str],
    revision: str,
    without_prefect: bool,
) -> int:
    """Run a study, and print what came of it; return the exit code.

    Args:
        workspace: The user's checkout.
        name: What it is: sweep or backtest.
        work: Runs it.
        as_json: Describes the result for a program; None prints it for a person.
        text: Describes it for a person, in a width.
        revision: What its runs start from.
        without_prefect: Whether nothing is reported to Prefect.

    Raises:
        PipelineError: As `work`, or the server does not answer.
    """
    result = _run(
        workspace,
        name,
        work,
        revision=revision,
        without_prefect=without_prefect,
        quiet=as_json is not None,
    )
    if as_json is not None:
        print_json(as_json(result))
    else:
        typer.echo(f"\n{text(result, screen_width())}")
    return 0 if result.good else 1


def _run(
    workspace: Checkout,
    name: str,
    work: Callable[[StudyObserver], T],
    *,
    revision: str,
    without_prefect: bool,
    quiet: bool,
) -> T:
    """Run a study; a Prefect server that the settings name shows it."""
    printer = StudyPrinter(quiet=quiet)
    if leaves_out_changes(workspace, revision):
        announce("note: your uncommitted changes are not in these runs: they start from the commit")
    with sigterm_as_interrupt():
        if without_prefect:
            return work(printer)
        quieten_prefect()
        from pipeline.orchestration.server import configured_server

        server = configured_server()
        if server is None:
            return work(printer)
        if not quiet:
            announce(f"reporting to Prefect at {server}")
        from pipeline.orchestration.study_flows import watched_study

        with reporting_to_prefect(workspace, kept="The runs that finished are kept"):
            return watched_study(name, work, printer)
