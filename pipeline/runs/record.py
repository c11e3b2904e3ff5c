"""The record of a run, made and found; `foundation.record_schema` says what is in it. It is not a stage output."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ruamel.yaml import YAML

from foundation.files import digest
from foundation.packages import LOCK_FILE
from foundation.paths import PARAMS
from foundation.record_schema import (
    FORMAT,
    AppliedConfig,
    ForecastOf,
    Record,
    Surroundings,
    parse_record,
)
from pipeline.runs import probe
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.config_files import ConfigFile
from pipeline.runs.request import RunResult
from pipeline.runs.stage import WITHOUT_SHORTCUTS
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dependencies import is_code
from pipeline.versioning.dvc import ask
from pipeline.versioning.experiments import RECORD, experiments
from pipeline.versioning.git import contents_at
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import LOCK, Entries, flat

ERROR = re.compile(r"scores\.(?P<model>.+)\.standardised\.overall\.mse")

KINDS = (  # the likeliest first
    "any_packages", "packages", "python", "processor", "libc", "threads", "pinned", "variables",
    "system",
)  # fmt: skip


@dataclass
class Notes:
    """What is noted during a run.

    Attributes:
        name: Of the experiment that keeps it.
        commit: What it started from.
        config: The files of overrides that were applied.
        overrides: `key=value` changes of params.yaml, applied after them.
        forecast: What a forecast of newer rows is made from; None for a run with a model of its own.
        started: When, in seconds since 1970.
        seconds: How long each stage took.
    """

    name: str
    commit: str
    config: tuple[ConfigFile, ...] = ()
    overrides: tuple[str, ...] = ()
    forecast: ForecastOf | None = None
    started: float = field(default_factory=time.time)
    seconds: dict[str, float] = field(default_factory=dict)


def make_record(
    checkout: RunCheckout, notes: Notes, result: RunResult, *, watched_by: Mapping[str, Any]
) -> Record:
    """Describe a run that has just finished.

    Args:
        checkout: That of the run.
        notes: What was noted of it.
        result: How it ended.
        watched_by: Identifiers of who watched it, such as Prefect's.
    """
    lock = {name: checkout.lock[name] for name in checkout.graph.needed()}
    return Record(
        format=FORMAT,
        name=notes.name,
        commit=notes.commit,
        config=[AppliedConfig(path=f.path, overrides=list(f.overrides)) for f in notes.config],
        overrides=list(notes.overrides),
        forecast=notes.forecast,
        started=datetime.fromtimestamp(notes.started, UTC).isoformat(timespec="seconds"),
        seconds=dict(notes.seconds),
        states=dict(result.states),
        verdict=result.comparison.verdict,
        scores=summary(result.metrics),
        parameters=YAML(typ="safe").load(checkout.root / PARAMS),
        raw=raw_hashes(checkout.graph, lock),
        lock=lock,
        requirements=digest(checkout.root / LOCK_FILE, "sha256"),
        surroundings=surroundings(checkout),
        watched_by=dict(watched_by),
    )


def surroundings(checkout: RunCheckout, *, uncached: bool = False) -> Surroundings:
    """Describe what the stages of a checkout find around them, as a process like theirs sees it.

    Args:
        checkout: That of the stages.
        uncached: Whether they run as in a verification.

    Raises:
        SetupError: That Python cannot start.
    """
    said = ask(
        checkout.root,
        [str(checkout.python), "-P", probe.__file__],
        name="looking at the stages' environment",
        environment=WITHOUT_SHORTCUTS if uncached else None,
    )
    return Surroundings.model_validate_json(said)


def raw_hashes(graph: Graph, lock: Entries) -> dict[str, str]:
    """Map every file that the run read and that is neither made nor code to its hash."""
    sources = {path for path in graph.sources() if not is_code(path)}
    deps = [dep for entry in lock.values() for dep in entry.get("deps", [])]
    return {dep["path"]: dep["md5"] for dep in deps if dep["path"] in sources}


def summary(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Pick from metrics.json what tells one run from another.

    All of it; of a commit from before there was scores.json, skill and the error of each model.
    """
    if "scores" not in metrics:
        return dict(metrics)
    values = flat(metrics)
    found = {name: ERROR.fullmatch(name) for name in sorted(values)}
    errors = {match["model"]: values[name] for name, match in found.items() if match}
    return {"skill": values.get("skill.overall"), "mse": errors}


def record_at(checkout: Checkout, commit: str) -> Record | None:
    """Read the record that a commit brought, or None.

    One that it only inherits, from a run that was taken into the branch, tells of that run.
    """
    return own_record(contents_at(checkout.root, record_names(commit)), commit)


def record_names(commit: str) -> list[str]:
    """List what `own_record` needs of a commit."""
    return [f"{commit}:{RECORD}", f"{commit}^:{RECORD}"]


def own_record(contents: Mapping[str, bytes], commit: str) -> Record | None:
    """Find the record that a commit brought among the contents of `record_names`."""
    own, inherited = (contents.get(name) for name in record_names(commit))
    if own is None or own == inherited:
        return None
    return parse_record(own)


def record_of_same_lock(checkout: Checkout, commit: str) -> Record | None:
    """Read the newest record of a run that made the very dvc.lock of a commit, or None.

    A run in the workspace is kept next to the commit in which the user takes it over.
    """
    kept = [experiment.commit for experiment in experiments(checkout)]
    locks = contents_at(checkout.root, [f"{one}:{LOCK}" for one in [commit, *kept]])
    own = locks.get(f"{commit}:{LOCK}")
    made_it = [one for one in kept if own is not None and locks.get(f"{one}:{LOCK}") == own]
    records = (record_at(checkout, one) for one in reversed(made_it))
    return next((record for record in records if record), None)


def changed_surroundings(
    before: Surroundings, after: Surroundings, *, packages: set[str] | None = None
) -> dict[str, list[str]]:
    """Compare the surroundings of two records.

    Args:
        before: Those of one.
        after: Those of the other.
        packages: The only packages to compare; by default all.

    Returns:
        By kind, such as packages or processor, one `name old -> new` per change.
    """
    changes: dict[str, list[str]] = {}
    one, other = before.to_json(), after.to_json()
    for kind in KINDS:
        old, new = _facts(one.get(kind)), _facts(other.get(kind))
        names = sorted({*old, *new})
        if kind == "packages" and packages is not None:
            names = [name for name in names if name in packages]
        lines = [
            f"{name} {old.get(name, 'none')} -> {new.get(name, 'none')}".strip()
            for name in names
            if old.get(name) != new.get(name)
        ]
        if lines:
            changes[kind] = lines
    return changes


def _facts(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"": value}
