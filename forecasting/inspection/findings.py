"""What an inspection says: findings, how sure each is, and the parameters that follow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

Setting = str | int | float | bool | None | list[str] | list[str | int | float]

CERTAIN = "certain"  # nothing else fits what was read
LIKELY = "likely"  # something else fits, but would be odd
GUESS = "a guess"  # a habit of such tables; nothing in this one speaks for or against it
OPEN = "open"  # two readings fit: the user is asked
PROBLEM = "problem"  # the table has to be changed
GIVEN = "given"  # the user said so

# Parameters of section `ingest`, where code goes by their names
ID, FREQUENCY = "id", "frequency"
TARGETS = "targets"
PAST, FUTURE, STATIC = "past_covariates", "future_covariates", "static_covariates"


@dataclass(frozen=True)
class Finding:
    """One thing that was seen.

    Attributes:
        about: What it is about, such as `separator`.
        found: What was found, in words.
        sure: `certain`, `likely`, `a guess`, `open`, `problem` or `given`; empty for a plain fact.
        reason: What speaks for it, with counts.
        settings: The parameters of section `ingest` that follow, by name.
        choices: Of an open finding, the settings that fit, one of which is to be chosen.
    """

    about: str
    found: str
    sure: str = ""
    reason: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    choices: tuple[Mapping[str, Setting], ...] = ()


def settings_of(findings: Iterable[Finding]) -> dict[str, Setting]:
    """Merge the parameters that follow from findings."""
    return {name: value for finding in findings for name, value in finding.settings.items()}


def settled(findings: Iterable[Finding], given: Mapping[str, Setting]) -> list[Finding]:
    """Take an open finding for answered if what it asks for is given."""
    return [
        replace(finding, found=f"{finding.found}: as given", sure=GIVEN, choices=())
        if finding.choices and all(set(choice) & set(given) for choice in finding.choices)
        else finding
        for finding in findings
    ]


def is_clear(findings: Iterable[Finding]) -> bool:
    """Return True if nothing has to be asked or corrected."""
    return not any(finding.sure in (OPEN, PROBLEM) for finding in findings)


def counted(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: 1 row, 1,200 rows."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def listed(names: Iterable[object], *, most: int = 6) -> str:
    """List names for a sentence, the first few of many."""
    every = [str(name) for name in names]
    more = f", ... ({len(every):,} in all)" if len(every) > most else ""
    return ", ".join(every[:most]) + more
