"""Other programs: started in a group that ends with us, or asked and given up on when they fall silent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from foundation import supervisor
from foundation.errors import SetupError

PATIENCE = 300.0  # seconds in which a program must do something
LOOKS = 20  # how often in that time it is looked at
IDLE = 0.001  # of a processor: what a program takes that only waits
GRACE = 10.0  # seconds that a group has to end before it is killed
DYING = 2.0  # seconds that the system may take to end what was killed


def last_line(complaints: str) -> str:
    """Return the last line of what a program complained of; most programs end with the cause."""
    return (complaints.strip().splitlines() or ["no message"])[-1]


def ask(
    command: list[str],
    *,
    folder: Path,
    name: str,
    environment: Mapping[str, str],
    cause: Callable[[str], str] = last_line,
) -> str:
    """Run a command and return what it printed, without the white space around it.

    It ends, too, when this process is killed. A program that waits for an answer that never comes is
    given up on: no time-out of a client covers every way in which a store can fall silent.

    Args:
        command: The program and its arguments.
        folder: Where to run it.
        name: What a failure calls it.
        environment: All of its variables.
        cause: Finds why it failed in what it wrote to stderr.

    Raises:
        SetupError: It failed, and the message says why, or it did nothing for minutes.
    """
    with (
        _lifeline() as stdin,
        subprocess.Popen(
            [sys.executable, "-P", supervisor.__file__, *command],
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            printed, complaints = _wait(process)
        except BaseException:
            _kill_family(process)
            raise
    if printed is None:
        raise SetupError(
            f"{name} did nothing for {PATIENCE:g} seconds in {folder} and was ended: what it waited "
            "for fell silent. Correct that, then run the command again."
        )
    if process.returncode != 0:
        raise SetupError(f"{name} failed in {folder}: {cause(complaints)}")
    return printed.strip()


@contextmanager
def _lifeline() -> Iterator[int]:
    """Yield one end of a pipe, for a supervisor's stdin; the other end closes when we end, however we end."""
    read, write = os.pipe()
    try:
        yield read
    finally:
        os.close(read)
        os.close(write)


def _wait(process: subprocess.Popen[str]) -> tuple[str | None, str]:
    """Wait for a program's end and what it printed; None where it only waits itself."""
    spent, idle = 0.0, 0
    while idle < LOOKS:
        try:
            return process.communicate(timeout=PATIENCE / LOOKS)
        except subprocess.TimeoutExpired:
            before, spent = spent, _processor_seconds(process.pid)
            idle = idle + 1 if spent - before <= IDLE * PATIENCE / LOOKS else 0
    _kill_family(process)
    return None, ""


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _processor_seconds(pid: int) -> float:
    """Add up what a program and all that it started have worked, those that ended included."""
    seconds = 0.0
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def _kill_family(process: subprocess.Popen[str]) -> None:
    for each in _family(process.pid):
        with suppress(psutil.NoSuchProcess):
            each.kill()


@contextmanager
def running(
    command: list[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: IO[bytes] | int | None = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group of its own while the block lasts; end all of it after that.

    It ends, too, when this process is killed.

    Args:
        command: The program and its arguments.
        folder: Where to run it.
        environment: All of its variables.
        output: Where it prints; None for where we print.
    """
    process = subprocess.Popen(
        # by its path: the checkout in which it runs may be of a commit that has no supervisor
        [sys.executable, "-P", supervisor.__file__, *command],
        cwd=folder,
        env=environment,
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
    in_thread = threading.current_thread() is not threading.main_thread()  # may set no handler
    if in_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
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
    for how, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, DYING)):
        deadline = time.monotonic() + patience
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
