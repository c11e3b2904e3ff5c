"""What came of the runs of a study: found among the kept ones by their content alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundation.packages import ANY_PACKAGES
from foundation.paths import PARAMS
from foundation.record_schema import Record
from pipeline.runs.history import files_changed
from pipeline.runs.record import own_record, record_names
from pipeline.studies.plan import Plan, content_key
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import RECORD, Experiment, trained
from pipeline.versioning.git import contents_at
from pipeline.versioning.lockfile import LOCK, flat, hashes


@dataclass(frozen=True)
class Result:
    """A run that is finished and kept.

    Attributes:
        name: The experiment that keeps it; the hash of the commit where nothing was out of date.
        commit: The commit that holds it.
        metrics: Its metrics.json.
        seconds: How long its stages took.
        outputs: By path, the hash of all that it made.
    """

    name: str
    commit: str
    metrics: Mapping[str, Any]
    seconds: float
    outputs: Mapping[str, str]


def recorded_results(workspace: Checkout, plan: Plan) -> dict[str, Result]:
    """Find the kept runs of the plan's commit that are as planned; return them by their keys.

    A run counts by its content, also one that nobody planned, but not with code or data other than
    the commit's, or with packages other than the locked ones, unless those are accepted now.

    Args:
        workspace: The user's checkout.
        plan: Whose commit, parameters and packages they must have.
    """
    kept = [each for each in trained(workspace) if each.parent == plan.commit]
    if not kept:
        return {}
    contents = contents_at(
        workspace.root, [name for each in kept for name in record_names(each.commit)]
    )
    changed = files_changed(workspace, [each.commit for each in kept])
    found: dict[str, Result] = {}
    for each in kept:  # the newest last
        record = own_record(contents, each.commit)
        if record is not None and _is_of_the_commit(workspace, record, changed[each.commit]):
            found[_key(plan, record)] = _result(each, record)
    return found


def _is_of_the_commit(workspace: Checkout, record: Record, changed: list[str]) -> bool:
    """Return True if nothing but parameters can have made its results other ones."""
    graph = workspace.graph
    uncached = {out for stage in graph.stages.values() for out in stage.uncached}
    accepted = not record.surroundings.any_packages or os.environ.get(ANY_PACKAGES) == "1"
    return accepted and not set(changed) - {str(PARAMS), LOCK, RECORD, *uncached}


def _key(plan: Plan, record: Record) -> str:
    after = flat(record.parameters)
    requirements = record.requirements or ""
    return content_key(plan.commit, plan.parameters, after, requirements=requirements)


def _result(kept: Experiment, record: Record) -> Result:
    outputs = {p: md5 for entry in record.lock.values() for p, md5 in hashes(entry, "outs").items()}
    seconds = round(sum(record.seconds.values()), 3)
    return Result(kept.name, kept.commit, record.scores, seconds, outputs)
