import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import stages.train  # noqa: F401  the key is that of the code which a process has loaded
from forecasting.training.state import State
from foundation.errors import StageFailedError
from pipeline.runs.stage import WITHOUT_SHORTCUTS
from pipeline.versioning.dependencies import code_of
from stages.storage import checkpoints as _checkpoint
from stages.storage import stage_key as _key
from stages.storage.checkpoints import Checkpoint, checkpoint_folder
from stages.storage.stage_key import stage_key
from tests.support.project import ROOT, Project

DAY = 24 * 3600


def state(epochs: int = 3) -> State:
    return State(
        history=np.linspace(1, 0.5, 2 * epochs).reshape(epochs, 2),
        variables=[np.float32([[0.1, -0.0]]), np.uint32([7, 4_000_000_000]), np.int64(12)],
        best_weights=[np.float32([1e-45, 3.0])],
    )


def as_lists(found: State | None) -> list:
    arrays = (found.history, *found.variables, *found.best_weights)
    return [(array.dtype.str, array.tobytes()) for array in arrays]


def test_a_state_comes_back_to_the_last_bit_and_is_gone_once_removed(tmp_path: Path):
    checkpoint = Checkpoint(tmp_path / "new" / "folder", "a")
    assert checkpoint.load() is None
    checkpoint.save(state)

    assert as_lists(Checkpoint(tmp_path / "new" / "folder", "a").load()) == as_lists(state())
    checkpoint.remove()
    checkpoint.remove()  # another process of the same key may have done it
    assert list((tmp_path / "new" / "folder").iterdir()) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:31],
        lambda content: content[:-1],
        lambda content: content + b"0",
        lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    ],
)
def test_a_torn_or_altered_file_is_not_used(tmp_path: Path, spoil):
    checkpoint = Checkpoint(tmp_path, "a")
    checkpoint.save(state)
    (tmp_path / "a").write_bytes(spoil((tmp_path / "a").read_bytes()))

    assert checkpoint.load() is None


def test_the_file_of_another_key_is_not_used_even_under_our_name(tmp_path: Path):
    Checkpoint(tmp_path, "a").save(state)
    (tmp_path / "a").rename(tmp_path / "b")

    assert Checkpoint(tmp_path, "b").load() is None


def test_writing_takes_at_most_a_twentieth_of_the_time(tmp_path: Path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_checkpoint.time, "monotonic", lambda: now[0])
    checkpoint = Checkpoint(tmp_path, "a")

    def epochs_saved_at(moment: float, epochs: int) -> int:
        def slow_state() -> State:
            now[0] += 2
            return state(epochs)

        now[0] = moment
        checkpoint.save(slow_state)
        return len(checkpoint.load().history)

    assert epochs_saved_at(100, 1) == 1  # until 102; 2 s are a twentieth of 40 s
    assert epochs_saved_at(141.9, 2) == 1
    assert epochs_saved_at(142, 3) == 3


def test_two_processes_of_one_key_leave_a_whole_checkpoint_at_every_moment(tmp_path, monkeypatch):
    monkeypatch.setattr(_checkpoint, "COST", float("inf"))
    checkpoints = [Checkpoint(tmp_path, "a") for _ in range(2)]
    checkpoints[0].save(state)

    def write(checkpoint: Checkpoint) -> None:
        for _ in range(100):
            checkpoint.save(state)

    with ThreadPoolExecutor() as pool:
        writing = [pool.submit(write, checkpoint) for checkpoint in checkpoints]
        found = [Checkpoint(tmp_path, "a").load()]
        while not all(each.done() for each in writing):
            found.append(Checkpoint(tmp_path, "a").load())
    for each in writing:
        each.result()
    assert {str(as_lists(each)) for each in found} == {str(as_lists(state()))}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_nobody_resumed_for_two_weeks_is_deleted(tmp_path: Path):
    for name, age in [("a", 13), ("b", 15), (".b.partial", 15)]:
        (tmp_path / name).touch()
        moment = _checkpoint.time.time() - age * DAY
        os.utime(tmp_path / name, (moment, moment))
    Checkpoint(tmp_path, "c").load()

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_verification_neither_reads_nor_changes_checkpoints(tmp_path: Path, monkeypatch):
    Checkpoint(tmp_path, "a").save(state)
    for name, value in WITHOUT_SHORTCUTS.items():
        monkeypatch.setenv(name, value)
    verification = Checkpoint(tmp_path, "a")
    verification.save(lambda: state(7))

    assert verification.load() is None
    verification.remove()
    monkeypatch.delenv(_checkpoint.NO_CHECKPOINTS)
    assert as_lists(Checkpoint(tmp_path, "a").load()) == as_lists(state())


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StageFailedError, match="could not be written"):
        Checkpoint(tmp_path / "file", "a").save(state)


def test_all_worktrees_share_a_folder_that_git_does_not_show(tmp_path: Path, monkeypatch):
    checkout = Project(tmp_path / "checkout")
    checkout.root.mkdir()
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "--allow-empty", "-qm", "1")
    checkout.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "worktree"))
    for root in (checkout.root, tmp_path / "worktree"):
        monkeypatch.chdir(root)
        assert checkpoint_folder() == checkout.root / ".git/exactcast/checkpoints"


def test_without_a_checkout_of_our_own_the_folder_is_one_of_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert checkpoint_folder() == Path(".dvc/tmp/exactcast/checkpoints")

    subprocess.run(["git", "init", "--quiet"], check=True)  # of something else, further up
    (tmp_path / "exported").mkdir()
    monkeypatch.chdir(tmp_path / "exported")
    Path("dvc.yaml").touch()
    assert checkpoint_folder() == Path(".dvc/tmp/exactcast/checkpoints")

    subprocess.run(["git", "add", "dvc.yaml"], check=True)  # now the project is part of it
    assert checkpoint_folder() == tmp_path / ".git/exactcast/checkpoints"


@pytest.fixture
def key(tmp_path: Path):
    """A function that gives the key of one parameter and one input."""
    (tmp_path / "input").write_text("rows")
    return lambda units=50, name="input": stage_key({"units": units}, inputs=[tmp_path / name])


def test_the_key_is_of_contents_wherever_they_lie(key, tmp_path: Path):
    (tmp_path / "moved").write_text("rows")

    assert key() == key(name="moved")
    assert len(key()) == 64


def test_every_cause_of_other_bytes_gives_another_key(key, tmp_path: Path, monkeypatch):
    keys = [key(), key(units=51)]
    (tmp_path / "code.py").write_text("x = 1")
    for place, name, value in [
        (_key, "installed_packages", lambda: {"numpy": "2.4.5"}),
        (_key.platform, "python_version_tuple", lambda: ("3", "12", "1")),
        (_key.platform, "system", lambda: "Darwin"),
        (_key.platform, "machine", lambda: "arm64"),
        (_key.platform, "libc_ver", lambda: ("musl", "1.2")),
        (_key, "_code", lambda: {tmp_path / "code.py"}),
    ]:
        with monkeypatch.context() as changed:
            changed.setattr(place, name, value)
            keys.append(key())
    (tmp_path / "input").write_text("other rows")
    keys.append(key())

    assert len(set(keys)) == len(keys) == 9


def test_all_the_code_that_training_declares_is_in_the_key():
    assert {ROOT / file for file in code_of("stages.train", ROOT)} <= _key._code()
