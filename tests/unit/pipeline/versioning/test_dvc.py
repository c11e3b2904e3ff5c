import sys
import time
from pathlib import Path

import psutil
import pytest

from foundation.errors import SetupError
from pipeline.versioning import dvc as programs

WAITS = "import subprocess, sys; subprocess.run(['sleep', '600'])"
WORKS = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass\nprint('done')"


def ask(root: Path, code: str) -> str:
    return programs.ask(root, [sys.executable, "-c", code], name="it")


def test_a_program_that_only_waits_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(programs, "PATIENCE", 2.0)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(SetupError, match=r"^it did nothing for 2 seconds in .*and was ended"):
        ask(tmp_path, WAITS)
    time.sleep(0.2)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_program_that_works_may_take_as_long_as_it_takes(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(programs, "PATIENCE", 0.5)
    assert ask(tmp_path, WORKS) == "done"


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("ERROR: failed to transfer 'a' - cut off\nERROR: failed to push - 1 file", "cut off"),
        ("ERROR: unexpected error - no endpoint\n\nHaving any troubles? Ask us!", "no endpoint"),
        ("a warning\nfatal: no such thing\nerror: so what\n", "no such thing"),
        (
            "ERROR: 'x' is busy, blocked by:\n  (PID 7): dvc push\n\nIf not, ...",
            "by: (PID 7): dvc push",
        ),
        (
            "'./dvc.yaml' validation failed.\n\nnothing given, in stages -> one\n  14   one:\n",
            "'./dvc.yaml' validation failed. nothing given, in stages -> one",
        ),
        ("", "no message"),
    ],
)
def test_a_failure_is_told_by_its_cause(tmp_path: Path, printed: str, reason: str):
    with pytest.raises(SetupError) as failed:
        ask(tmp_path, f"import sys; sys.stderr.write({printed!r}); sys.exit(1)")
    assert str(failed.value).endswith(reason)
