"""A look at everything that a trustworthy run needs: one line each, ok or what to do."""

import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

from foundation.errors import DamagedInCacheError, MissingFromCacheError, PipelineError, SetupError
from foundation.packages import LOCK_FILE, check_packages
from foundation.params import load_params
from foundation.paths import PARAMS
from foundation.processor import promise, runs_tensorflow
from pipeline.runs.converted_files import describe_checkout
from pipeline.versioning.cache import check
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask
from pipeline.versioning.experiments import NOBODY
from pipeline.versioning.git import git
from pipeline.versioning.lockfile import LOCK, recorded_outputs
from pipeline.versioning.raw_data import kept_raw, tracking_advice, untracked_sources
from pipeline.versioning.worktrees import commit_of


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, whether it is good, and the fact or the cure."""

    name: str
    ok: bool
    text: str


def examine(checkout: Checkout) -> list[Finding]:
    """Look at everything, whatever else is wrong."""
    checks: list[tuple[str, Callable[[Checkout], str]]] = [
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
    return list(_results(checks, checkout))


def _results(
    checks: list[tuple[str, Callable[[Checkout], str]]], checkout: Checkout
) -> Iterator[Finding]:
    for name, look in checks:
        try:
            yield Finding(name, True, look(checkout))
        except PipelineError as wrong:
            yield Finding(name, False, str(wrong))


def _python(checkout: Checkout) -> str:
    reference = (checkout.root / ".python-version").read_text(encoding="utf-8").strip()
    found = platform.python_version()
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("tensorflow", "keras", "dvc", "prefect")
    )
    if not found.startswith(f"{reference}."):
        return (
            f"{found} (dvc.lock was made with {reference}: other bytes are possible), {libraries}"
        )
    return f"{found}, {libraries}"


def _packages(checkout: Checkout) -> str:
    check_packages(checkout.root / LOCK_FILE)
    return f"as {LOCK_FILE}"


def _processor(checkout: Checkout) -> str:
    if not runs_tensorflow():
        raise SetupError(f"{promise()}. Use a machine whose processor has AVX.")
    return promise()


def _git(checkout: Checkout) -> str:
    head = git(checkout.root, "rev-parse", "--short", commit_of(checkout, "HEAD")).strip()
    changes = len(git(checkout.root, "status", "--porcelain").splitlines())
    return f"{head}, {changes or 'no'} uncommitted changes, {_committer(checkout)}"


def _committer(checkout: Checkout) -> str:
    try:
        return f"commits as {git(checkout.root, 'var', 'GIT_COMMITTER_IDENT').split(' <')[0]}"
    except SetupError:
        return (
            f"keeps runs as {NOBODY[0]}, for git does not know who you are: before you commit, git "
            "config user.name 'Your Name' && git config user.email you@example.org"
        )


def _parameters(checkout: Checkout) -> str:
    load_params(checkout.root / PARAMS)
    return f"{PARAMS} is valid"


def _telemetry(checkout: Checkout) -> str:
    if checkout.settings.get("core.analytics") != "false":
        raise SetupError(
            "DVC sends usage statistics. Turn that off: dvc config core.analytics false"
        )
    return "off"


def _cache(checkout: Checkout) -> str:
    folder = checkout.cache
    place = next(path for path in [folder, *folder.parents] if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    shown = folder.relative_to(checkout.root) if folder.is_relative_to(checkout.root) else folder
    if free < 1:
        raise SetupError(f"Only {free:.2f} GB are free where {shown} lies. Make room.")
    named = kept_raw(checkout) | recorded_outputs(checkout.graph, checkout.lock)
    for path, md5 in named.items():
        try:
            check(folder, md5)
        except MissingFromCacheError:
            continue
        except DamagedInCacheError as damaged:
            raise SetupError(f"{path}: {damaged}") from None
    return f"{shown}, {free:.0f} GB free, nothing damaged of what the last run read and made"


def _remotes(checkout: Checkout) -> str:
    default = checkout.default_remote
    listed = [
        f"{name} {url}{' (default)' if name == default else ''}"
        for name, url in checkout.remotes.items()
    ]
    return ", ".join(listed) or "none (nobody else can pull; see dvc remote add)"


def _lock(checkout: Checkout) -> str:
    stages, recorded = checkout.graph.stages, list(checkout.lock)
    if recorded != [name for name in stages if name in recorded]:
        raise SetupError(
            f"{LOCK} does not list the stages in the order of dvc.yaml, or lists stages that are gone. "
            "exactcast run corrects that."
        )
    return f"canonical, {len(recorded)} of {len(stages)} stages recorded"


def _raw(checkout: Checkout) -> str:
    untracked = untracked_sources(checkout)
    if untracked:
        raise SetupError(tracking_advice(untracked[0]))
    return "everything that a run reads is kept by DVC or git"


def _prefect(checkout: Checkout) -> str:
    looking = [sys.executable, "-m", "pipeline.orchestration.prefect_setup"]
    well, text = json.loads(ask(checkout.root, looking, name="looking at Prefect"))
    if not well:
        raise SetupError(text)
    return str(text)
