"""The runs that are kept: what each was made from, what came of it, and how two of them differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError
from ruamel.yaml import YAML

from foundation.json_content import json_object
from foundation.metrics_schema import Metrics, parse_metrics
from foundation.paths import METRICS, PARAMS
from foundation.record_schema import Record
from pipeline.runs.record import changed_surroundings, own_record, record_names
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dependencies import is_code
from pipeline.versioning.experiments import experiments, trained
from pipeline.versioning.git import contents_at, git
from pipeline.versioning.lockfile import Entries, committed_lock, flat, hashes
from pipeline.versioning.worktrees import commit_of

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
        metrics: Its numbers, as in metrics.json; empty where there are none.
        record: What the run says of itself; None where nobody recorded it.
    """

    name: str
    commit: str
    parent: str | None
    when: str
    changed: list[str]
    metrics: Metrics
    record: Record | None


def newest_run(checkout: Checkout) -> str:
    """Return the name of the run with a model that was kept last, or HEAD if none is kept."""
    kept = trained(checkout)
    return kept[-1].name if kept else "HEAD"


def kept_runs(checkout: Checkout, *, forecasts: bool = False) -> list[Run]:
    """Describe the experiments of the repository, also those that nobody recorded, the newest last.

    Args:
        checkout: A checkout of the repository.
        forecasts: Whether to describe forecasts with the model of another run, too.
    """
    kept = experiments(checkout) if forecasts else trained(checkout)
    runs = _described(checkout, [(each.name, each.commit) for each in kept])
    return sorted(runs, key=lambda run: run.when)


def load_run(checkout: Checkout, revision: str) -> Run:
    """Describe one run, or another commit as one.

    Raises:
        SetupError: There is no such revision.
    """
    commit = commit_of(checkout, revision)
    kept = next((kept.name for kept in experiments(checkout) if kept.commit == commit), revision)
    (run,) = _described(checkout, [(kept, commit)])
    return run


def _described(checkout: Checkout, named: Sequence[tuple[str, str]]) -> list[Run]:
    """Describe commits, each with its name; git is asked once for all of them."""
    commits = sorted({commit for _, commit in named})
    if not commits:
        return []
    facts = _commit_facts(checkout, commits)
    files = files_changed(checkout, commits)
    around = {*commits, *(fact.parent for fact in facts.values() if fact.parent)}
    wanted = [name for commit in commits for name in [*record_names(commit), f"{commit}:{METRICS}"]]
    contents = contents_at(checkout.root, wanted + [f"{one}:{PARAMS}" for one in sorted(around)])
    parameters = {commit: parameters_of(contents.get(f"{commit}:{PARAMS}")) for commit in around}
    runs = []
    for name, commit in named:
        parent, committed = facts[commit].parent, facts[commit].committed
        record = own_record(contents, commit)
        changed = changed_values(parameters[parent], parameters[commit]) if parent else []
        changed += [file for file in files[commit] if _makes_results(file) or file.endswith(".dvc")]
        when = record.started if record and record.started else committed
        metrics = _metrics(contents.get(f"{commit}:{METRICS}", b""))
        runs.append(Run(name, commit, parent, when, changed, metrics, record))
    return runs


class _CommitFacts(NamedTuple):
    committed: str  # when, in UTC, as ISO 8601 has it
    parent: str | None  # the first one


def _commit_facts(checkout: Checkout, commits: Sequence[str]) -> dict[str, _CommitFacts]:
    """Ask git when each commit was made, and on which."""
    logged = git(checkout.root, "log", "--no-walk=unsorted", "--format=%H %ct %P", *commits)
    facts = {}
    for commit, at, *parents in map(str.split, logged.splitlines()):
        committed = datetime.fromtimestamp(int(at), UTC).isoformat(timespec="seconds")
        facts[commit] = _CommitFacts(committed, parents[0] if parents else None)
    return facts


def _metrics(content: bytes) -> Metrics:
    """Read a commit's metrics.json; one that cannot be read, as a foreign one, says nothing."""
    try:
        return parse_metrics(json_object(content))
    except ValidationError:
        return Metrics()


def files_changed(checkout: Checkout, commits: Sequence[str]) -> dict[str, list[str]]:
    """List the files that each commit has otherwise than its parent."""
    listed = git(
        checkout.root, "-c", "core.quotePath=false", "diff-tree", "--stdin", "-r", "--name-only", "--relative",
        content="".join(f"{commit}\n" for commit in commits).encode(),
    )  # fmt: skip
    files: dict[str, list[str]] = {commit: [] for commit in commits}
    current: list[str] = []
    for line in listed.splitlines():
        if line in files:
            current = files[line]
        else:
            current.append(line)
    return files


def _makes_results(file: str) -> bool:
    """Return True for code and for dvc.yaml, which says how it is run."""
    return is_code(file) or file.endswith("dvc.yaml")


def changed_code(checkout: Checkout, before: str, after: str) -> list[str]:
    """List the files of code that differ between two commits."""
    names = git(checkout.root, "diff", "--name-only", "--relative", "-z", before, after).split("\0")
    return [name for name in names if _makes_results(name)]


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Write one `name old -> new` for each value that is not the same."""
    return [
        f"{name} {before.get(name, MISSING)} -> {after.get(name, MISSING)}"
        for name in names_that_differ(before, after)
    ]


def names_that_differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """List the names, sorted, whose values are not the same, or that are on one side alone."""
    return [
        name
        for name in sorted({*before, *after})
        if name not in before or name not in after or before[name] != after[name]
    ]


def parameters_of(content: bytes | None) -> dict[str, Any]:
    """Read params.yaml by dotted name; empty where a commit has none."""
    return flat(YAML(typ="safe").load(content or b"{}"))


def compare_runs(checkout: Checkout, first: Run, second: Run) -> dict[str, list[str]]:
    """Return how the second run differs from the first, by kind; a kind without a difference is empty."""
    names = [f"{run.commit}:{PARAMS}" for run in (first, second)]
    contents = contents_at(checkout.root, names)
    before, after = (parameters_of(contents.get(name)) for name in names)
    changes = {
        "parameters": changed_values(before, after),
        "data": changed_values(_data(checkout, first), _data(checkout, second)),
        "code": changed_code(checkout, first.commit, second.commit),
    }
    if first.record and second.record:
        around = changed_surroundings(first.record.surroundings, second.record.surroundings)
        changes |= around or {"surroundings": []}
    return changes


def _data(checkout: Checkout, run: Run) -> dict[str, str]:
    """Map what a run read and did not make, but code, to its hash."""
    lock: Entries = committed_lock(checkout.root, run.commit)
    made = {path for entry in lock.values() for path in hashes(entry, "outs")}
    read = {path: md5 for entry in lock.values() for path, md5 in hashes(entry, "deps").items()}
    return {p: md5 for p, md5 in read.items() if p not in made and not _makes_results(p)}
