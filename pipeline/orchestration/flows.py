"""The pipeline as Prefect flows. Prefect runs and watches; DVC decides what is out of date.

The graph is read from dvc.yaml in the run itself; there is one task for each stage. Without a cache
of Prefect's: a second one could disagree with DVC's.
"""

import logging
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from prefect import flow, runtime, tags
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.exceptions import FailedRun
from prefect.settings import (
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from prefect.states import Cancelled, Completed, Failed

from foundation.errors import CannotVerifyError, PipelineError, WorkspaceBusyError
from pipeline.orchestration.observer import NAMES, TAG, PrefectObserver
from pipeline.orchestration.request_form import (
    ForecastForm,
    Request,
    forecast_request_of,
    request_of,
)
from pipeline.orchestration.server import HEARTBEAT, RETRIES
from pipeline.orchestration.ui_artifacts import verification_rows
from pipeline.runs.checkout import this_workspace
from pipeline.runs.execute import execute_run, run_name
from pipeline.runs.forecast import forecast_name, run_forecast
from pipeline.runs.history import newest_run
from pipeline.runs.observer import NullObserver
from pipeline.runs.request import RunObserver, RunRequest, RunResult
from pipeline.runs.stage import RAN, UP_TO_DATE
from pipeline.verification.verify import summary_line, verify
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.worktrees import commit_of

NAME = "train"
STOPPED = "Stopped on request. What was finished is kept."
UNCHANGED = "Unchanged"
SAME_FORECAST = "Nothing changed: neither the table nor the model. Nothing was made."
PROOF_FAILED = "exactcast.verify.failed"


def _name_of_run() -> str:
    """Name a flow run by what it was asked for."""
    workspace, request = this_workspace(), runtime.flow_run.parameters.get("request")
    try:
        request = request_of(request, workspace.root)
        commit = commit_of(workspace, request.revision)
    except PipelineError:  # the run itself will say what is wrong
        return "invalid"
    return run_name(workspace, request, commit)


def _ending(
    workspace: Checkout, request: RunRequest, observer: RunObserver
) -> tuple[State[Any], RunResult | None]:
    """Carry out a request; return how the flow run ended, and what came of it.

    Raises:
        PipelineError: As `execute_run`.
    """
    try:
        result = execute_run(
            workspace, request, PrefectObserver(observer), name=runtime.flow_run.name
        )
    except WorkspaceBusyError as busy:
        if request.overlap != "skip":
            raise
        return Completed(name="Skipped", message=str(busy)), None
    except KeyboardInterrupt:
        return Cancelled(message=STOPPED), None
    ran = sum(state == RAN for state in result.states.values())
    name = NAMES[UP_TO_DATE] if ran == 0 and result.experiment is None else "Completed"
    kept = f" Kept as the experiment {result.experiment.name}." if result.experiment else ""
    message = f"{ran} of {len(result.states)} stages ran. {result.scores.verdict}{kept}"
    return Completed(name=name, message=message), result


@flow(
    name=NAME,
    flow_run_name=_name_of_run,
    validate_parameters=False,  # the run does, in the words of the command line
)
def train(request: Request = {}) -> State[Any]:  # type: ignore[assignment]  # noqa: B006  an empty form
    """Bring every stage of dvc.yaml up to date through DVC, and keep the run as an experiment."""
    try:
        workspace = this_workspace()
        order = request_of(request, workspace.root)
        return _ending(workspace, order, NullObserver())[0]
    except PipelineError as error:
        return failed_state(str(error))


@flow(
    name="forecast",
    flow_run_name=lambda: forecast_name(datetime.now(UTC)),
    validate_parameters=False,  # as for train
)
def forecast(request: ForecastForm = {}) -> State[Any]:  # type: ignore[assignment]  # noqa: B006
    """Forecast the newest rows with the model of a kept run, and keep the forecast as an experiment."""
    try:
        workspace = this_workspace()
        result = run_forecast(
            workspace,
            forecast_request_of(request, workspace.root),
            PrefectObserver(NullObserver()),
            name=runtime.flow_run.name,
        )
    except PipelineError as error:
        return failed_state(str(error))
    except KeyboardInterrupt:
        return Cancelled(message=STOPPED)
    where = result.kept.name if result.kept else result.commit[:7]
    if not result.made:
        return Completed(
            name=UNCHANGED, message=f"{SAME_FORECAST} The forecast is that of {where}."
        )
    message = f"Forecast {result.table} with the model of {result.model}."
    return Completed(message=f"{message} Kept as the experiment {where}.")


def _name_of_verification() -> str:
    revision = runtime.flow_run.parameters.get("revision") or newest_run(this_workspace())
    return f"verify-{revision}"


@flow(name="verify", flow_run_name=_name_of_verification, validate_parameters=False)
def verify_run(revision: str = "") -> State[Any]:
    """Re-run every stage of a run without any cache and compare every byte.

    Args:
        revision: A run, a commit, a branch or a tag; empty for the newest run.
    """
    workspace = this_workspace()
    chosen = revision or newest_run(workspace)
    try:
        verdict = verify(workspace, chosen, observer=PrefectObserver(NullObserver()))
    except CannotVerifyError as why:
        return _unproved(chosen, "NotVerified", str(why))
    except PipelineError as error:
        return failed_state(str(error))
    except KeyboardInterrupt:
        return Cancelled(message=STOPPED)
    summary = summary_line(verdict)
    create_table_artifact(verification_rows(verdict), key="verification", description=summary)
    if verdict.identical:
        return Completed(name="Identical", message=summary)
    return _unproved(chosen, "NotIdentical", "\n".join([summary, *verdict.false, *verdict.reasons]))


def _unproved(revision: str, name: str, why: str) -> State[Any]:
    """End a failed verification, and emit the event of it."""
    emit_event(
        PROOF_FAILED,
        resource={"prefect.resource.id": f"exactcast.run.{revision}"},
        payload={"run": revision, "why": why},
    )
    return failed_state(why, name=name)


def failed_state(why: str, *, name: str = "Failed") -> State[Any]:
    """End a flow run that a deployment started, with a reason that a person can act on."""
    for logger in ("prefect.flow_runs", "prefect.engine"):
        logging.getLogger(logger).addFilter(_is_no_failed_state)
    return Failed(name=name, message=why)


def _is_no_failed_state(record: logging.LogRecord) -> bool:
    """Return False for the traceback that Prefect's engine makes of a state that was returned."""
    return record.exc_info is None or not isinstance(record.exc_info[1], FailedRun)


def watched_run(workspace: Checkout, request: RunRequest, observer: RunObserver) -> RunResult:
    """Execute a run in this process as a flow run, with a second observer besides Prefect's.

    Raises:
        PipelineError: As `execute_run`.
        KeyboardInterrupt: The run was stopped.
    """
    ended: list[RunResult | PipelineError | None] = []
    wanted = request  # the flow's own parameter is called so, too
    name = run_name(workspace, request, commit_of(workspace, request.revision))

    @flow(name=NAME, flow_run_name=lambda: name)  # a string would be a template
    def train_here(request: dict[str, Any]) -> State[Any]:
        try:
            state, result = _ending(workspace, wanted, observer)
        except PipelineError as error:
            ended.append(error)
            return Failed(message=str(error))
        ended.append(result)
        return state

    settings = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: HEARTBEAT, PREFECT_CLIENT_MAX_RETRIES: RETRIES}
    with temporary_settings(settings), tags(TAG):
        train_here(asdict(request), return_state=True)
    result = ended[0]
    if result is None:
        raise KeyboardInterrupt
    if isinstance(result, PipelineError):
        raise result
    return result
