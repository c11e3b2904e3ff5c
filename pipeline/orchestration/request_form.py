"""What can be asked of a training run or a forecast, as the forms that Prefect shows and checks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.comments import CommentedMap

from foundation.errors import ParamsError
from foundation.params import Params, Section
from foundation.params.part import Overrides, assignments, section_of
from pipeline.runs.config_files import read_config
from pipeline.runs.forecast import ForecastRequest
from pipeline.runs.request import Overlap, RunRequest

Form = TypeVar("Form", bound=BaseModel)


class Request(BaseModel):
    """What a training run is asked to do."""

    model_config = ConfigDict(extra="forbid")

    revision: str = Field("HEAD", description="The commit, branch, tag or experiment to start from")
    isolated: bool = Field(
        True, description="Run in a worktree; else in the workspace, with its uncommitted changes"
    )
    refresh: bool = Field(False, description="First fetch imported raw data again (dvc update)")
    push: bool = Field(False, description="Send data, models and the experiment to the remotes")
    keep: int | None = Field(
        None,
        ge=1,
        description="Keep the newest N experiments that no person named; empty keeps all",
    )
    overlap: Overlap = Field(
        "allow",
        description="What to do while another such run is in progress: allow both, wait, skip",
    )
    config: list[str] = Field(
        [],
        description="Files of overrides, such as configs/chronological.yaml, in this order; as they "
        "are in the workspace when the run starts",
    )
    overrides: Overrides = Field(  # type: ignore[valid-type]
        default_factory=Overrides,
        description="Changes of params.yaml, after those of config; what is left empty stays as it is there",
    )


class ForecastForm(BaseModel):
    """What a forecast of newer rows is asked to do."""

    model_config = ConfigDict(extra="forbid")

    run: str = Field(
        "",
        description="The run, or another revision, whose model forecasts; empty for the newest run",
    )
    table: str = Field(
        "", description="A table with newer rows; empty for the one of ingest.raw in the workspace"
    )
    refresh: bool = Field(False, description="First fetch imported raw data again (dvc update)")
    push: bool = Field(False, description="Send the forecast to the remotes")
    keep: int | None = Field(
        None, ge=1, description="Keep the newest N forecasts that no person named; empty keeps all"
    )


def forecast_request_of(request: Any, root: Path) -> ForecastRequest:
    """Turn a filled-in form into a request.

    Args:
        request: The form.
        root: The project's root, from which the path of the table starts.

    Raises:
        ParamsError: It does not follow the form.
    """
    form = checked_form(ForecastForm, request)
    if form.table and form.refresh:
        raise ParamsError(
            f"The request is not valid: it names the table {form.table}, and refresh fetches another. "
            "Leave one of them empty and start the run again."
        )
    return ForecastRequest(
        table=root / form.table if form.table else None,
        run=form.run or None,
        refresh=form.refresh,
        push=form.push,
        most=form.keep,
    )


def request_of(request: Any, root: Path) -> RunRequest:
    """Turn a filled-in form into a request.

    Args:
        request: The form.
        root: The project's root, from which the paths of configurations start.

    Raises:
        ParamsError: It does not follow the form, or a configuration is not valid. Other values of
            params.yaml are checked by the run itself, in the words of the command line.
    """
    content = request.model_dump(exclude_unset=True) if isinstance(request, Request) else request
    values = (content.get("overrides") or {}) if isinstance(content, Mapping) else None
    if not isinstance(values, Mapping):
        raise ParamsError(
            f"The request is not valid: found {json.dumps(content)}. It should be as in "
            '{"overrides": {"train": {"epochs": 5}}}. Correct it and start the run again.'
        )
    overrides = tuple(assignments(values))
    checked = checked_form(Request, {k: v for k, v in content.items() if k != "overrides"})
    asked = checked.model_dump(exclude={"config", "overrides", "keep"})
    config = tuple(read_config(root / path, root=root) for path in checked.config)
    return RunRequest(config=config, overrides=overrides, most=checked.keep, **asked)


def checked_form(form: type[Form], content: Any) -> Form:
    """Check a filled-in form.

    Raises:
        ParamsError: It does not follow the form.
    """
    if isinstance(content, BaseModel):
        content = content.model_dump(exclude_unset=True)
    try:
        return form.model_validate(content)
    except ValidationError as invalid:
        problems = [
            ": ".join(filter(None, [".".join(map(str, e["loc"])), e["msg"]]))
            for e in invalid.errors()
        ]
        raise ParamsError(
            f"The request is not valid: {'; '.join(problems)}. Correct it and start the run again."
        ) from None


def explain(definitions: dict[str, Any], params: CommentedMap, *, commit: str) -> None:
    """Write into the form what each parameter means, and its value when the form was made.

    Args:
        definitions: Of the form's JSON schema; changed in place.
        params: params.yaml as it was committed, with its comments: they are the explanations.
        commit: The commit.
    """
    overrides = definitions["Request"]["properties"]["overrides"]
    overrides["description"] += f"; now: in commit {commit[:7]}"
    _explain(definitions, Params, params, form=Overrides.__name__)


def _explain(
    definitions: dict[str, Any], section: type[Section], values: CommentedMap, *, form: str
) -> None:
    for name, field in definitions[form]["properties"].items():
        if name not in values:
            continue  # the schema here is newer than the commit
        info, value, now = section.model_fields[name], values[name], ""
        if (nested := section_of(info)) is not None:
            _explain(definitions, nested, value, form=nested.__name__)
        elif isinstance(value, list) and value and isinstance(value[0], CommentedMap):
            (item,) = get_args(info.annotation)
            _prefill(definitions[item.__name__], value[0])
        else:
            now = f"(now {json.dumps(value)})"
        field["description"] = f"{_comment(values, name)} {now}".strip()


def _prefill(form: dict[str, Any], values: CommentedMap) -> None:
    """Let a new entry of a list start as the first one is: each of its values must be given."""
    for name, field in form["properties"].items():
        if name in values:
            field |= {"default": values[name], "description": _comment(values, name)}


def _comment(values: CommentedMap, name: str) -> str:
    """Return the comment behind a value in params.yaml; empty where there is none."""
    token = (values.ca.items.get(name) or [None] * 3)[2]
    return "" if token is None else token.value.partition("\n")[0].strip("#, ")
