"""Sweeps and backtests as Prefect flows: a task for each run."""

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import flow, tags
from prefect.client.schemas.objects import State
from prefect.settings import (
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from prefect.states import Cancelled, Completed, Failed

from foundation.errors import PipelineError
from foundation.number_format import format_number
from pipeline.orchestration.flows import STOPPED, failed_state
from pipeline.orchestration.observer import TAG
from pipeline.orchestration.server import HEARTBEAT, RETRIES
from pipeline.orchestration.study_forms import (
    BacktestForm,
    SweepForm,
    backtest_request_of,
    sweep_request_of,
)
from pipeline.orchestration.study_observer import PrefectStudyObserver
from pipeline.runs.checkout import this_workspace
from pipeline.runs.observer import NullObserver
from pipeline.studies.backtest import run_backtest
from pipeline.studies.run_many import SilentStudyObserver, StudyObserver
from pipeline.studies.sweep import run_sweep

T = TypeVar("T")


def watched_study(name: str, work: Callable[[StudyObserver], T], observer: StudyObserver) -> T:
    """Run a study in this process as a flow run, with a second observer besides Prefect's.

    Args:
        name: Of the flow: sweep or backtest.
        work: Runs the study.
        observer: The second one.

    Raises:
        PipelineError: As `work`.
        KeyboardInterrupt: The study was stopped.
    """
    ended: list[T | PipelineError] = []

    @flow(name=name)
    def study() -> State[Any]:
        try:
            ended.append(work(PrefectStudyObserver(observer)))
        except PipelineError as error:
            ended.append(error)
            return Failed(message=str(error))
        except KeyboardInterrupt:
            return Cancelled(message=STOPPED)
        return Completed()

    settings = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: HEARTBEAT, PREFECT_CLIENT_MAX_RETRIES: RETRIES}
    with temporary_settings(settings), tags(TAG):
        study(return_state=True)
    if not ended:
        raise KeyboardInterrupt
    (result,) = ended
    if isinstance(result, PipelineError):
        raise result
    return result


@flow(
    name="sweep", validate_parameters=False
)  # the run checks them, in the words of the command line
def sweep(request: SweepForm = {}) -> State[Any]:  # type: ignore[assignment]  # noqa: B006  an empty form
    """Try values of parameters, choose by validation, and score the best trial once on the test."""
    try:
        workspace = this_workspace()
        order = sweep_request_of(request, workspace)
        result = run_sweep(workspace, order, PrefectStudyObserver(SilentStudyObserver()))
    except PipelineError as error:
        return failed_state(str(error))
    except KeyboardInterrupt:
        return Cancelled(message=STOPPED)
    winner = result.winner.result
    if winner is None or not result.good:
        return failed_state(result.problem)
    skill = format_number(winner.metrics.get("skill"))
    return Completed(
        message=f"Trial {result.best.planned.number} of {len(result.trials)} is the best by validation, kept as "
        f"{winner.name}; skill on the test {skill}. Kept runs that scored this test part: {result.looks}."
    )


@flow(name="backtest", validate_parameters=False)  # as for sweep
def backtest(request: BacktestForm = {}) -> State[Any]:  # type: ignore[assignment]  # noqa: B006
    """Forecast from many origins of the past, each by a model that knew nothing later."""
    try:
        workspace = this_workspace()
        order = backtest_request_of(request, workspace)
        watcher = PrefectStudyObserver(SilentStudyObserver())
        result = run_backtest(workspace, order, watcher, NullObserver())
    except PipelineError as error:
        return failed_state(str(error))
    except KeyboardInterrupt:
        return Cancelled(message=STOPPED)
    if not result.good:
        return failed_state(result.problem)
    overall = result.scores["overall"]
    return Completed(
        message=f"{result.scores['origins']} origins, {len(result.runs)} models: skill "
        f"{format_number(overall['skill'])} over {overall['best_baseline']}."
    )
