"""Many runs at a time, and what becomes of them when a worker, the driver or a person ends something."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.quick import Quick, Started, alive, until


@pytest.fixture
def quick(quick_with_a_run: Quick, tmp_path: Path) -> Iterator[Quick]:
    """A copy with a cache of its own: a training that another test made would not be held."""
    copy = tmp_path / "a copy"
    shutil.copytree(quick_with_a_run.root, copy, symlinks=True)
    project = Quick(copy, quick_with_a_run.signals)
    yield project
    project.clean_up()


def start(project: Quick, *arguments: str) -> Started:
    started = Started.of(project, "python", "-m", "tests.support.many_runs", *arguments)
    project.started.append(started)
    return started


def ended(started: Started) -> list[dict[str, Any]]:
    assert started.ends() == 0, started.said()
    found: list[dict[str, Any]] = json.loads(started.said().splitlines()[-1])
    return found


def states(runs: list[dict[str, Any]]) -> list[str]:
    return [run["state"] for run in runs]


def worker_of(stage: int) -> int:
    """The process of the Dask worker above a stage."""
    above = psutil.Process(stage).parents()
    return next(p.pid for p in above if "multiprocessing" in " ".join(p.cmdline()))


def child_of(stage: int) -> int:
    """The process above a stage that carries its run out."""
    above = psutil.Process(stage).parents()
    return next(p.pid for p in above if "-m pipeline.studies.child" in " ".join(p.cmdline()[:3]))


def held_training(project: Quick, *, epochs: int) -> int:
    """Wait for the training of a trial to wait; return its process id."""
    while True:
        for stage in project.held():
            if f"train.epochs={epochs}" in " ".join(psutil.Process(child_of(stage)).cmdline()):
                return stage


def test_a_plan_gives_the_same_names_and_bytes_here_and_on_a_cluster(quick, tmp_path):
    shutil.copytree(quick.root, tmp_path / "other", symlinks=True)
    other = Quick(tmp_path / "other", quick.signals, quick.started)
    here, there = start(quick, "local:1", "3,13,5"), start(other, "local:2", "3,13,5", "1/4")
    one, two = ended(here), ended(there)
    assert states(one) == states(two) == ["Completed", "Failed", "Completed"]
    for this, that in zip(one, two, strict=True):
        assert this | {"checked": None} == that | {"checked": None}
    assert one[1]["reason"].startswith("Stage 'train' failed. Thirteen epochs")
    assert sorted(str(run["checked"]) for run in two) == ["None", "None", "True"]
    kept = [line.split()[-1] for line in quick.git("for-each-ref", "refs/exps").splitlines()]
    assert all(any(ref.endswith(run["name"]) for ref in kept) for run in (one[0], one[2]))


def test_two_studies_at_once_make_a_run_that_both_need_once(quick):
    quick.hold()
    one = start(quick, "local:1", "5")
    (training,) = quick.held()
    two = start(quick, "local:2", "6,5")
    quick.held()
    quick.release()
    assert states(ended(one)) == ["Completed"]
    assert states(ended(two)) == ["Completed"] * 2
    assert training
    assert (one.said() + two.said()).count("train ran") == 2


def test_a_killed_worker_loses_its_run_alone_and_the_run_is_repeated(quick):
    quick.hold()
    study = start(quick, "local:2", "5,6,7")
    first, second = quick.held(n=2)
    os.kill(worker_of(first), signal.SIGKILL)
    until(lambda: not alive(first), "the end of the stage whose worker was killed")
    again = quick.held()
    quick.release()
    runs = ended(study)
    assert states(runs) == ["Completed"] * 3
    assert study.said().count("started") == 3
    assert "try 1 of 3: the worker that carried it out died" in study.said()
    assert study.said().count("train ran") == 4, "one training was repeated, no other"
    assert again and second
    assert study.leaves_nothing()


@pytest.mark.parametrize("cluster", ["local:1", "local:2"])
def test_a_run_that_always_loses_its_process_fails_with_the_reason_and_others_finish(
    quick, cluster
):
    killer = child_of if cluster == "local:1" else worker_of
    quick.hold()
    study = start(quick, cluster, "5,3")
    for _ in range(3):
        stage = held_training(quick, epochs=5)
        os.kill(killer(stage), signal.SIGKILL)
        until(lambda stage=stage: not alive(stage), "the end of the stage")
    quick.release()
    runs = ended(study)
    assert states(runs) == ["Failed", "Completed"]
    assert runs[0]["reason"].startswith("It was lost 3 times, the last time because")
    assert study.leaves_nothing()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_study_leaves_no_process_and_the_same_command_continues(quick, how):
    quick.hold()
    study = start(quick, "local:2", "5,6,3")
    quick.held(n=2)
    os.kill(study.process.pid, how)
    assert study.ends() != 0
    assert study.leaves_nothing()
    quick.release()
    assert states(ended(start(quick, "local:2", "5,6,3"))) == ["Completed"] * 3
    assert not quick.worktrees()
