"""docs/reference/parameters.md: names, types and limits from the schema, meanings from params.yaml."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import AfterValidator
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from docs.generate.markdown import WRITTEN, table
from foundation.params import Params, Section

LINE = re.compile(r"^[\s-]*\w+:(?P<value>.*?)(?:\s#\s*(?P<comment>.*?),?)?$")
SIMPLE = {
    bool: "`true` or `false`",
    int: "integer",
    float: "number",
    str: "text",
    NoneType: "`null`",
}
BOUNDS = {
    annotated_types.Gt: ("gt", ">"),
    annotated_types.Ge: ("ge", "≥"),
    annotated_types.Lt: ("lt", "<"),
    annotated_types.Le: ("le", "≤"),
}  # fmt: skip
INTRODUCTION = f"""# Parameters

{WRITTEN}

Every number that changes a result stands in [params.yaml](../../params.yaml). This page lists them: type and limits from the schema in
`foundation/params`, default and meaning from the file. There is no other default: a parameter that is missing from the file is an error, and
all wrong values are reported at once, those that do not fit together too.

```sh
exactcast run -S train.epochs=20 -S model.layers.0.units=32   # the value is YAML; comments in the file are kept
exactcast run --config configs/chronological.yaml              # several at once: a file nested as params.yaml is
```

A changed parameter makes the stages that read its section out of date, and then those that read their outputs. In a list, `0` is the first entry."""


def parameters_page(root: Path) -> str:
    """Render one table for each section of params.yaml."""
    text = (root / "params.yaml").read_text("utf-8")
    content = YAML().load(text)
    stages = YAML(typ="safe").load(root / "dvc.yaml")["stages"]
    parts = [INTRODUCTION]
    for name in Params.model_fields:
        field = {name: Params.model_fields[name]}
        rows = list(_rows(field, content, text.splitlines(), prefix=""))
        parts += [f"## {name}", _readers(name, stages)]
        parts.append(table(["name", "type and limits", "default", "meaning"], rows))
    return "\n\n".join(parts) + "\n"


def _readers(section: str, stages: Mapping[str, Any]) -> str:
    """List the stages whose `params` in dvc.yaml have something of a section."""
    readers = [
        f"`{name}`"
        for name, stage in stages.items()
        if any(str(param).split(".")[0] == section for param in stage.get("params", []))
    ]
    return f"Read by {', '.join(readers)}." if readers else "No stage reads this section."


def _rows(
    fields: Mapping[str, FieldInfo], content: Any, lines: Sequence[str], *, prefix: str
) -> Iterator[list[str]]:
    """Yield a row for every parameter, a section's own row before those in it."""
    for name, field in fields.items():
        value, comment = _written(lines[content.lc.key(name)[0]])
        nested, inner = _section(field.annotation), content[name]
        described = "section" if nested else _described(Annotated[field.annotation, field])
        if value or comment or not nested:
            default = f"`{value}`" if value else ""
            yield [f"`{prefix}{name}`", described, default, comment]
        if nested is not None:
            yield from _rows(nested.model_fields, inner, lines, prefix=f"{prefix}{name}.")
        for entry in filter(None, map(_section, get_args(field.annotation))):
            if isinstance(inner, list):
                yield from _rows(entry.model_fields, inner[0], lines, prefix=f"{prefix}{name}.0.")


def _written(line: str) -> tuple[str, str]:
    """Read the value and the comment of a line of params.yaml."""
    found = LINE.match(line)
    assert found is not None, f"params.yaml: not understood: {line}"
    return found["value"].strip(), found["comment"] or ""


def _section(annotation: Any) -> type[Section] | None:
    is_section = isinstance(annotation, type) and issubclass(annotation, Section)
    return annotation if is_section else None


def _described(annotation: Any) -> str:
    """Describe a type and its limits in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind, *limits = arguments
        words = [_described(kind), *_limits(limits)]
        return ", ".join(words)
    if origin is Literal:
        return _any_of([f"`{choice}`" for choice in arguments])
    if origin in (Union, UnionType):
        return " · or ".join(map(_described, arguments))
    if origin is list:
        (entry,) = arguments
        return "list of sections" if _section(entry) else f"list of {_described(entry)}"
    section = _section(annotation)
    if section is None:
        return SIMPLE[annotation]
    inner = (
        f"{name}: {_described(Annotated[field.annotation, field])}"
        for name, field in section.model_fields.items()
    )
    return f"{{{', '.join(inner)}}}"


def _any_of(choices: Sequence[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def _limits(limits: Sequence[Any]) -> Iterator[str]:
    for limit in limits:
        if isinstance(limit, FieldInfo):
            yield from _limits(limit.metadata)
        elif type(limit) in BOUNDS:
            attribute, sign = BOUNDS[type(limit)]
            yield f"{sign} {_number(getattr(limit, attribute))}"
        elif isinstance(limit, annotated_types.MinLen):
            yield f"length ≥ {limit.min_length}"
        elif isinstance(limit, annotated_types.MaxLen):
            yield f"length ≤ {limit.max_length}"
        elif isinstance(limit, AfterValidator):
            yield from _demands(limit.func)


def _number(limit: float) -> str:
    exponent = int(limit).bit_length() - 1
    return f"2^{exponent}" if exponent > 16 and limit == 2**exponent else f"{limit:g}"


def _demands(check: Any) -> Iterator[str]:
    """Take out of a validator what it says of a wrong value: "should be a date ..."."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(check)))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            (sentence,) = node.exc.args
            yield str(ast.literal_eval(sentence)).removeprefix("should be ").removeprefix("should ")
