"""A machine that goes down at any moment, and a disk that is full at any moment, of a whole run."""

import hashlib
import json
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.overrides import apply_overrides
from pipeline.runs.stage import RESTORED
from tests.exactness.witness import OUTPUTS
from tests.support.machines import Machine, WithoutPower, machine
from tests.support.project import Project
from tests.support.quick import Quick, Started, in_order, quick_project

MOMENTS = [
    pytest.param(4, id="4 moments"),
    pytest.param(20, marks=pytest.mark.slow, id="20 moments"),
]
ROOM = [
    pytest.param((1, 8, 64), id="3 sizes"),
    pytest.param((0, 1, 2, 4, 8, 16, 32, 64, 128), marks=pytest.mark.slow, id="9 sizes"),
]
WAYS = [[], ["--isolated"]]


@pytest.fixture(params=["killed", "without power"])
def computer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path, keeps_power=request.param == "killed") as computer:
        yield computer


@pytest.fixture
def project(computer: Machine) -> Iterator[Quick]:
    """A quick project with one finished and committed run, of 4 epochs."""
    project = quick_project(computer.folder)
    run(project, 4)
    project.commit("a run")
    computer.settle()
    yield project
    project.clean_up()


def run(project: Quick, epochs: int, *arguments: str) -> dict[str, Any]:
    said = project.exactcast(
        "run", "--no-prefect", "--json", "-S", f"train.epochs={epochs}", *arguments
    )
    return dict(json.loads(said[said.index("{") :]))  # a note may come before


def damaged(root: Path) -> list[Path]:
    """List what DVC's cache keeps under a hash that its content has not; half-written files have no hash."""
    return [
        path
        for path in (root / ".dvc/cache/files/md5").glob("??/[0-9a-f]*")
        if hashlib.md5(path.read_bytes()).hexdigest()
        != (path.parent.name + path.name).removesuffix(".dir")
    ]


def taken_for_results(project: Project) -> set[str]:
    """Name the stages whose outputs DVC calls up to date."""
    said = project.exactcast("status", "--json")
    stages = json.loads(said[said.index("[") :])
    return {stage["stage"] for stage in stages if not stage["out_of_date"]}


@pytest.mark.parametrize("n_moments", MOMENTS)
def test_whenever_the_machine_goes_down_the_next_run_needs_no_hand(
    project: Quick, computer: Machine, n_moments: int
):
    seconds = {}
    for way in WAYS:
        begun = time.monotonic()
        run(project, 5, *way)
        seconds[len(way)] = time.monotonic() - begun
        project.git("restore", ".")
        run(project, 4)
    drawn, died = random.Random(42), 0
    for moment in range(n_moments):
        computer.settle()
        way, epochs = WAYS[moment % 2], 100 + moment
        started = project.start("run", "--no-prefect", "-S", f"train.epochs={epochs}", *way)
        time.sleep(drawn.uniform(0.1, 1.0) * seconds[len(way)])
        died += started.process.poll() is None
        computer.go_down(started)

        assert damaged(project.root) == [] or isinstance(computer, WithoutPower)
        if "train" in taken_for_results(project):
            assert re.fullmatch(rb"(4|\d{3}) epochs on table", project.read("model"))
        again = run(project, epochs, *way)
        assert again["different"] == []
        if not way:
            assert project.read("model") == f"{epochs} epochs on table".encode()
        in_order(project)

        project.git("restore", ".")
        before = run(project, 4)  # what was there before is there still: nothing trains again
        assert before["states"]["train"] in ("up to date", RESTORED)
        assert before["different"] == []
        assert project.read("model") == b"4 epochs on table"
        assert project.worktrees() == []
        assert project.git("status", "--porcelain") == ""
    assert died >= n_moments / 2


@pytest.mark.parametrize("computer", ["without power"], indirect=True)
@pytest.mark.parametrize("way", WAYS, ids=["in the workspace", "isolated"])
def test_a_run_that_said_it_is_finished_is_there_when_the_machine_is_up_again(
    project: Quick, computer: Machine, way: list[str]
):
    name = run(project, 100, *way)["experiment"]
    computer.go_down()

    assert project.git("fsck", "--no-dangling") == ""
    assert f"/{name}\n" in project.git("for-each-ref", "refs/exps", "--format=%(refname)")
    assert damaged(project.root) == []
    again = run(project, 100, *way)
    assert again["states"]["train"] == (RESTORED if way else "up to date")
    project.dvc("exp", "apply", name)
    assert project.read("model") == b"100 epochs on table"
    in_order(project)


@pytest.mark.parametrize("computer", ["killed"], indirect=True)
@pytest.mark.parametrize(
    "command", [["status"], ["run"], ["run", "--no-prefect", "-S", "train.epochs=5"]]
)
def test_the_lock_of_a_dead_run_blocks_nothing_when_another_process_has_its_number(
    project: Quick, command: list[str]
):
    dead = {"pid": os.getpid(), "cmd": "dvc --wait-for-lock repro --single-item train"}
    held = {"write": {str(project.root / "model"): dead}, "read": {}}
    (project.root / ".dvc/tmp/rwlock").write_text(json.dumps(held))
    project.exactcast(*command)
    in_order(project)


