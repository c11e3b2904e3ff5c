"""DVC's own words: what it prints, what its JSON says, and how it notes the paths that are in use.

Everything that would have to follow when a new DVC says something otherwise stands here;
tests/integration/test_dvc_output.py compares it with the DVC that is installed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# of `dvc repro`, one of them for each stage
RUNNING = re.compile(r"Running stage '.+':$")
UNCHANGED = re.compile(r"Stage '.+' didn't change, skipping$")
RESTORING = re.compile(r"Stage '.+' is cached - skipping run, checking out outputs")

FAILED = "ERROR: failed to reproduce"  # begins the lines in which DVC says that a stage failed
_OWN_FAILURE = re.compile(r"ERROR: failed to reproduce '.+?': (?!failed to run: )(.+)")
_ERROR = "ERROR: "
_CHATTER = re.compile(
    r"$|> |Updating lock file|Generating lock file|To track the changes with git|\tgit add|"
    r"To enable auto staging|\tdvc config core.autostage|Use `dvc push`|"
    r"WARNING: All log messages before absl::|[IE]\d{4} [\d:.]+ +\d+ cud\w+\.cc|"
    r"Data and pipelines are up to date|'.+\.dvc' didn't change|Verifying data sources in stage"
)
_CAUSE = re.compile(
    r"^(?:ERROR|error|fatal): (?:unexpected error - )?(.+(?:\n[ \t]+\S.*)*)"
    r"|^('.+' validation failed.*\n+.+)",
    re.MULTILINE,
)

RWLOCK = Path(".dvc/tmp/rwlock")  # where DVC notes which paths its processes use
OUR_REPRO = ("--wait-for-lock", "repro", "--single-item")

OUTPUT, INPUT, PARAMETERS, NOTE = "output", "input", "parameters", "note"


def is_chatter(line: str) -> bool:
    """Return True for a line of `dvc repro` or of TensorFlow's start that says nothing of the stage."""
    return _CHATTER.match(line) is not None


def own_failure(line: str) -> str | None:
    """Return why DVC itself failed at a stage, if the line says so: its command did not fail."""
    found = _OWN_FAILURE.match(line)
    return found[1] if found else None


def without_label(line: str) -> str:
    """Return a line without the word by which DVC marks an error."""
    return line.removeprefix(_ERROR).strip()


def cause(complaints: str) -> str:
    """Find why git or DVC failed: what it complained of first, for the rest follows from it."""
    first = _CAUSE.search(complaints)
    return (
        " ".join((first[1] or first[2]).split())
        if first
        else (complaints.strip().splitlines() or ["no message"])[-1]
    )


def sent(printed: str) -> str:
    """Return what `dvc push` says that it has sent, as the end of a sentence."""
    return printed.splitlines()[-1].rstrip(".").lower()


@dataclass(frozen=True)
class Change:
    """Something that `dvc status --json` calls changed.

    Attributes:
        what: OUTPUT, INPUT, PARAMETERS, or NOTE where DVC gives a text alone.
        name: The path; of a NOTE, the text.
        state: DVC's word, such as modified; empty for PARAMETERS and NOTE.
        parameters: Sections or dotted names, for PARAMETERS.
    """

    what: str
    name: str
    state: str = ""
    parameters: tuple[str, ...] = ()


def changes(report: list[Any]) -> Iterator[Change]:
    """Yield what `dvc status --json` lists for one stage."""
    for entry in report:
        if isinstance(entry, str):  # such as "changed command"
            yield Change(NOTE, entry)
            continue
        for kind, changed in entry.items():
            what = OUTPUT if kind == "changed outs" else INPUT
            for path, state in changed.items():
                if isinstance(state, Mapping):  # {section or dotted name: state}
                    yield Change(PARAMETERS, path, parameters=tuple(state))
                else:
                    yield Change(what, path, state)


def without_our_repro(noted: str) -> str | None:
    """Remove from DVC's notes the paths that a `dvc repro` of ours uses.

    Args:
        noted: The content of `.dvc/tmp/rwlock`.

    Returns:
        What is left, as DVC writes it; None where the notes are torn by a crash: DVC writes them in
        place, and refuses everything until they are removed.
    """
    try:
        held = json.loads(noted)
    except ValueError:
        return None
    writers = {k: v for k, v in held.get("write", {}).items() if not _is_ours(v)}
    readers = {
        k: left
        for k, v in held.get("read", {}).items()
        if (left := [each for each in v if not _is_ours(each)])
    }
    return json.dumps({"write": writers, "read": readers})


def _is_ours(process: Mapping[str, Any]) -> bool:
    return " ".join(OUR_REPRO) in process["cmd"]
