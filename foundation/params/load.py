"""Reading params.yaml: every bad value is named at once."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foundation import paths
from foundation.errors import ParamsError
from foundation.params.moved import check_moved
from foundation.params.schema import Params


def load_params(path: Path = paths.PARAMS) -> Params:
    """Read and check the parameters.

    Raises:
        ParamsError: The file is missing or no YAML, or a value is wrong; names every bad value.
    """
    try:
        content = read_content(path)
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing from this folder. Run from the project's root, or restore it: "
            f"git checkout -- {path}"
        ) from None
    return check_params(content, source=str(path))


def read_content(path: Path) -> Any:
    """Read a YAML file of parameters, unchecked.

    Raises:
        FileNotFoundError: There is none.
        ParamsError: It cannot be read, or is not YAML.
    """
    try:
        return YAML(typ="safe").load(path)  # the parser that DVC uses
    except FileNotFoundError:
        raise
    except OSError as unreadable:
        raise ParamsError(
            f"{path} cannot be read: {unreadable.strerror}. It should be a readable file."
        ) from None
    except (YAMLError, ValueError, KeyError) as broken:  # the last two for a value like 2024-13-45
        raise ParamsError(f"{path} is not valid YAML: {' '.join(str(broken).split())}") from None


def check_params(content: object, *, source: str) -> Params:
    """Check parameters that were read from `source`; a ParamsError names every bad value at once."""
    if not isinstance(content, Mapping):
        raise ParamsError(
            f"{source} should hold the sections of the parameters, found {content!r}."
        )
    check_moved(content, source=source)
    try:
        return Params.model_validate(content)
    except ValidationError as invalid:
        raise invalid_values(invalid, source=source) from None


def invalid_values(invalid: ValidationError, *, source: str) -> ParamsError:
    """Return the error that names every bad value that was read from `source`."""
    return ParamsError(
        "\n".join([f"Invalid values in {source}:", *map(_problem, invalid.errors())])
    )


def _problem(error: Any) -> str:
    path = ".".join(map(str, filter(_is_key, error["loc"])))
    if error["type"] == "missing":
        return f"  {path}: is missing"
    if error["type"] == "value_error" and isinstance(error["input"], Mapping):
        name = str(error["ctx"]["error"])  # of several values: begins with one's name
        return f"  {path}.{name}" if path else f"  {name}"
    if error["type"] == "string_type" and isinstance(error["input"], date):
        return f"  {path}: should be text: put it in quotes, found the date {error['input']}"
    message = {
        "extra_forbidden": "is not a parameter",
        "model_type": "should be a section, with a line for each parameter",
        "value_error": str(error.get("ctx", {}).get("error")),
    }.get(error["type"], error["msg"])
    return f"  {path}: {message}, found {error['input']!r}"


def _is_key(part: int | str) -> bool:
    """Return True for a key, and False for pydantic's name of one of the types that a value may have."""
    return not str(part).startswith(("literal[", "list["))
