"""A study shown to Prefect: a task for each run, in the thread that carries it out, and a table that fills up."""

import contextvars
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from prefect import Task, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Cancelled, Completed, Failed

from foundation.number_format import format_number
from pipeline.orchestration.flows import STOPPED
from pipeline.studies.plan import PlannedRun
from pipeline.studies.run_many import FAILED, RESTORED, StudyObserver, StudyRun
from pipeline.studies.worker import Tell

NOT_IDENTICAL = "exactcast.study.not-identical"
TABLE = "runs"  # the key of the table in Prefect


class PrefectStudyObserver:
    """Shows each run of a study to Prefect, and to another watcher."""

    def __init__(self, inner: StudyObserver) -> None:
        """Take the other watcher; called in the flow, whose context the threads do not have by themselves."""
        self._inner = inner
        self._flow = contextvars.copy_context()
        self._rows: dict[str, dict[str, str]] = {}
        self._page: UUID | None = None

    def run(self, planned: PlannedRun, work: Callable[[Tell], StudyRun]) -> StudyRun:
        """Do the work of a run as a task of its own; its state says how it ended."""
        return self._flow.copy().run(self._as_task, planned, work)

    def _as_task(self, planned: PlannedRun, work: Callable[[Tell], StudyRun]) -> StudyRun:
        done: list[StudyRun] = []

        def logged(tell: Tell) -> StudyRun:
            log = get_run_logger()

            def both(said: Mapping[str, Any]) -> None:
                log.info(" ".join(filter(None, [said["stage"], said["state"], said["line"]])))
                tell(said)

            return work(both)

        def watched() -> State[Any]:
            try:
                done.append(self._inner.run(planned, logged))
            except KeyboardInterrupt:
                return Cancelled(message=STOPPED)
            return state_of(done[0])

        _task(planned, watched)
        if not done:
            raise KeyboardInterrupt
        return done[0]

    def ended(self, run: StudyRun) -> None:
        """Add the run to the table; one that was kept before is a task, too."""
        self._inner.ended(run)
        if run.state == RESTORED and run.checked is None:
            _task(run.planned, lambda: state_of(run))
        if run.checked is False:
            emit_event(
                NOT_IDENTICAL,
                resource={"prefect.resource.id": f"exactcast.run.{run.planned.name}"},
                payload={"run": run.planned.name, "why": run.reason or ""},
            )
        self._rows[run.planned.key] = row_of(run)
        self._draw()

    def _draw(self) -> None:
        rows = list(self._rows.values())
        if self._page is None:
            self._page = create_table_artifact(  # type: ignore[assignment]
                rows, key=TABLE, description="The runs that have ended"
            )
        else:
            with get_client(sync_client=True) as client:
                client.update_artifact(self._page, ArtifactUpdate(data=rows))


def _task(planned: PlannedRun, work: Callable[[], State[Any]]) -> None:
    name = planned.name
    Task(fn=work, name="run", task_run_name=name, cache_policy=NO_CACHE)(return_state=True)


def state_of(run: StudyRun) -> State[Any]:
    """Return the state of the task of a run."""
    if run.checked is False:
        return Failed(name="NotIdentical", message=run.reason)
    if run.state == FAILED:
        return Failed(message=run.reason)
    if run.checked:
        return Completed(name="Identical", message="A second run made the same bytes.")
    return Completed(name=run.state, message=f"Kept as {run.result.name}." if run.result else None)


def row_of(run: StudyRun) -> dict[str, str]:
    """Return the row of a run in the table."""
    metrics = run.result.metrics if run.result else {}
    changes = ", ".join(f"{name}={value}" for name, value in run.planned.changes.items())
    return {
        "run": str(run.planned.number),
        "changes": changes,
        "mse": format_number(metrics["mse"]) if "mse" in metrics else "-",
        "skill": format_number(metrics["skill"]) if "skill" in metrics else "-",
        "seconds": f"{run.result.seconds:.1f}" if run.result else "-",
        "state": run.state,
        "kept as": run.result.name if run.result else "",
    }
