"""A checkout of its own for one run: a git worktree that shares DVC's cache and nothing else.

The user's workspace, index and branch are not touched. A worktree belongs to the process that holds
its lock; those of processes that died are removed by the next one that makes a worktree.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from foundation.errors import SetupError, WorkspaceBusyError
from foundation.files import write_bytes
from foundation.locks import hold
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc_config import LOCAL_CONFIG, config_bytes
from pipeline.versioning.git import git

FOLDER = Path(".dvc/tmp/exactcast/worktrees")
# what a user's git makes of line ends, for a commit whose .gitattributes do not forbid it
AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")


def commit_of(checkout: Checkout, revision: str) -> str:
    """Return the commit that a branch, tag, experiment or hash stands for.

    Raises:
        SetupError: There is no such revision.
    """
    try:
        return git(
            checkout.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"
        ).strip()
    except SetupError:
        pass
    named = git(
        checkout.root, "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{revision}"
    ).split()
    if len(set(named)) != 1:
        if revision == "HEAD":
            raise SetupError(
                f"There is no commit in {checkout.root} yet, and every run starts from one. git add --all && "
                "git commit -m start"
            )
        raise SetupError(
            f"There is no revision '{revision}' in {checkout.root}. Name a commit, a branch, a tag or an "
            "experiment: git log and dvc exp list show them."
            if not named
            else f"'{revision}' is the name of {len(set(named))} experiments. Give the commit instead."
        )
    return named[0]


@contextmanager
def worktree(workspace: Checkout, commit: str, *, shared_cache: bool = True) -> Iterator[Checkout]:
    """Check a commit out into a folder of its own, with the cache and remotes of the workspace.

    Args:
        workspace: The user's checkout.
        commit: A full hash, as `commit_of` gives it.
        shared_cache: Else the worktree has an empty DVC cache of its own.

    Yields:
        The project in it; the worktree is removed when the block ends, however it ends.
    """
    folder = workspace.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    prefix = git(workspace.root, "rev-parse", "--show-prefix").removesuffix(
        "\n"
    )  # "" at git's root
    remove_abandoned(workspace)
    place = folder / f"{commit[:7]}-{secrets.token_hex(4)}"
    with hold(_lock_of(place)):  # before the folder is there, so it never looks abandoned
        try:
            # no hooks: they are the user's, for the user's own checkouts
            git(workspace.root, "-c", "core.hooksPath=/dev/null", *AS_COMMITTED, "worktree", "add", "--quiet",
                "--detach", "--force", str(place), commit)  # fmt: skip
            project = place / prefix
            if not project.is_dir():
                raise SetupError(
                    f"Commit {commit[:7]} has no folder {prefix}, in which the project lies. Choose a "
                    "commit that has it: git log -- dvc.yaml"
                )
            own_cache = None if shared_cache else project / ".dvc/cache"
            _share_dvc(workspace, project, cache=own_cache)
            yield Checkout(project, origin=workspace)
        finally:
            _remove(workspace, place)


def remove_abandoned(workspace: Checkout) -> None:
    """Remove the worktrees of processes that are gone."""
    for place in sorted((workspace.root / FOLDER).glob("*/")):
        with suppress(WorkspaceBusyError), hold(_lock_of(place), on_busy=_pass_over):
            _remove(workspace, place)
    git(workspace.root, "worktree", "prune")


def _pass_over(holder: str) -> None:
    raise WorkspaceBusyError(f"The worktree is in use: {holder}.")


def _remove(workspace: Checkout, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with suppress(SetupError):  # another process prunes at the same moment
        git(workspace.root, "worktree", "prune")
    _lock_of(place).unlink(missing_ok=True)


def _lock_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.lock")


def _share_dvc(workspace: Checkout, place: Path, *, cache: Path | None) -> None:
    """Give the worktree the DVC settings of the workspace, with every path absolute, and a cache.

    What git does not keep, remotes and passwords in config.local, would not be there; and a relative
    path would lead elsewhere. DVC has nothing to ask git there. It would read core.worktree of a
    submodule's settings as the place of every worktree, and obey the user's global ignore files.
    """
    settings = {
        **workspace.settings,
        "cache.dir": str(cache or workspace.cache),
        "core.no_scm": "true",
    }
    path = place / LOCAL_CONFIG
    write_bytes(path, config_bytes(settings))
    path.chmod(0o600)  # it may hold passwords
