"""What can be asked of a training run, as the form that Prefect shows and checks."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from forecasting.errors import ParamsError
from pipeline.order import Order, Overlap
from stages._params import Params, Section

FOLDED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def _optional(section: type[Section], name: str | None = None) -> type[BaseModel]:
    """A section of params.yaml of which any value may be left out; the others are checked alike."""

    def field(info: FieldInfo) -> tuple[Any, FieldInfo]:
        nested = _section(info)
        # a factory, unlike a default, does not fill in the form
        left_out = FieldInfo.merge_field_infos(info, default_factory=lambda: None)
        return (info.annotation if nested is None else _optional(nested)), left_out

    fields: Any = {name: field(info) for name, info in section.model_fields.items()}
    return create_model(name or section.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _section(info: FieldInfo | None) -> type[Section] | None:
    """Tell which section of params.yaml a field is, if it is one."""
    kind: Any = None if info is None else info.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


Overrides = _optional(Params, "Overrides")


class Request(BaseModel):
    """What a training run is asked to do."""

    model_config = ConfigDict(extra="forbid")

    revision: str = Field("HEAD", description="The commit, branch, tag or experiment to start from")
    isolated: bool = Field(
        True, description="In a worktree of its own; else here, in the workspace, as it is"
    )
    refresh: bool = Field(False, description="Fetch imported raw data anew first (dvc update)")
    push: bool = Field(False, description="Send data, models and the experiment to the remotes")
    most: int | None = Field(
        None, ge=1, description="Keep so many experiments that no person named; empty keeps all"
    )
    overlap: Overlap = Field(
        "beside", description="What to do while another such run goes on: run beside it, wait, skip"
    )
    overrides: Overrides = Field(  # type: ignore[valid-type]
        default_factory=Overrides,
        description="Changes of params.yaml; what is left out stays as it is there",
    )


def order_of(request: Any) -> Order:
    """Turn a filled-in form into an order.

    Raises:
        ParamsError: It does not follow the form. Values of params.yaml are checked by the run itself,
            in the words of the command line.
    """
    content = request.model_dump(exclude_unset=True) if isinstance(request, Request) else request
    try:
        overrides = tuple(_assignments(content.get("overrides") or {}, Params))
        checked = Request.model_validate({k: v for k, v in content.items() if k != "overrides"})
    except ValidationError as invalid:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in invalid.errors()]
        raise ParamsError(
            f"The request is not valid: {'; '.join(problems)}. Mend it and start the run again."
        ) from None
    return Order(overrides=overrides, **checked.model_dump(exclude={"overrides"}))


def _assignments(
    values: Mapping[str, Any], section: type[BaseModel], prefix: str = ""
) -> Iterator[str]:
    """Write nested values as `section.name=value`, as the command line takes them."""
    for name, value in values.items():
        nested = _section(section.model_fields.get(name))
        if nested is not None and isinstance(value, Mapping):
            yield from _assignments(value, nested, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={_written(value)}"


def _written(value: Any) -> str:
    """Write JSON that YAML reads alike: it folds some characters as line ends and knows no pairs."""
    text = json.dumps(value, ensure_ascii=False)
    return FOLDED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
