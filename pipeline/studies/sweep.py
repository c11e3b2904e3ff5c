"""A sweep: many trials, one of which is chosen by its score on the validation part; only that one meets the test.

The trials are planned before the first one starts, so that the list is the same wherever they run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from foundation.errors import ParamsError, StageFailedError
from pipeline.runs.config_files import ConfigFile, read_config
from pipeline.runs.history import kept_runs
from pipeline.runs.record import record_at
from pipeline.studies.cluster import DEFAULT
from pipeline.studies.looks import looks_of
from pipeline.studies.plan import Plan, make_plan
from pipeline.studies.run_many import FAILED, StudyObserver, StudyRun, run_many, share_of
from pipeline.studies.study_files import check_name
from pipeline.studies.sweep_files import save_plan, save_trials
from pipeline.studies.trials import read_trials
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.worktrees import commit_of

LOOKS = "evaluate.test"


@dataclass(frozen=True)
class SweepRequest:
    """What is asked of a sweep.

    Attributes:
        trials: The overrides of each.
        config: Files of overrides that all of them apply first.
        revision: What they start from.
        name: Of its folder in studies/; None makes one from the plan.
        cluster: Where they run.
        check: The share of the trials that are run again, to compare the bytes.
    """

    trials: Sequence[Sequence[str]]
    config: tuple[ConfigFile, ...] = ()
    revision: str = "HEAD"
    name: str | None = None
    cluster: str = DEFAULT
    check: Fraction = Fraction(0)


def sweep_request(
    workspace: Checkout,
    values: Sequence[str],
    *,
    plan: Path | None,
    n_drawn: int | None,
    config: Sequence[Path],
    folder: Path,
    revision: str,
    name: str | None,
    cluster: str,
    check: str | None,
) -> SweepRequest:
    """Make a request of what a person says.

    Args:
        workspace: The user's checkout.
        values: Values or bounds of parameters, as `read_trials` takes them.
        plan: A plan file instead.
        n_drawn: How many trials to draw; None for every combination.
        config: Files of overrides that all trials apply, after those that the plan file names.
        folder: Where relative paths start.
        revision: What the trials start from.
        name: Of the sweep; None takes that of the plan file, if there is one.
        cluster: Where they run.
        check: The share to run again, such as 5%.

    Raises:
        ParamsError: Something of it is not understood.
    """
    trials, of_plan = read_trials(values, plan=plan and folder / plan, n_drawn=n_drawn)
    files = [read_config(folder / path, root=workspace.root) for path in (*of_plan, *config)]
    name = name or (plan.stem if plan is not None else None)
    return SweepRequest(trials, tuple(files), revision, name, cluster, share_of(check))


@dataclass(frozen=True)
class SweepResult:
    """What came of a sweep.

    Attributes:
        name: Of its folder in studies/.
        plan: The trials as they were planned; all leave the test part alone.
        trials: How each ended, in the order of the plan.
        best: The one with the least error on the validation part.
        winner: The same run with its test part scored.
        looks: How many kept runs have scored that test part.
    """

    name: str
    plan: Plan
    trials: list[StudyRun]
    best: StudyRun
    winner: StudyRun
    looks: int

    @property
    def good(self) -> bool:
        """Whether the winner was scored, and every second run made the same bytes."""
        return self.winner.result is not None and all(
            run.checked is not False for run in self.trials
        )

    @property
    def problem(self) -> str:
        """Describe why the result is not good."""
        runs = [self.winner, *(run for run in self.trials if run.checked is False)]
        return " ".join(run.reason for run in runs if run.reason)


def run_sweep(workspace: Checkout, request: SweepRequest, observer: StudyObserver) -> SweepResult:
    """Run the trials of a sweep, choose the best by validation, and score it once on the test.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        observer: Called with each run.

    Raises:
        ParamsError: A value is wrong, or the trials have no validation part.
        StageFailedError: No trial finished.
    """
    if request.name is not None:
        check_name(request.name)
    plan = plan_sweep(workspace, request)
    name = request.name or _name_of(plan)
    save_plan(workspace, name, request.trials, plan, request.config)
    trials = run_many(workspace, plan, observer, cluster=request.cluster, check=request.check)
    save_trials(workspace, name, plan, trials)
    best = choose(trials)
    winner = _score(workspace, request, plan, best, observer)
    return SweepResult(name, plan, trials, best, winner, _looks(workspace, winner))


def plan_sweep(workspace: Checkout, request: SweepRequest) -> Plan:
    """Plan the trials without their test parts.

    Raises:
        ParamsError: A value is wrong, or a trial has no validation part to choose by.
    """
    commit = commit_of(workspace, request.revision)
    asked = make_plan(workspace, commit, request.trials, config=request.config)
    for run in asked.runs:
        if run.changes.get("split.method", asked.parameters.get("split.method")) == "random":
            raise ParamsError(
                "A sweep chooses by the validation part, and split.method: random keeps none: add "
                "--config configs/chronological.yaml or -S split.method=chronological."
            )
    trials = [[*run.request.overrides, f"{LOOKS}=false"] for run in asked.runs]
    return make_plan(workspace, commit, trials, config=request.config)


def _name_of(plan: Plan) -> str:
    """Name a sweep by its trials, so that the same command finds its folder again."""
    keys = ",".join(run.key for run in plan.runs)
    return f"sweep-{sha256(keys.encode()).hexdigest()[:8]}"


def validation_error(metrics: Mapping[str, Any]) -> float | None:
    """Return by what trials are compared: the standardised squared error on the validation part."""
    error = metrics.get("mse") if metrics.get("part") == "validation" else None
    return float(error) if isinstance(error, int | float) and error == error else None


def choose(trials: Sequence[StudyRun]) -> StudyRun:
    """Return the trial with the least error on the validation part; among equals the first.

    Raises:
        StageFailedError: None has one.
    """
    scored = [
        (error, run)
        for run in trials
        if run.result is not None and (error := validation_error(run.result.metrics)) is not None
    ]
    if not scored:
        reasons = [run.reason for run in trials if run.state == FAILED]
        why = reasons[0] if reasons else "None of them has an error on the validation part."
        raise StageFailedError(f"No trial of the sweep can be chosen. {why}")
    return min(scored, key=lambda pair: pair[0])[1]


def _score(
    workspace: Checkout, request: SweepRequest, plan: Plan, best: StudyRun, observer: StudyObserver
) -> StudyRun:
    """Run the chosen trial with its test part."""
    overrides = [*best.planned.request.overrides[:-1], f"{LOOKS}=true"]
    once = make_plan(workspace, plan.commit, [overrides], config=request.config)
    (winner,) = run_many(workspace, once, observer, cluster="local:1")
    return winner


def _looks(workspace: Checkout, winner: StudyRun) -> int:
    own = record_at(workspace, winner.result.commit) if winner.result else None
    return looks_of(own, kept_runs(workspace)) or 0
