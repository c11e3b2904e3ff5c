"""A copy of the project to run in: a checkout of its own, committed, without any DVC cache."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = str(Path(sys.executable).parent)
# A test runner in the background may be started with Ctrl-C ignored, which programs inherit
HEAR_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
QUICK = ["-S", "train.epochs=2", "-S", "simulate.rows=600"]


@dataclass(frozen=True)
class Project:
    """A checkout to call commands in, as a person would."""

    root: Path

    def call(self, *command: str, check: bool = True, **environment: str | None) -> str:
        """Run a command; return what it printed. A variable given as None is removed."""
        done = self.attempt(*command, **environment)
        assert not check or done.returncode == 0, f"{command}:\n{done.stdout}"
        return done.stdout

    def attempt(self, *command: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it; errors are in its output."""
        variables = (
            os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"} | environment
        )
        return subprocess.run(
            command,
            cwd=self.root,
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def exactcast(self, *arguments: str, check: bool = True, **environment: str | None) -> str:
        return self.call("python", "-m", "pipeline", *arguments, check=check, **environment)

    def dvc(self, *arguments: str) -> str:
        return self.call("python", "-m", "dvc", *arguments)

    def git(self, *arguments: str) -> str:
        return self.call("git", *arguments)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def forget_outputs(self) -> None:
        """Become a fresh clone: nothing that DVC keeps is there."""
        self.git("clean", "-qffdX", "--exclude=!.cache")


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The error that a command ended with, without what it said it was doing."""
    return done.stdout[done.stdout.index("error: ") :]


def copy_project(folder: Path) -> Project:
    """Copy the working tree, as git sees it, into a new repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    project = Project(folder)
    project.git("init", "--quiet", "--initial-branch=main")
    project.git("config", "user.name", "A User")
    project.git("config", "user.email", "user@example.org")
    project.commit("start")
    return project
