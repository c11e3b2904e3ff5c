"""The words by which `pipeline.versioning.dvc_output` reads DVC, compared with the installed DVC."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.versioning.dvc import ask_dvc, dvc_command, forget_locks_of_runs, repro_command
from pipeline.versioning.dvc_output import (
    FAILED,
    RESTORING,
    RUNNING,
    RWLOCK,
    UNCHANGED,
    changes,
    is_chatter,
    own_failure,
    sent,
    without_our_repro,
)
from tests.support.project import Project

GRAPH = """
stages:
  one: {cmd: "echo did one; echo 1 > one", deps: [in, in.csv], params: [seed], outs: [one]}
  two: {cmd: "cp .dvc/tmp/rwlock noted; echo 2 > two", deps: [one], outs: [two]}
  bad: {cmd: "exit 3", outs: [three]}
  none: {cmd: "true", outs: [missing]}
"""


@pytest.fixture
def small(tmp_path: Path) -> Project:
    """A DVC project of stages that need no Python, with a table that DVC keeps."""
    project = Project(tmp_path / "small")
    project.root.mkdir()
    project.git("init", "-q")
    project.dvc("init", "-q")
    for name, text in {
        "dvc.yaml": GRAPH, "params.yaml": "seed: 1\n", "in": "a", "in.csv": "b",
    }.items():  # fmt: skip
        (project.root / name).write_text(text)
    project.dvc("add", "-q", "in.csv")
    return project


def repro(project: Project, stage: str) -> list[str]:
    command = repro_command(stage, python=Path(sys.executable))
    return project.attempt(*command).stdout.splitlines()


def told_apart(lines: list[str]) -> list[str]:
    """The lines that mean something, each with what it means."""
    words = {"running": RUNNING, "unchanged": UNCHANGED, "restoring": RESTORING}
    named = [
        next((name for name, word in words.items() if word.match(line)), line)
        for line in lines
        if not is_chatter(line)
    ]
    return named


def test_each_ending_of_a_stage_is_known_and_the_rest_is_the_stage_or_chatter(small: Project):
    assert told_apart(repro(small, "one")) == ["running", "did one"]
    assert told_apart(repro(small, "one")) == ["unchanged"]
    (small.root / "in").write_text("b")
    assert told_apart(repro(small, "one")) == ["running", "did one"]
    (small.root / "in").write_text("a")
    assert told_apart(repro(small, "one")) == ["restoring"]


def test_a_failed_command_and_a_failure_of_dvc_are_told_apart(small: Project):
    (failed,) = [line for line in repro(small, "bad") if line.startswith(FAILED)]
    assert own_failure(failed) is None
    (failed,) = [line for line in repro(small, "none") if line.startswith(FAILED)]
    assert "missing" in own_failure(failed)


def test_the_paths_that_a_repro_of_ours_uses_are_known_as_ours(small: Project):
    repro(small, "one")
    repro(small, "two")
    noted = (small.root / "noted").read_text()
    held = json.loads(noted)
    assert [Path(path).name for path in held["write"]] == ["two"]
    assert sorted(Path(path).name for path in held["read"]) == ["one", "two"]
    assert json.loads(without_our_repro(noted)) == {"write": {}, "read": {}}

    (small.root / RWLOCK).write_text(noted.replace("repro", "push"))
    forget_locks_of_runs(small.root)
    assert json.loads((small.root / RWLOCK).read_text()) == json.loads(
        noted.replace("repro", "push")
    )
    (small.root / RWLOCK).write_text(noted)
    forget_locks_of_runs(small.root)


def test_what_changed_is_read_from_the_status_of_dvc(small: Project):
    repro(small, "one")
    (small.root / "in").write_text("c")
    (small.root / "params.yaml").write_text("seed: 2\n")
    (small.root / "one").unlink()
    (small.root / "dvc.yaml").write_text(GRAPH.replace("echo did one", "echo does one"))
    report = json.loads(ask_dvc(small.root, "status", "--json", "one"))
    assert {(each.what, each.name, each.state) for each in changes(report["one"])} == {
        ("input", "in", "modified"),
        ("output", "one", "deleted"),
        ("parameters", "params.yaml", ""),
        ("note", "changed command", ""),
    }
    (parameters,) = [each for each in changes(report["one"]) if each.parameters]
    assert parameters.parameters == ("seed",)


def test_what_a_push_says_ends_its_output(small: Project, tmp_path: Path):
    repro(small, "one")
    small.dvc("remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    printed = sent(ask_dvc(small.root, "push", "--run-cache"))
    assert re.fullmatch(r"\d files? pushed", printed)
    small.dvc("remote", "add", "-q", "-d", "-f", "store", str(tmp_path / "other"))
    small.dvc("push", "-q")
    assert sent(ask_dvc(small.root, "push")) == "everything is up to date"


def test_dvc_waits_for_another_one_that_holds_its_lock(small: Project):
    """Without the option that every command of ours has, it gives up after three seconds."""
    holding = (
        "import sys; from dvc.repo import Repo\n"
        "with Repo().lock: print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding], cwd=small.root, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout.readline() == "held\n"
        command = dvc_command("commit", "--force", "in.csv.dvc")
        with subprocess.Popen(command, cwd=small.root, stdout=subprocess.DEVNULL) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(timeout=7)
            holder.stdin.close()
            assert waiting.wait(timeout=60) == 0
