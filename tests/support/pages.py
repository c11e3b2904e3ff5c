"""The tables of the hand-written pages of reference, to compare with what they describe."""

import re
from collections.abc import Mapping
from typing import Any

from tests.support.project import ROOT

REFERENCE = ROOT / "docs/reference"
WILDCARD = re.compile(r"\\\*\w+\\\*")  # of an escaped name: *target*
KINDS: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "list of objects": (list,),
    "list of text": (list,),
    "number": (int, float),
    "object": (dict,),
    "text": (str,),
    "true or false": (bool,),
}


def sections(page: str) -> dict[str, dict[str, str]]:
    """Read the tables of a page: by heading, the type of each name; without headings, under ''."""
    found: dict[str, dict[str, str]] = {"": {}}
    heading = ""
    for line in (REFERENCE / page).read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
            found[heading] = {}
        elif line.startswith("| ") and not line.startswith(("| column |", "| field |")):
            name, kind, *_ = (cell.strip() for cell in line.strip("|").split(" | "))
            found[heading][name.strip("`")] = kind
    return found


def check_documented(
    content: Mapping[str, Any], fields: Mapping[str, str], *, empty: set[str]
) -> None:
    """Compare a JSON document with its table, in both directions.

    Args:
        content: The document.
        fields: The type of each documented field; *name* in a field stands for any name.
        empty: Fields that this document does not have.
    """
    unseen = set(fields)
    for path, value in _leaves(content, fields):
        matching = [field for field in fields if _pattern(field).fullmatch(path)]
        assert matching, f"{path} is not documented"
        unseen.discard(matching[0])
        kind, nullable, _ = fields[matching[0]].partition(" or null")
        assert isinstance(value, KINDS[kind]) or (nullable and value is None), path
    assert unseen == empty


def _leaves(content: Any, fields: Mapping[str, str], path: str = "") -> list[tuple[str, Any]]:
    """List what a document holds, down to what is documented as one object."""
    whole = any(_pattern(f).fullmatch(path) for f, kind in fields.items() if kind == "object")
    if not isinstance(content, dict) or (path and whole):
        return [(path, content)]
    return [
        leaf
        for key, value in content.items()
        for leaf in _leaves(value, fields, f"{path}.{key}" if path else key)
    ]


def _pattern(field: str) -> re.Pattern[str]:
    return re.compile(WILDCARD.sub(".+", re.escape(field)))
