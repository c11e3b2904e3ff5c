"""What can be asked of a sweep and of a backtest, as the forms that Prefect shows and checks."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.orchestration.request_form import checked_form
from pipeline.runs.config_files import read_config
from pipeline.studies.backtest import BacktestRequest, read_refit
from pipeline.studies.cluster import DEFAULT
from pipeline.studies.run_many import share_of
from pipeline.studies.sweep import SweepRequest
from pipeline.studies.trials import read_trials


class _StudyForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: str = Field("HEAD", description="The commit, branch, tag or experiment to start from")
    name: str = Field("", description="Name of the folder in studies/; empty makes one")
    config: list[str] = Field([], description="Files of overrides that all runs apply first")
    cluster: str = Field(DEFAULT, description="local:N for N runs at a time on this machine")
    check: str = Field("", description="The share to run again without caches, such as 5%")


class SweepForm(_StudyForm):
    """What a sweep is asked to do."""

    values: list[str] = Field(
        [], description="Values to try, such as model.layers.0.units=25,50,100, one parameter each"
    )
    plan: str = Field("", description="A plan file instead, such as sweeps/first.yaml")
    sobol: int | None = Field(
        None, ge=1, description="How many trials to draw; empty for every combination"
    )


class BacktestForm(_StudyForm):
    """What a backtest is asked to do."""

    n_windows: int = Field(5, ge=1, description="From how many cutoffs to forecast")
    step_size: int = Field(1, ge=1, description="Steps from one cutoff to the next")
    refit: str = Field("1", description="Train again after so many cutoffs, or never")
    sliding: bool = Field(
        False, description="Learn from as many rows each time; else from all before"
    )
    overrides: list[str] = Field(
        [], description="Changes of params.yaml for all folds, such as windowing.horizon=24"
    )


def sweep_request_of(request: Any, root: Path) -> SweepRequest:
    """Turn a filled-in form into a request; paths start from the project's root.

    Raises:
        ParamsError: It does not follow the form, or is not understood.
    """
    form = checked_form(SweepForm, request)
    plan = root / form.plan if form.plan else None
    trials, config = read_trials(form.values, plan=plan, n_drawn=form.sobol)
    files = (*config, *map(Path, form.config))
    return SweepRequest(
        trials=trials,
        config=tuple(read_config(root / path, root=root) for path in files),
        revision=form.revision,
        name=form.name or (plan.stem if plan is not None else None),
        cluster=form.cluster,
        check=share_of(form.check or None),
    )


def backtest_request_of(request: Any, root: Path) -> BacktestRequest:
    """Turn a filled-in form into a request; paths start from the project's root.

    Raises:
        ParamsError: It does not follow the form, or is not understood.
    """
    form = checked_form(BacktestForm, request)
    return BacktestRequest(
        n_windows=form.n_windows,
        step_size=form.step_size,
        refit=read_refit(form.refit),
        sliding=form.sliding,
        overrides=tuple(form.overrides),
        config=tuple(read_config(root / path, root=root) for path in form.config),
        revision=form.revision,
        name=form.name or None,
        cluster=form.cluster,
        check=share_of(form.check or None),
    )
