import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foundation.errors import SetupError, WorkspaceBusyError
from foundation.locks import STARTING, hold
from tests.support.project import ROOT

HOLDS = (
    "import sys; from pathlib import Path; from foundation.locks import hold\n"
    "with hold(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def another_process_holds(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def refuse(holder: str) -> None:
    raise WorkspaceBusyError(holder)


def test_the_file_says_who_holds_the_lock_and_is_empty_after_that(tmp_path: Path):
    path = tmp_path / "new folder/lock"
    with hold(path):
        assert path.read_text().startswith(f"process {os.getpid()}, since 20")
    assert path.read_text() == ""


def test_a_lock_that_is_held_is_refused_with_its_holder_and_stays_held(tmp_path: Path):
    path = tmp_path / "lock"
    with another_process_holds(path) as holder:
        for _ in range(2):
            with (
                pytest.raises(WorkspaceBusyError, match=f"^process {holder.pid}, since "),
                hold(path, on_busy=refuse),
            ):
                pass
        assert path.read_text().startswith(f"process {holder.pid}, ")


def test_a_holder_that_has_not_written_who_it_is_is_called_just_starting(tmp_path: Path):
    path = tmp_path / "lock"
    with another_process_holds(path):
        os.truncate(path, 0)
        with pytest.raises(WorkspaceBusyError, match=STARTING), hold(path, on_busy=refuse):
            pass


def test_the_system_releases_the_lock_of_a_killed_process(tmp_path: Path):
    path, seen = tmp_path / "lock", []
    with another_process_holds(path) as holder:

        def kill(who: str) -> None:
            seen.append(who)
            holder.send_signal(signal.SIGKILL)

        with hold(path, on_busy=kill):
            assert path.read_text().startswith(f"process {os.getpid()}, ")
        assert seen[0].startswith(f"process {holder.pid}, ")
    with hold(path, on_busy=refuse):
        pass


def test_a_lock_is_released_when_the_block_fails_and_when_it_removed_the_file(tmp_path: Path):
    path = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), hold(path):
        raise ZeroDivisionError
    with hold(path, on_busy=refuse):
        path.unlink()
    with hold(path, on_busy=refuse):
        pass


def test_a_file_that_cannot_be_locked_is_refused_in_a_sentence(tmp_path: Path):
    path = tmp_path / "lock"
    path.mkdir()
    sentence = rf"^{path} could not be locked: Is a directory\. Free"
    with pytest.raises(SetupError, match=sentence), hold(path):
        pass
