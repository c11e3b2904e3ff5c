"""A backtest: forecasts from many origins, each by a model that knew nothing later; one isolated run per model."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from foundation import paths
from foundation.errors import DataError, ParamsError, SetupError, StageFailedError
from foundation.files import write_bytes
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.config_files import ConfigFile, read_config
from pipeline.runs.execute import make, prepare
from pipeline.runs.request import RunObserver
from pipeline.studies.cluster import DEFAULT
from pipeline.studies.plan import Plan, PlannedRun, make_plan
from pipeline.studies.results import Result
from pipeline.studies.run_many import FAILED, StudyObserver, StudyRun, run_many, share_of
from pipeline.studies.study_files import FOLDER, check_name
from pipeline.versioning.cache import kept_file
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask
from pipeline.versioning.git import contents_at
from pipeline.versioning.status import out_of_date
from pipeline.versioning.worktrees import commit_of, worktree

FORECASTS, PLOT, SCORES = "backtest.parquet", "backtest.png", "scores.json"
READ = (paths.SERIES, paths.SPLIT, paths.PREDICTIONS, paths.INTERVALS)  # of each fold
NEVER = "never"
SERIES_FROM = "ingest"  # the stage that makes the series
FIXED = ("split.method=chronological", "evaluate.test=true", "forecast.refit=false")


@dataclass(frozen=True)
class BacktestRequest:
    """What is asked of a backtest.

    Attributes:
        n_windows: From how many cutoffs to forecast.
        step_size: Steps from one cutoff to the next.
        refit: After how many cutoffs a model is trained again; None for never.
        sliding: Whether each model reads as many dates as the first one; else all before its cutoff.
        overrides: `key=value` changes of params.yaml for all folds.
        config: Files of overrides, applied before.
        revision: What the folds start from.
        name: Of its folder in studies/; None makes one from the plan.
        cluster: Where they run.
        check: The share of the folds that are run again, to compare the bytes.
    """

    n_windows: int
    step_size: int
    refit: int | None = 1
    sliding: bool = False
    overrides: tuple[str, ...] = ()
    config: tuple[ConfigFile, ...] = ()
    revision: str = "HEAD"
    name: str | None = None
    cluster: str = DEFAULT
    check: Fraction = Fraction(0)


def read_refit(text: str) -> int | None:
    """Read after how many cutoffs a model is trained again; None for `never`.

    Raises:
        ParamsError: It is neither a number nor that word.
    """
    if text == NEVER:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ParamsError(f"--refit {text}: should be a number of windows from 1 on, or {NEVER}.")
    return int(text)


def backtest_request(
    workspace: Checkout,
    *,
    n_windows: int,
    step_size: int,
    refit: str,
    sliding: bool,
    overrides: Sequence[str],
    config: Sequence[Path],
    folder: Path,
    revision: str,
    name: str | None,
    cluster: str,
    check: str | None,
) -> BacktestRequest:
    """Make a request of what a person says.

    Args:
        workspace: The user's checkout.
        n_windows: From how many cutoffs to forecast.
        step_size: Steps from one to the next.
        refit: After how many cutoffs a model is trained again, or `never`.
        sliding: Whether each model reads as many dates as the first one.
        overrides: `key=value` changes of params.yaml for all folds.
        config: Files of overrides for all folds.
        folder: Where relative paths start.
        revision: What the folds start from.
        name: Of the backtest.
        cluster: Where they run.
        check: The share to run again, such as 5%.

    Raises:
        ParamsError: Something of it is not understood.
    """
    return BacktestRequest(
        n_windows=n_windows,
        step_size=step_size,
        refit=read_refit(refit),
        sliding=sliding,
        overrides=tuple(overrides),
        config=tuple(read_config(folder / path, root=workspace.root) for path in config),
        revision=revision,
        name=name,
        cluster=cluster,
        check=share_of(check),
    )


@dataclass(frozen=True)
class BacktestResult:
    """What came of a backtest.

    Attributes:
        name: Of its folder in studies/.
        plan: The run of each fold.
        cutoffs: The last known times of each fold.
        runs: How each run ended.
        scores: As `forecasting.evaluation.backtest.backtest_scores` returns them.
    """

    name: str
    plan: Plan
    cutoffs: list[list[str]]
    runs: list[StudyRun]
    scores: dict[str, Any]

    @property
    def good(self) -> bool:
        """Whether every second run made the same bytes."""
        return all(run.checked is not False for run in self.runs)

    @property
    def problem(self) -> str:
        """Describe why the result is not good."""
        return " ".join(run.reason for run in self.runs if run.reason)


def run_backtest(
    workspace: Checkout, request: BacktestRequest, observer: StudyObserver, watcher: RunObserver
) -> BacktestResult:
    """Run the folds of a backtest, and score their forecasts beside those of the baselines.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        observer: Called with each run.
        watcher: Called while the series are prepared, by which the folds are placed.

    Raises:
        ParamsError: A value is wrong.
        DataError: There are too few dates.
        StageFailedError: A fold failed; the others are kept.
    """
    if request.name is not None:
        check_name(request.name)
    commit = commit_of(workspace, request.revision)
    base = make_plan(workspace, commit, [[*request.overrides, *FIXED]], config=request.config)
    folds = _folds(workspace, base.runs[0], request, watcher)
    overrides = [[*request.overrides, *_of_fold(fold)] for fold in folds]
    plan = make_plan(workspace, commit, overrides, config=request.config)
    name = request.name or _name_of(plan, folds)
    runs = run_many(workspace, plan, observer, cluster=request.cluster, check=request.check)
    _all_finished(runs)
    cutoffs = [fold["cutoffs"] for fold in folds]
    seed = base.runs[0].changes.get("seed", base.parameters["seed"])
    scores = _scores(workspace, name, runs, cutoffs, seed=seed)
    return BacktestResult(name, plan, cutoffs, runs, scores)


def _folds(
    workspace: Checkout, run: PlannedRun, request: BacktestRequest, watcher: RunObserver
) -> list[dict[str, Any]]:
    """Make the series of a run, and place the folds in them."""
    wanted = {
        "n_windows": request.n_windows,
        "step_size": request.step_size,
        "refit": request.refit,
        "sliding": request.sliding,
    }
    with worktree(workspace, run.request.revision) as place:
        checkout = prepare(place, run.request, watcher)
        _make_series(checkout, watcher)
        said = _ask(checkout, "stages.fold_dates", json.dumps(wanted))
    folds: list[dict[str, Any]] = said["folds"]
    return folds


def _make_series(checkout: RunCheckout, watcher: RunObserver) -> None:
    """Bring the stages up to date that end in the series."""
    names = checkout.graph.needed()
    if SERIES_FROM not in names:
        raise SetupError(
            f"dvc.yaml has no stage {SERIES_FROM}, which makes the series that a backtest needs. Add it."
        )
    stale = out_of_date(checkout)
    for name in names[: names.index(SERIES_FROM) + 1]:
        if name in stale:
            make(checkout, name, python=checkout.python, show=lambda event: None)


def _ask(checkout: RunCheckout, module: str, *arguments: str) -> dict[str, Any]:
    """Ask a sealed child of the checkout's own code."""
    command = [str(checkout.python), "-m", module, *arguments]
    printed = ask(checkout.root, command, name=f"python -m {module}")
    said: dict[str, Any] = json.loads(printed.splitlines()[-1])
    if "refused" in said:
        raise DataError(said["refused"])
    return said


