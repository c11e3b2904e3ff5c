"""Inspecting a raw table: a sealed child reads it; what it proposes may be written into params.yaml."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundation.errors import DataError, ParamsError
from foundation.paths import PARAMS, RAW_TABLES
from foundation.yaml_files import read_yaml
from pipeline.runs.backup import held
from pipeline.runs.overrides import apply_overrides, parsed_overrides, yaml_text
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask

SECTION = "ingest."
RAW = "raw"
ADVICE = (
    "Copy it to data/raw/, with a name that ends in .csv, .parquet or .xlsx, then inspect it there."
)


@dataclass(frozen=True)
class Inspection:
    """What a table seems to be.

    Attributes:
        table: Its path as it was given.
        findings: Each with `about`, `found`, `sure`, `reason`, `settings` and `choices`.
        settings: Parameters of section `ingest` with which it can be read.
        changes: Those of them that params.yaml has otherwise.
        place: Its path in the project, as `ingest.raw` can name it; None if it cannot.
        series: The series that it gives, read so; None if it was not read.
        error: Why it cannot be read; None if it can, or if something has to be asked first.
        size: Bytes of the file.
        looked_at: Bytes that the separator and the formats were found in.
        kind: The kind of file.
    """

    table: str
    findings: list[dict[str, Any]]
    settings: dict[str, Any]
    changes: dict[str, Any]
    place: str | None
    series: str | None
    error: str | None
    size: int
    looked_at: int
    kind: str

    @property
    def is_clear(self) -> bool:
        """Whether the table was read with these parameters."""
        return self.series is not None

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The findings of which several readings fit."""
        return [finding for finding in self.findings if finding["choices"]]


def inspect_table(checkout: Checkout, table: str, overrides: Sequence[str]) -> Inspection:
    """Look at a table, and read it with what it seems to need.

    Args:
        checkout: The user's checkout.
        table: A path, from the working directory.
        overrides: Parameters of `ingest` that are known, such as `ingest.time_format=%d/%m/%Y`.

    Raises:
        DataError: It is not a table.
        ParamsError: An override is not understood, or params.yaml is not valid.
    """
    path = Path(table).absolute()
    given = _given(checkout, overrides)
    command = ["-m", "stages.storage.inspect", str(path), json.dumps(given)]
    said = json.loads(
        ask(checkout.root, [sys.executable, *command], name=f"Reading {table}").splitlines()[-1]
    )
    if "refused" in said:
        raise DataError(said["refused"].replace(str(path), table))
    place = _place(checkout, path)
    settings = ({} if place is None else {RAW: place}) | said.pop("settings")
    if said["error"] is not None:
        said["error"] = said["error"].replace(str(path), table)
    now = read_yaml(checkout.root / PARAMS)["ingest"]
    changes = {name: value for name, value in settings.items() if now.get(name) != value}
    return Inspection(table=table, settings=settings, changes=changes, place=place, **said)


def _given(checkout: Checkout, overrides: Sequence[str]) -> dict[str, Any]:
    values = parsed_overrides(checkout.root, overrides)
    foreign = [name for name in values if not name.startswith(SECTION) or name == SECTION + RAW]
    if foreign:
        raise ParamsError(
            f"-S {foreign[0]} says nothing of how a table is read. Give a parameter of section "
            "ingest, such as -S ingest.decimal=,"
        )
    return {name.removeprefix(SECTION): value for name, value in values.items()}


def _place(checkout: Checkout, path: Path) -> str | None:
    root = checkout.root.absolute()
    if not path.is_relative_to(root) or path.suffix not in RAW_TABLES:
        return None
    return path.relative_to(root).as_posix()


def write_settings(checkout: Checkout, inspection: Inspection) -> None:
    """Write what a table needs into params.yaml; comments and all other parameters stay.

    Raises:
        DataError: Something has to be asked or corrected first, or the table lies elsewhere.
        WorkspaceBusyError: A run is in progress.
    """
    if not inspection.is_clear:
        raise DataError(
            f"{PARAMS} is left as it is, as it is not known how {inspection.table} is to be read. "
            "Answer what is asked above with -S, or correct the table, then inspect it again."
        )
    if inspection.place is None:
        raise DataError(
            f"{PARAMS} is left as it is, as ingest.raw cannot name {inspection.table}. {ADVICE}"
        )
    with held(checkout, wait=False):
        apply_overrides(checkout.root, as_overrides(inspection.changes))


def as_overrides(settings: Mapping[str, Any]) -> list[str]:
    """Write parameters of section `ingest` as overrides."""
    return [f"{SECTION}{name}={yaml_text(value)}" for name, value in settings.items()]
