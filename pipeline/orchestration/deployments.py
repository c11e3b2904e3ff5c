"""The deployments: registers them with the Prefect server, and runs what it schedules, until ended.

Started by `exactcast serve` as `python -m pipeline.orchestration.deployments SETTINGS`, in a process of its own.
"""

import json
import sys
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron
from prefect.states import Cancelled
from prefect.utilities.urls import url_for
from ruamel.yaml import YAML

from foundation.paths import PARAMS
from pipeline.orchestration.flows import forecast, train, verify_run
from pipeline.orchestration.observer import TAG
from pipeline.orchestration.request_form import explain
from pipeline.orchestration.server import HEARTBEAT
from pipeline.orchestration.study_flows import backtest, sweep
from pipeline.runs.checkout import this_workspace
from pipeline.versioning.git import file_at
from pipeline.versioning.worktrees import commit_of

SILENT_RUNS = "exactcast: a run that went silent has crashed"
SILENCE = timedelta(seconds=3 * HEARTBEAT)
MANUAL = "manual"  # of sweep/manual and backtest/manual, which have no schedule
NAME = "scheduled"  # of the deployments: train/scheduled, forecast/scheduled and verify/scheduled
FORMER = f"{verify_run.name}/weekly"  # what verify/scheduled was called
ENDS = ("Completed", "Failed", "Cancelled", "Crashed")


def main() -> None:
    """Register and serve, as the settings in the first argument say."""
    # Prefect's own handler of SIGTERM forgets it; the runs are ended by the signal itself
    warnings.filterwarnings("ignore", message="coroutine 'Runner.astop' was never awaited")
    settings = json.loads(sys.argv[1])
    mark_silent_runs()
    cancel_missed_runs()
    timezone = settings["timezone"]
    deployment = train.to_deployment(
        NAME,
        **schedule_of(f"{train.name}/{NAME}", settings["cron"], timezone),
        tags=[TAG],
        parameters={"request": settings["request"]},
        description="Trains in a worktree of its own and keeps the run as a DVC experiment.",
    )
    explain_form(deployment)
    forecasts = forecast.to_deployment(
        NAME,
        **schedule_of(f"{forecast.name}/{NAME}", settings["forecast_cron"], timezone),
        tags=[TAG],
        parameters={"request": settings["forecast_request"]},
        description="Forecasts the newest rows with the newest model, in a worktree of its own.",
    )
    studies = [
        each.to_deployment(
            MANUAL, tags=[TAG], parameters={"request": {}}, description=each.description
        )
        for each in (sweep, backtest)
    ]
    verification = verify_run.to_deployment(
        NAME,
        **schedule_of(
            f"{verify_run.name}/{NAME}", settings["verify_cron"], timezone, former=FORMER
        ),
        tags=[TAG],
        description="Re-runs every stage of the newest run without any cache and compares every byte.",
    )
    remove_former(FORMER)
    served = cast("list[RunnerDeployment]", [deployment, forecasts, verification, *studies])
    serve(*served, pause_on_shutdown=False, print_starting_message=False)


def explain_form(deployment: Any) -> None:
    """Write meanings and values of the committed params.yaml into the form of a deployment."""
    workspace = this_workspace()
    commit = commit_of(workspace, "HEAD")
    params = YAML().load(file_at(workspace.root, commit, str(PARAMS)) or "{}")
    explain(deployment._parameter_openapi_schema.definitions, params, commit=commit)


def schedule_of(
    name: str, cron: str | None, timezone: str, *, former: str | None = None
) -> dict[str, Any]:
    """Return the schedule of a deployment, as `to_deployment` takes it.

    Registering a deployment again would resume what a person paused; here it stays paused, also
    under a new name, and a line says so.
    """
    own = registered(name)
    earlier = own if own is not None or former is None else registered(former)
    paused, inactive = left_paused(earlier)
    if cron is None:
        return {"paused": paused}
    if paused or inactive:
        where = "in the Prefect UI" if own is None else f"at\n  {url_for('deployment', own.id)}"
        print(f"{name} stays paused, as it was left. Switch its schedule on {where}", flush=True)
    return {"paused": paused, "schedule": Cron(cron, timezone=timezone, active=not inactive)}


def registered(name: str) -> DeploymentResponse | None:
    """Return the deployment of a name, if the server knows one."""
    with get_client(sync_client=True) as client:
        try:
            return client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None


def left_paused(deployment: DeploymentResponse | None) -> tuple[bool, bool]:
    """Find what a person paused: the deployment, or each of its schedules."""
    if deployment is None:
        return False, False
    schedules = deployment.schedules
    return deployment.paused, bool(schedules) and not any(each.active for each in schedules)


def remove_former(name: str) -> None:
    """Remove a deployment of ours that has another name now; its finished runs stay."""
    deployment = registered(name)
    if deployment is not None and TAG in deployment.tags:
        with get_client(sync_client=True) as client:
            client.delete_deployment(deployment.id)
        print(f"{name} is called {verify_run.name}/{NAME} now, and is removed", flush=True)


def mark_silent_runs() -> None:
    """Let the server mark runs as crashed whose process was killed: nobody else would."""
    beat = "prefect.flow-run.heartbeat"
    automation = AutomationCore(
        name=SILENT_RUNS,
        trigger=EventTrigger(
            after={beat},
            expect={beat, *(f"prefect.flow-run.{end}" for end in ENDS)},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            # others on this server may give signs of life less often
            match_related={
                "prefect.resource.role": ["tag"],
                "prefect.resource.id": [f"prefect.tag.{TAG}"],
            },
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                force=False,
                message=f"No sign of life for {SILENCE.seconds} seconds: its process was killed.",
            )
        ],
    )
    with get_client(sync_client=True) as client:
        old = client.read_automations_by_name(SILENT_RUNS)
        for each in old:
            client.delete_automation(each.id)
        client.create_automation(automation)


def cancel_missed_runs() -> None:
    """Cancel the runs whose time came while nothing served: they would all start now."""
    with get_client(sync_client=True) as client:
        missed = client.read_flow_runs(
            deployment_filter=DeploymentFilter(
                name=DeploymentFilterName(any_=[NAME, MANUAL]),
                tags=DeploymentFilterTags(all_=[TAG]),
            ),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                expected_start_time=FlowRunFilterExpectedStartTime(
                    before_=cast(Any, datetime.now(UTC))
                ),
            ),
        )
        for run in missed:
            client.set_flow_run_state(
                run.id, Cancelled(message="Missed: nothing served it at its time."), force=True
            )


if __name__ == "__main__":
    main()
