"""What `exactcast forecast` answers: the stored forecast where it is enough, else one that is made now.

No numeric library is imported here: stored tables are read as text, and what has to be computed comes
from a sealed process.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from foundation.errors import DataError, MissingFromCacheError, ParamsError, SetupError
from foundation.paths import (
    FINAL_MODEL,
    FORECAST_CSV,
    INPUTS,
    INTERVALS,
    MODEL,
    NEWEST,
    PARAMS,
    SERIES,
    SPLIT,
)
from foundation.yaml_files import parse_yaml, read_yaml
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.forecast import ForecastRequest, ForecastResult, find_model, run_forecast
from pipeline.runs.forecast_table import ForecastTable, read_forecast
from pipeline.runs.newest_table import changed_table
from pipeline.runs.request import RunObserver
from pipeline.runs.undisturbed import undisturbed
from pipeline.versioning.cache import kept_file
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask, ask_dvc
from pipeline.versioning.experiments import experiments
from pipeline.versioning.git import file_at
from pipeline.versioning.lockfile import committed_lock, hashes
from pipeline.versioning.raw_data import fetch_sources
from pipeline.versioning.worktrees import commit_of, worktree

NEEDED = (SERIES, SPLIT, MODEL, FINAL_MODEL, INPUTS, INTERVALS)  # to forecast again


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        table: A raw table with newer rows; None for the newest rows of the model's own.
        run: The run, or any revision, whose model forecasts; None for the workspace's results.
        steps: How many; None for those that are stored.
        origin: The time from which to forecast; None for the end of the table.
    """

    table: Path | None = None
    run: str | None = None
    steps: int | None = None
    origin: str | None = None


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Attributes:
        table: The forecast.
        inputs: The description of the model's inputs.
        place: Where it lies, or the command that fetches it; None where it is kept nowhere.
        remarks: What a reader should know of it.
    """

    table: ForecastTable
    inputs: dict[str, Any]
    place: str | None
    remarks: list[str]


@dataclass(frozen=True)
class _Source:
    """Where the results of a run are read: in the workspace, or out of a commit.

    Attributes:
        workspace: The user's checkout.
        commit: None for the workspace itself.
        name: What people call it.
    """

    workspace: Checkout
    commit: str | None
    name: str

    def params(self) -> dict[str, Any]:
        """Read params.yaml."""
        if self.commit is None:
            return read_yaml(self.workspace.root / PARAMS)
        text = file_at(self.workspace.root, self.commit, PARAMS.as_posix())
        return parse_yaml(text or "", f"{PARAMS} of {self.name}")

    def read(self, path: Path) -> str:
        """Read an artifact as text.

        Raises:
            SetupError: It is not there.
        """
        if self.commit is not None:
            return _kept(self.workspace, self.commit, self.name, path).read_text(encoding="utf-8")
        try:
            return (self.workspace.root / path).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise SetupError(
                f"{path} is not there. Make it: exactcast run. Or fetch what the commit recorded: dvc pull"
            ) from None

    @contextmanager
    def checkout(self) -> Iterator[Checkout]:
        """Yield a checkout in which the model and its series lie.

        Raises:
            SetupError: A file cannot be found.
        """
        if self.commit is None:
            for path in NEEDED:
                if not (self.workspace.root / path).exists():
                    self.read(path)  # which says what to do
            yield self.workspace
            return
        with worktree(self.workspace, self.commit) as place:
            for path in NEEDED:
                _kept(self.workspace, self.commit, self.name, path)
            ask_dvc(place.root, "checkout", "--force", *map(str, NEEDED))
            fetch_sources(place)
            yield place


def _kept(workspace: Checkout, commit: str, name: str, path: Path) -> Path:
    """Find a file of a run in DVC's cache; fetch it from a remote if it is not there."""
    lock = committed_lock(workspace.root, commit)
    made = {out: md5 for entry in lock.values() for out, md5 in hashes(entry, "outs").items()}
    md5 = made.get(path.as_posix())
    if md5 is None:
        raise SetupError(
            f"{name} has no {path}: it is from before there were forecasts, or has not run. Name another "
            "run: exactcast runs lists them."
        )
    try:
        return kept_file(workspace.cache, md5)
    except MissingFromCacheError:
        if not workspace.remotes:
            raise SetupError(
                f"{path} of {name} (md5 {md5}) is not in DVC's cache, and there is no remote to fetch it "
                f"from. Make it again: exactcast run --isolated --rev {commit[:7]}"
            ) from None
    with worktree(workspace, commit) as place:
        ask_dvc(place.root, "fetch", str(path))
    return kept_file(workspace.cache, md5)


def answer(workspace: Checkout, question: Question, observer: RunObserver) -> Answer:
    """Answer with a stored forecast, or make one.

    Args:
        workspace: The user's checkout.
        question: What is asked.
        observer: Called with each step, where a run is needed.

    Raises:
        PipelineError: The question does not fit the model, or something that it needs is not there.
    """
    if question.run is not None:
        commit = commit_of(workspace, question.run)
        return _answer(_Source(workspace, commit, question.run), question, observer)
    source = _Source(workspace, None, "the workspace")
    with undisturbed(workspace):
        changed = _changed(source, question)
        if changed is not None:
            question = replace(question, table=workspace.root / changed)
        if question.table is None or not _is_stored(source.params(), question):
            return _noting(changed, _answer(source, question, observer))
        model = _model_of(source)
    return _noting(changed, _answer(_Source(workspace, model, model[:7]), question, observer))


