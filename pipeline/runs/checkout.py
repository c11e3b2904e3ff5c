"""The checkout in which a run is in progress."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.runs.environment import OWN_MINOR, python_for
from pipeline.runs.workspace import project_root
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.graph import Graph


def this_workspace() -> Checkout:
    """Find the user's checkout that the working directory belongs to.

    Raises:
        SetupError: The working directory is not in a checkout of the project, or git refuses it.
    """
    return Checkout(project_root())


@dataclass(frozen=True, kw_only=True)
class RunCheckout(Checkout):
    """A checkout whose stages are run, with the graph that the run started with.

    An edit of dvc.yaml or params.yaml meanwhile voids the run, and its outputs are put back by the
    graph that made them.

    Attributes:
        at_start: Its stages when the run started, after the overrides.
        minor: The minor version of the Python of its stages, such as 3.11.
        exact: Whether that Python must have the locked packages, whatever the user accepts.
    """

    at_start: Graph
    minor: str = OWN_MINOR
    exact: bool = False

    @classmethod
    def of(
        cls, checkout: Checkout, *, minor: str = OWN_MINOR, exact: bool = False
    ) -> "RunCheckout":
        """Return a checkout for a run that starts now."""
        return cls(
            checkout.root, checkout.origin, at_start=checkout.graph, minor=minor, exact=exact
        )

    @property
    def graph(self) -> Graph:
        """The stages of dvc.yaml as the run started with them."""
        return self.at_start

    @cached_property
    def python(self) -> Path:
        """The Python that runs the stages, with the packages of the checkout's requirements.lock.

        Raises:
            SetupError: There is no lock or no such Python, or the packages cannot be installed.
        """
        return python_for(self, minor=self.minor, exact=self.exact)
