"""What is out of date, and why."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foundation.errors import DataError, SetupError
from foundation.paths import PARAMS
from foundation.yaml_files import read_yaml
from pipeline.versioning import dvc_status
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask
from pipeline.versioning.dvc_output import NOTE, PARAMETERS, changes
from pipeline.versioning.git import refuse_ignored
from pipeline.versioning.integrity import look_again
from pipeline.versioning.lockfile import LOCK, flat, recorded_outputs
from pipeline.versioning.raw_data import check_present


@dataclass(frozen=True)
class StageStatus:
    """One stage: whether a run would bring it up to date, and for which reasons."""

    stage: str
    out_of_date: bool
    reasons: list[str]


def stage_statuses(checkout: Checkout) -> list[StageStatus]:
    """Return for every stage that a run needs whether it is out of date, and why.

    DVC reports only what changed directly, as far as times and sizes of files tell; every output is
    hashed here. And what stands on a changed stage is followed here (`dvc repro --dry` would call it
    unchanged).
    """
    graph = checkout.graph
    needed = graph.needed()
    recorded = checkout.lock
    look_again(checkout, recorded_outputs(graph, recorded))
    report = _changes(checkout, needed)
    params = read_yaml(checkout.root / PARAMS)
    direct = {
        name: _reasons(report[name], recorded.get(name, {}), params)
        for name in needed
        if name in report
    }
    stale = graph.downstream(direct)
    return [
        StageStatus(
            stage=name,
            out_of_date=name in stale,
            reasons=direct.get(name, [])
            + [f"{up} is out of date" for up in graph.upstream(name) if up in stale],
        )
        for name in needed
    ]


def _changes(checkout: Checkout, stages: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-P", dvc_status.__file__, *stages]
    try:
        report: dict[str, Any] = json.loads(
            ask(checkout.root, command, name=f"dvc status --json {' '.join(stages)}")
        )
    except SetupError:
        refuse_ignored(checkout.root, "dvc.yaml", LOCK)  # DVC does not say how to cure it
        raise
    return report


def next_step(checkout: Checkout, statuses: Sequence[StageStatus]) -> str:
    """Describe what brings the stages up to date; in a fresh clone, where all that they make can come from."""
    if not any(status.out_of_date for status in statuses):
        return "Everything is up to date."
    graph = checkout.graph
    try:
        check_present(checkout)
    except DataError as lacking:
        return f"Next: {lacking}"
    outputs = recorded_outputs(graph, checkout.lock)
    kept = [out for stage in graph.stages.values() for out in stage.uncached]
    if any((checkout.root / path).exists() for path in outputs if path not in kept):
        return "Next: exactcast run brings them up to date."
    if outputs and checkout.remotes:
        return "Next: dvc pull fetches what the commit recorded, or exactcast run makes it here."
    return "Next: exactcast run makes everything here."


def out_of_date(checkout: Checkout) -> set[str]:
    """List the stages that a run would bring up to date."""
    return {status.stage for status in stage_statuses(checkout) if status.out_of_date}


def _reasons(report: list[Any], recorded: Mapping[str, Any], params: dict[str, Any]) -> list[str]:
    """Turn what DVC says of one stage into a list of short reasons."""
    if not recorded:
        return ["has never run"]
    reasons = []
    for change in changes(report):
        if change.what == PARAMETERS:
            before = recorded.get("params", {}).get(change.name, {})
            now = {name: _at(params, name) for name in change.parameters}
            reasons += _changed_params(before, now)
        elif change.what == NOTE:
            reasons.append(change.name)
        else:
            reasons.append(f"{change.what} {change.name} {change.state}")
    return reasons


def _at(params: Any, name: str) -> Any:
    """Find what a dotted name means, as DVC does; None where there is nothing."""
    for part in name.split("."):
        params = params.get(part) if isinstance(params, dict) else None
    return params


def _changed_params(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """List each parameter that differs, with both values: DVC names only the section."""
    old, new = flat({key: before.get(key) for key in now}), flat(now)
    return [
        f"{name} {old.get(name, 'not there')} -> {new.get(name, 'not there')}"
        for name in sorted({*old, *new})
        if name not in old or name not in new or old[name] != new[name]
    ]
