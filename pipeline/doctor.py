"""A look at everything that a trustworthy run needs: one line each, ok or what to do."""

import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from foundation.errors import DamagedInCacheError, MissingFromCacheError, PipelineError, SetupError
from foundation.packages import LOCK_FILE, check_packages
from foundation.params import load_params
from foundation.paths import PARAMS
from foundation.processor import promise, runs_tensorflow
from pipeline.runs.converted_files import describe_checkout
from pipeline.versioning.cache import check
from pipeline.versioning.dvc import ask, ask_dvc
from pipeline.versioning.experiments import NOBODY
from pipeline.versioning.git import git
from pipeline.versioning.graph import load_graph
from pipeline.versioning.lockfile import LOCK, read_lock, recorded_outputs
from pipeline.versioning.raw_data import kept_raw, tracking_advice, untracked_sources
from pipeline.versioning.worktrees import commit_of


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, whether it is good, and the fact or the cure."""

    name: str
    ok: bool
    text: str


def examine(root: Path) -> list[Finding]:
    """Look at everything, whatever else is wrong."""
    checks: list[tuple[str, Callable[[Path], str]]] = [
        ("python", _python),
        ("packages", _packages),
        ("processor", _processor),
        ("git", _git),
        ("checkout", describe_checkout),
        ("parameters", _parameters),
        ("dvc telemetry", _telemetry),
        ("dvc cache", _cache),
        ("dvc remotes", _remotes),
        ("dvc.lock", _lock),
        ("raw table", _raw),
        ("prefect server", _prefect),
    ]
    return list(_results(checks, root))


def _results(checks: list[tuple[str, Callable[[Path], str]]], root: Path) -> Iterator[Finding]:
    for name, look in checks:
        try:
            yield Finding(name, True, look(root))
        except PipelineError as wrong:
            yield Finding(name, False, str(wrong))


def _python(root: Path) -> str:
    reference = (root / ".python-version").read_text(encoding="utf-8").strip()
    found = platform.python_version()
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("tensorflow", "keras", "dvc", "prefect")
    )
    if not found.startswith(f"{reference}."):
        return (
            f"{found} (dvc.lock was made with {reference}: other bytes are possible), {libraries}"
        )
    return f"{found}, {libraries}"


def _packages(root: Path) -> str:
    check_packages(root / LOCK_FILE)
    return f"as {LOCK_FILE}"


def _processor(root: Path) -> str:
    if not runs_tensorflow():
        raise SetupError(f"{promise()}. Use a machine whose processor has AVX.")
    return promise()


def _git(root: Path) -> str:
    head = git(root, "rev-parse", "--short", commit_of(root, "HEAD")).strip()
    changes = len(git(root, "status", "--porcelain").splitlines())
    return f"{head}, {changes or 'no'} uncommitted changes, {_committer(root)}"


def _committer(root: Path) -> str:
    try:
        return f"commits as {git(root, 'var', 'GIT_COMMITTER_IDENT').split(' <')[0]}"
    except SetupError:
        return (
            f"keeps runs as {NOBODY[0]}, for git does not know who you are: before you commit, git "
            "config user.name 'Your Name' && git config user.email you@example.org"
        )


def _parameters(root: Path) -> str:
    load_params(root / PARAMS)
    return f"{PARAMS} is valid"


def _telemetry(root: Path) -> str:
    if ask_dvc(root, "config", "core.analytics") != "false":
        raise SetupError("DVC reports its use to its makers. dvc config core.analytics false")
    return "off"


def _cache(root: Path) -> str:
    folder = Path(ask_dvc(root, "cache", "dir"))
    place = next(path for path in [folder, *folder.parents] if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
    if free < 1:
        raise SetupError(f"Only {free:.2f} GB are free where {shown} lies. Make room.")
    graph = load_graph(root)
    named = kept_raw(root, graph) | recorded_outputs(graph, read_lock(root))
    for path, md5 in named.items():
        try:
            check(folder, md5)
        except MissingFromCacheError:
            continue
        except DamagedInCacheError as damaged:
            raise SetupError(f"{path}: {damaged}") from None
    return f"{shown}, {free:.0f} GB free, nothing damaged of what the last run read and made"


def _remotes(root: Path) -> str:
    lines = ask_dvc(root, "remote", "list").splitlines()
    return (
        ", ".join(" ".join(line.split()) for line in lines)
        or "none (nobody else can pull; see dvc remote add)"
    )


def _lock(root: Path) -> str:
    stages, recorded = load_graph(root).stages, list(read_lock(root))
    if recorded != [name for name in stages if name in recorded]:
        raise SetupError(
            f"{LOCK} does not list the stages in the order of dvc.yaml, or lists stages that are gone. "
            "exactcast run puts that right."
        )
    return f"canonical, {len(recorded)} of {len(stages)} stages recorded"


def _raw(root: Path) -> str:
    untracked = untracked_sources(root, load_graph(root))
    if untracked:
        raise SetupError(tracking_advice(untracked[0]))
    return "everything that a run reads is kept by DVC or git"


def _prefect(root: Path) -> str:
    looking = [sys.executable, "-m", "pipeline.orchestration.prefect_setup"]
    well, text = json.loads(ask(root, looking, name="looking at Prefect"))
    if not well:
        raise SetupError(text)
    return str(text)
