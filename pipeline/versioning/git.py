"""How git is called, and what is read from its repository."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from foundation.errors import SetupError
from pipeline.versioning.dvc_output import cause


@cache
def repository_variables() -> frozenset[str]:
    """List the variables by which git tells a hook which repository it works in.

    They would lead git and DVC there from every other checkout. Settings that somebody gives by the
    environment are not among them: git itself hands those on to submodules.
    """
    listed = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True
    ).stdout
    return frozenset(listed.split()) - {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}


def run_git(
    root: Path,
    *arguments: str,
    content: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run git in the repository that a folder lies in, whatever a git hook's variables say.

    Args:
        root: The checkout to run it in.
        arguments: Of the command line.
        content: What git reads on its standard input.
        environment: Variables to set over ours.
    """
    ours = {k: v for k, v in os.environ.items() if k not in repository_variables()}
    return subprocess.run(
        ["git", *arguments],
        cwd=root,
        env=ours | dict(environment or {}),
        input=content,
        capture_output=True,
        check=False,
    )


def git(
    root: Path,
    *arguments: str,
    content: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run git as `run_git` does, and return what it printed.

    Raises:
        SetupError: git failed.
    """
    done = run_git(root, *arguments, content=content, environment=environment)
    if done.returncode != 0:
        command = next(word for word in arguments if word[0] != "-" and "=" not in word)
        raise SetupError(f"git {command} failed in {root}: {cause(done.stderr.decode())}")
    return done.stdout.decode()


def refuse_ignored(root: Path, *paths: str) -> None:
    """Refuse a checkout in which git is set to ignore a file that DVC then does not read.

    Raises:
        SetupError: It ignores one; the message says which pattern does.
    """
    asked = ("check-ignore", "--no-index", "--verbose", "--stdin", "-z")
    found = run_git(root, *asked, content="\0".join(paths).encode())
    if found.returncode > 1:  # 1 where no pattern matches
        raise SetupError(f"git check-ignore failed in {root}: {cause(found.stderr.decode())}")
    fields = found.stdout.decode().split("\0")
    for source, line, pattern, path in zip(*(fields[n::4] for n in range(4)), strict=False):
        if not pattern.startswith("!"):  # which takes an ignored file back
            raise SetupError(
                f"git ignores {path} by the pattern {pattern} in {source}, line {line}, and DVC reads "
                f"no ignored file. Add the line !/{path} to {root / '.gitignore'}"
            )


def file_at(root: Path, revision: str, path: str) -> str | None:
    """Return a file's text at a revision, or None where the revision or the file does not exist."""
    done = run_git(root, "show", f"{revision}:./{path}")
    return done.stdout.decode() if done.returncode == 0 else None


def contents_at(root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Read many `revision:path` of git in one process; those that do not exist are left out."""
    asked = "".join(f"{name.replace(':', ':./', 1)}\n" for name in names).encode()
    answer = run_git(root, "cat-file", "--batch", content=asked).stdout
    found, start = {}, 0
    for name in names:
        stop = answer.index(b"\n", start)
        head, start = answer[start:stop], stop + 1
        if not head.endswith((b" missing", b" ambiguous")):
            size = int(head.split()[-1])
            found[name] = answer[start : start + size]
            start += size + 1
    return found