def _changed(source: _Source, question: Question) -> Path | None:
    """Return the workspace's raw table if it holds other rows than the stored forecast knows."""
    section = source.params().get("forecast")
    stored = isinstance(section, dict) and section.get("input") == NEWEST.as_posix()
    return changed_table(source.workspace) if stored and question.table is None else None


def _noting(changed: Path | None, found: Answer) -> Answer:
    if changed is None:
        return found
    remark = f"{changed} has changed since the model was trained: its newest rows are forecast."
    return replace(found, remarks=[remark, *found.remarks])


def _answer(source: _Source, question: Question, observer: RunObserver) -> Answer:
    params = source.params()
    stored_steps = _checked_steps(params, question)
    if _is_stored(params, question):
        found = _stored(source, question, observer)
        steps = min(question.steps or stored_steps, stored_steps)
        found = replace(found, table=found.table.first_steps(steps))
    else:
        found = _made(source, question, question.steps or stored_steps)
        steps = question.steps or stored_steps
    return replace(found, remarks=[*found.remarks, *_remarks(params, steps, stored_steps)])


def _is_stored(params: dict[str, Any], question: Question) -> bool:
    """Return True if the forecast is one that a run makes, so that it is kept."""
    return question.origin is None and (question.steps or 1) <= _checked_steps(params, question)


def _checked_steps(params: dict[str, Any], question: Question) -> int:
    """Return how many steps are stored, if as many as are asked for can be made."""
    try:
        stored, at_once = params["forecast"]["horizon"], params["windowing"]["horizon"]
        past = params["ingest"]["past_covariates"]
    except (KeyError, TypeError):
        raise ParamsError(
            f"{PARAMS} has no forecast.horizon, so it is from before there were forecasts. Name another run, "
            "or restore it: git checkout -- params.yaml"
        ) from None
    if past and (question.steps or 0) > at_once:
        raise DataError(
            f"--h {question.steps}: the model forecasts {at_once} steps (windowing.horizon), and no more, as "
            f"it reads {', '.join(past)} (ingest.past_covariates), which are not known after that."
        )
    return int(stored)


def _stored(source: _Source, question: Question, observer: RunObserver) -> Answer:
    place: str | None = FORECAST_CSV.as_posix()
    remarks: list[str] = []
    if question.table is not None:
        request = ForecastRequest(table=question.table, run=source.commit)
        made = run_forecast(source.workspace, request, observer)
        name = made.kept.name if made.kept else made.model
        source = _Source(source.workspace, made.commit, name)
        remarks = [_said(made)]
    if source.commit is not None:
        place = f"dvc get . {FORECAST_CSV} --rev {source.name}"
    table = read_forecast(source.read(FORECAST_CSV))
    return Answer(table, json.loads(source.read(INPUTS)), place, remarks)


def _said(made: ForecastResult) -> str:
    if made.made:
        assert made.kept is not None
        return f"Forecast by the model of {made.model}, kept as {made.kept.name}."
    name = made.kept.name if made.kept else made.model
    return (
        f"This table was forecast before by the model of {made.model}: nothing is made, see {name}."
    )


def _model_of(source: _Source) -> str:
    """Find the run whose model the workspace holds.

    Raises:
        SetupError: No run is kept that made it.
    """
    workspace = source.workspace
    mine = workspace.lock.get("train", {})
    likely = [find_model(workspace, None).commit, commit_of(workspace, "HEAD")]
    others = (kept.commit for kept in reversed(experiments(workspace)))
    for commit in [*likely, *others]:
        if mine and _same_model(mine, committed_lock(workspace.root, commit).get("train", {})):
            return commit
    raise SetupError(
        "The workspace's model is of no run that is kept, so no forecast of newer rows could be reproduced. "
        "exactcast run keeps it; or name a run: --run RUN"
    )


def _same_model(one: Any, other: Any) -> bool:
    return bool(hashes(one, "outs")) and hashes(one, "outs") == hashes(other, "outs")


def _made(source: _Source, question: Question, steps: int) -> Answer:
    """Have a sealed process forecast; nothing is kept of it."""
    wanted = {
        "steps": steps,
        "origin": question.origin,
        "table": str(question.table.absolute()) if question.table else None,
    }
    with source.checkout() as place, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forecast.csv"
        python = RunCheckout.of(place).python
        command = [str(python), "-m", "stages.answer", json.dumps(wanted), str(file)]
        said = json.loads(ask(place.root, command, name="The forecast").splitlines()[-1])
        if "refused" in said:
            refused = str(said["refused"])
            if question.table:
                refused = refused.replace(str(question.table.absolute()), str(question.table))
            raise DataError(refused)
        table = read_forecast(file.read_text(encoding="utf-8"))
    return Answer(table, json.loads(source.read(INPUTS)), None, said["sentences"])


def _remarks(params: dict[str, Any], steps: int, stored_steps: int) -> list[str]:
    """Say from which step on forecasts are fed back, and where intervals end."""
    at_once, remarks = int(params["windowing"]["horizon"]), []
    if steps > at_once:
        remarks.append(
            f"From step {at_once + 1} on the forecasts are fed back: the model makes {at_once} at once "
            "(windowing.horizon)."
        )
    if steps > stored_steps:
        remarks.append(
            f"After step {stored_steps} there are no intervals: their errors were not measured "
            "(forecast.horizon)."
        )
    return remarks
