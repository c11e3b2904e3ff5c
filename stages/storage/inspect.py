"""Say what a raw table seems to be, and with which parameters it can be read.

`python -m stages.storage.inspect TABLE GIVEN` prints JSON; it changes no file. GIVEN is a JSON
object: the parameters of section `ingest` that are known.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from forecasting.inspection.findings import (
    FREQUENCY,
    FUTURE,
    ID,
    PAST,
    PROBLEM,
    STATIC,
    TARGETS,
    Finding,
    Setting,
    is_clear,
    settings_of,
    settled,
)
from foundation.errors import PipelineError
from foundation.params import check_params
from foundation.params.ingest import Ingest
from foundation.paths import PARAMS, RAW_TABLES
from foundation.yaml_files import read_yaml
from stages.runner import check_code, check_seal
from stages.storage.closer_look import look_closer, read_as_proposed
from stages.storage.first_look import Given, look_at
from stages.storage.samples import EXCEL, PARQUET, TEXT, kind_of_file

SUFFIXES = {PARQUET: ".parquet", EXCEL: ".xlsx", TEXT: ".csv"}
# How the plainest table is read; a table is described by how it differs
PLAIN: dict[str, Setting] = {
    "sheet": None,
    "time": "time",
    "time_format": "ISO8601",
    "time_zone": None,
    ID: None,
    TARGETS: "all",
    PAST: [],
    FUTURE: [],
    STATIC: [],
    FREQUENCY: "infer",
    "gaps": "error",
    "missing_values": [],
    "separator": ",",
    "decimal": ".",
    "thousands": None,
    "encoding": "utf-8",
    "skip_rows": 0,
    "units_rows": 0,
    "skip_footer": 0,
    "comment": None,
}
WHOLE = {"from": None, "until": None}


def inspect(path: Path, given: Given) -> dict[str, Any]:
    """Describe a table.

    Args:
        path: The file.
        given: Parameters that are known, and not guessed.

    Returns:
        `findings`, `settings` of section `ingest`, `series` (what they give, if they read the
        table), `error` (why not), and how many bytes the first look `looked_at`.

    Raises:
        PipelineError: It is not a table, or what is given is not valid.
    """
    kind = kind_of_file(path)
    content = read_yaml(PARAMS)
    known = given if kind == EXCEL else {}  # of text, the marks are not all known yet
    first = look_at(path, kind, _ingest(content, known, path, kind), given)
    findings = settled([*_name(path, kind), *first.findings], given)
    report = {"looked_at": first.n_bytes, "size": first.size, "kind": kind}
    if not is_clear(findings):
        return report | _said(findings, given)
    error = series = None
    try:
        ingest = _ingest(content, {**first.settings, **given}, path, kind)
        findings += settled(_merged(look_closer(first, ingest, given), findings), given)
        if is_clear(findings):
            series = read_as_proposed(
                first,
                _ingest(content, {**settings_of(findings), **given}, path, kind),
            )
    except PipelineError as wrong:
        error = str(wrong)
    return report | _said(findings, given, series=series, error=error)


def _said(
    findings: Sequence[Finding],
    given: Given,
    *,
    series: str | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    return {
        "findings": [asdict(finding) for finding in findings],
        "settings": PLAIN | settings_of(findings) | dict(given),
        "series": series,
        "error": error,
    }


def _merged(new: list[Finding], before: Sequence[Finding]) -> list[Finding]:
    """Put markers of both looks into one list."""
    name = "missing_values"
    known = settings_of(before).get(name)
    if not isinstance(known, list):
        return new
    merged = []
    for each in new:
        more = each.settings.get(name)
        both = {name: [*known, *more]} if isinstance(more, list) else {}
        merged.append(replace(each, settings={**each.settings, **both}))
    return merged


def _name(path: Path, kind: str) -> list[Finding]:
    """Refuse a name that says another kind than the content, as tables are read by their names."""
    if path.suffix == SUFFIXES[kind] or (kind == TEXT and path.suffix not in RAW_TABLES):
        return []
    reason = f"its content is {kind}: rename it to {path.with_suffix(SUFFIXES[kind]).name}"
    return [Finding("name", path.name, PROBLEM, reason)]


def _ingest(content: Mapping[str, Any], settings: Given, path: Path, kind: str) -> Ingest:
    """Check the parameters, with a name that is a valid one, and name the file itself."""
    section = {
        **content["ingest"],
        **PLAIN,
        **WHOLE,
        **settings,
        "raw": f"x{SUFFIXES[kind]}",
    }
    params = check_params({**content, "ingest": section}, source="the lines for params.yaml")
    return params.ingest.model_copy(update={"raw": str(path)})


def main() -> None:
    """Print the description of a table, or why there is none, as JSON."""
    try:
        check_seal()
        check_code(Path.cwd())
        said = inspect(Path(sys.argv[1]), json.loads(sys.argv[2]))
    except PipelineError as error:
        said = {"refused": str(error)}
    except OSError as unreadable:
        said = {"refused": f"{sys.argv[1]} cannot be read: {unreadable.strerror}."}
    print(json.dumps(said, default=str))


if __name__ == "__main__":
    main()
