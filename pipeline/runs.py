"""The runs that are kept: what each was made from, what came of it, and how two of them differ."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.experiment import experiments
from pipeline.lockfile import Entries, committed_lock, flat, hashes
from pipeline.reasons import changed_surroundings
from pipeline.record import record_at, summary
from pipeline.workspace import file_at, git
from pipeline.worktree import commit_of
from stages._params import PARAMS_FILE

METRICS = "reports/metrics.json"
CODE = (".py", "requirements.lock", "dvc.yaml")
MISSING = "not there"


@dataclass(frozen=True)
class Run:
    """A kept run, or any other commit seen as one.

    Attributes:
        name: The experiment's name, or what the commit was asked for by.
        commit: Its hash.
        parent: The commit before it; None if it is the first.
        when: When it started, in UTC, as ISO 8601 has it; without a record, when it was committed.
        changed: What it has otherwise than its parent: parameters, code, data.
        scores: Skill and errors; empty where there are none.
        record: What the run says of itself; None where nobody recorded it.
    """

    name: str
    commit: str
    parent: str | None
    when: str
    changed: list[str]
    scores: dict[str, Any]
    record: dict[str, Any] | None


def kept_runs(root: Path) -> list[Run]:
    """Describe every experiment of the repository, also those that nobody recorded, the newest last."""
    runs = [_run(root, kept.name, kept.commit) for kept in experiments(root)]
    return sorted(runs, key=lambda run: run.when)


def load_run(root: Path, revision: str) -> Run:
    """Describe one run, or another commit as one.

    Raises:
        SetupError: There is no such revision.
    """
    commit = commit_of(root, revision)
    kept = next((kept.name for kept in experiments(root) if kept.commit == commit), revision)
    return _run(root, kept, commit)


def _run(root: Path, name: str, commit: str) -> Run:
    record = record_at(root, commit)
    seconds, *parents = git(root, "log", "-1", "--format=%ct %P", commit).split()
    committed = datetime.fromtimestamp(int(seconds), UTC).isoformat(timespec="seconds")
    parent = parents[0] if parents else None
    return Run(
        name=name,
        commit=commit,
        parent=parent,
        when=str((record or {}).get("started", committed)),
        changed=[] if parent is None else _changed(root, parent, commit),
        scores=summary(json.loads(file_at(root, commit, METRICS) or "{}")),
        record=record,
    )


def _changed(root: Path, parent: str, commit: str) -> list[str]:
    parameters = changed_values(parameters_at(root, parent), parameters_at(root, commit))
    return parameters + changed_files(root, parent, commit, (*CODE, ".dvc"))


def changed_files(root: Path, before: str, after: str, endings: tuple[str, ...]) -> list[str]:
    """Name the files with such an ending that two commits do not have alike."""
    names = git(root, "diff", "--name-only", "-z", before, after).split("\0")
    return [name for name in names if name.endswith(endings)]


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Write one `name old -> new` for each value that is not the same."""
    return [
        f"{name} {before.get(name, MISSING)} -> {after.get(name, MISSING)}"
        for name in sorted({*before, *after})
        if name not in before or name not in after or before[name] != after[name]
    ]


@cache
def parameters_at(root: Path, commit: str) -> dict[str, Any]:
    """Read the parameters of a commit by dotted name."""
    return flat(YAML(typ="safe").load(file_at(root, commit, str(PARAMS_FILE)) or "{}"))


def compare_runs(root: Path, first: Run, second: Run) -> dict[str, list[str]]:
    """Tell how the second run differs from the first, by kind; a kind without a difference is empty."""
    before, after = _data(root, first), _data(root, second)
    changes = {
        "parameters": changed_values(
            parameters_at(root, first.commit), parameters_at(root, second.commit)
        ),
        "data": changed_values(before, after),
        "code": changed_files(root, first.commit, second.commit, CODE),
    }
    if first.record and second.record:
        around = changed_surroundings(
            first.record.get("surroundings", {}), second.record.get("surroundings", {})
        )
        changes |= around or {"surroundings": []}
    return changes


def _data(root: Path, run: Run) -> dict[str, str]:
    """Map what a run read and did not make, but code, to its hash."""
    lock: Entries = committed_lock(root, run.commit)
    made = {path for entry in lock.values() for path in hashes(entry, "outs")}
    read = {path: md5 for entry in lock.values() for path, md5 in hashes(entry, "deps").items()}
    return {p: md5 for p, md5 in read.items() if p not in made and not p.endswith(CODE)}
