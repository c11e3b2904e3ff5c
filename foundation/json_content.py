"""The base of what the project writes as JSON for others to read: typed, and open to new fields."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from foundation.errors import quoted


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < float("inf") else None


Number = Annotated[float | None, AfterValidator(_finite)]  # None where it is undefined, as in JSON


class JsonContent(BaseModel):
    """The content of a JSON object.

    A field that is not known is kept: a later version may have written it. A field that is missing
    has its default: an earlier version may not have known it.
    """

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    def to_json(self) -> dict[str, Any]:
        """Return the fields that were given, for `json.dumps`."""
        return self.model_dump(exclude_unset=True)


def json_object(content: bytes | str) -> dict[str, Any]:
    """Read a JSON object; anything else, a broken file too, is an empty one."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def first_problem(invalid: ValidationError) -> str:
    """Describe where the first bad value is, what it should be, and what was found."""
    problem = invalid.errors()[0]
    where = ".".join(map(str, problem["loc"])) or "the whole"
    found = (
        ""
        if problem["type"] in ("missing", "value_error")
        else f", found {quoted(problem['input'])}"
    )
    should = str(problem.get("ctx", {}).get("error", problem["msg"]))
    return f"{where}: {should[0].lower()}{should[1:]}{found}"
