import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foundation.errors import StageFailedError
from pipeline.runs.stage import RAN, RESTORED, UP_TO_DATE, reproduce
from pipeline.versioning.checkout import Checkout
from tests.support.project import HEAR_CTRL_C, ROOT

GRAPH = """
stages:
  one: {cmd: "echo 1 > one && echo did one", deps: [in], outs: [one]}
  two: {cmd: "cat one > two && echo did two", deps: [one], outs: [two]}
  bad: {cmd: "echo 'error: It is broken. Fix it.' >&2; exit 1", deps: [two], outs: [three]}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A DVC project of three stages that need no Python."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "dvc.yaml").write_text(GRAPH)
    (tmp_path / "in").write_text("a")
    return tmp_path


def bring(root: Path, stage: str, show=lambda event: None) -> str:
    return reproduce(Checkout(root), stage, python=Path(sys.executable), show=show)


def test_each_stage_is_told_apart_as_run_up_to_date_or_restored(small):
    events = []
    assert [bring(small, name, events.append) for name in ("one", "two")] == [RAN, RAN]
    assert [event.line for event in events if event.line] == ["did one", "did two"]
    assert [bring(small, name) for name in ("one", "two")] == [UP_TO_DATE, UP_TO_DATE]

    (small / "in").write_text("b")
    assert bring(small, "one") == RAN
    (small / "in").write_text("a")
    assert bring(small, "one") == RESTORED


def test_a_failed_stage_is_told_in_its_own_sentence(small):
    with pytest.raises(StageFailedError, match=r"^Stage 'bad' failed. It is broken. Fix it.$"):
        for name in ("one", "two", "bad"):
            bring(small, name)


def test_the_sentence_of_a_failure_is_not_shown_as_well(small):
    events = []
    with pytest.raises(StageFailedError):
        for name in ("one", "two", "bad"):
            bring(small, name, events.append)
    assert [event.line for event in events if event.line] == ["did one", "did two"]


def test_the_traceback_of_a_stage_is_shown_without_what_dvc_adds(small):
    (small / "dvc.yaml").write_text(
        "stages: {one: {cmd: 'echo begins; echo Traceback: boom >&2; exit 1', outs: [one]}}"
    )
    events = []
    with pytest.raises(
        StageFailedError, match=r"^Stage 'one' did not finish; the reason is in its output"
    ):
        bring(small, "one", events.append)
    assert sorted(event.line for event in events if event.line) == ["Traceback: boom", "begins"]


def test_a_line_that_looks_like_an_error_of_a_stage_that_finishes_is_shown(small):
    (small / "dvc.yaml").write_text(
        "stages: {one: {cmd: 'echo error: of no importance; echo 1 > one; echo done', outs: [one]}}"
    )
    events = []
    assert bring(small, "one", events.append) == RAN
    assert [event.line for event in events if event.line] == ["error: of no importance", "done"]


def test_what_dvc_itself_complains_about_is_passed_on(small):
    (small / "dvc.yaml").write_text("stages: {one: {cmdd: x}}")
    with pytest.raises(
        StageFailedError, match=r"DVC could not start: './dvc.yaml' validation failed.*cmdd"
    ):
        bring(small, "one")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_ending_a_run_ends_the_stage_as_well(small, how):
    (small / "dvc.yaml").write_text(
        'stages: {one: {cmd: "echo $$ > pid; sleep 300", deps: [in], outs: [one]}}'
    )
    script = (
        f"{HEAR_CTRL_C}import sys; from pathlib import Path; from pipeline.runs.stage import reproduce\n"
        "from pipeline.versioning.checkout import Checkout\n"
        "reproduce(Checkout(Path()), 'one', python=Path(sys.executable), show=lambda event: None)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=small, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    pid = small / "pid"
    deadline = time.monotonic() + 60
    while not (pid.exists() and pid.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(how)
    assert process.wait(timeout=30) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
