"""A run: prepare a checkout, bring every stage up to date in it, compare, keep what came of it.

Here in the workspace, or isolated in a worktree; watched on a terminal or by Prefect. It is one way
in all cases: the observer is called with each step, and may not change what it does.
"""

import re
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path, PurePath

from foundation.durability import flush
from foundation.errors import RunVoidedError, SetupError
from foundation.params import load_params
from foundation.paths import PARAMS
from pipeline.runs.backup import held, restore_on_failure
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.overrides import apply_overrides, overridden
from pipeline.runs.params_file import forget_params, take_back_params, write_params
from pipeline.runs.record import Notes, make_record
from pipeline.runs.request import RunObserver, RunRequest, RunResult, Show, Step
from pipeline.runs.scores import read_metrics, read_scores, scores_before
from pipeline.runs.stage import RESTORED, UP_TO_DATE, Event, reproduce
from pipeline.runs.workspace import locked
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dependencies import is_code
from pipeline.versioning.dvc import ask_dvc
from pipeline.versioning.experiments import (
    RECORD,
    check_name,
    experiments,
    keep,
    newest_of,
    prune,
    remove,
)
from pipeline.versioning.integrity import check_cache, made_well
from pipeline.versioning.lockfile import canonicalise, committed_lock, compare, facts
from pipeline.versioning.raw_data import (
    check_present,
    fetch_sources,
    pointers,
    refresh_sources,
    store_changes,
)
from pipeline.versioning.remotes import push
from pipeline.versioning.status import out_of_date
from pipeline.versioning.worktrees import commit_of, worktree

NETWORK = {"retries": 2, "retry_delay_seconds": 10}
SHORT = 24  # characters of a name that say what is special about a run
SCHEDULE_LOCK = Path(".dvc/tmp/exactcast/schedule.lock")
OVERLAP_ADVICE = (
    "This one is skipped: exactcast serve --overlap wait waits instead, --overlap allow runs both; so "
    "does the field overlap of a custom run."
)


def run_name(workspace: Checkout, request: RunRequest, commit: str) -> str:
    """Name a run by what is special about it and a short id, as no experiment is named yet."""
    if request.name is not None:
        return request.name
    taken = {kept.name for kept in experiments(workspace)}
    words = special_words(request) or commit[:7]
    while (name := f"{words}-{secrets.token_hex(2)}") in taken:
        pass
    return name


def special_words(request: RunRequest) -> str:
    """Write what changes params.yaml in a few words: configs/long.yaml as `long`, `train.epochs=20` as `epochs-20`."""
    pairs = (override.partition("=") for override in request.overrides)
    pieces = [_words(PurePath(file.path).stem) for file in request.config]
    pieces += [f"{_words(key.rpartition('.')[2])}-{_words(value)}" for key, _, value in pairs]
    special = "-".join(pieces[:1])[:SHORT].rstrip("-.")
    for piece in pieces[1:]:
        if len(f"{special}-{piece}") <= SHORT:
            special += f"-{piece}"
    return special


def _words(text: str) -> str:
    """Write text as a git reference may have it; a number keeps its sign and its point."""
    sign = "-" if re.match(r"-[\d.]", text) else ""
    return sign + re.sub(r"[^a-z0-9.]+|\.\.+", "-", text.lower()).strip("-.")


def execute_run(
    workspace: Checkout, request: RunRequest, observer: RunObserver, *, name: str | None = None
) -> RunResult:
    """Run the pipeline as ordered.

    Args:
        workspace: The user's checkout.
        request: What is asked.
        observer: Called with each step.
        name: What who watches calls the run, and the experiment if none is called so yet.

    Raises:
        PipelineError: The request is wrong, another run is in progress, or a stage failed.
    """
    commit = commit_of(workspace, request.revision if request.isolated else "HEAD")
    if request.name is not None:
        check_name(workspace, request.name)
    elif name in {None, *(kept.name for kept in experiments(workspace))}:
        name = run_name(workspace, request, commit)
    notes = Notes(request.name or str(name), commit, request.config, request.overrides)
    if not request.isolated:
        with held(workspace, wait=request.wait):
            return _run(workspace, request, observer, notes)
    overlapping = (
        nullcontext()
        if request.overlap == "allow"
        else locked(
            workspace.root,
            wait=request.overlap == "wait",
            lock=SCHEDULE_LOCK,
            advice=OVERLAP_ADVICE,
        )
    )
    with overlapping, worktree(workspace, commit) as place:
        return _run(place, request, observer, notes)


def _run(place: Checkout, request: RunRequest, observer: RunObserver, notes: Notes) -> RunResult:
    checkout = prepare(place, request, observer)
    named = request.name is not None
    try:
        result = restore_on_failure(
            checkout, lambda: reproduce_and_keep(checkout, observer, notes, named=named)
        )
    except RunVoidedError:
        for false in experiments(checkout):
            if false.name == notes.name:
                remove(checkout, false)
        raise
    if request.push:
        kept = result.experiment or newest_of(checkout, notes.commit)
        observer.step(Step("push", lambda show: push(checkout, kept), NETWORK))
    observer.finished(checkout, result)
    if request.most is not None:
        prune(checkout, most=request.most)
    return result


