"""A commit of another layout still verifies: the probe finds its stages where they were."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.project import ROOT, Project


def before_foundation() -> str | None:
    """Return the last commit whose stages lay in one flat folder; None if the clone does not reach back to it."""
    moved = subprocess.run(
        ["git", "log", "--reverse", "--format=%H", "--", "foundation"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    found = subprocess.run(
        ["git", "rev-parse", "--quiet", "--verify", f"{moved[0]}~1" if moved else ""],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip() or None


@pytest.mark.slow
def test_the_last_commit_before_the_layout_of_today_is_identical(tmp_path: Path):
    commit = before_foundation()
    if commit is None:
        pytest.skip("this clone has no history from before the move")
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True)
    clone = Project(tmp_path / "clone")
    assert clone.git("ls-tree", "--name-only", commit, "foundation") == ""
    done = clone.attempt("python", "-m", "pipeline", "verify", commit, "--json")
    assert done.returncode == 0, done.stdout
    verdict = json.loads(done.stdout[done.stdout.index("{") :])
    assert {output["verdict"] for output in verdict["outputs"]} == {"identical"}
    assert "models/model.keras" in {output["path"] for output in verdict["outputs"]}
