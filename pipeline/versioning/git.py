"""The workspace: where the project lies, and how git and DVC are called in it."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from foundation.errors import SetupError, WorkspaceBusyError
from foundation.files import write_bytes
from pipeline.versioning.dvc import ask_dvc, cause, repository_variables

LOCK_FILE = Path(".dvc/tmp/exactcast/lock")
RUNNING = Path(".dvc/tmp/rwlock")  # where DVC notes which paths its processes use
OURS = "--wait-for-lock repro --single-item"
NO_WAIT_ADVICE = "Let it end, or leave --no-wait out to wait for it."


def project_root() -> Path:
    """Find the project that the working directory belongs to: dvc.yaml beside a .dvc folder.

    It is the root of a git checkout, or a folder in one.

    Raises:
        SetupError: The working directory is not in a checkout of the project, or git refuses it.
    """
    here = Path.cwd()
    top = _top_of_checkout(here)
    inside = [folder for folder in [here, *here.parents] if folder.is_relative_to(top)]
    with_graph = [folder for folder in inside if (folder / "dvc.yaml").is_file()]
    root = next((folder for folder in with_graph if (folder / ".dvc").is_dir()), None)
    if root is not None:
        return root
    if with_graph:
        raise SetupError(
            f"{with_graph[0]} has a dvc.yaml but no .dvc folder beside it. Create it there: dvc init "
            "--subdir"
        )
    raise SetupError(
        f"There is no dvc.yaml in {here}, nor above it in the git checkout {top}. Change into a "
        "checkout of the project, then run again."
    )


def _top_of_checkout(here: Path) -> Path:
    try:
        found = run_git(here, "rev-parse", "--show-toplevel", environment={"LC_ALL": "C"})
    except FileNotFoundError:
        raise SetupError("git is not installed, and every run needs it. Install git.") from None
    if found.returncode == 0:
        return Path(os.fsdecode(found.stdout.removesuffix(b"\n"))).resolve()
    words = " ".join(found.stderr.decode().split()).removeprefix("fatal: ")
    if words.startswith("not a git repository"):
        raise SetupError(
            f"{here} is not in a git checkout. Change into a checkout of the project, then run again."
        )
    raise SetupError(f"git does not work in {here}: {words}")


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
        environment: Variables to set beside ours.
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


def digest(path: Path, algorithm: str) -> str:
    """Hash a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def forget_run_cache_since(root: Path, moment: float) -> None:
    """Delete what DVC's run cache learned since then: it would restore the outputs of a void run.

    Args:
        root: The project's root.
        moment: Seconds since 1970, as `time.time` gives them.
    """
    for entry in Path(ask_dvc(root, "cache", "dir")).glob("runs/*/*/*"):
        if entry.stat().st_mtime >= moment:
            entry.unlink()
            with suppress(OSError):
                entry.parent.rmdir()  # DVC fails on a key without entries


def forget_locks_of_runs(root: Path) -> None:
    """Remove the path locks that an ended `dvc repro` of ours left; only who holds `locked` may.

    DVC writes the file in its place, so that a crash may leave half of it.


    DVC knows a stale lock by its process id, which another process may have by now: then it would
    call the path busy for ever.
    """
    path = root / RUNNING
    text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
    try:
        held = json.loads(text)
    except ValueError:
        path.unlink()  # torn by a crash: DVC would refuse everything until somebody did this
        return
    if OURS not in text:
        return
    writers = {k: v for k, v in held.get("write", {}).items() if OURS not in v["cmd"]}
    readers = {
        k: left
        for k, v in held.get("read", {}).items()
        if (left := [each for each in v if OURS not in each["cmd"]])
    }
    write_bytes(path, json.dumps({"write": writers, "read": readers}).encode())


@contextmanager
def locked(
    root: Path, *, wait: bool, lock: Path = LOCK_FILE, advice: str = NO_WAIT_ADVICE
) -> Iterator[None]:
    """Hold the workspace for one run; the system lets go of it when this process ends, however.

    Args:
        root: The project's root.
        wait: Wait for another run to end, and say so on stderr; else refuse.
        lock: Which lock to hold; by default the one that guards the workspace's files.
        advice: What the refusal says of the option that refuses.

    Raises:
        SetupError: Another run holds the workspace, and we were not to wait.
    """
    path = root / lock
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "a process just starting"
            if not wait:
                raise WorkspaceBusyError(
                    f"Another run is in progress in this workspace: {holder}. {advice}"
                ) from None
            print(f"waiting for another run in this workspace: {holder}", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}")
        file.flush()
        if lock == LOCK_FILE:
            forget_locks_of_runs(root)  # one that was killed
        yield
        file.truncate(0)
