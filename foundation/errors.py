"""What a user can fix. The command line shows the message alone, without a traceback.

A message says what is wrong, where, what was found, and what to do. Anything else that escapes
is a bug in this project and keeps its traceback.

PipelineError
    ParamsError                 the parameters
    DataError                   the data
    SetupError                  the environment or the workspace
        CannotVerifyError       nothing is known either way
        MissingFromCacheError   a hash that the cache lacks
        DamagedInCacheError     a hash under which the cache holds other bytes
        ServerSilentError       a Prefect server that does not answer
        WorkspaceBusyError      another run holds what is needed
        WorkerLostError         what carried out a run died under it
    StageFailedError            a stage did not finish
        RunVoidedError          what made the outputs is not known
"""

from pathlib import Path


class PipelineError(Exception):
    """Base class of the errors below."""


class ParamsError(PipelineError):
    """The parameters do not describe a valid run."""


class DataError(PipelineError):
    """The data are not a series we can forecast.

    Attributes:
        problem: What is wrong, where, and what was found.
        way_out: What to do about it; empty if the problem says so itself.
    """

    def __init__(self, problem: str, way_out: str = "") -> None:
        super().__init__(f"{problem} {way_out}".rstrip())
        self.problem, self.way_out = problem, way_out


class SetupError(PipelineError):
    """The environment or the workspace is not one in which a run can be trusted."""


class StageFailedError(PipelineError):
    """A stage of the pipeline did not finish."""


class RunVoidedError(StageFailedError):
    """It is not known what made the outputs of a run."""


class CannotVerifyError(SetupError):
    """The verification could not be run, so nothing is known either way."""


class MissingFromCacheError(SetupError):
    """The cache does not have it."""


class DamagedInCacheError(SetupError):
    """The cache holds other bytes than those of the hash.

    Attributes:
        md5: The hash.
        place: Where the cache keeps them.
        found: The hash of what lies there.
    """

    def __init__(self, md5: str, place: Path, found: str) -> None:
        super().__init__(
            f"DVC's cache holds other bytes under {md5}: their hash is {found}. Remove {place}, then "
            "`dvc pull` or make it again."
        )
        self.md5, self.place, self.found = md5, place, found


class ServerSilentError(SetupError):
    """Nothing answers at the address of a Prefect server."""


class WorkspaceBusyError(SetupError):
    """Another run holds what this one was not to wait for."""


class WorkerLostError(SetupError):
    """The process that carried out a run died under it, and said nothing of the run."""


def quoted(found: object) -> str:
    """Show what was found, on one line and no longer than a sentence bears."""
    text = repr(found)
    return text if len(text) <= 80 else f"{text[:80]}..."
