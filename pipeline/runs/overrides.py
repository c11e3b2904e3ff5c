"""Changing params.yaml from the command line: checked first, written after, comments kept."""

import difflib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import reduce
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from foundation.errors import ParamsError
from foundation.files import write_bytes
from foundation.params import Params, check_moved, check_params, moved_to
from foundation.paths import PARAMS
from pipeline.runs.config_files import ConfigFile
from pipeline.versioning.lockfile import flat

PLAIN = re.compile(
    r"(?!(true|false|yes|no|on|off|null|y|n)$)[a-z][\w./-]*", re.ASCII | re.IGNORECASE
)
NULLS = ("null", "~")


class _SpelledNulls(RoundTripRepresenter):
    """Writes `null`. A class of its own: the library keeps what is added to one for the whole process."""


_SpelledNulls.add_representer(
    type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null")
)


def apply_overrides(
    root: Path, overrides: Sequence[str], config: Sequence[ConfigFile] = ()
) -> None:
    """Write overrides into params.yaml, as `overridden` returns it."""
    if overrides or config:
        write_bytes(root / PARAMS, overridden(root, overrides, config))


def overridden(root: Path, overrides: Sequence[str], config: Sequence[ConfigFile] = ()) -> bytes:
    """Return params.yaml with `key=value` overrides, if the whole file is valid with them.

    Args:
        root: The project's root.
        overrides: Such as `train.epochs=5` or `ingest.time=@timestamp`. Where the schema wants text,
            text is taken as typed, or out of the quotes around it, and a list of texts is written in
            brackets; other values are YAML.
        config: Files of overrides, applied before, in this order.

    Raises:
        ParamsError: An override is not understood, or a value is wrong.
    """
    yaml = _round_trip()
    content = yaml.load(root / PARAMS)
    check_moved(content, source=str(PARAMS))
    for file in config:
        for override in file.overrides:
            _apply(content, override, file=file.path)
    for override in overrides:
        _apply(content, override)
    buffer = StringIO()
    yaml.dump(content, buffer)
    try:
        written = YAML(typ="safe").load(buffer.getvalue())
    except YAMLError as unreadable:  # a list with half a character in it, such as "\ud83d"
        raise ParamsError(
            f"The overrides cannot be written into {PARAMS}: {' '.join(str(unreadable).split())}"
        ) from None
    others = [file.path for file in config] + (["the overrides"] if overrides else [])
    check_params(written, source=f"{', '.join(others)} and {PARAMS}")
    return buffer.getvalue().encode()


def yaml_text(value: Any) -> str:
    """Write a value as it may stand in params.yaml and in an override, on one line."""
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_text, value))}]"
    return json.dumps(value, ensure_ascii=False)


