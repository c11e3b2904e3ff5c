"""A run shown to Prefect: a task for each step, its log, its progress, its pages."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from prefect import Task, get_run_logger, runtime
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.states import Completed, Failed

from foundation.epoch_line import read_epoch
from foundation.errors import PipelineError, SetupError
from foundation.paths import FORECAST_CSV
from foundation.score_table import rmse_table
from pipeline.orchestration.ui_artifacts import FAILED, forecast_rows, graph_page, report_page
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.request import RunObserver, RunResult, Show, Step
from pipeline.runs.stage import RESTORED, UP_TO_DATE, Event
from pipeline.versioning.graph import Graph

TAG = "exactcast"  # on every flow run
NAMES = {UP_TO_DATE: "Skipped", RESTORED: "Restored"}
SECONDS_BETWEEN_UPDATES = 1.0  # of the progress that the UI shows


class PrefectObserver:
    """Shows a run to Prefect, and to another watcher."""

    def __init__(self, inner: RunObserver) -> None:
        self._inner = inner
        self._graph: Graph | None = None
        self._states: dict[str, str] = {}
        self._page: UUID | None = None  # of the graph: one for the whole run

    def identity(self) -> dict[str, Any]:
        """Name the flow run, so that its page can be found."""
        return {
            "flow_run_id": runtime.flow_run.id,
            "flow_run_name": runtime.flow_run.name,
            "deployment_id": runtime.deployment.id,
        }

    def started(self, graph: Graph) -> None:
        """Draw the graph."""
        self._graph = graph
        self._inner.started(graph)
        self._draw()

    def step(self, step: Step) -> str:
        """Do the step as a task of its own; its state says how it ended."""
        errors: list[PipelineError] = []

        def work() -> State[Any]:
            try:
                return self._watched(step)
            except PipelineError as error:
                if runtime.task_run.run_count <= step.options.get("retries", 0):
                    raise  # Prefect tries again
                errors.append(error)
                self._states[step.name] = FAILED
                self._draw()
                return Failed(message=str(error))

        task = Task(
            fn=work, name=step.name, task_run_name=step.name, cache_policy=NO_CACHE, **step.options
        )
        state = task(return_state=True)
        if errors:
            raise errors[0]
        if not state.is_completed():
            raise SetupError(f"The step '{step.name}' ended as {state.name}: {state.message}")
        return self._states[step.name]

    def _watched(self, step: Step) -> State[Any]:
        log = get_run_logger()
        with training_progress(step.name) as advance:

            def relayed(show: Show) -> str:
                def both(event: Event) -> None:
                    if event.line is not None:
                        log.info(event.line)
                        advance(event.line)
                    show(event)

                return step.work(both)

            state = self._inner.step(Step(step.name, relayed, step.options, step.facts))
        self._states[step.name] = state
        if facts := step.facts():
            create_table_artifact(
                facts,
                key=f"stage-{slug(step.name)}",
                description=f"What {step.name} read and made",
            )
        self._draw()
        return Completed(name=NAMES.get(state, "Completed"), message=state)

    def finished(self, checkout: RunCheckout, result: RunResult) -> None:
        """Publish the scores, the forecast and the report."""
        self._inner.finished(checkout, result)
        self._draw()
        kept = result.experiment
        create_table_artifact(
            rmse_table(result.scores, result.before).records(),
            key="scores",
            description=f"RMSE in units of the table. {result.scores.verdict}",
        )
        if forecast := forecast_rows(checkout.root):
            create_table_artifact(
                forecast, key="forecast", description=f"The first rows of {FORECAST_CSV}"
            )
        create_markdown_artifact(
            report_page(
                checkout.root,
                result.scores,
                result.comparison,
                result.states,
                recorded=result.recorded,
            ),
            key="report",
            description=f"The report of {kept.name if kept else 'the last run'}",
        )

    def _draw(self) -> None:
        if self._graph is not None:
            states = {n: s for n, s in self._states.items() if n in self._graph.stages}
            page = graph_page(self._graph, states)
            if self._page is None:
                self._page = create_markdown_artifact(
                    page, key="graph", description="The stages of dvc.yaml"
                )  # type: ignore[assignment]
            else:
                with get_client(sync_client=True) as client:
                    client.update_artifact(self._page, ArtifactUpdate(data=page))


@contextmanager
def training_progress(stage: str) -> Iterator[Callable[[str], None]]:
    """Yield the function that moves a progress bar in the UI when a line tells of an epoch."""
    bar: UUID | None = None
    shown = 0.0

    def advance(line: str) -> None:
        nonlocal bar, shown
        epoch = read_epoch(line)
        if epoch is None:
            return
        share = 100 * epoch.number / epoch.of
        try:
            if bar is None:
                bar = create_progress_artifact(
                    share, key=f"progress-{slug(stage)}", description=f"Epochs of {stage}"
                )  # type: ignore[assignment]
            elif share == 100 or time.monotonic() - shown >= SECONDS_BETWEEN_UPDATES:
                update_progress_artifact(bar, progress=share)
            else:
                return
        except (
            httpx.HTTPError,
            PrefectException,
        ) as failed:  # the training is worth more than its bar
            get_run_logger().warning("The progress could not be shown: %s", failed)
        shown = time.monotonic()

    yield advance


def slug(name: str) -> str:
    """Write a name as Prefect's keys are: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
