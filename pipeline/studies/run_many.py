"""Run every run of a plan that is not kept yet; what is finished stays, whatever happens to the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from typing import Protocol

from foundation.errors import ParamsError, PipelineError, StageFailedError, WorkerLostError
from pipeline.studies.child import Order
from pipeline.studies.cluster import Cluster, cluster_at
from pipeline.studies.plan import Plan, PlannedRun
from pipeline.studies.results import Result, recorded_results
from pipeline.studies.worker import Answer, Tell
from pipeline.versioning.checkout import Checkout

COMPLETED, RESTORED, FAILED = "Completed", "Restored", "Failed"
TRIES = 3  # of a run whose worker is lost each time


@dataclass(frozen=True)
class StudyRun:
    """A run of the plan that has ended.

    Attributes:
        planned: What was planned.
        state: COMPLETED, RESTORED (it was kept before), or FAILED.
        result: What came of it; None if it failed.
        reason: Why it failed, or is not believed.
        checked: Whether a second run made the same bytes; None if there was none.
    """

    planned: PlannedRun
    state: str
    result: Result | None = None
    reason: str | None = None
    checked: bool | None = None


class StudyObserver(Protocol):
    """Who watches a study. Its methods are called from several threads."""

    def run(self, planned: PlannedRun, work: Callable[[Tell], StudyRun]) -> StudyRun:
        """Do the work of a run, which tells what happens meanwhile; return how it ended."""

    def ended(self, run: StudyRun) -> None:
        """Look at a run that has ended, or was kept before."""


class SilentStudyObserver:
    """Watches a study that nobody else watches."""

    def run(self, planned: PlannedRun, work: Callable[[Tell], StudyRun]) -> StudyRun:
        """Do the work."""
        return work(lambda said: None)

    def ended(self, run: StudyRun) -> None:
        """Nothing to do."""


def run_many(
    workspace: Checkout,
    plan: Plan,
    observer: StudyObserver,
    *,
    cluster: str,
    check: Fraction = Fraction(0),
) -> list[StudyRun]:
    """Run what a plan lacks.

    Args:
        workspace: The user's checkout.
        plan: The runs.
        observer: Called with each run.
        cluster: Where they run, as `cluster_at` takes it.
        check: The share of the finished runs that are run again without any cache, to compare the bytes.

    Returns:
        How each ended, in the order of the plan.

    Raises:
        ParamsError: There is no such cluster.
        KeyboardInterrupt: It was stopped; no process is left, and what was finished is kept.
    """
    kept = recorded_results(workspace, plan)
    ended = {
        run.key: StudyRun(run, RESTORED, kept[run.key]) for run in plan.runs if run.key in kept
    }
    for run in ended.values():
        observer.ended(run)
    lacking = [run for run in plan.runs if run.key not in ended]
    if lacking or check:
        with cluster_at(cluster) as workers:
            study = _Study(workspace, workers, observer)
            study.each(lacking, study.make, ended)
            good = [run for run in plan.runs if ended[run.key].result is not None]
            study.each(sample(good, check), lambda run: study.check(ended[run.key]), ended)
    return [ended[run.key] for run in plan.runs]


def sample(runs: Sequence[PlannedRun], share: Fraction) -> list[PlannedRun]:
    """Choose a share of runs, rounded up, by their keys, so that they are always the same ones."""
    n = -(-len(runs) * share.numerator // share.denominator)
    chosen = sorted(runs, key=lambda run: sha256(run.key.encode()).hexdigest())[:n]
    return sorted(chosen, key=lambda run: run.number)


def share_of(text: str | None) -> Fraction:
    """Read a share such as 5%; None is none.

    Raises:
        ParamsError: It is none.
    """
    if text is None:
        return Fraction(0)
    try:
        share = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise ParamsError(f"--check {text}: it should be a share of the runs, such as 5%.")
    return share


class _Study:
    def __init__(self, workspace: Checkout, workers: Cluster, observer: StudyObserver) -> None:
        self._workspace, self._workers, self._observer = workspace, workers, observer

    def each(
        self,
        runs: Sequence[PlannedRun],
        work: Callable[[PlannedRun], StudyRun],
        ended: dict[str, StudyRun],
    ) -> None:
        """Do something with each run, as many at a time as there are slots; note how each ended."""
        with ThreadPoolExecutor(self._workers.slots) as threads:
            futures: list[Future[StudyRun]] = [threads.submit(work, run) for run in runs]
            try:
                for future in as_completed(futures):
                    run = future.result()
                    ended[run.planned.key] = run
                    self._observer.ended(run)
            except BaseException:
                self._workers.stop()
                for future in futures:
                    future.cancel()
                raise

    def make(self, planned: PlannedRun) -> StudyRun:
        """Run one run."""

        def work(tell: Tell) -> StudyRun:
            try:
                answer = self._ask(planned, tell)
            except PipelineError as failed:
                return StudyRun(planned, FAILED, reason=str(failed))
            return StudyRun(planned, COMPLETED, Result(**answer["result"]))

        return self._observer.run(planned, work)

    def check(self, run: StudyRun) -> StudyRun:
        """Run one again without any cache, and compare the bytes."""
        assert run.result is not None
        planned, name = run.planned, run.result.name

        def work(tell: Tell) -> StudyRun:
            try:
                answer = self._ask(planned, tell, verify=name)
            except PipelineError as failed:
                return replace(run, reason=f"It could not be checked: {failed}", checked=False)
            same = bool(answer["identical"])
            return replace(run, reason=None if same else answer["summary"], checked=same)

        return self._observer.run(planned, work)

    def _ask(self, planned: PlannedRun, tell: Tell, *, verify: str | None = None) -> Answer:
        """Let a child answer; one that was lost is asked again.

        Raises:
            StageFailedError: The run failed, or what carried it out was lost each time.
        """
        order = _order(self._workspace, planned, verify).to_json()
        root = str(self._workspace.root)
        for number in range(1, TRIES + 1):
            try:
                answer = self._workers.run(root, order, key=planned.key, tell=tell)
            except WorkerLostError as lost:
                why = str(lost)
                tell({"stage": None, "state": None, "line": f"try {number} of {TRIES}: {why}"})
                continue
            if "error" in answer:
                raise StageFailedError(answer["error"])
            if "stopped" in answer:
                raise KeyboardInterrupt
            return answer
        raise StageFailedError(
            f"It was lost {TRIES} times, the last time because {why}. Too little memory is the likeliest "
            "cause: give a smaller --cluster, or run it alone to see."
        )


def _order(workspace: Checkout, planned: PlannedRun, verify: str | None) -> Order:
    request = planned.request
    return Order(
        root=str(workspace.root),
        commit=request.revision,
        config=tuple((file.path, file.overrides) for file in request.config),
        overrides=request.overrides,
        name=planned.name,
        verify=verify,
    )
