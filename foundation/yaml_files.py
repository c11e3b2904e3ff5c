"""YAML files of the project that a person may have edited, or a crash torn: read, or refused in a sentence; and written."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foundation.errors import SetupError


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file that holds a mapping, as DVC reads it.

    Raises:
        SetupError: It is not YAML, or holds something else.
    """
    return parse_yaml(path.read_text(encoding="utf-8", errors="replace"), path.name)


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """Read a mapping out of the text of the file of that name.

    Raises:
        SetupError: It is not YAML, or holds something else.
    """
    try:
        content = YAML(typ="safe").load(text)
    except (YAMLError, ValueError, KeyError) as unreadable:  # the last two for 2024-13-45
        where = getattr(unreadable, "problem_mark", None)
        line = "" if where is None else f" in line {where.line + 1}"
        raise SetupError(broken(name, f"it is not YAML, a mistake{line}")) from None
    if not isinstance(content, dict):
        raise SetupError(broken(name, "it holds no `key: value`"))
    return content


def yaml_text(content: Mapping[str, Any]) -> str:
    """Write a mapping as DVC writes its files: in the order given, an entry to a line."""
    yaml, buffer = YAML(), io.StringIO()
    yaml.default_flow_style = False
    yaml.dump(content, buffer)
    return buffer.getvalue()


def broken(name: str, why: str) -> str:
    """Return the sentence that says that a file is broken, and what to do."""
    return f"{name} is broken: {why}. Correct it, or restore it: git checkout -- {name}"