def prepare(place: Checkout, request: RunRequest, observer: RunObserver) -> RunCheckout:
    """Apply the overrides if a run can start with them; else params.yaml stays as it was.

    Returns:
        The checkout as the run starts with it.

    Raises:
        PipelineError: A value is wrong, or a file that the run would read is not there.
    """
    try:
        if request.isolated:
            apply_overrides(place.root, request.overrides, request.config)
        elif request.changes_params:
            write_params(place.root, overridden(place.root, request.overrides, request.config))
        load_params(place.root / PARAMS)
        checkout = RunCheckout.of(place)
        check_cache(checkout, tell=_tell_on_stderr)
        if request.isolated:
            with suppress(SetupError):  # what the cache lacks is made again, or fetched below
                ask_dvc(checkout.root, "checkout", "--force")
        if request.refresh:
            observer.step(Step("refresh", lambda show: refresh_sources(checkout), NETWORK))
        if request.isolated:
            fetch_sources(checkout)
        check_present(checkout)
        store_changes(checkout)
    except BaseException:
        take_back_params(place.root)
        forget_params(place.root)
        raise
    return checkout


def _tell_on_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def reproduce_and_keep(
    checkout: RunCheckout,
    observer: RunObserver,
    notes: Notes,
    *,
    named: bool,
    only: Sequence[str] | None = None,
) -> RunResult:
    """Bring the stages up to date, compare, and keep the run if something happened in it.

    Args:
        checkout: Where its stages run.
        observer: Called with each step.
        notes: What is noted of the run.
        named: Whether a person gave the run its name.
        only: The stages that are out of date and to be brought up to date; by default all.

    Raises:
        PipelineError: A stage failed, or the name is taken.
    """
    states = bring_up_to_date(checkout, observer, notes, only=only)
    canonicalise(checkout.root, checkout.graph)
    result = _result(checkout, states)
    if set(states.values()) == {UP_TO_DATE}:
        return result
    record = make_record(checkout, notes, result, watched_by=observer.identity())
    experiment = keep(
        checkout,
        name=notes.name,
        named=named,
        untracked=own_files(checkout),
        added={RECORD: record.to_bytes()},
        forecast=notes.forecast is not None,
    )
    flush(checkout.root)
    return replace(result, experiment=experiment)


def _result(checkout: RunCheckout, states: dict[str, str]) -> RunResult:
    """Read what the stages left, and compare it with what is committed."""
    recorded = committed_lock(checkout.root)
    return RunResult(
        states,
        read_scores(checkout),
        read_metrics(checkout),
        compare(checkout.graph, recorded, checkout.lock),
        bool(recorded),
        scores_before(checkout),
    )


def bring_up_to_date(
    checkout: RunCheckout,
    observer: RunObserver,
    notes: Notes,
    *,
    only: Sequence[str] | None = None,
) -> dict[str, str]:
    """Bring the stages up to date, one after the other; return how each ended.

    DVC is asked once what is out of date, and then for each stage from the first such one.

    Args:
        checkout: Where they run.
        observer: Called with each step.
        notes: Takes how long each took.
        only: Some of them that are out of date, in their order; by default all.
    """
    stale = out_of_date(checkout) if only is None else set(only)
    states = {}
    observer.started(checkout.graph)
    for name in checkout.graph.needed() if only is None else only:
        began = time.monotonic()
        states[name] = observer.step(_step(checkout, name, stale=name in stale))
        notes.seconds[name] = round(time.monotonic() - began, 3)
    return states


def _step(checkout: RunCheckout, name: str, *, stale: bool) -> Step:
    python = checkout.python if stale else None  # before the step: it may have to be built

    def work(show: Show) -> str:
        return UP_TO_DATE if python is None else make(checkout, name, python=python, show=show)

    options = checkout.graph.stages[name].prefect
    return Step(name, work, options, lambda: facts(name, checkout.lock))


def make(checkout: Checkout, name: str, *, python: Path, show: Show) -> str:
    """Bring a stage up to date; what DVC restores of it is made again if it was damaged."""
    while True:
        state = reproduce(checkout, name, python=python, show=show)
        well = made_well(checkout, name, tell=lambda line: show(Event(name, line=line)))
        if well or state != RESTORED:
            return state


def own_files(checkout: Checkout) -> list[str]:
    """List the files of a run that git may not track yet and DVC does not keep."""
    graph = checkout.graph
    uncached = [out for name in graph.needed() for out in graph.stages[name].uncached]
    code = [path for path in graph.sources() if is_code(path)]
    names = [str(PARAMS), "dvc.yaml", "dvc.lock", *uncached, *code, *pointers(checkout)]
    return [name for name in names if (checkout.root / name).is_file()]
