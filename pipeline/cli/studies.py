"""A study as a person at a terminal has it: watched by Prefect, too, where a server is configured."""

from collections.abc import Callable
from typing import TypeVar

from foundation.processes import sigterm_as_interrupt
from pipeline.cli.display.layout import announce
from pipeline.cli.display.study import StudyPrinter
from pipeline.cli.terminal import leaves_out_changes, quieten_prefect, reporting_to_prefect
from pipeline.studies.run_many import StudyObserver
from pipeline.versioning.checkout import Checkout

T = TypeVar("T")


def run_study(
    workspace: Checkout,
    name: str,
    work: Callable[[StudyObserver], T],
    *,
    revision: str,
    without_prefect: bool,
    quiet: bool,
) -> T:
    """Run a study; a Prefect server that the settings name shows it.

    Args:
        workspace: The user's checkout.
        name: What it is: sweep or backtest.
        work: Runs it.
        revision: What its runs start from.
        without_prefect: Whether nothing is reported to Prefect.
        quiet: Whether nothing is printed meanwhile.

    Raises:
        PipelineError: As `work`, or the server does not answer.
    """
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
