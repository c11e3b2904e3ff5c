"""The plan of a study: a list of runs that is fixed before the first one starts, each known by its content."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from foundation.errors import ParamsError, SetupError
from foundation.packages import LOCK_FILE
from foundation.paths import PARAMS
from pipeline.runs.config_files import ConfigFile
from pipeline.runs.execute import special_words
from pipeline.runs.history import names_that_differ, parameters_of
from pipeline.runs.overrides import apply_overrides, overridden, parsed_overrides
from pipeline.runs.request import RunRequest
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.git import contents_at

SHOWN = 8  # digits of a key in the name of its run


@dataclass(frozen=True)
class PlannedRun:
    """A run that a study needs.

    Attributes:
        number: Its place in the plan, from 1.
        request: What is asked: an isolated run of the plan's commit.
        changes: By dotted name, the parameters that it has otherwise than the commit; those that it
            lacks have None.
        key: The hash of its content: commit, changes, packages. Runs with the same key give the same bytes.
    """

    number: int
    request: RunRequest
    changes: Mapping[str, Any]
    key: str

    @property
    def name(self) -> str:
        """The name under which it is kept: what is special about it, and the beginning of its key."""
        words = special_words(self.request) or self.request.revision[:7]
        return f"{words}-{self.key[:SHOWN]}"


@dataclass(frozen=True)
class Plan:
    """What a study runs, in its order; each run once.

    Attributes:
        commit: What all runs start from.
        requirements: The SHA-256 of its requirements.lock.
        parameters: Its params.yaml, by dotted name.
        runs: The runs.
    """

    commit: str
    requirements: str
    parameters: Mapping[str, Any]
    runs: tuple[PlannedRun, ...]

    @property
    def varied(self) -> list[str]:
        """The names, sorted, of the parameters in which the runs differ; of a single run, all that it changes."""
        names = sorted({name for run in self.runs for name in run.changes})
        return [name for name in names if len(self.runs) == 1 or self._differs(name)]

    def values(self, run: PlannedRun, names: Sequence[str]) -> list[Any]:
        """Return the values that a run has for some parameters; None for one that it does not have."""
        return [run.changes.get(name, self.parameters.get(name)) for name in names]

    def _differs(self, name: str) -> bool:
        first, *others = (self.values(run, [name]) for run in self.runs)
        return any(value != first for value in others)


def make_plan(
    workspace: Checkout,
    commit: str,
    trials: Iterable[Sequence[str]],
    *,
    config: tuple[ConfigFile, ...] = (),
) -> Plan:
    """Plan runs of a commit, and check every parameter of each before anything is started.

    Args:
        workspace: The user's checkout.
        commit: A full hash.
        trials: The overrides of each run; of two that amount to the same, the first is planned.
        config: Files of overrides that all runs apply first.

    Raises:
        ParamsError: An override is not understood, or a value is wrong.
        SetupError: The commit has no params.yaml or no requirements.lock.
    """
    parameters, requirements = _files_of(workspace, commit)
    before = parameters_of(parameters)
    locked = sha256(requirements).hexdigest()
    runs: dict[str, PlannedRun] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / PARAMS).write_bytes(parameters)
        for number, overrides in enumerate(trials, start=1):
            after = parameters_of(_parameters(Path(folder), number, overrides, config))
            key = content_key(commit, before, after, requirements=locked)
            if key not in runs:
                request = RunRequest(config, tuple(overrides), isolated=True, revision=commit)
                changes = changed_parameters(before, after)
                runs[key] = PlannedRun(len(runs) + 1, request, changes, key)
    return Plan(commit, locked, before, tuple(runs.values()))


def typed_overrides(
    workspace: Checkout,
    commit: str,
    trials: Iterable[Sequence[str]],
    config: Sequence[ConfigFile] = (),
) -> list[dict[str, Any]]:
    """Return the overrides of each trial by their keys, with the values that params.yaml would have."""
    parameters, _ = _files_of(workspace, commit)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / PARAMS).write_bytes(parameters)
        apply_overrides(Path(folder), (), config)
        return [parsed_overrides(Path(folder), overrides) for overrides in trials]


def _files_of(workspace: Checkout, commit: str) -> tuple[bytes, bytes]:
    """Read params.yaml and requirements.lock of a commit."""
    names = [f"{commit}:{PARAMS}", f"{commit}:{LOCK_FILE}"]
    found = contents_at(workspace.root, names)
    for name in names:
        if name not in found:
            raise SetupError(
                f"Commit {commit[:7]} has no {name.partition(':')[2]}, without which no run can be "
                "repeated. Choose another commit, or commit the file."
            )
    parameters, requirements = (found[name] for name in names)
    return parameters, requirements


def _parameters(
    folder: Path, number: int, overrides: Sequence[str], config: tuple[ConfigFile, ...]
) -> bytes:
    try:
        return overridden(folder, overrides, config)
    except ParamsError as wrong:
        if not overrides:
            raise
        raise ParamsError(f"Trial {number} ({', '.join(overrides)}): {wrong}") from None


def content_key(
    commit: str, before: Mapping[str, Any], after: Mapping[str, Any], *, requirements: str
) -> str:
    """Return the SHA-256 of all that decides what a run makes.

    However its overrides are written: `1e-3` is `0.001`, and a value that the commit has already is none.

    Args:
        commit: What the run starts from.
        before: The parameters of the commit, by dotted name.
        after: Those of the run.
        requirements: The SHA-256 of its requirements.lock.
    """
    changes = [
        [name, after[name]] if name in after else [name]  # which the run does not have
        for name in names_that_differ(before, after)
    ]
    content = json.dumps([commit, changes, requirements], sort_keys=True)
    return sha256(content.encode()).hexdigest()


def changed_parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that differ, as they are after; None for one that is not there any more."""
    return {name: after.get(name) for name in names_that_differ(before, after)}
