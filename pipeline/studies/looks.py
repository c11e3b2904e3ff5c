"""How often the test part was looked at: each kept run that scored it could have been chosen by it."""

from collections.abc import Iterable, Mapping
from typing import Any

from foundation.record_schema import Record
from pipeline.runs.history import Run

OF_TEST = {
    "split": ("method", "test_size", "random_state", "test_from", "test_until"),
    "ingest": ("raw", "from", "until"),
}  # the parameters that say which rows are tested


def looks_of(own: Record | None, kept: Iterable[Run]) -> int | None:
    """Count the kept runs that scored the same test part as a run, the run itself included.

    The same part is the same rows of the same tables. Runs that nobody recorded are not counted.

    Args:
        own: The record of the run.
        kept: All kept runs.

    Returns:
        None where the run did not score its test part, or nobody recorded it.
    """
    if own is None or not scored_test(own):
        return None
    part, records = _tested(own), (run.record for run in kept)
    return sum(
        record is not None and scored_test(record) and _tested(record) == part for record in records
    )


def scored_test(record: Record) -> bool:
    """Return True if a run scored its test part, as all did before `evaluate.test` could be false."""
    return _section(record, "evaluate").get("test", True) is not False and record.forecast is None


def _tested(record: Record) -> tuple[dict[str, str], list[Any]]:
    told = [
        _section(record, section).get(name) for section, names in OF_TEST.items() for name in names
    ]
    return record.raw, told


def _section(record: Record, name: str) -> Mapping[str, Any]:
    found = record.parameters.get(name)
    return found if isinstance(found, Mapping) else {}
