"""The runs of a study as a person sees them while they run."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from foundation.epoch_line import read_epoch
from pipeline.cli.display.layout import announce
from pipeline.studies.plan import PlannedRun
from pipeline.studies.run_many import StudyRun
from pipeline.studies.worker import Tell

EVERY = 10.0  # seconds between two epochs of one run that are shown


class StudyPrinter:
    """Prints on stderr a line for each event of each run, of epochs only some."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._shown: dict[int, float] = {}
        self._lock = threading.Lock()

    def run(self, planned: PlannedRun, work: Callable[[Tell], StudyRun]) -> StudyRun:
        """Do the work of a run, and print what it tells."""
        self._say(planned, ", ".join(planned.request.overrides))
        return work(lambda said: self._told(planned, said))

    def ended(self, run: StudyRun) -> None:
        """Print how a run ended."""
        self._say(run.planned, f"{run.state}{f': {run.reason}' if run.reason else ''}")

    def _told(self, planned: PlannedRun, said: Mapping[str, Any]) -> None:
        text = said["state"] or said["line"] or ""
        if read_epoch(text) is not None:
            now = time.monotonic()
            if now - self._shown.get(planned.number, -EVERY) < EVERY:
                return
            self._shown[planned.number] = now
        self._say(planned, f"{said['stage']}: {text}" if said["stage"] else text)

    def _say(self, planned: PlannedRun, text: str) -> None:
        if not self._quiet:
            with self._lock:
                announce(f"[{planned.number}] {text}")


def run_json(run: StudyRun) -> dict[str, Any]:
    """Return a run of a study for a program."""
    return {
        "number": run.planned.number,
        "key": run.planned.key,
        "changes": dict(run.planned.changes),
        "state": run.state,
        "reason": run.reason,
        "checked": run.checked,
        "result": asdict(run.result) if run.result else None,
    }


def check_mark(run: StudyRun) -> str:
    """Say whether a second run made the same bytes; nothing if there was none."""
    return {None: "", True: ", checked: same bytes", False: ", checked: NOT the same"}[run.checked]