def parsed_overrides(root: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the values of `key=value` overrides by their keys, not checked against the others.

    Raises:
        ParamsError: An override is not understood, or there is no such parameter.
    """
    content = _round_trip().load(root / PARAMS)
    for override in overrides:
        _apply(content, override)
    keys = [override.partition("=")[0].strip() for override in overrides]
    return {key: reduce(_child, key.split("."), content) for key in keys}


def _round_trip() -> YAML:
    """A reader and writer that keeps comments, order, quotes and the way a list is written."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**16
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.Representer = _SpelledNulls
    return yaml


def key_and_text(override: str, *, form: str, example: str) -> tuple[str, str]:
    """Take an override of the command line apart at its first equals sign.

    Args:
        override: Such as `train.epochs=5`.
        form: How it is written, for the refusal.
        example: One that is, for the refusal.

    Raises:
        ParamsError: It has no key, or no equals sign.
    """
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ParamsError(
            f"-S {shlex.quote(override)} is not understood. Write it as -S {form} such as -S {example}"
        )
    return key, text


def _apply(content: Any, override: str, *, file: str | None = None) -> None:
    """Set a value, in place, to what an override of a file says, or one that was typed."""
    key, text = key_and_text(override, form="section.name=value,", example="train.epochs=5")
    *way, last = key.split(".")
    place = content
    for name in [*way, last]:
        holder, place = place, _child(place, name)
        if place is _NOTHING:
            raise ParamsError(_unknown(content, key, text, file))
    kind = _kind(key.split("."))
    value = _text(key, text, kind) if _as_typed(text, kind) else _yaml(key, text, kind, place)
    if isinstance(value, str):  # the quotes in which a configuration has it are JSON's
        value = str(value) if PLAIN.fullmatch(value) else DoubleQuotedScalarString(value)
    holder[int(last) if isinstance(holder, list) else last] = value


def _kind(way: Sequence[str]) -> Any:
    """Return the type that the schema gives a parameter; None if it does not know the parameter."""
    kind: Any = Params
    for name in way:
        found = None
        for option in _options(kind):
            if get_origin(option) is list:
                (found,) = get_args(option)
            elif name in getattr(option, "model_fields", {}):
                found = option.model_fields[name].annotation
        kind = found
    return kind


def _options(kind: Any) -> list[Any]:
    """List the types of a union; the type itself if it is not one."""
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [option for inner in get_args(kind) for option in _options(inner)]
    return [kind]


def _as_typed(text: str, kind: Any) -> bool:
    """Return True where text is meant; where a list of texts may stand as well, brackets mean that."""
    options = _options(kind)
    lists = [option for option in options if get_origin(option) is list]
    one = [option for option in options if option not in lists]
    return bool(one) and all(map(_is_text, one)) and not (lists and text.startswith("["))


def _is_text(option: Any) -> bool:
    """Return True for text, choices of text, and null."""
    return option in (str, type(None)) or (
        get_origin(option) is Literal and all(isinstance(c, str) for c in get_args(option))
    )


def _text(key: str, text: str, kind: Any) -> str | None:
    r"""Take text as typed; `\t` is a tab, and what is quoted as in YAML stands without its quotes."""
    if not text:
        raise ParamsError(
            f"-S {key}=: the value is empty. Marks such as ; | & # mean something to a shell: put "
            f"quotes around the whole, such as -S '{key}=;'"
        )
    if text in NULLS and type(None) in _options(kind):
        return None
    text = {r"\t": "\t"}.get(text, _unquoted(text))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParamsError(f"-S {key}={text!r}: the value is not text in UTF-8.") from None
    return text


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'":
        return text
    with suppress(YAMLError):
        value = YAML(typ="safe").load(text)
        if isinstance(value, str):
            return value
    return text


def _yaml(key: str, text: str, kind: Any, before: Any) -> Any:
    try:
        return _quoted_in_lists(_round_trip().load(text))
    except (YAMLError, ValueError, KeyError):  # the last two for a value like 2024-13-45
        lists = [option for option in _options(kind) if get_origin(option) is list]
        of_text = any(all(map(_is_text, _options(get_args(option)[0]))) for option in lists)
        right = [part.strip(" []'\"") for part in text.split(",")] if of_text else before
        raise ParamsError(
            f"-S {shlex.quote(f'{key}={text}')}: the value is not YAML. Write it such as "
            f"-S {shlex.quote(f'{key}={json.dumps(right)}')}"
        ) from None


def _quoted_in_lists(value: Any) -> Any:
    """Put quotes around texts in a list that DVC's parser might not take without them: holidays:PT."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            if type(item) is str and not PLAIN.fullmatch(item):
                value[place] = DoubleQuotedScalarString(item)
    return value


_NOTHING = object()


def _child(place: Any, name: str) -> Any:
    if isinstance(place, Mapping):
        return place.get(name, _NOTHING)
    if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
        return place[int(name)]
    return _NOTHING


def _unknown(content: Any, key: str, text: str, file: str | None) -> str:
    if new := moved_to(key):
        return f"{key} is now {new}: write -S {shlex.quote(f'{new}={text}')}"
    if file is not None:  # its names are checked: the params.yaml of a commit is of another version
        return (
            f"{file}: {key} is not in the params.yaml that the run starts from. Remove it from the "
            "file, or start from another commit."
        )
    near = difflib.get_close_matches(key, list(flat(content)), n=1)
    hint = (
        f"The nearest name is {near[0]}: -S {shlex.quote(f'{near[0]}={text}')}"
        if near
        else "See params.yaml for all names."
    )
    return f"-S {key}: params.yaml has no parameter of that name. {hint}"
