import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from foundation import processes
from foundation.errors import SetupError
from tests.support.project import ROOT
from tests.support.quick import alive, until

WAITS = "import subprocess, sys; subprocess.run(['sleep', '600'])"
WORKS = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass\nprint('done')"
STUBBORN = (
    "import signal, subprocess\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen(['sleep', '600'])\n"
    "print(child.pid, flush=True)\n"
    "child.wait()\n"
    "subprocess.run(['sleep', '600'])\n"
)


def ask(folder: Path, code: str, **options) -> str:
    command = [sys.executable, "-c", code]
    return processes.ask(command, folder=folder, name="it", environment=os.environ, **options)


def test_what_a_program_prints_is_returned_without_the_white_space_around_it(tmp_path: Path):
    assert ask(tmp_path, "print(' a b \\n')") == "a b"


def test_a_program_that_only_waits_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 2.0)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(SetupError, match=r"^it did nothing for 2 seconds in .*and was ended"):
        ask(tmp_path, WAITS)
    time.sleep(0.2)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_program_that_was_asked_ends_with_its_starter_even_if_that_is_killed(tmp_path: Path):
    asks = (
        "import os, sys; from pathlib import Path; from foundation.processes import ask\n"
        f"ask([sys.executable, '-c', {WAITS!r}], folder=Path({str(tmp_path)!r}), name='it', environment=os.environ)"
    )
    starter = subprocess.Popen([sys.executable, "-c", asks], cwd=ROOT)
    until(lambda: len(psutil.Process(starter.pid).children(recursive=True)) == 3, "sleep")
    started = psutil.Process(starter.pid).children(recursive=True)
    starter.kill()
    starter.wait()
    until(lambda: not any(alive(each.pid) for each in started), "their end")


def test_a_program_that_works_may_take_as_long_as_it_takes(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    assert ask(tmp_path, WORKS) == "done"


@pytest.mark.parametrize(
    ("options", "reason"),
    [({}, "the cause"), ({"cause": lambda complaints: complaints.split("\n")[0]}, "one")],
)
def test_a_failure_names_the_program_and_its_cause(tmp_path: Path, options, reason: str):
    code = "import sys; sys.stderr.write('one\\nthe cause\\n'); sys.exit(1)"
    with pytest.raises(SetupError) as failed:
        ask(tmp_path, code, **options)
    assert str(failed.value) == f"it failed in {tmp_path}: {reason}"


def test_after_the_block_nothing_of_a_group_lives_not_even_what_ignores_sigterm(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(processes, "GRACE", 1.0)
    command = [sys.executable, "-c", STUBBORN]
    with processes.running(command, folder=tmp_path, environment=os.environ) as process:
        pid = int(process.stdout.readline())
        assert alive(pid)
        group = [each.pid for each in psutil.Process(process.pid).children(recursive=True)]
    assert len(group) == 2
    assert not any(map(alive, [process.pid, *group]))
