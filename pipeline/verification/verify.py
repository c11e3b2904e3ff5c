"""Verification: every stage of a commit, run without any cache, and every output compared byte for byte.

Nothing that is recorded is believed. What a commit says of itself, in dvc.lock, in the record of its
run, in metrics.json and in DVC's cache, is held against what comes out.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from foundation.errors import CannotVerifyError, PipelineError, SetupError
from foundation.record_schema import Record, Surroundings
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.environment import OWN_MINOR
from pipeline.runs.record import record_at, record_of_same_lock, surroundings
from pipeline.runs.request import Show, Step
from pipeline.runs.stage import reproduce
from pipeline.verification.diagnosis import reasons
from pipeline.verification.recorded import Output, RecordedOutputs
from pipeline.verification.tampering import false_inputs, false_outputs, false_record
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import Entries, compare
from pipeline.versioning.raw_data import fetch_by_hash, pointers, tracking_advice, untracked_sources
from pipeline.versioning.worktrees import commit_of, worktree


class Steps(Protocol):
    """Who watches a verification."""

    def started(self, graph: Graph) -> None:
        """Look at what will be done."""

    def step(self, step: Step) -> str:
        """Do one step of the verification, the data or a stage; return how it ended."""


@dataclass(frozen=True)
class Verdict:
    """What came of a verification.

    Attributes:
        revision: What was asked for.
        commit: What was reproduced.
        run: Name of the run whose record the commit brought; None if it brought none.
        outputs: Every output, recorded and reproduced.
        false: What the commit or the cache says, and is not so; one sentence each.
        reasons: Why outputs differ, as far as the records show.
        seconds: How long each stage took.
        surroundings: Where it was reproduced, as in a run's record.
    """

    revision: str
    commit: str
    run: str | None
    outputs: list[Output]
    false: list[str]
    reasons: list[str]
    seconds: dict[str, float]
    surroundings: Surroundings

    @property
    def identical(self) -> bool:
        """Return True if every byte came out again, and nothing false is on record."""
        return not self.false and all(output.identical for output in self.outputs)


@dataclass(frozen=True)
class Claim:
    """What a commit says of itself.

    Attributes:
        commit: Its hash.
        graph: Its stages.
        lock: Its dvc.lock.
        record: The record of the run that it keeps, if it keeps one.
    """

    commit: str
    graph: Graph
    lock: Entries
    record: Record | None


def verify(workspace: Checkout, revision: str = "HEAD", *, observer: Steps) -> Verdict:
    """Re-run every stage of a commit in a clean worktree with an empty cache, and compare the outputs.

    Args:
        workspace: The user's checkout; it and its cache are left as they are.
        revision: A commit, a branch, a tag or a run.
        observer: Called with each step.

    Raises:
        CannotVerifyError: Something that the commit was made from is not to be had.
        SetupError: There is no such revision.
    """
    commit = commit_of(workspace, revision)
    with worktree(workspace, commit, shared_cache=False) as place:
        try:
            return _verify(place, _claim(place, commit, revision), revision, observer)
        except CannotVerifyError:
            raise
        except PipelineError as why:
            raise CannotVerifyError(f"{revision} could not be verified. {why}") from None


def _claim(place: Checkout, commit: str, revision: str) -> Claim:
    graph, lock = place.graph, place.lock
    lacking = [name for name in graph.needed() if name not in lock]
    if lacking:
        what = f"no hashes for {', '.join(lacking)}" if lock else "no dvc.lock"
        raise CannotVerifyError(
            f"{revision} has {what}, so there is nothing to compare with. Name a commit of a "
            "finished run: exactcast runs shows them, and exactcast run makes one."
        )
    untracked = untracked_sources(place)
    if untracked:
        raise CannotVerifyError(f"{revision} cannot be verified. {tracking_advice(untracked[0])}")
    return Claim(commit, graph, lock, record_at(place, commit))


def _verify(place: Checkout, claim: Claim, revision: str, observer: Steps) -> Verdict:
    recorded = RecordedOutputs(place)
    recorded.keep([out for stage in claim.graph.stages.values() for out in stage.uncached])
    false: list[str] = []

    def data(show: Show) -> str:
        false.extend(fetch_by_hash(place))
        return "as recorded"

    observer.started(claim.graph)
    if pointers(place):
        observer.step(Step("data", data))
    known = claim.record or record_of_same_lock(place, claim.commit)
    checkout = RunCheckout.of(place, minor=_minor(known), exact=True)
    seconds = _reproduce(checkout, observer)
    outputs = recorded.compare(claim.graph, claim.lock)
    here = surroundings(checkout, uncached=True)
    changed = compare(claim.graph, claim.lock, checkout.lock).new_inputs
    made = {output.path: output.reproduced for output in outputs}
    return Verdict(
        revision=revision,
        commit=claim.commit,
        run=claim.record.name if claim.record else None,
        outputs=outputs,
        false=[*false, *_false_claims(checkout, claim, recorded, changed=changed, made=made)],
        reasons=reasons(checkout, outputs, known, here, changed=changed),
        seconds=seconds,
        surroundings=here,
    )


def _false_claims(
    checkout: RunCheckout,
    claim: Claim,
    recorded: RecordedOutputs,
    *,
    changed: Sequence[str],
    made: Mapping[str, str | None],
) -> list[str]:
    """List what the commit says of itself that is not so.

    Args:
        checkout: A worktree of the commit, in which its stages have run.
        claim: What it says.
        recorded: The outputs that are kept of it.
        changed: The inputs that its dvc.lock names otherwise.
        made: The hash of each output that came out.
    """
    false = [*false_inputs(changed), *false_outputs(recorded, claim.graph, claim.lock)]
    if claim.record is not None:
        false += false_record(checkout, claim.commit, claim.lock, claim.record, made)
    return false


def _minor(record: Record | None) -> str:
    """Return the version of the Python that the run had; where no record tells, ours is taken.

    Raises:
        SetupError: The record names no version.
    """
    version = (record and record.surroundings.python) or f"{OWN_MINOR}."
    found = re.match(r"\d+\.\d+(?=\.)", version)
    if found is None:
        raise SetupError(
            f"The record of the run names no version of Python, but '{version}'. Restore the record: "
            "dvc exp pull brings it from where it was pushed."
        )
    return found[0]


def _reproduce(checkout: RunCheckout, observer: Steps) -> dict[str, float]:
    python = checkout.python

    def work(stage: str) -> Callable[[Show], str]:
        return lambda show: reproduce(checkout, stage, python=python, show=show, uncached=True)

    seconds = {}
    for stage in checkout.graph.needed():
        began = time.monotonic()
        observer.step(Step(stage, work(stage)))
        seconds[stage] = round(time.monotonic() - began, 3)
    return seconds


def summary_line(verdict: Verdict) -> str:
    """Describe in a line what a verification has shown."""
    apart = [output for output in verdict.outputs if not output.identical]
    what = f"{verdict.run or verdict.revision} ({verdict.commit[:7]})"
    took = f"{len(verdict.seconds)} stages, {sum(verdict.seconds.values()):.0f} s"
    if verdict.identical:
        return (
            f"identical: all {len(verdict.outputs)} outputs of {what} came out again, byte for byte, "
            f"without any cache ({took})"
        )
    if not apart:
        return (
            f"NOT AS RECORDED: every output of {what} came out again, but {len(verdict.false)} "
            f"recorded statements about it are false ({took})"
        )
    return (
        f"NOT IDENTICAL: {len(apart)} of {len(verdict.outputs)} outputs of {what} differ ({took})"
    )
