"""What a user can fix. The command line shows the message alone, without a traceback.

A message says what is wrong, where, what was found, and what to do. Anything else that escapes
is a bug in this project and keeps its traceback.
"""


class PipelineError(Exception):
    """Base class of the errors below."""


class ParamsError(PipelineError):
    """The parameters do not describe a valid run."""


class DataError(PipelineError):
    """The data are not a series we can forecast."""


class SetupError(PipelineError):
    """The environment or the workspace is not one in which a run can be trusted."""


class StageFailed(PipelineError):
    """A stage of the pipeline did not finish."""


def quoted(found: object) -> str:
    """Show what was found, on one line and no longer than a sentence bears."""
    text = repr(found)
    return text if len(text) <= 80 else f"{text[:80]}..."
