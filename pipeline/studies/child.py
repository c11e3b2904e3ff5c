"""One run of a study, in a process of its own: `python -m pipeline.studies.child ORDER`.

It prints a line of JSON, after a mark, for each event and for what came of the run; every other line is
what a program that it started has printed. A run that is kept already is not run again.
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from foundation.errors import PipelineError
from foundation.locks import hold
from foundation.processes import sigterm_as_interrupt
from pipeline.runs.config_files import ConfigFile
from pipeline.runs.execute import execute_run
from pipeline.runs.observer import TerminalObserver
from pipeline.runs.request import RunResult
from pipeline.runs.stage import Event
from pipeline.studies.plan import Plan, make_plan
from pipeline.studies.results import Result, recorded_results
from pipeline.studies.worker import MARK
from pipeline.verification.verify import summary_line, verify
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.lockfile import committed_lock, recorded_outputs

LOCKS = Path(".dvc/tmp/exactcast/studies")


@dataclass(frozen=True)
class Order:
    """What the child is to do.

    Attributes:
        root: The user's checkout.
        commit: What the run starts from.
        config: Files of overrides, as they were read: path and overrides of each.
        overrides: `key=value` changes of params.yaml, applied after them.
        name: Of the experiment.
        verify: The run to repeat without any cache and to compare; None to make the run.
    """

    root: str
    commit: str
    config: tuple[tuple[str, tuple[str, ...]], ...]
    overrides: tuple[str, ...]
    name: str
    verify: str | None = None

    def to_json(self) -> str:
        """Write it as the argument of the child."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it."""
        found = json.loads(text)
        config = tuple((path, tuple(overrides)) for path, overrides in found.pop("config"))
        return cls(config=config, overrides=tuple(found.pop("overrides")), **found)


def main() -> None:
    """Do what is ordered, and print what comes of it."""
    order = Order.from_json(sys.argv[1])
    workspace = Checkout(Path(order.root))
    try:
        with sigterm_as_interrupt():
            _say(_verified(workspace, order) if order.verify else _made(workspace, order))
    except PipelineError as error:
        _say({"error": str(error)})
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _say(content: dict[str, Any]) -> None:
    print(f"{MARK}{json.dumps(content)}", flush=True)


def _made(workspace: Checkout, order: Order) -> dict[str, Any]:
    config = tuple(ConfigFile(path, overrides) for path, overrides in order.config)
    plan = make_plan(workspace, order.commit, [order.overrides], config=config)
    (planned,) = plan.runs
    with hold(workspace.root / LOCKS / f"{planned.key}.lock"):  # another study may make it just now
        before = recorded_results(workspace, plan).get(planned.key)
        if before is not None:  # or a child made it whose worker was lost before it could say so
            return {"result": asdict(before)}
        done = execute_run(
            workspace, planned.request, TerminalObserver(_print_event), name=order.name
        )
    if done.experiment is None:
        return {"result": asdict(_as_committed(workspace, plan, done))}
    return {"result": asdict(recorded_results(workspace, plan)[planned.key])}


def _as_committed(workspace: Checkout, plan: Plan, done: RunResult) -> Result:
    """Describe a run that found everything up to date: the commit holds its results."""
    outputs = recorded_outputs(workspace.graph, committed_lock(workspace.root, plan.commit))
    return Result(plan.commit[:7], plan.commit, done.metrics, 0.0, outputs)


def _verified(workspace: Checkout, order: Order) -> dict[str, Any]:
    assert order.verify is not None
    verdict = verify(workspace, order.verify, observer=TerminalObserver(_print_event))
    return {"identical": verdict.identical, "summary": summary_line(verdict)}


def _print_event(event: Event) -> None:
    _say({"event": asdict(event)})


if __name__ == "__main__":
    main()
