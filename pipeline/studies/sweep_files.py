"""The files of a sweep in studies/NAME: plan.yaml, which runs it again, and trials.csv.

The same plan gives the same bytes wherever its trials ran: no time and no machine is in them.
"""

import csv
import json
from collections.abc import Sequence
from io import StringIO

from foundation.files import write_bytes
from pipeline.runs.config_files import ConfigFile
from pipeline.runs.overrides import yaml_text
from pipeline.studies.plan import Plan, typed_overrides
from pipeline.studies.run_many import StudyRun
from pipeline.studies.study_files import FOLDER
from pipeline.versioning.checkout import Checkout

PLAN, TRIALS = "plan.yaml", "trials.csv"
METRICS = ("mse", "best_baseline_mse", "skill")


def save_plan(
    workspace: Checkout,
    name: str,
    trials: Sequence[Sequence[str]],
    plan: Plan,
    config: Sequence[ConfigFile],
) -> None:
    """Write what was asked as a plan file: `exactcast sweep --plan` reads it."""
    lines = [f"# exactcast sweep --plan {FOLDER / name / PLAN} --name {name} --rev {plan.commit}"]
    if config:
        lines.append(f"config: {yaml_text([file.path for file in config])}")
    lines.append("trials:")
    for values in typed_overrides(workspace, plan.commit, trials, config):
        cells = [f"{json.dumps(key)}: {yaml_text(value)}" for key, value in values.items()]
        lines.append(f"  - {{{', '.join(cells)}}}")
    write_bytes(workspace.root / FOLDER / name / PLAN, ("\n".join(lines) + "\n").encode())


def save_trials(workspace: Checkout, name: str, plan: Plan, runs: Sequence[StudyRun]) -> None:
    """Write what came of each trial, with the parameters in which they differ."""
    varied = plan.varied
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["trial", "run", "finished", *varied, *METRICS, "key"])
    for run in runs:
        metrics = run.result.metrics if run.result else {}
        table.writerow(
            [
                run.planned.number,
                run.result.name if run.result else "",
                "no" if run.result is None else "yes",
                *(yaml_text(value) for value in plan.values(run.planned, varied)),
                *(json.dumps(metrics[each]) if each in metrics else "" for each in METRICS),
                run.planned.key,
            ]
        )
    write_bytes(workspace.root / FOLDER / name / TRIALS, text.getvalue().encode())
