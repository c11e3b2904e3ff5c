"""A part of params.yaml: only the parameters to change, as a configuration or a form holds them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from foundation.errors import ParamsError
from foundation.params.fields import Section
from foundation.params.load import invalid_values
from foundation.params.moved import check_moved
from foundation.params.schema import Params

FOLDED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def _optional(section: type[Section], name: str | None = None) -> type[BaseModel]:
    """A section of params.yaml of which any value may be left out; the others are checked in the same way."""

    def field(info: FieldInfo) -> tuple[Any, FieldInfo]:
        nested = section_of(info)
        # a factory, unlike a default, does not fill in the form
        left_out = FieldInfo.merge_field_infos(info, default_factory=lambda: None)
        return (info.annotation if nested is None else _optional(nested)), left_out

    fields: Any = {name: field(info) for name, info in section.model_fields.items()}
    return create_model(name or section.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def section_of(info: FieldInfo | None) -> type[Section] | None:
    """Return which section of params.yaml a field is, if it is one."""
    kind: Any = None if info is None else info.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


Overrides = _optional(Params, "Overrides")


def check_part(content: object, *, source: str) -> Mapping[str, Any]:
    """Check parameters that are nested as in params.yaml, each by its own type and limits.

    Rules between parameters are for the whole file, with the part in it.

    Args:
        content: As it was read.
        source: Where.

    Returns:
        The content.

    Raises:
        ParamsError: It is not such a part; names every bad value at once.
    """
    if not isinstance(content, Mapping):
        raise ParamsError(
            f"{source} should hold parameters, nested as in params.yaml, such as train: {{epochs: 5}}; "
            f"found {'nothing' if content is None else repr(content)}."
        )
    for key in _dotted(content):
        nested = f"{key.replace('.', ': {')}: ...{'}' * key.count('.')}"
        raise ParamsError(
            f"{source}: {key} is written with dots. Nest it as params.yaml does: {nested}"
        )
    check_moved(content, source=source)
    try:
        Overrides.model_validate(content, strict=True)
    except ValidationError as invalid:
        raise invalid_values(invalid, source=source) from None
    return content


def _dotted(
    content: Mapping[Any, Any], section: type[Section] = Params, prefix: str = ""
) -> Iterator[str]:
    """Yield the names of what stands under a key such as `train.epochs` instead of nested."""
    for key, value in content.items():
        nested = section_of(section.model_fields.get(key))
        if isinstance(key, str) and "." in key:
            yield f"{prefix}{key}"
        elif nested is not None and isinstance(value, Mapping):
            yield from _dotted(value, nested, f"{prefix}{key}.")


def assignments(
    values: Mapping[str, Any], section: type[BaseModel] = Params, prefix: str = ""
) -> Iterator[str]:
    """Write nested values as `section.name=value`, as the command line takes them.

    Args:
        values: Nested as in params.yaml. A list, or a mapping that is not a section, is one value.
        section: What they are values of.
        prefix: Stands before each name.
    """
    for name, value in values.items():
        nested = section_of(section.model_fields.get(name))
        if nested is not None and isinstance(value, Mapping):
            yield from assignments(value, nested, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={_written(value)}"


def _written(value: Any) -> str:
    """Write JSON that YAML reads as the same values: it folds some characters as line ends and knows no pairs."""
    text = json.dumps(value, ensure_ascii=False)
    return FOLDED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
