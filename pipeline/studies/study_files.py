"""The folder in which a study leaves its results, to be committed or not."""

import re
from pathlib import Path

from foundation.errors import ParamsError

FOLDER = Path("studies")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def check_name(name: str) -> None:
    """Refuse a name of a study that a folder cannot have.

    Raises:
        ParamsError: It is such a name.
    """
    if not NAME.fullmatch(name):
        raise ParamsError(
            f"'{name}' cannot be the name of a folder in {FOLDER}/. Use letters, digits, -, _ and points."
        )
