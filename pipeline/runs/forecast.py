"""A forecast of newer rows: the model of a kept run, another table, and a run of the stage `forecast` alone.

Nothing is trained. What the stage needs comes out of DVC's cache or a remote, and everything that the
model was made from stays as it was: `exactcast verify` trains from the old table and forecasts from the
new one.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foundation.errors import SetupError, StageFailedError
from foundation.files import digest
from foundation.record_schema import ForecastOf
from pipeline.runs.backup import restore_on_failure
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.execute import NETWORK, prepare, reproduce_and_keep
from pipeline.runs.history import newest_run
from pipeline.runs.newest_table import raw_table, store_newest, store_refreshed
from pipeline.runs.record import Notes, record_at
from pipeline.runs.request import RunObserver, RunRequest, RunResult, Show, Step
from pipeline.runs.workspace import locked
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask_dvc
from pipeline.versioning.experiments import Experiment, experiments, prune
from pipeline.versioning.lockfile import hashes
from pipeline.versioning.remotes import push
from pipeline.versioning.status import out_of_date
from pipeline.versioning.worktrees import commit_of, worktree

STAGE = "forecast"
INPUT = "forecast.input"
LOCK = Path(".dvc/tmp/exactcast/forecast.lock")  # of two equal forecasts the second finds the first


@dataclass(frozen=True)
class ForecastRequest:
    """What is asked of a forecast of newer rows.

    Attributes:
        table: The newer table; None takes the one that `ingest.raw` names in the workspace.
        run: The run, or any revision, whose model forecasts; None takes the newest kept run.
        refresh: Fetch the raw table from where it is imported, and take that one.
        push: Send the forecast to the remotes afterwards.
        most: How many forecasts may be kept afterwards; all of them if None.
    """

    table: Path | None = None
    run: str | None = None
    refresh: bool = False
    push: bool = False
    most: int | None = None


@dataclass(frozen=True)
class ForecastResult:
    """What came of it.

    Attributes:
        model: The run whose model forecast, or its commit.
        table: The table, as `forecast.input` names it.
        kept: Where the forecast is kept: a run of its own, or one that had made it before; None if the
            commit of the model holds it and no run.
        commit: The commit that holds it.
        run: What the run made; None where the same forecast was there, so that nothing was made.
    """

    model: str
    table: str
    kept: Experiment | None
    commit: str
    run: RunResult | None

    @property
    def made(self) -> bool:
        """Whether there is a new forecast."""
        return self.run is not None


@dataclass(frozen=True)
class _Model:
    """A commit with a finished run, and what people call the run."""

    name: str
    commit: str
    kept: Experiment | None


def forecast_name(now: datetime) -> str:
    """Name a forecast by when it is made, in UTC: forecast-2026-11-25-0600-ab12."""
    return f"forecast-{now.astimezone(UTC):%Y-%m-%d-%H%M}-{secrets.token_hex(2)}"


def run_forecast(
    workspace: Checkout, request: ForecastRequest, observer: RunObserver, *, name: str | None = None
) -> ForecastResult:
    """Forecast newer rows in an isolated run from the commit of a model, and keep it.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        observer: Called with each step.
        name: What the run is called; None makes a name.

    Raises:
        PipelineError: There is no such run or table, the table does not fit the model, or the model
            cannot be found.
    """
    with locked(workspace.root, wait=True, lock=LOCK):
        return _forecast(workspace, request, observer, name)


def _forecast(
    workspace: Checkout, request: ForecastRequest, observer: RunObserver, name: str | None
) -> ForecastResult:
    model = find_model(workspace, request.run)
    with worktree(workspace, model.commit) as place:
        table = _stored(workspace, place, request, observer)
        source = ForecastOf(table=table, input=digest(place.root / table, "md5"), model=model.name)
        before = _made_before(workspace, place, model, source)
        if before is not None:
            return before
        notes = Notes(
            name or forecast_name(datetime.now(UTC)),
            model.commit,
            overrides=(f"{INPUT}={table}",),
            forecast=source,
        )
        with _as_given(table, _given(workspace, request)):
            result = _run(place, request, observer, notes)
    kept = result.experiment
    assert kept is not None, "a new table is a reason to run the stage"
    if request.most is not None:
        prune(workspace, most=request.most, forecasts=True)
    return ForecastResult(model.name, table, kept, kept.commit, result)


def _given(workspace: Checkout, request: ForecastRequest) -> Path:
    """Return the path of the table as a user knows it: in the project from its root."""
    given = request.table or raw_table(workspace)
    root = workspace.root
    return given.relative_to(root) if given.is_relative_to(root) else given


@contextmanager
def _as_given(stored: str, given: Path) -> Iterator[None]:
    """Name the table in a failure as the user knows it, not as it is stored in the worktree."""
    try:
        yield
    except StageFailedError as failed:
        raise StageFailedError(str(failed).replace(stored, str(given))) from None


def find_model(workspace: Checkout, run: str | None) -> _Model:
    """Find the commit of a run with a model; of a forecast, the one whose model made it.

    Raises:
        SetupError: There is no such run.
    """
    commit = commit_of(workspace, run or newest_run(workspace))
    by_commit = {kept.commit: kept for kept in experiments(workspace)}
    kept = by_commit.get(commit)
    while kept is not None and kept.forecast:
        commit = kept.parent
        kept = by_commit.get(commit)
    return _Model(kept.name if kept else commit[:7], commit, kept)


def _stored(
    workspace: Checkout, place: Checkout, request: ForecastRequest, observer: RunObserver
) -> str:
    """Keep the newest table in the worktree; return its path."""
    if STAGE not in place.graph.stages:
        raise SetupError(
            f"Commit {commit_of(place, 'HEAD')[:7]} has no stage {STAGE} in its dvc.yaml, so it is from "
            "before there were forecasts. Train again from the newest commit: exactcast run"
        )
    if not request.refresh:
        return store_newest(place, request.table or workspace.root / raw_table(workspace))
    found: list[str] = []

    def refresh(show: Show) -> str:
        found.append(store_refreshed(place))
        return f"refreshed {raw_table(place)}"

    observer.step(Step("refresh", refresh, NETWORK))
    return found[-1]


def _made_before(
    workspace: Checkout, place: Checkout, model: _Model, source: ForecastOf
) -> ForecastResult | None:
    """Find a forecast by the same model of a table with the same content."""
    for kept in reversed(experiments(workspace)):
        if kept.forecast and kept.parent == model.commit:
            record = record_at(workspace, kept.commit)
            if record and record.forecast and record.forecast.input == source.input:
                return ForecastResult(model.name, record.forecast.table, kept, kept.commit, None)
    read = hashes(place.lock.get("ingest", {}), "deps")
    raw = raw_table(place).as_posix()
    if read.get(raw) == source.input and _reads_all_rows(place.lock.get("ingest", {})):
        return ForecastResult(model.name, raw, model.kept, model.commit, None)
    return None


def _reads_all_rows(ingest: Mapping[str, Any]) -> bool:
    """Return True if a run's series end where its raw table ends."""
    params = ingest.get("params", {}).get("params.yaml", {}).get("ingest", {})
    return params.get("until") is None


