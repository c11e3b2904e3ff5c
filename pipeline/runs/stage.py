"""Bringing the pipeline up to date through DVC, and telling what happened to each stage."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from foundation import supervisor
from foundation.errors import StageFailedError
from foundation.packages import ANY_PACKAGES
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import child_environment, dvc_command
from pipeline.versioning.git import forget_locks_of_runs

RAN, UP_TO_DATE, RESTORED = "ran", "up to date", "restored from DVC's run cache"
_STATES = (
    (re.compile(r"Running stage '.+':$"), RAN),
    (re.compile(r"Stage '.+' didn't change, skipping$"), UP_TO_DATE),
    (re.compile(r"Stage '.+' is cached - skipping run, checking out outputs"), RESTORED),
)
_CHATTER = re.compile(
    r"$|> |Updating lock file|Generating lock file|To track the changes with git|\tgit add|"
    r"To enable auto staging|\tdvc config core.autostage|Use `dvc push`|"
    r"WARNING: All log messages before absl::|[IE]\d{4} [\d:.]+ +\d+ cud\w+\.cc|"
    r"Data and pipelines are up to date|'.+\.dvc' didn't change|Verifying data sources in stage"
)
UNCACHED = ("--force", "--no-run-cache", "--no-commit")
WITHOUT_SHORTCUTS = {
    "EXACTCAST_NO_CHECKPOINTS": "1",
    ANY_PACKAGES: "0",
}  # for stages that `verify` runs
_OF_FAILURES = ("error: ", "ERROR: failed to reproduce")
_OWN_FAILURE = re.compile(r"ERROR: failed to reproduce '.+?': (?!failed to run: )(.+)")
GRACE = 10.0  # seconds a stage has to end before it is killed


@dataclass(frozen=True)
class Event:
    """Something that happened in a run: a stage changed its state, or it printed a line."""

    stage: str | None
    state: str | None = None
    line: str | None = None


def reproduce(
    checkout: Checkout,
    stage: str,
    *,
    python: Path,
    show: Callable[[Event], None],
    uncached: bool = False,
) -> str:
    """Bring one stage up to date through DVC; those that it reads from are up to date already.

    Args:
        checkout: Where it runs.
        stage: Its name.
        python: Runs DVC and the stage.
        show: Called with each event, while it happens.
        uncached: Run the stage in any case, and neither read nor fill a cache.

    Returns:
        RAN, UP_TO_DATE or RESTORED.

    Raises:
        StageFailedError: The stage did not finish; the message ends with the stage's own sentence.
    """
    state: str | None = None
    said: list[str] = []
    held_back: list[str] = []  # what the sentence of a failure says
    command = dvc_command(
        "repro", "--single-item", *(UNCACHED if uncached else ()), stage, python=python
    )
    shortcuts = WITHOUT_SHORTCUTS if uncached else None
    with (
        no_stale_locks(checkout.root),
        running(command, checkout.root, python=python, environment=shortcuts) as process,
    ):
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.rstrip("\n")
            found = _state(line)
            if found is not None:
                state = found
                _show_lines(stage, held_back, show)
                show(Event(stage, state=state))
            elif not _CHATTER.match(line):
                said.append(line)
                held_back.append(line)
                if state is not None and not held_back[0].startswith(_OF_FAILURES):
                    _show_lines(stage, held_back, show)
        process.wait()
    if process.returncode != 0 or state is None:
        raise StageFailedError(_failure(checkout.root, stage if state is not None else None, said))
    _show_lines(stage, held_back, show)
    return state


def _show_lines(stage: str, lines: list[str], show: Callable[[Event], None]) -> None:
    for line in lines:
        show(Event(stage, line=line))
    lines.clear()


@contextmanager
def no_stale_locks(root: Path) -> Iterator[None]:
    """Clear, after the block, what a DVC that was ended in it left of its locks."""
    try:
        yield
    finally:
        forget_locks_of_runs(root)


def _state(line: str) -> str | None:
    return next((state for pattern, state in _STATES if pattern.match(line)), None)


def _failure(root: Path, stage: str | None, said: list[str]) -> str:
    """Say what failed: the stage's own sentence if it left one, else DVC's."""
    prefix = "error: "
    starts = [number for number, line in enumerate(said) if line.startswith(prefix)]
    if stage is not None and starts:
        own = [
            line for line in said[starts[-1] :] if not line.startswith("ERROR: failed to reproduce")
        ]
        return f"Stage '{stage}' failed. " + "\n".join(own).removeprefix(prefix)
    if stage is None:
        complaints = [line.removeprefix("ERROR: ").strip() for line in said if line.strip()]
        return f"DVC could not start: {' '.join(complaints) or 'it said nothing'}"
    own = [found[1] for line in said if (found := _OWN_FAILURE.match(line))]
    if own:
        free = shutil.disk_usage(root).free / 1e6  # DVC blames other things for a full disk
        return (
            f"Stage '{stage}': DVC could not keep or restore its outputs, with {free:.1f} MB free on "
            f"the disk: {own[-1]}"
        )
    return (
        f"Stage '{stage}' did not finish; the reason is in its output above. To run it alone: "
        f"python -m stages.{stage}"
    )


@contextmanager
def running(
    command: list[str],
    root: Path,
    *,
    python: Path = Path(sys.executable),
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group of its own while the block lasts; end all of it after that.

    Args:
        command: What to run.
        root: Its working directory.
        python: Whose programs it finds first.
        environment: Variables to set beside ours.
        output: Where it prints; None for where we print.
    """
    process = subprocess.Popen(
        # by its path: the checkout may be of a commit that has no guard
        [sys.executable, "-P", supervisor.__file__, *command],
        cwd=root,
        env=child_environment(python) | dict(environment or {}),
        stdin=subprocess.PIPE,  # held open while we live
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        with sigterm_as_interrupt():
            yield process
    finally:
        _end_group(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind the program as Ctrl-C does, so that what it started is ended too."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield  # what runs us, such as Prefect, unwinds in its own way
        return

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_group(process: subprocess.Popen[str]) -> None:
    """End every process of the group, first politely; nothing is left running."""
    deadline = time.monotonic() + GRACE
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            break
        while time.monotonic() < deadline and _group_alive(process):
            time.sleep(0.05)
    process.wait()


def _group_alive(process: subprocess.Popen[str]) -> bool:
    process.poll()  # reaps the leader, which would else count as alive
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
