"""Changing params.yaml from the command line: checked first, written after, comments kept."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from forecasting.errors import ParamsError
from pipeline.lockfile import flat
from stages._files import write_bytes
from stages._params import PARAMS_FILE, check_params


def apply_overrides(root: Path, overrides: Sequence[str]) -> None:
    """Write overrides into params.yaml, as `overridden` returns it."""
    if overrides:
        write_bytes(root / PARAMS_FILE, overridden(root, overrides))


def overridden(root: Path, overrides: Sequence[str]) -> bytes:
    """Return params.yaml with `key=value` overrides, if the whole file is valid with them.

    Args:
        root: The project's root.
        overrides: Such as `train.epochs=5` or `train.layers.0.units=32`; the value is YAML.

    Raises:
        ParamsError: An override is not understood, or a value is wrong.
    """
    yaml = _round_trip()
    content = yaml.load(root / PARAMS_FILE)
    for override in overrides:
        _set(content, *_parse(override))
    buffer = StringIO()
    yaml.dump(content, buffer)
    check_params(YAML(typ="safe").load(buffer.getvalue()), source="the overrides and params.yaml")
    return buffer.getvalue().encode()


def _round_trip() -> YAML:
    """A reader and writer that keeps comments, order, quotes and the way a list is written."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**16
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return yaml


def _parse(override: str) -> tuple[str, Any]:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ParamsError(
            f"-S {override} is not understood. Write it as -S section.name=value, such as "
            "-S train.epochs=5"
        )
    try:
        value = _round_trip().load(text)
    except YAMLError:
        raise ParamsError(
            f"-S {override}: the value is not YAML, found {text!r}. Quote it, or mend the brackets."
        ) from None
    # YAML has a type for dates, the parameters and DVC have texts
    return key.strip(), DoubleQuotedScalarString(text) if isinstance(value, date) else value


def _set(content: Any, key: str, value: Any) -> None:
    *way, last = key.split(".")
    place = content
    for name in [*way, last]:
        holder, place = place, _child(place, name)
        if place is _NOTHING:
            raise ParamsError(_unknown(content, key))
    holder[int(last) if isinstance(holder, list) else last] = value


_NOTHING = object()


def _child(place: Any, name: str) -> Any:
    if isinstance(place, Mapping):
        return place.get(name, _NOTHING)
    if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
        return place[int(name)]
    return _NOTHING


def _unknown(content: Any, key: str) -> str:
    near = difflib.get_close_matches(key, list(flat(content)), n=1)
    hint = f"The nearest name is {near[0]}." if near else "See params.yaml for all names."
    return f"-S {key}: params.yaml has no parameter of that name. {hint}"
