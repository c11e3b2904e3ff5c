"""A project whose stages take no time, so that a test can look at what is around them.

The training prints epochs as the real one does. It fails with 13 epochs, and it waits in the middle
while the file `hold` lies in a folder that its code names, where it also notes that it has begun.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.project import PROGRAMS, Project, copy_project

GRAPH = """
stages:
  prepare:
    desc: The raw table, as it is
    cmd: python stage.py prepare
    deps: [raw, stage.py]
    outs: [made]
  train:
    desc: Nothing, trained
    cmd: python stage.py train
    deps: [made, stage.py]
    params: [train.epochs]
    outs: [model]
  evaluate:
    desc: Scores out of thin air
    cmd: python stage.py evaluate
    deps: [model, stage.py]
    outs: [reports/plots/forecast.png, reports/scores.json]
    metrics: [reports/metrics.json: {cache: false}]
"""
STAGE = """
import base64, json, os, sys, time
from pathlib import Path

from ruamel.yaml import YAML

SIGNALS = Path({signals!r})
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def prepare():
    Path("made").write_bytes(Path("raw").read_bytes())


def train():
    epochs = YAML(typ="safe").load(Path("params.yaml"))["train"]["epochs"]
    Path("model").write_text("half")
    for epoch in range(1, epochs + 1):
        if epoch > epochs / 2:
            wait_while_held()
        print(f"epoch {{epoch}}/{{epochs}} loss=1.0 val_loss=1.0", flush=True)
    if epochs == 13:
        sys.exit("error: Thirteen epochs bring bad luck. Take another number.")
    Path("model").write_text(f"{{epochs}} epochs on {{Path('made').read_text()}}")


def wait_while_held():
    if (SIGNALS / "hold").exists():
        (SIGNALS / f"begun-{{os.getpid()}}").touch()
    while (SIGNALS / "hold").exists():
        time.sleep(0.05)


def evaluate():
    error = len(Path("model").read_text())
    scores = {{
        name: {{
            "raw": {{"by_target": {{"oil": {{"rmse": rmse}}}}}},
            "standardised": {{"overall": {{"rmse": rmse / 10, "mse": rmse}}}},
        }}
        for name, rmse in (("model", error), ("repeat_last", 50.0))
    }}
    Path("reports/plots").mkdir(parents=True, exist_ok=True)
    Path("reports/plots/forecast.png").write_bytes(base64.b64decode(PNG))
    Path("reports/scores.json").write_text(json.dumps({{
        "targets": ["oil"],
        "scores": scores,
        "best_baseline": {{"by_target": {{"oil": "repeat_last"}}, "overall": "repeat_last"}},
        "skill": {{"by_target": {{"oil": 0.5}}, "overall": 0.5}},
        "windows": {{"train": 8, "test": 2}},
        "verdict": "The model beats every baseline.",
        "leak": {{"share": 0.0, "sentence": "Leak: none."}},
        "gaps": {{"filled_share": 0.0, "left_out": 0, "sentence": None}},
        "epoch": {{"kept": 1, "of": 1, "sentence": "The weights of the last epoch were kept."}},
        "season": {{"rows": 24, "sentence": "A season is 24 rows."}},
    }}, indent=2, sort_keys=True))
    Path("reports/metrics.json").write_text(json.dumps({{
        "mse": error, "best_baseline_mse": 50.0, "skill": 0.5, "windows": {{"train": 8, "test": 2}},
    }}, indent=2, sort_keys=True))


try:
    globals()[sys.argv[1]]()
except OSError as failed:
    sys.exit(f"error: {{failed}}")
