"""A run made elsewhere, with older packages, is verified here: all that is needed is a remote."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import Project

OLDER = "tqdm==4.67.1"


def with_older_package(lock: str) -> str:
    """Put an older version of a package, with its hashes, into a lock."""
    compile_one = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes",
                   "--no-deps", "--no-header", "--no-annotate", "-"]  # fmt: skip
    entry = subprocess.run(
        compile_one, input=OLDER, capture_output=True, text=True, check=True
    ).stdout
    assert entry.startswith(f"{OLDER} \\\n")
    changed, count = re.subn(r"^tqdm==[^#]*?[^\\]\n", entry, lock, count=1, flags=re.MULTILINE)
    assert count == 1
    return changed


@pytest.mark.slow
def test_a_run_with_an_older_package_is_pushed_and_proved_in_another_clone(
    copied: Project, tmp_path: Path
):
    origin, store = tmp_path / "origin.git", tmp_path / "store"
    copied.call("git", "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    copied.git("remote", "add", "origin", str(origin))
    copied.dvc("remote", "add", "--quiet", "--default", "store", str(store))
    shutil.move(copied.root / "data/raw/demo.csv", copied.root / "data/raw/station.csv")
    copied.dvc("add", "--quiet", "data/raw/station.csv")
    lock = copied.root / "requirements.lock"
    lock.write_text(with_older_package(lock.read_text()))
    copied.commit("an older lock, and a table of our own")
    copied.git("push", "--quiet", "origin", "main")
    said = copied.exactcast("run", "--no-prefect", "-S", "ingest.raw=data/raw/station.csv",
                            "--isolated", "--name", "last-year", "--push")  # fmt: skip
    assert "building the environment of requirements.lock" in said

    copied.call("git", "clone", "--quiet", str(origin), str(tmp_path / "another clone"))
    clone = Project(tmp_path / "another clone")
    clone.dvc("exp", "pull", "--no-cache", "origin", "last-year")
    shutil.rmtree(copied.root)
    assert not (clone.root / ".dvc/cache").exists()
    record = json.loads(clone.exactcast("show", "last-year", "--json"))["record"]
    assert record["surroundings"]["packages"]["tqdm"] == "4.67.1"

    done = clone.attempt("python", "-m", "pipeline", "verify", "last-year", "--json")
    assert done.returncode == 0, done.stdout
    verdict = json.loads(done.stdout[done.stdout.index("{") :])
    assert len(verdict["outputs"]) == 13
    assert {output["verdict"] for output in verdict["outputs"]} == {"identical"}
    assert verdict["surroundings"]["packages"]["tqdm"] == "4.67.1"
    assert not list(
        (clone.root / ".git/exactcast/environments").glob("*/lib/python*/site-packages/ruff*")
    )
