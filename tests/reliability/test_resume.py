"""A crash changes nothing: a training that was killed resumes, and ends with the same bytes."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from pipeline.runs.overrides import apply_overrides
from tests.support.project import PROGRAMS, Project

COMMAND = ["python", "-m", "stages.train"]
EPOCHS = 100


def kill_after(seen: int, root: Path) -> str:
    """Start the training, kill it once it has reported so many epochs, return what it printed."""
    process = subprocess.Popen(
        COMMAND, cwd=root, env=os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    printed = ""
    while len(epochs(printed)) < seen:
        line = process.stdout.readline()
        assert line, f"The training ended early:\n{printed}"
        printed += line
    process.kill()
    process.wait()
    process.stdout.close()
    return printed


def epochs(printed: str) -> list[int]:
    return [int(number) for number in re.findall(rf"^epoch (\d+)/{EPOCHS} ", printed, re.MULTILINE)]


def checkpoints(project: Project) -> list[Path]:
    """The finished ones: a kill may also leave one that was just being written."""
    folder = project.root / ".git/exactcast/checkpoints"
    return [path for path in folder.iterdir() if re.fullmatch(r"[0-9a-f]{64}", path.name)]


def went_on_after(printed: str) -> int:
    return int(re.search(r"^train: resuming after epoch (\d+), ", printed, re.MULTILINE)[1])


def files(root: Path) -> list[bytes]:
    return [(root / name).read_bytes() for name in ("models/model.keras", "reports/training.csv")]


def test_a_training_killed_twice_ends_with_the_bytes_of_an_uninterrupted_one(copied: Project):
    apply_overrides(copied.root, [
        f"train.epochs={EPOCHS}", "model.layers.0.dropout=0.2", "train.keep=best",
        "train.reduce_lr_on_plateau={patience: 2, factor: 0.5, min_lr: 0.0}",
    ])  # fmt: skip
    copied.commit("a longer training")
    whole = copied.call(*COMMAND)
    assert epochs(whole) == list(range(1, EPOCHS + 1)) and "resuming" not in whole
    expected = files(copied.root)
    assert checkpoints(copied) == []
    shutil.rmtree(copied.root / "models")
    (copied.root / "reports/training.csv").unlink()

    # in a worktree, as isolated runs are; what it leaves there is lost with it
    elsewhere = copied.root.parent / "worktree"
    copied.git("worktree", "add", "--quiet", "--detach", str(elsewhere))
    for table in ("series", "split"):
        shutil.copy(copied.root / f"data/{table}.parquet", elsewhere / "data")
    kill_after(10, elsewhere)
    copied.git("worktree", "remove", "--force", str(elsewhere))

    again = kill_after(10, copied.root)
    first = went_on_after(again)
    assert epochs(again)[0] == first + 1 >= 2

    last = copied.call(*COMMAND)
    second = went_on_after(last)
    assert second > first and epochs(last) == list(range(second + 1, EPOCHS + 1))
    assert files(copied.root) == expected
    assert checkpoints(copied) == []


def test_a_checkpoint_of_other_parameters_or_a_torn_one_is_not_used(copied: Project):
    apply_overrides(copied.root, [f"train.epochs={EPOCHS}"])
    kill_after(10, copied.root)
    (checkpoint,) = checkpoints(copied)
    content = checkpoint.read_bytes()

    apply_overrides(copied.root, ["seed=43"])
    assert "resuming" not in kill_after(1, copied.root)
    assert checkpoint.read_bytes() == content

    apply_overrides(copied.root, ["seed=42"])
    checkpoint.write_bytes(content[: len(content) // 2])
    assert epochs(kill_after(1, copied.root)) == [1]
