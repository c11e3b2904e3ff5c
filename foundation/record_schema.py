"""The record of a run, typed: what it was made from, what it made, where and how."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError, field_validator

from foundation.json_content import JsonContent, json_object

FORMAT = 1


class Surroundings(JsonContent):
    """What the stages of a run found around them.

    Attributes:
        python: Its version.
        packages: The version of every installed package.
        any_packages: Whether other packages than the lock's were accepted.
        system: The operating system and its release.
        libc: The C library and its version.
        processor: Its `model`, and its `class` by the instructions that it has.
        threads: How many `cores` there are, and how many are `usable`.
        pinned: The variables that the seal sets.
        variables: Others that should not matter, where they are set.
    """

    python: str | None = None
    packages: dict[str, str] = {}
    any_packages: bool | None = None
    system: str | None = None
    libc: str | None = None
    processor: dict[str, str] = {}
    threads: dict[str, int | None] = {}
    pinned: dict[str, str] = {}
    variables: dict[str, str] = {}


class AppliedConfig(JsonContent):
    """A file of overrides that a run applied.

    Attributes:
        path: From the project's root; only its name if it lay elsewhere.
        overrides: `key=value` changes of params.yaml that it amounted to, values in JSON.
    """

    path: str = ""
    overrides: list[str] = []


class ForecastOf(JsonContent):
    """What a forecast of newer rows is made from.

    Attributes:
        table: The path of the newer table.
        input: Its hash.
        model: The run whose model forecasts, or its commit.
    """

    table: str = ""
    input: str = ""
    model: str = ""


class Record(JsonContent):
    """The content of record.json.

    Attributes:
        format: The version of this layout; None if what was found cannot be read.
        name: Of the experiment that keeps the run.
        commit: What the run started from.
        config: The files of overrides that were applied first, in their order.
        overrides: `key=value` changes of params.yaml, applied after them.
        forecast: What a forecast of newer rows is made from; None for a run with a model of its own.
        started: When, as ISO 8601 in UTC.
        seconds: How long each stage took.
        states: How each stage ended.
        verdict: The run compared with the committed dvc.lock.
        scores: Its metrics.json, as that was at the time.
        parameters: The whole params.yaml.
        raw: By path, the hash of what it read and did not make, code apart.
        lock: Its entries of dvc.lock.
        requirements: The hash of requirements.lock.
        surroundings: What the stages found around them.
        watched_by: Identifiers of who watched it, such as Prefect's.
    """

    format: int | None = None
    name: str | None = None
    commit: str | None = None
    config: list[AppliedConfig] = []
    overrides: list[str] = []
    forecast: ForecastOf | None = None
    started: str | None = None
    seconds: dict[str, float] = {}
    states: dict[str, str] = {}
    verdict: str = "unreadable record"
    scores: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    raw: dict[str, str] = {}
    lock: Mapping[str, Mapping[str, Any]] = {}
    requirements: str | None = None
    surroundings: Surroundings = Field(default_factory=Surroundings)
    watched_by: dict[str, Any] = {}

    @field_validator("lock")
    @classmethod
    def _names_files(cls, lock: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """Refuse an entry of dvc.lock that does not list its files by path."""
        for files in (entry.get(key, []) for entry in lock.values() for key in ("deps", "outs")):
            listed = isinstance(files, list) and all(isinstance(each, Mapping) for each in files)
            if not listed or not all(isinstance(each.get("path"), str) for each in files):
                raise ValueError("a file has no path")
        return lock

    def to_bytes(self) -> bytes:
        """Write the record as JSON with sorted keys."""
        return (json.dumps(self.to_json(), indent=2, sort_keys=True) + "\n").encode()


def parse_record(content: bytes) -> Record:
    """Read a record; one that cannot be read says nothing: it is empty."""
    try:
        return Record.model_validate(json_object(content))
    except ValidationError:
        return Record()