def _of_fold(fold: Mapping[str, Any]) -> list[str]:
    """Write the parameters of a fold as overrides."""
    dates = [f"split.{name}={_text(time)}" for name, time in fold["split"].items()]
    first = [] if fold["from"] is None else [f"ingest.from={fold['from']}"]
    return [*FIXED, *dates, *first]


def _text(time: str | None) -> str:
    return "null" if time is None else time


def _name_of(plan: Plan, folds: Sequence[Mapping[str, Any]]) -> str:
    """Name a backtest by its runs and cutoffs, so that the same command finds its folder again."""
    content = json.dumps([[run.key for run in plan.runs], [fold["cutoffs"] for fold in folds]])
    return f"backtest-{sha256(content.encode()).hexdigest()[:8]}"


def _all_finished(runs: Sequence[StudyRun]) -> None:
    failed = [run for run in runs if run.state == FAILED]
    if failed:
        raise StageFailedError(
            f"{len(failed)} of {len(runs)} folds failed. Fold {failed[0].planned.number}: {failed[0].reason} "
            "The others are kept: the same command continues from them."
        )


def _scores(
    workspace: Checkout,
    name: str,
    runs: Sequence[StudyRun],
    cutoffs: Sequence[Sequence[str]],
    *,
    seed: int,
) -> dict[str, Any]:
    """Score the forecasts of all folds, and write them and their scores into the folder."""
    results = [run.result for run in runs if run.result is not None]
    folds = [
        {"params": params, "files": _files(workspace, result), "cutoffs": list(times)}
        for result, params, times in zip(
            results, _parameters(workspace, results), cutoffs, strict=True
        )
    ]
    commit = runs[0].planned.request.revision
    with tempfile.TemporaryDirectory() as folder, worktree(workspace, commit) as place:
        request, *made = (Path(folder) / each for each in ("request.json", FORECASTS, PLOT))
        request.write_text(json.dumps({"folds": folds, "seed": seed}), encoding="utf-8")
        said = _ask(RunCheckout.of(place), "stages.fold_scores", *map(str, [request, *made]))
        scores: dict[str, Any] = said["scores"]
        for path in made:
            write_bytes(workspace.root / FOLDER / name / path.name, path.read_bytes())
    text = json.dumps(scores, indent=2, sort_keys=True) + "\n"
    write_bytes(workspace.root / FOLDER / name / SCORES, text.encode())
    return scores


def _files(workspace: Checkout, result: Result) -> dict[str, str]:
    """Find what a fold made in DVC's cache."""
    wanted = [path.as_posix() for path in READ]
    lacking = [path for path in wanted if path not in result.outputs]
    if lacking:
        raise ParamsError(
            f"The run {result.name} made no {', '.join(lacking)}: its commit is from before there were "
            "backtests. Choose a newer one with --rev."
        )
    return {path: str(kept_file(workspace.cache, result.outputs[path])) for path in wanted}


def _parameters(workspace: Checkout, results: Sequence[Result]) -> list[Any]:
    """Read params.yaml of each run."""
    names = [f"{result.commit}:{paths.PARAMS}" for result in results]
    contents = contents_at(workspace.root, names)
    return [YAML(typ="safe").load(contents[name]) for name in names]
