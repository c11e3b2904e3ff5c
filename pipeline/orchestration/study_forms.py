"""What can be asked of a sweep and of a backtest, as the forms that Prefect shows and checks."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.orchestration.request_form import checked_form
from pipeline.studies.backtest import BacktestRequest, backtest_request
from pipeline.studies.cluster import DEFAULT
from pipeline.studies.sweep import SweepRequest, sweep_request
from pipeline.versioning.checkout import Checkout


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


def sweep_request_of(request: Any, workspace: Checkout) -> SweepRequest:
    """Turn a filled-in form into a request; paths start from the project's root.

    Raises:
        ParamsError: It does not follow the form, or is not understood.
    """
    form = checked_form(SweepForm, request)
    return sweep_request(
        workspace,
        form.values,
        plan=Path(form.plan) if form.plan else None,
        n_drawn=form.sobol,
        **_of_every_study(form, workspace),
    )


def backtest_request_of(request: Any, workspace: Checkout) -> BacktestRequest:
    """Turn a filled-in form into a request; paths start from the project's root.

    Raises:
        ParamsError: It does not follow the form, or is not understood.
    """
    form = checked_form(BacktestForm, request)
    return backtest_request(
        workspace,
        n_windows=form.n_windows,
        step_size=form.step_size,
        refit=form.refit,
        sliding=form.sliding,
        overrides=form.overrides,
        **_of_every_study(form, workspace),
    )


def _of_every_study(form: _StudyForm, workspace: Checkout) -> dict[str, Any]:
    return {
        "config": [Path(path) for path in form.config],
        "folder": workspace.root,
        "revision": form.revision,
        "name": form.name or None,
        "cluster": form.cluster,
        "check": form.check or None,
    }
