"""A study of quick runs, as a program: `python -m tests.support.many_runs CLUSTER EPOCHS,EPOCHS... [CHECK]`.

It prints a line for each event, and ends with what came of each run as JSON.
"""

import json
import sys
from collections.abc import Callable
from fractions import Fraction

from foundation.processes import sigterm_as_interrupt
from pipeline.runs.checkout import this_workspace
from pipeline.studies.plan import PlannedRun, make_plan
from pipeline.studies.run_many import StudyRun, run_many
from pipeline.studies.worker import Tell
from pipeline.versioning.worktrees import commit_of


class Printer:
    def run(self, planned: PlannedRun, work: Callable[[Tell], StudyRun]) -> StudyRun:
        print(f"started {planned.number}", flush=True)
        return work(lambda said: print(planned.number, *said.values(), flush=True))

    def ended(self, run: StudyRun) -> None:
        print(f"ended {run.planned.number}: {run.state}", flush=True)


def main(cluster: str, epochs: str, check: str = "0") -> None:
    workspace = this_workspace()
    trials = [[f"train.epochs={n}"] for n in epochs.split(",")]
    plan = make_plan(workspace, commit_of(workspace, "HEAD"), trials)
    runs = run_many(workspace, plan, Printer(), cluster=cluster, check=Fraction(check))
    told = [
        {
            "name": run.planned.name,
            "state": run.state,
            "reason": run.reason,
            "checked": run.checked,
            "outputs": dict(run.result.outputs) if run.result else None,
            "metrics": dict(run.result.metrics) if run.result else None,
        }
        for run in runs
    ]
    print(json.dumps(told))


if __name__ == "__main__":
    with sigterm_as_interrupt():
        main(*sys.argv[1:])