@pytest.mark.parametrize("computer", ["killed"], indirect=True)
@pytest.mark.parametrize(
    "left", [0.0, 0.55, *(pytest.param(n, marks=pytest.mark.slow) for n in (0.3, 0.9))]
)
def test_what_a_crash_tore_of_the_files_of_dvc_needs_no_hand(project: Quick, left: float):
    """DVC writes its lock files in their places."""
    apply_overrides(project.root, ["train.epochs=100"])  # as by hand: it stays after a crash
    project.hold()
    started = project.start("run", "--no-prefect", "-S", "train.epochs=100")
    project.held()
    started.end_all()
    project.release()
    for name in ("dvc.lock", ".dvc/tmp/rwlock"):
        content = project.read(name)
        (project.root / name).write_bytes(content[: int(left * len(content))])

    assert taken_for_results(project) == {"prepare"}  # train would have other epochs
    assert run(project, 100)["different"] == []
    assert project.read("model") == b"100 epochs on table"
    in_order(project)


@pytest.mark.slow
def test_the_whole_chain_killed_at_20_moments_ends_with_the_bytes_of_an_uninterrupted_run(
    copied: Project,
):
    expected = {path: copied.read(path) for path in OUTPUTS}

    def forget() -> None:
        copied.git("clean", "-qffdx", "--exclude=.dvc/config*", "--exclude=.dvc/.gitignore")

    forget()
    begun = time.monotonic()
    copied.exactcast("run", "--no-prefect")
    seconds = time.monotonic() - begun
    drawn, died = random.Random(7), 0
    while died < 20:
        forget()
        finished = False
        while not finished and died < 20:
            started = Started.of(copied, "python", "-m", "pipeline", "run", "--no-prefect")
            time.sleep(drawn.uniform(0, seconds))
            finished = started.process.poll() is not None
            died += not finished
            started.end_all()
            assert damaged(copied.root) == []
    assert "outputs match dvc.lock" in copied.exactcast("run", "--no-prefect")
    assert {path: copied.read(path) for path in OUTPUTS} == expected
    assert copied.git("status", "--porcelain") == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, to be made smaller and larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this sandbox does not let us mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def leave_room(disk: Path, n_bytes: int) -> None:
    """Make the disk so small that only so many bytes are free on it, or give it all back."""
    used = (os.statvfs(disk).f_blocks - os.statvfs(disk).f_bfree) * os.statvfs(disk).f_frsize
    size = used + n_bytes
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True, capture_output=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_training_whose_checkpoint_finds_the_disk_full_says_so_and_the_next_one_ends(
    copied: Project, small_disk: Path
):
    expected = copied.read("models/model.keras")
    folder = copied.root / ".git/exactcast/checkpoints"
    folder.rmdir()
    folder.symlink_to(small_disk)
    leave_room(small_disk, 4096)
    train = ["python", "-m", "stages.train"]
    failed = copied.attempt(*train)
    assert failed.returncode == 1
    last = failed.stdout.splitlines()[-1]
    assert last.startswith("error: ") and "No space left on device" in last
    assert copied.read("models/model.keras") == expected

    leave_room(small_disk, 2**26)
    assert "resuming" not in copied.call(*train)
    assert copied.read("models/model.keras") == expected
    assert not [path for path in small_disk.iterdir() if re.fullmatch(r"[0-9a-f]{64}", path.name)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("pages", ROOM)
@pytest.mark.parametrize("way", WAYS, ids=["in the workspace", "isolated"])
def test_whenever_the_disk_is_full_it_is_one_sentence_and_nothing_is_lost(
    small_disk: Path, way: list[str], pages: tuple[int, ...]
):
    project = quick_project(small_disk)
    run(project, 4)
    project.commit("a run")
    before = {path: project.read(path) for path in ("model", "made", "reports/metrics.json")}
    failures = 0
    for n_pages in pages:
        leave_room(small_disk, n_pages * 4096)
        failed = project.attempt(
            "python", "-m", "pipeline", "run", "--no-prefect", "-S", f"train.epochs={100 + n_pages}", *way
        )  # fmt: skip
        failures += failed.returncode != 0
        if failed.returncode != 0:
            assert failed.returncode == 1
            last = failed.stdout.splitlines()[-1]
            assert re.match(
                "error: .*(No space left on device|unable to write|0.0 MB free)", last
            ), failed.stdout
            assert "Traceback" not in failed.stdout
        leave_room(small_disk, 2**26)
        assert damaged(project.root) == []

        project.git("restore", ".")
        back = run(project, 4)
        assert back["states"]["train"] in ("up to date", RESTORED)
        assert {path: project.read(path) for path in before} == before
        again = run(project, 100 + n_pages, *way)
        assert again["different"] == []
        in_order(project)
        project.git("restore", ".")
        run(project, 4)
    assert failures >= 1
