"""What is asked of a run, the steps of its work, what comes of it, and who watches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from foundation.metrics_schema import Scores
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.config_files import ConfigFile
from pipeline.runs.stage import Event
from pipeline.versioning.experiments import Experiment
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import Comparison

Show = Callable[[Event], None]
Overlap = Literal["allow", "wait", "skip"]


@dataclass(frozen=True)
class RunRequest:
    """What is asked of a run.

    Attributes:
        config: Files of overrides, as they were read, applied in this order before `overrides`.
        overrides: `key=value` changes of params.yaml.
        isolated: Run in a worktree of its own instead of the workspace.
        revision: What an isolated run starts from.
        refresh: Fetch the raw data first, where it is imported.
        push: Send data, models and the experiment to the remotes afterwards.
        wait: Wait for another run in the workspace instead of refusing.
        overlap: What an isolated run does while another one that may not overlap is in progress.
        name: The experiment's name; else one is made.
        most: How many experiments that no person named may be left afterwards; all of them if None.
    """

    config: tuple[ConfigFile, ...] = ()
    overrides: tuple[str, ...] = ()
    isolated: bool = False
    revision: str = "HEAD"
    refresh: bool = False
    push: bool = False
    wait: bool = True
    overlap: Overlap = "allow"
    name: str | None = None
    most: int | None = None

    @property
    def changes_params(self) -> bool:
        """Whether the run has other parameters than what it starts from."""
        return bool(self.config or self.overrides)


@dataclass(frozen=True)
class RunResult:
    """What came of a run that finished.

    Attributes:
        states: By stage: RAN, UP_TO_DATE or RESTORED.
        scores: All that was found.
        metrics: The dozen numbers of metrics.json.
        comparison: The run, compared with the committed dvc.lock.
        recorded: Whether a dvc.lock is committed at all.
        before: The scores of the run before; None where they are not at hand.
        experiment: How the run was kept; None where nothing was out of date.
    """

    states: dict[str, str]
    scores: Scores
    metrics: dict[str, Any]
    comparison: Comparison
    recorded: bool
    before: Scores | None = None
    experiment: Experiment | None = None


@dataclass(frozen=True)
class Step:
    """A stage, or what lies around the stages.

    Attributes:
        name: Of the stage, or `refresh`, `push`.
        work: Does it, tells what happens meanwhile, and returns how it ended.
        options: Of its Prefect task.
        facts: Lists, once it is done, what it read and made.
    """

    name: str
    work: Callable[[Show], str]
    options: Mapping[str, Any] = field(default_factory=dict)
    facts: Callable[[], list[dict[str, str]]] = list


class RunObserver(Protocol):
    """Who watches a run."""

    def started(self, graph: Graph) -> None:
        """Look at what will be done."""

    def step(self, step: Step) -> str:
        """Do the work of a step; return how it ended."""

    def finished(self, checkout: RunCheckout, result: RunResult) -> None:
        """Look at what a run made, while its checkout is there."""

    def identity(self) -> dict[str, Any]:
        """Return what the record is to say of the observer."""
