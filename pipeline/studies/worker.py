"""A run carried out in a supervised child, here or in a process of a Dask worker: what it prints is relayed.

What it imports is light, for a worker that waits holds it all.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from foundation.errors import WorkerLostError
from foundation.processes import running
from pipeline.versioning.dvc import child_environment

MARK = "\x1e"  # begins a line of JSON that the child says; no program prints it
LOOK = 0.5  # seconds between two looks whether the run is to stop
Answer = dict[str, Any]
Tell = Callable[[Mapping[str, Any]], None]


def run_in_child(root: str, order: str, tell: Tell, stopped: Callable[[], bool]) -> Answer:
    """Start `pipeline.studies.child` and wait for its answer.

    Args:
        root: The user's checkout.
        order: What the child is to do, as JSON.
        tell: Called with each event, and with each `line` that a program printed.
        stopped: Asked again and again whether the child is to end before it has finished.

    Returns:
        What it answered; `{"stopped": true}` if it was ended.

    Raises:
        WorkerLostError: It ended without an answer, as one does that was killed.
    """
    command = [sys.executable, "-m", "pipeline.studies.child", order]
    answer: Answer = {}
    with running(command, folder=Path(root), environment=child_environment()) as process:
        watch = _Watch(process, stopped)
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith(MARK):
                tell({"stage": None, "state": None, "line": line.rstrip("\n")})
                continue
            said = json.loads(line.removeprefix(MARK))
            if "event" in said:
                tell(said["event"])
            else:
                answer = said
        code = process.wait()
        watch.end()
    if answer:
        return answer
    if watch.stopping:
        return {"stopped": True}
    raise WorkerLostError(f"its process ended without an answer, with exit code {code}")


class _Watch:
    """Ends a child when it is to stop: its supervisor ends the group when our end of its input closes."""

    def __init__(self, process: subprocess.Popen[str], stopped: Callable[[], bool]) -> None:
        self.stopping = False
        self._process = process
        self._stopped = stopped
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            if self._stopped():
                self.stopping = True
                assert self._process.stdin is not None
                self._process.stdin.close()
                return

    def end(self) -> None:
        """Look no longer."""
        self._over.set()
        self._thread.join()