"""
SECONDS = 90  # until something that must happen counts as missing


@dataclass(frozen=True)
class Quick(Project):
    """A checkout of such a project.

    Attributes:
        signals: The folder by which a test holds the training.
        started: What was started in it.
    """

    signals: Path
    started: list["Started"] = field(default_factory=list)

    def clean_up(self) -> None:
        """After a test, whatever came of it: end what it started, forget what it overrode."""
        self.release()
        for started in self.started:
            started.end_all()
        self.started.clear()
        for begun in self.signals.glob("begun-*"):
            begun.unlink()
        self.git("checkout", "--quiet", "params.yaml")

    def reset(self) -> None:
        """After a test that changed the checkout: what git keeps is as committed, and nothing else is there."""
        self.clean_up()
        self.git("reset", "--quiet", "--hard")
        self.git("clean", "--quiet", "--force")

    def start(self, *arguments: str, **environment: str) -> "Started":
        """Start the command line, as a person would at a terminal."""
        started = Started.of(self, "python", "-m", "pipeline", *arguments, **environment)
        self.started.append(started)
        return started

    def hold(self) -> None:
        """Let the next training wait in its middle."""
        (self.signals / "hold").touch()

    def release(self) -> None:
        """Let it go on."""
        (self.signals / "hold").unlink(missing_ok=True)

    def held(self, *, n: int = 1) -> list[int]:
        """Wait until so many trainings wait; return their process ids."""
        until(lambda: len(list(self.signals.glob("begun-*"))) >= n, f"{n} trainings began")
        begun = list(self.signals.glob("begun-*"))
        for path in begun:
            path.unlink()
        return [int(path.name.removeprefix("begun-")) for path in begun]

    def lock(self) -> dict[str, object]:
        """What dvc.lock holds of each stage."""
        content = YAML(typ="safe").load(self.root / "dvc.lock")
        return dict(content["stages"])

    def worktrees(self) -> list[Path]:
        """The worktrees of runs, in use or left behind."""
        return sorted((self.root / ".dvc/tmp/exactcast/worktrees").glob("*/"))


@dataclass(frozen=True)
class Started:
    """A running command, and all that it starts: found by a mark in their environment."""

    process: subprocess.Popen[str]
    mark: str
    printed: Path

    @classmethod
    def of(cls, project: Project, *command: str, **environment: str) -> "Started":
        mark = f"{os.getpid()}-{time.monotonic_ns()}"
        printed = project.root.parent / f"printed-{mark}"
        variables = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
        with printed.open("w") as file:
            process = subprocess.Popen(
                command, cwd=project.root, stdin=subprocess.DEVNULL, stdout=file, text=True,
                stderr=subprocess.STDOUT, env=variables | {"TEST_MARK": mark} | environment,
                # a test runner in the background may have Ctrl-C ignored, which programs inherit
                restore_signals=True, start_new_session=True, preexec_fn=_hear_ctrl_c,
            )  # fmt: skip
        return cls(process, mark, printed)

    def said(self) -> str:
        return self.printed.read_text()

    def says(self, words: str) -> str:
        """Wait until it has printed these words."""
        until(lambda: words in self.said() or self.process.poll() is not None, words)
        assert words in self.said(), self.said()
        return self.said()

    def ends(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(timeout=SECONDS)

    def left(self) -> set[int]:
        """The processes with its mark that live."""
        return {pid for pid in _processes() if self.mark.encode() in environment_of(pid)}

    def leaves_nothing(self) -> bool:
        """Wait until nothing that it started lives."""
        until(lambda: not self.left(), lambda: f"left: {sorted(map(command_of, self.left()))}")
        return True

    def end_all(self) -> None:
        """Kill all that it started and all that this starts meanwhile, at once."""
        killed: set[int] = set()
        while left := self.left():
            killed |= left
            for pid in left:
                _kill(pid)
        self.process.wait()
        until(lambda: not any(map(alive, killed)), "the end of what was killed")


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()  # of a zombie it is empty
    except OSError:
        return b""


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "gone"


def alive(pid: int) -> bool:
    """Tell whether a process lives; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def free_port() -> int:
    """Find a port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(
    true: Callable[[], object], what: str | Callable[[], str], *, seconds: int = SECONDS
) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(0.05)


def contents(project: Quick) -> dict[str, Any]:
    """What a run elsewhere may not touch: files, index, branch."""
    files = ["params.yaml", "dvc.lock", "model", "made", "reports/metrics.json"]
    return {path: project.read(path) for path in files} | {
        "head": project.git("rev-parse", "HEAD"),
        "branch": project.git("symbolic-ref", "HEAD"),
        "status": project.git("status", "--porcelain"),
    }


def in_order(project: Quick) -> None:
    """Nothing is locked, nothing lies about, and DVC and git agree with the lock."""
    for name in ("lock", "schedule.lock"):
        held = project.attempt("flock", "--nonblock", f".dvc/tmp/exactcast/{name}", "true")
        assert held.returncode == 0, f"{name} is held"
    busy = project.root / ".dvc/tmp/rwlock"
    assert not busy.exists() or not any(json.loads(busy.read_text() or "{}").values())
    assert not (project.root / ".dvc/tmp/exactcast/previous").exists()


def quick_project(folder: Path) -> Quick:
    """Make such a project and commit it, with nothing run."""
    project = copy_project(folder / "a checkout")
    signals = folder / "signals"
    signals.mkdir()
    (project.root / "dvc.yaml").write_text(GRAPH)
    (project.root / "dvc.lock").unlink()
    (project.root / "reports/metrics.json").unlink()
    (project.root / "stage.py").write_text(STAGE.format(signals=str(signals)))
    (project.root / "raw").write_text("table")
    for ignore, names in {
        ".gitignore": "/made\n/model\n",
        "reports/.gitignore": "/scores.json\n",
        "reports/plots/.gitignore": "*.png\n",
    }.items():
        (project.root / ignore).parent.mkdir(exist_ok=True)
        with (project.root / ignore).open("a") as file:
            file.write(names)
    project.commit("a quick project")
    return Quick(project.root, signals)


def finished_quick_project(folder: Path) -> Quick:
    """Make such a project with one finished and committed run."""
    project = quick_project(folder)
    project.exactcast("run", "--no-prefect", "-S", "train.epochs=4")
    project.commit("a run")
    return project