def _run(
    place: Checkout, request: ForecastRequest, observer: RunObserver, notes: Notes
) -> RunResult:
    checkout = prepare(place, RunRequest(overrides=notes.overrides, isolated=True), observer)
    _fetch_model(checkout, notes)
    result = restore_on_failure(
        checkout,
        lambda: reproduce_and_keep(checkout, observer, notes, named=False, only=[STAGE]),
    )
    kept = result.experiment
    if request.push and kept is not None:
        observer.step(Step("push", lambda show: push(checkout, kept), NETWORK))
    observer.finished(checkout, result)
    return result


def _fetch_model(checkout: RunCheckout, notes: Notes) -> None:
    """Make sure that all that the model's run made is there.

    Raises:
        SetupError: A part of it is neither in DVC's cache nor in a remote.
    """
    lacking = out_of_date(checkout) - {STAGE}
    if lacking and checkout.remotes:
        ask_dvc(checkout.root, "pull", *sorted(lacking))
        lacking = out_of_date(checkout) - {STAGE}
    if lacking:
        assert notes.forecast is not None
        stages = ", ".join(name for name in checkout.graph.needed() if name in lacking)
        raise SetupError(
            f"The model of {notes.forecast.model} cannot be found: what these stages made is out of date, "
            f"or neither in DVC's cache nor in a remote: {stages}. Nothing is trained for a forecast; "
            f"make it first: exactcast run --isolated --rev {notes.commit[:7]}"
        )
