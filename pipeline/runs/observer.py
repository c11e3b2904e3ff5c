"""Who watches a run without Prefect: the person or the process that started it, or nobody."""

from typing import Any

from pipeline.runs.checkout import RunCheckout
from pipeline.runs.request import RunResult, Show, Step
from pipeline.runs.stage import Event
from pipeline.versioning.graph import Graph


class TerminalObserver:
    """Watches a run for who started it: hands each event on."""

    def __init__(self, show: Show) -> None:
        self._show = show

    def started(self, graph: Graph) -> None:
        """Nothing to do: each stage says when it starts."""

    def step(self, step: Step) -> str:
        """Do the step; say how it ended if it did not tell so itself."""
        shown = False

        def show(event: Event) -> None:
            nonlocal shown
            shown = shown or event.state is not None
            self._show(event)

        state = step.work(show)
        if not shown:
            self._show(Event(step.name, state=state))
        return state

    def finished(self, checkout: RunCheckout, result: RunResult) -> None:
        """Nothing to do: who started it has the result."""

    def identity(self) -> dict[str, Any]:
        """Nobody but who started it watches."""
        return {}


class NullObserver:
    """Watches a run that nobody watches, or nobody but Prefect."""

    def started(self, graph: Graph) -> None:
        """Nothing to do."""

    def step(self, step: Step) -> str:
        """Do it."""
        return step.work(lambda event: None)

    def finished(self, checkout: RunCheckout, result: RunResult) -> None:
        """Nothing to do."""

    def identity(self) -> dict[str, Any]:
        """Nobody."""
        return {}
