"""What a commit and the cache say of a run, held against what is so; one sentence per falsehood."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

from foundation.errors import DamagedInCacheError, MissingFromCacheError
from foundation.files import digest
from foundation.json_content import json_object
from foundation.packages import LOCK_FILE
from foundation.paths import METRICS, PARAMS
from foundation.record_schema import FORMAT, Record
from pipeline.runs.record import raw_hashes, summary
from pipeline.verification.recorded import RecordedOutputs
from pipeline.versioning.cache import check
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.experiments import RECORD, experiments
from pipeline.versioning.git import file_at
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import Entries, flat, hashes


def false_inputs(changed: Sequence[str]) -> list[str]:
    """Return which inputs dvc.lock names otherwise than the commit has them."""
    if not changed:
        return []
    return [
        f"dvc.lock is not of this commit, which has other inputs than it names: {', '.join(changed)}. "
        "exactcast run renews it."
    ]


def false_outputs(kept: RecordedOutputs, graph: Graph, lock: Entries) -> Iterator[str]:
    """Return which kept outputs, in DVC's cache or in git, are not those that dvc.lock names."""
    for name in graph.needed():
        for path, recorded in hashes(lock[name], "outs").items():
            if path in graph.stages[name].uncached:
                found = kept.kept(path)
                if found not in (None, recorded):
                    yield (
                        f"{path} as committed (md5 {found}) is not the one that dvc.lock names "
                        f"({recorded})."
                    )
                continue
            try:
                check(kept.place.workspace.cache, recorded)
            except MissingFromCacheError:
                continue  # it was made again
            except DamagedInCacheError as damaged:
                yield f"{path}: {damaged}"


def false_record(
    checkout: Checkout,
    commit: str,
    lock: Entries,
    record: Record,
    made: Mapping[str, str | None],
) -> Iterator[str]:
    """Yield where the record of a run does not say what its commit has, or what came out.

    Args:
        checkout: A worktree of the commit, in which its stages have run.
        commit: The run's.
        lock: Its dvc.lock.
        record: Its record.
        made: By path, the hash of each output that came out.
    """
    if record.format != FORMAT:
        yield f"{RECORD} is not a record of format {FORMAT}, so nothing that it says was compared."
        return
    yield from _false_hashes(checkout.graph, lock, record.lock, made)
    parent = next((kept.parent for kept in experiments(checkout) if kept.commit == commit), None)
    metrics = json_object((file_at(checkout.root, commit, METRICS.as_posix()) or "").encode())
    facts = {
        "commit": record.commit if parent is None else parent,
        "parameters": YAML(typ="safe").load(checkout.root / PARAMS),
        "raw": raw_hashes(checkout.graph, lock),
        "requirements": digest(checkout.root / LOCK_FILE, "sha256"),
        "scores": summary(metrics),
    }
    yield from _false_config(record, flat(facts["parameters"]))
    record_says = record.to_json()
    for name, fact in facts.items():
        said, is_so = flat(record_says.get(name), name), flat(fact, name)
        for key in sorted({*said, *is_so}):
            if said.get(key) != is_so.get(key):
                yield (
                    f"The record says {key} {said.get(key, 'nothing')!s}, its commit has "
                    f"{is_so.get(key, 'nothing')!s}."
                )


def _false_config(record: Record, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a record says that a configuration set, and the commit has otherwise.

    Args:
        record: The record.
        parameters: The commit's, by dotted name.
    """
    files = [(file.path, file.overrides) for file in record.config]
    applied = [(path, override.partition("=")) for path, those in files for override in those]
    typed = [(None, override.partition("=")) for override in record.overrides]
    for number, (path, (name, _, text)) in enumerate(applied, start=1):
        later = [other for _, (other, _, _) in [*applied[number:], *typed]]
        if any(_is_inside(other, name) or _is_inside(name, other) for other in later):
            continue
        said = flat(YAML(typ="safe").load(text), name)
        is_so = {key: value for key, value in parameters.items() if _is_inside(key, name)}
        for key in sorted({*said, *is_so}):
            if said.get(key) != is_so.get(key):
                yield (
                    f"The record says that {path} set {key} to {said.get(key, 'nothing')!s}, its commit "
                    f"has {is_so.get(key, 'nothing')!s}."
                )


def _is_inside(name: str, section: str) -> bool:
    """Return True for a parameter itself, and for one that lies in it."""
    return f"{name}.".startswith(f"{section}.")


def _false_hashes(
    graph: Graph, lock: Entries, recorded: Entries, made: Mapping[str, str | None]
) -> Iterator[str]:
    for name in graph.needed():
        for key in ("deps", "outs"):
            said, locked = hashes(recorded.get(name, {}), key), hashes(lock[name], key)
            for path in sorted({*said, *locked}):
                if said.get(path) != locked.get(path):
                    came = f", {made[path]} came out" if key == "outs" and path in made else ""
                    yield (
                        f"The record says md5 {said.get(path)} of {path} in stage {name}, dvc.lock "
                        f"says {locked.get(path)}{came}."
                    )
